package api_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/dsp"
)

func TestTheServerSaysWhatEveryMetricOfARowMeans(t *testing.T) {
	r := newRig(t)
	var d wire.Definitions
	a := r.get("/api/v1/metrics").want(200)
	a.into(&d)
	if diff := cmp.Diff(api.Definitions(), d); diff != "" {
		t.Errorf("the answer differs (-program +answer):\n%s", diff)
	}
	if d.AlgorithmVersion != dsp.Version || a.header.Get("Cache-Control") == "" {
		t.Errorf("the version is %q, the headers are %v", d.AlgorithmVersion, a.header)
	}
	var defined, columns, headings []string
	for _, s := range d.Sections {
		headings = append(headings, s.Heading)
	}
	for _, m := range d.Metrics {
		defined = append(defined, m.Name)
		if !slices.Contains(headings, m.Section) {
			t.Errorf("%s refers to a section %q that is not there", m.Name, m.Section)
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[heimdall.Metrics]()) {
		columns = append(columns, f.Tag.Get("json"))
	}
	if diff := cmp.Diff(columns, defined); diff != "" {
		t.Errorf("the columns of a measurement and the definitions differ (-columns +defined):\n%s", diff)
	}
}

func TestTheDefinitionsTakeNoParameters(t *testing.T) {
	newRig(t).get("/api/v1/metrics?name=snr_db").want(422)
}
