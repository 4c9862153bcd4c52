package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// noon is when every test begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A rig is the API over a real database and a real object store, both empty.
type rig struct {
	*testing.T
	store   database
	blobs   *disk.Store
	handler http.Handler
	log     *bytes.Buffer
	now     time.Time
	doc     document
}

func newRig(t *testing.T, change ...func(*api.Config)) *rig {
	t.Helper()
	r := &rig{T: t, log: &bytes.Buffer{}, now: noon}
	r.store = r.sqlite()
	r.serve(change...)
	return r
}

// A database is either of the two.
type database interface {
	storetest.Store
	Describe(ctx context.Context) (heimdall.Database, error)
}

func (r *rig) clock() time.Time { return r.now }

func (r *rig) sqlite() *sqlite.Store {
	t := r.T
	t.Helper()
	path := sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db"))
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// serve makes the API over the store.
func (r *rig) serve(change ...func(*api.Config)) {
	t, clock := r.T, r.clock
	t.Helper()
	var err error
	if r.blobs, err = disk.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	keeper, err := retention.NewKeeper(retention.Config{Store: r.store, Blobs: r.blobs, Now: clock, MaxAge: 30 * 24 * time.Hour,
		MaxBytes: 1000, MinFreeBytes: 10, Free: func() (int64, error) { return 100, nil }})
	if err != nil {
		t.Fatal(err)
	}
	c := api.Config{Store: r.store, Blobs: r.blobs, Retention: keeper, Now: clock, Log: slog.New(slog.NewTextHandler(r.log, nil)), Version: "test"}
	for _, f := range change {
		f(&c)
	}
	r.handler = api.New(c)
	if r.doc, err = theDocument(); err != nil {
		t.Fatal(err)
	}
}

// An answer is what came back.
type answer struct {
	*testing.T
	status int
	header http.Header
	body   string
}

// do sends a request and checks that the answer is one that the OpenAPI document announces.
func (r *rig) do(method, target, body string, header ...string) answer {
	r.Helper()
	ctx := r.Context()
	if strings.HasPrefix(target, "/api/v1/events") { // which answers at once, and then goes on for ever
		gone, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		ctx = gone
	}
	req := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	a := answer{r.T, rec.Code, rec.Header(), rec.Body.String()}
	r.doc.check(r.T, method, req.URL.Path, a)
	return a
}

func (r *rig) get(target string, header ...string) answer {
	r.Helper()
	return r.do(http.MethodGet, target, "", header...)
}

func (r *rig) post(target, body string, header ...string) answer {
	r.Helper()
	return r.do(http.MethodPost, target, body, header...)
}

// want fails unless the status is the one expected.
func (a answer) want(status int) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("status is %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// into decodes the body, strictly.
func (a answer) into(v any) {
	a.Helper()
	d := json.NewDecoder(strings.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		a.Fatalf("decode answer: %v\n%s", err, a.body)
	}
}

// refused fails unless the answer is a problem of that status that names the field.
func (a answer) refused(status int, location, message string) {
	a.Helper()
	a.want(status)
	var p wire.Problem
	a.into(&p)
	if a.header.Get("Content-Type") != "application/problem+json" || p.Status != status || p.Title == "" || p.RequestID == "" {
		a.Errorf("not a proper problem: %s %s", a.header.Get("Content-Type"), a.body)
	}
	if location == "" {
		if !strings.Contains(p.Detail, message) {
			a.Errorf("detail is %q, want it to say %q", p.Detail, message)
		}
		return
	}
	for _, f := range p.Errors {
		if f.Location == location && strings.Contains(f.Message, message) {
			return
		}
	}
	a.Errorf("no error says that %s %s: %s", location, message, a.body)
}

// websdr adds a simulated WebSDR.
func (r *rig) websdr(name string, change ...func(*heimdall.WebSDR)) heimdall.WebSDR {
	r.Helper()
	w := heimdall.WebSDR{
		Name: name, Kind: "sim", URL: "sim://" + strings.ToLower(name), LatitudeDeg: 45, LongitudeDeg: 7.5,
		Active: true, Timeout: 30 * time.Second, RetryCount: 3,
	}
	for _, f := range change {
		f(&w)
	}
	w, err := r.store.CreateWebSDR(r.Context(), w)
	if err != nil {
		r.Fatal(err)
	}
	return w
}

// acquisition asks for one of 10 s at 145.5 MHz.
func (r *rig) acquisition(ids ...int64) wire.Acquisition {
	r.Helper()
	list, _ := json.Marshal(ids)
	var a wire.Acquisition
	r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":%s}`, list)).want(202).into(&a)
	return a
}

// claim is what a worker does first.
func (r *rig) claim() *acquire.Job {
	r.Helper()
	job, err := r.store.Claim(r.Context(), "worker", time.Minute, 0)
	if err != nil {
		r.Fatal(err)
	}
	return job
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// end ends every capture of a job, in order of websdr_id, by what outcome gives, and the acquisition.
func (r *rig) end(job *acquire.Job, outcome func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement)) {
	r.Helper()
	var captures []heimdall.Capture
	for _, c := range job.Captures {
		c.State, c.Phase = heimdall.Running, heimdall.PhaseConnecting
		r.must(r.store.SaveProgress(r.Context(), job.Lease, []heimdall.Capture{c}))
		c, m := outcome(c)
		captures = append(captures, c)
		r.must(r.store.FinishCapture(r.Context(), job.Lease, c, m))
	}
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Outcome(captures), ""))
}

// success is a capture that worked, with its measurement. Its start is noon and a bit, its SNR the WebSDR's
// id times 10 dB.
func success(job *acquire.Job, c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
	start := noon.Add(time.Duration(c.WebSDRID) * 1_234_567_891)
	snr := 10 * float64(c.WebSDRID)
	c.State, c.Phase, c.Attempts = heimdall.Success, heimdall.PhaseDone, 1
	c.StartedAt, c.EndedAt = noon, noon.Add(time.Minute)
	c.Elapsed = 10 * time.Second
	c.Recording = &heimdall.Recording{
		S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID), Datatype: "ci16_le",
		SampleRateHz: 12001.135, NominalRateHz: 12000, FrequencyHz: job.Acquisition.FrequencyHz,
		PassbandLowHz: -5000, PassbandHighHz: 5000, SamplesCount: 4, ExpectedSamples: 120011, Bytes: 16,
		SHA256: strings.Repeat("ab", 32), Start: start, TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 1e-7,
		GPSAgeMaxS: 3, Gaps: []heimdall.Gap{{Sample: 2, Missing: 7}}, Dialect: "sim 1",
	}
	return c, &heimdall.Measurement{
		TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: start.Truncate(time.Microsecond), FrequencyHz: job.Acquisition.FrequencyHz,
		SampleRateHz: 12001.135, SamplesCount: 4, S3Path: c.Recording.S3Path, TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 1e-7,
		Metrics: heimdall.Metrics{
			SNRdB: &snr, SNRBandwidthHz: 9600.908, Detected: c.WebSDRID > 1, NoiseSource: "off_channel",
			Flags: []string{"gaps", "short"}, AlgorithmVersion: "1", SegmentLength: 1024, SegmentAverages: 12.5,
		},
	}
}

// measured is an acquisition that worked on every WebSDR.
func (r *rig) measured(ids ...int64) wire.Acquisition {
	r.Helper()
	a := r.acquisition(ids...)
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) { return success(job, c) })
	return a
}

// brokenStore is a database that went away: every call fails as a closed one does.
func brokenStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "closed.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	return s
}
