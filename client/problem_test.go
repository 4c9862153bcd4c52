package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

func TestARefusalNamesEveryWrongField(t *testing.T) {
	r := newRig(t)
	_, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: -1, WebSDRs: []int64{7}}, "")
	p := r.refused(err, 422)
	var fields []string
	for _, f := range p.Errors {
		fields = append(fields, f.Location)
	}
	if diff := cmp.Diff([]string{"body.frequency_mhz", "body.duration_seconds", "body.websdrs"}, fields); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
	if !strings.Contains(err.Error(), "frequency_mhz must be above 0") || strings.Count(err.Error(), "frequency_mhz") != 1 {
		t.Errorf("error reads %q", err)
	}
	for _, id := range []string{"no/such?task", "", ".", "..", "%2e"} {
		_, err = r.Acquisition(t.Context(), id)
		r.refused(err, 404)
	}
	_, err = r.Capture(t.Context(), "x", -1)
	r.refused(err, 422)
}

func TestAnAnswerThatIsNotTheServersIsAnErrorThatSaysSo(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "healthz") {
			fmt.Fprint(w, "<html>")
			return
		}
		http.Error(w, "upstream is asleep\nmore", http.StatusBadGateway)
	}))
	defer proxy.Close()
	c, err := client.New(proxy.URL+"/below", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var p *client.Problem
	if _, err := c.Ready(t.Context()); !errors.As(err, &p) || p.Status != 502 || p.Error() != "upstream is asleep" {
		t.Errorf("a proxy's refusal is %v", err)
	}
	if _, err := c.Health(t.Context()); err == nil || errors.As(err, &p) && p.Status == 200 {
		t.Errorf("a page instead of JSON is %v", err)
	}
	proxy.Close()
	if _, err := c.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "ask the server") {
		t.Errorf("no answer is %v", err)
	}
}

func TestAnAddressThatCannotWorkIsRefusedAtOnce(t *testing.T) {
	for _, base := range []string{"", "localhost:8001", "ftp://host", "http://", "http://a b"} {
		if _, err := client.New(base, client.Options{}); err == nil {
			t.Errorf("%q is accepted", base)
		}
	}
}
