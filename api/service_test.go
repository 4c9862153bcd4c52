package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"iter"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
)

var update = flag.Bool("update", false, "write docs/openapi.json")

func TestTheCommittedOpenAPIDocumentIsCurrent(t *testing.T) {
	const file = "../docs/openapi.json"
	got := answerOf(api.New(api.Config{Version: heimdall.Version}), "/openapi.json").Body.Bytes()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/openapi.json is out of date, run: go test ./api -run OpenAPI -update\n%.2000s", diff)
	}
}

func TestEveryFieldOfTheDocumentIsExplained(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Description, Ref string }
			}
		}
	}
	if err := json.Unmarshal(answerOf(api.New(api.Config{}), "/openapi.json").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	plain := map[string]bool{"Health": true, "Index": true, "Ready": true, "Dependency": true, "Links": true, "Gap": true}
	for name, schema := range doc.Components.Schemas {
		for field, p := range schema.Properties {
			obvious := field == "created_at" || strings.HasSuffix(field, "s") && strings.Contains(name, "Page") || name == "WebSDRList"
			if p.Description == "" && !plain[name] && !obvious {
				t.Errorf("%s.%s has no description", name, field)
			}
		}
	}
}

func TestTheDocumentationAsksNothingOfOtherServers(t *testing.T) {
	r := newRig(t)
	a := r.get("/docs").want(200)
	if !strings.Contains(a.body, "/api/v1/acquisitions/{task_id}/events") || !strings.Contains(a.body, "frequency_offset_hz") {
		t.Errorf("the page lacks operations or fields")
	}
	if found := regexp.MustCompile(`(src|href)="(https?:)?//[^"]*"|<script|@import|url\(`).FindString(a.body); found != "" {
		t.Errorf("the page loads %s", found)
	}
	if got := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("Content-Security-Policy is %q", got)
	}
	if a := r.get("/openapi.yaml").want(200); !strings.Contains(a.body, "openapi: 3.1.0") {
		t.Errorf("openapi.yaml begins %.60q", a.body)
	}
	if a := r.get("/openapi.json").want(200); strings.Contains(a.body, "$schema") {
		t.Error("openapi.json has $schema links")
	}
}

func TestTheServiceSaysWhatItIs(t *testing.T) {
	r := newRig(t)
	var h wire.Health
	r.get("/healthz").want(200).into(&h)
	if h != (wire.Health{Status: "healthy", Service: "heimdall", Version: "test"}) {
		t.Errorf("health is %+v", h)
	}
	var i wire.Index
	r.get("/api/v1").want(200).into(&i)
	for name, link := range i.Links {
		if name == "events" { // whose answer has no end
			r.watch(link)
			continue
		}
		if a := r.get(link); a.status != 200 {
			t.Errorf("%s leads to %s, which answers %d", name, link, a.status)
		}
	}
	var ready wire.Ready
	r.get("/readyz").want(200).into(&ready)
	if !ready.Ready || len(ready.Dependencies) != 2 {
		t.Errorf("ready is %+v", ready)
	}
}

// deadBlobs is a bucket that went away. The real ones are hard to break on demand.
type deadBlobs struct{ asked atomic.Int64 }

func (b *deadBlobs) Open(context.Context, string) (blob.Object, error) {
	return nil, errors.New("dial tcp 10.0.0.7:9000: secret detail")
}

func (b *deadBlobs) Stat(context.Context, string) (blob.Info, error) {
	b.asked.Add(1)
	return blob.Info{}, errors.New("dial tcp 10.0.0.7:9000: secret detail")
}

func (b *deadBlobs) Put(context.Context, string, io.Reader, blob.Sum) error {
	return errors.New("dial tcp 10.0.0.7:9000: secret detail")
}

func (b *deadBlobs) Delete(context.Context, string) error {
	return errors.New("dial tcp 10.0.0.7:9000: secret detail")
}

func TestReadinessNamesWhatIsDownAndAsksOnceASecond(t *testing.T) {
	dead := &deadBlobs{}
	r := newRig(t, func(c *api.Config) { c.Blobs = dead })
	for range 5 {
		a := r.get("/readyz")
		a.refused(503, "objects", "cannot be reached")
		if strings.Contains(a.body, "database") || strings.Contains(a.body, "10.0.0.7") {
			t.Errorf("answer says too much: %s", a.body)
		}
		if a.header.Get("Retry-After") == "" {
			t.Error("Retry-After is missing")
		}
	}
	if n := dead.asked.Load(); n > 2 {
		t.Errorf("the bucket was asked %d times for 5 probes", n)
	}
	if n := strings.Count(r.log.String(), "readiness changed"); n != 1 {
		t.Errorf("the change was logged %d times: %s", n, r.log)
	}
}

