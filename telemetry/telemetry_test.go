package telemetry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/telemetry"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// scrape is what Prometheus would collect, by series.
func scrape(t *testing.T, m *telemetry.Telemetry) map[string]float64 {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("status is %d: %s", rec.Code, rec.Body)
	}
	out := map[string]float64{}
	for line := range strings.Lines(rec.Body.String()) {
		if name, value, ok := cutLast(strings.TrimSpace(line)); ok && !strings.HasPrefix(line, "#") {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatalf("%q is no sample: %v", line, err)
			}
			out[name] = v
		}
	}
	return out
}

func cutLast(line string) (name, value string, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

func want(t *testing.T, m *telemetry.Telemetry, series map[string]float64) {
	t.Helper()
	got := scrape(t, m)
	for name, v := range series {
		if g, ok := got[name]; !ok || g != v {
			t.Errorf("%s is %v (there: %v), want %v", name, g, ok, v)
		}
	}
}

func open(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "heimdall.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAnAcquisitionIsCountedFromItsAttemptsToItsObjects(t *testing.T) {
	t.Parallel()
	m, s := telemetry.New("test"), open(t)
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	down := driverFunc(func() error { return websdr.Fail(heimdall.FailBanned, "open", nil, "go away") })
	a, err := acquire.New(acquire.Config{
		Store: m.Store(s), Blobs: m.Blobs(blobs), SpoolDir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Drivers: m.Drivers(map[string]websdr.Driver{"sim": &sim.Driver{}, "kiwisdr": down}),
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Watch(telemetry.State{Database: s, Capacity: 3, Free: blobs.FreeBytes})
	var ids []int64
	for kind, url := range map[string]string{"sim": "sim://one?pace=fast", "kiwisdr": "http://kiwi.example:8073"} {
		w, err := s.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: kind, Kind: kind, URL: url, Active: true, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	good, bad := ids[0], ids[1]
	if w, _ := s.WebSDR(t.Context(), good); w.Kind != "sim" {
		good, bad = bad, good
	}
	if _, _, err := s.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: ids}); err != nil {
		t.Fatal(err)
	}
	want(t, m, map[string]float64{`heimdall_queue_depth{queue="acquisitions"}`: 1, "heimdall_acquisitions_running": 0, "heimdall_worker_capacity": 3,
		"heimdall_database_up": 1})

	work(t, a, s)
	one := func(id int64) string { return `{websdr_id="` + strconv.FormatInt(id, 10) + `"}` }
	captures, err := s.Captures(t.Context(), heimdall.CaptureFilter{WebSDRID: good, Limit: 1})
	if err != nil || len(captures) != 1 || captures[0].Recording == nil {
		t.Fatalf("the captures are %+v (%v)", captures, err)
	}
	want(t, m, map[string]float64{
		`heimdall_acquisitions_total{outcome="partial"}`:                             1,
		`heimdall_capture_duration_seconds_count{outcome="success"}`:                 1,
		`heimdall_capture_duration_seconds_count{outcome="failed"}`:                  1,
		"heimdall_capture_samples_total" + one(good):                                 float64(captures[0].Recording.SamplesCount),
		"heimdall_capture_gap_samples_total" + one(good):                             0,
		"heimdall_time_uncertainty_seconds" + one(good):                              captures[0].Recording.TimeUncertaintyS,
		"heimdall_receiver_up" + one(good):                                           1,
		"heimdall_receiver_up" + one(bad):                                            0,
		`heimdall_job_attempts_total{kind="sim",outcome="open"}`:                     1,
		`heimdall_job_attempts_total{kind="kiwisdr",outcome="banned"}`:               1,
		`heimdall_store_put_seconds_count{outcome="success"}`:                        3, // data, linked, its metadata, and the collection
		`heimdall_build_info{go_version="` + runtime.Version() + `",version="test"}`: 1,
	})
}

// work runs a worker until nothing is pending or running.
func work(t *testing.T, a *acquire.Acquirer, s *sqlite.Store) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	done := make(chan error)
	go func() {
		done <- (&acquire.Worker{Acquirer: a, Name: "test", Concurrency: 1, Lease: time.Minute, Grace: time.Second}).Run(ctx)
	}()
	for tick := time.NewTicker(20 * time.Millisecond); ctx.Err() == nil; <-tick.C {
		live, err := s.Acquisitions(ctx, heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Pending, heimdall.Running}, Limit: 1})
		if err == nil && len(live) == 0 {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// driverFunc is a receiver that only ever fails.
type driverFunc func() error

func (f driverFunc) Open(context.Context, *heimdall.WebSDR, websdr.Tuning) (websdr.Stream, error) {
	return nil, f()
}

// plain is a store that cannot link.
type plain struct{ blob.Store }

func TestAStoreThatCannotLinkDoesNotSeemTo(t *testing.T) {
	t.Parallel()
	m := telemetry.New("test")
	d, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	type linker interface {
		Link(ctx context.Context, key, file string, want blob.Sum) error
	}
	if _, ok := m.Blobs(d).(linker); !ok {
		t.Error("a folder of files cannot link any more")
	}
	counting := m.Blobs(plain{d})
	if _, ok := counting.(linker); ok {
		t.Error("a bucket seems to link")
	}
	if err := counting.Put(t.Context(), "a/b", strings.NewReader("x"), blob.SumOf([]byte("y"))); !errors.Is(err, blob.ErrDiffers) {
		t.Errorf("a wrong object gives %v", err)
	}
	want(t, m, map[string]float64{`heimdall_store_put_seconds_count{outcome="failed"}`: 1})
}

func TestADatabaseThatIsAwayIsAGapAndNoZero(t *testing.T) {
	t.Parallel()
	m, s := telemetry.New("test"), open(t)
	now := time.Now()
	m.Watch(telemetry.State{Database: s, Now: func() time.Time { return now }})
	before := scrape(t, m)
	if before["heimdall_database_up"] != 1 || before[`heimdall_store_bytes{class="database"}`] <= 0 {
		t.Errorf("the metrics are %v", before)
	}
	s.Close()
	want(t, m, map[string]float64{"heimdall_database_up": 1}) // what was asked a moment ago
	now = now.Add(time.Minute)
	after := scrape(t, m)
	if _, ok := after[`heimdall_queue_depth{queue="acquisitions"}`]; ok || after["heimdall_database_up"] != 0 {
		t.Errorf("with the database away the metrics are %v", after)
	}
}

func TestCallersInventNoLabels(t *testing.T) {
	t.Parallel()
	m := telemetry.New("test")
	m.Request("GET", "/api/v1/websdrs/{websdr_id}", 200, 50*time.Millisecond)
	for _, method := range []string{"BREW", "get", "X"} {
		m.Request(method, "", 405, time.Millisecond)
	}
	want(t, m, map[string]float64{
		`heimdall_http_request_duration_seconds_count{method="GET",route="/api/v1/websdrs/{websdr_id}",status="200"}`:             1,
		`heimdall_http_request_duration_seconds_bucket{method="GET",route="/api/v1/websdrs/{websdr_id}",status="200",le="0.025"}`: 0,
		`heimdall_http_request_duration_seconds_count{method="other",route="none",status="405"}`:                                  3,
	})
}

func TestWhatRetentionDeletedIsCountedByRule(t *testing.T) {
	t.Parallel()
	m := telemetry.New("test")
	for range 2 {
		m.Deleted(retention.Outcome{Rules: []retention.Tally{{Rule: retention.ByQuota, Result: retention.Result{Bytes: 100}}}})
	}
	want(t, m, map[string]float64{`heimdall_retention_deleted_bytes_total{rule="quota"}`: 200})
}

func TestNewerCollectorsGetNativeHistograms(t *testing.T) {
	t.Parallel()
	m := telemetry.New("test")
	m.Request("GET", "/healthz", 200, time.Millisecond)
	req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, req)
	if body, _ := io.ReadAll(rec.Body); !strings.Contains(rec.Header().Get("Content-Type"), "protobuf") || !strings.Contains(string(body), "heimdall_http_request_duration_seconds") {
		t.Errorf("the answer is %s", rec.Header().Get("Content-Type"))
	}
}