func TestADatabaseThatIsDownIs503EverywhereAndNeverNoData(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.Store = brokenStore(t) })
	const websdr = `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`
	for _, c := range [][3]string{
		{"GET", "/api/v1/acquisitions", ""}, {"GET", "/api/v1/acquisitions/x", ""}, {"GET", "/api/v1/acquisitions/x/events", ""},
		{"POST", "/api/v1/acquisitions/x/cancel", ""}, {"POST", "/api/v1/acquisitions", `{"frequency_mhz":1,"duration_seconds":1,"websdrs":[1]}`},
		{"POST", "/api/v1/acquisitions", `{"frequency_mhz":1,"duration_seconds":1}`},
		{"GET", "/api/v1/captures", ""}, {"GET", "/api/v1/captures/x/1", ""}, {"GET", "/api/v1/recordings/x/1", ""},
		{"GET", "/api/v1/measurements", ""}, {"GET", "/api/v1/measurements?format=csv", ""},
		{"GET", "/api/v1/websdrs", ""}, {"GET", "/api/v1/websdrs/1", ""}, {"GET", "/api/v1/websdrs/export", ""},
		{"POST", "/api/v1/websdrs", websdr}, {"PUT", "/api/v1/websdrs/1", websdr}, {"PATCH", "/api/v1/websdrs/1", `{"notes":"x"}`},
		{"DELETE", "/api/v1/websdrs/1", ""}, {"POST", "/api/v1/websdrs/import", "[" + websdr + "]"},
		{"GET", "/api/v1/emitters?format=geojson", ""}, {"GET", "/api/v1/emitters/1", ""}, {"POST", "/api/v1/emitters", dcf77}, {"PATCH", "/api/v1/emitters/1", `{"notes":"x"}`},
		{"DELETE", "/api/v1/emitters/1", ""}, {"POST", "/api/v1/emitters/import", `{"type":"FeatureCollection","features":[]}`}, {"GET", "/api/v1/acquisitions/x/emitters", ""},
	} {
		r.log.Reset()
		a := r.do(c[0], c[1], c[2])
		a.refused(503, "", "does not answer")
		var p wire.Problem
		a.into(&p)
		if a.header.Get("Retry-After") == "" || p.RequestID != a.header.Get("X-Request-Id") {
			t.Errorf("%s %s: headers are %v", c[0], c[1], a.header)
		}
		if n := strings.Count(r.log.String(), "request failed"); n != 1 || !strings.Contains(r.log.String(), p.RequestID) {
			t.Errorf("%s %s is logged %d times: %s", c[0], c[1], n, r.log)
		}
	}
	r.get("/readyz").refused(503, "database", "cannot be reached")
	r.get("/healthz").want(200)
}

// fullStore is a database whose disk is full.
type fullStore struct{ api.Store }

func (fullStore) CreateWebSDR(context.Context, heimdall.WebSDR) (heimdall.WebSDR, error) {
	return heimdall.WebSDR{}, heimdall.ErrFull
}

// faultyStore is one with a defect.
type faultyStore struct{ api.Store }

func (faultyStore) WebSDR(context.Context, int64) (heimdall.WebSDR, error) {
	return heimdall.WebSDR{}, errors.New("no such column: secret")
}

func (faultyStore) WebSDRs(context.Context, heimdall.WebSDRFilter) ([]heimdall.WebSDR, error) {
	panic("index out of range: secret")
}

func TestAFaultIsLoggedOnceAndItsDetailsStayInTheLog(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.Store = faultyStore{c.Store} })
	for _, target := range []string{"/api/v1/websdrs/1", "/api/v1/websdrs"} {
		r.log.Reset()
		a := r.get(target)
		a.refused(500, "", "request id")
		if strings.Contains(a.body, "secret") || strings.Count(r.log.String(), "level=ERROR") != 1 || !strings.Contains(r.log.String(), "secret") {
			t.Errorf("%s answers %s and logs %s", target, a.body, r.log)
		}
	}
}

func TestAFullDiskIs507(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.Store = fullStore{c.Store} })
	r.post("/api/v1/websdrs", `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`).refused(507, "", "no room left")
}

func TestWhatIsNoAddressIsAProblemToo(t *testing.T) {
	r := newRig(t)
	r.get("/api/v1/nothing").refused(404, "", "not an address")
	r.get("/api/v1/measurement").refused(404, "", "not an address")
	r.get("/api/v2").refused(404, "", "not an address")
	a := r.do("PATCH", "/api/v1/acquisitions", "")
	a.refused(405, "", "use GET, HEAD, POST")
	if a.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
}

func TestAPageOfAnotherSiteMayNotChangeAnything(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	rec := r.do("DELETE", "/api/v1/websdrs/2", "", "Sec-Fetch-Site", "same-origin")
	rec.want(404)
	req := []string{"Sec-Fetch-Site", "cross-site"}
	got := r.foreign("DELETE", "/api/v1/websdrs/1", req...)
	got.refused(403, "", "another site")
	r.get("/api/v1/websdrs/1", req...).want(200)
}

// foreign is do without the check against the document: no operation announces this answer.
func (r *rig) foreign(method, target string, header ...string) answer {
	doc := r.doc
	r.doc = document{}
	defer func() { r.doc = doc }()
	return r.do(method, target, "", header...)
}

func TestABrokenStreamBreaksTheConnection(t *testing.T) {
	for _, format := range []string{"csv", "ndjson", "parquet", "arrow"} {
		t.Run(format, func(t *testing.T) {
			r := newRig(t, func(c *api.Config) { c.Store = &breakingStore{Store: c.Store} })
			r.websdr("One")
			r.websdr("Two")
			r.measured(1, 2)
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("the handler ended with %v, want an aborted answer", v)
				}
				if !strings.Contains(r.log.String(), "measurements broke off") {
					t.Errorf("the log says nothing: %s", r.log)
				}
			}()
			r.get("/api/v1/measurements?format=" + format)
			t.Error("a half answer looks complete")
		})
	}
}

// breakingStore loses its connection after the first row.
type breakingStore struct{ api.Store }

func (s *breakingStore) EachMeasurement(ctx context.Context, f heimdall.MeasurementFilter) iter.Seq2[heimdall.Measurement, error] {
	return func(yield func(heimdall.Measurement, error) bool) {
		for m, err := range s.Store.EachMeasurement(ctx, f) {
			if !yield(m, err) || !yield(heimdall.Measurement{}, errors.New("connection lost")) {
				return
			}
		}
	}
}
