package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
)

// A rig is a client of a real server over a real database and a real object store.
type rig struct {
	*testing.T
	*client.Client
	store  *sqlite.Store
	blobs  *disk.Store
	server *httptest.Server
	mu     sync.Mutex
	called map[string]bool // "GET /healthz", guarded by mu
}

func newRig(t *testing.T, wrap ...func(http.Handler) http.Handler) *rig {
	t.Helper()
	r := &rig{T: t, called: map[string]bool{}}
	var err error
	r.store, err = sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), sqlite.Options{})
	r.must(err)
	t.Cleanup(func() { r.store.Close() })
	r.blobs, err = disk.Open(t.TempDir())
	r.must(err)
	keeper, err := retention.NewKeeper(retention.Config{Store: r.store, Blobs: r.blobs})
	r.must(err)
	handler := api.New(api.Config{Store: r.store, Blobs: r.blobs, Retention: keeper, EventPoll: time.Millisecond})
	for _, f := range wrap {
		handler = f(handler)
	}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.called[req.Method+" "+req.URL.Path] = true
		r.mu.Unlock()
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(r.server.Close)
	r.Client, err = client.New(r.server.URL, client.Options{HTTP: r.server.Client()})
	r.must(err)
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// refused fails unless err is a problem of that status.
func (r *rig) refused(err error, status int) *client.Problem {
	r.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status {
		r.Fatalf("error is %v, want a problem of status %d", err, status)
	}
	return p
}

func input(name string) wire.WebSDRInput {
	return wire.WebSDRInput{Name: name, Kind: "sim", URL: "sim://" + strings.ToLower(name), Latitude: 45, Longitude: 7.5}
}

// finish does a worker's part of the oldest acquisition: every capture succeeds.
func (r *rig) finish() {
	r.Helper()
	job, err := r.store.Claim(r.Context(), "worker", time.Minute, 0)
	r.must(err)
	for _, c := range job.Captures {
		r.finishCapture(job, c)
	}
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Success, ""))
}

const data = "\x00\x80\x00\x00\xff\x7f\x01\x00"

func (r *rig) finishCapture(job *acquire.Job, c heimdall.Capture) {
	r.Helper()
	c.State, c.Phase, c.StartedAt = heimdall.Running, heimdall.PhaseRecording, time.Now()
	r.must(r.store.SaveProgress(r.Context(), job.Lease, []heimdall.Capture{c}))
	start := time.Date(2026, 3, 1, 12, 0, int(c.WebSDRID), 0, time.UTC)
	snr := float64(c.WebSDRID)
	c.State, c.Phase, c.EndedAt = heimdall.Success, heimdall.PhaseDone, time.Now()
	c.Recording = &heimdall.Recording{
		S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID), Datatype: "ci16_le", SampleRateHz: 12000,
		NominalRateHz: 12000, FrequencyHz: job.Acquisition.FrequencyHz, SamplesCount: 2, ExpectedSamples: 2, Bytes: int64(len(data)),
		SHA256: sha(data), Start: start, TimeQuality: heimdall.TimeHostArrival, GPSAgeMaxS: -1,
	}
	m := &heimdall.Measurement{
		TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: start, FrequencyHz: job.Acquisition.FrequencyHz, SampleRateHz: 12000,
		SamplesCount: 2, S3Path: c.Recording.S3Path, TimeQuality: heimdall.TimeHostArrival,
		Metrics: heimdall.Metrics{SNRdB: &snr, Detected: true, NoiseSource: "in_band", AlgorithmVersion: "1"},
	}
	r.must(r.store.FinishCapture(r.Context(), job.Lease, c, m))
	r.must(r.blobs.Put(r.Context(), c.Recording.S3Path, strings.NewReader(data), blob.Sum{Bytes: int64(len(data)), SHA256: sha(data)}))
}

func TestTheClientSpeaksEveryOperationOfTheDocument(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	one, err := r.CreateWebSDR(ctx, input("One"))
	r.must(err)
	two, err := r.CreateWebSDR(ctx, input("Two"))
	r.must(err)
	got, err := r.WebSDR(ctx, one.WebSDRID)
	r.must(err)
	if diff := cmp.Diff(one, got); diff != "" {
		t.Errorf("WebSDR differs (-created +got):\n%s", diff)
	}
	changed := got.Input()
	changed.Notes = "on the roof"
	got, err = r.ReplaceWebSDR(ctx, one.WebSDRID, changed, got.ETag())
	r.must(err)
	_, err = r.PatchWebSDR(ctx, one.WebSDRID, map[string]any{"location_name": "Torino", "notes": nil}, one.ETag())
	r.refused(err, 412)
	got, err = r.PatchWebSDR(ctx, one.WebSDRID, map[string]any{"location_name": "Torino", "notes": nil}, got.ETag())
	r.must(err)
	if got.LocationName != "Torino" || got.Notes != "" {
		t.Errorf("after the patch it is %+v", got)
	}
	res, err := r.ImportWebSDRs(ctx, []wire.WebSDRInput{input("Three")}, true)
	r.must(err)
	if res != (wire.ImportResult{Created: 1, DryRun: true}) {
		t.Errorf("the trial import says %+v", res)
	}
	file, err := r.ExportWebSDRs(ctx, "csv")
	r.must(err)
	res, err = r.ImportWebSDRsCSV(ctx, file, false)
	r.must(err)
	r.must(file.Close())
	if res != (wire.ImportResult{Updated: 2}) {
		t.Errorf("the import of the export says %+v", res)
	}
	r.must(r.DeleteWebSDR(ctx, two.WebSDRID, ""))
	_, err = r.PatchWebSDR(ctx, one.WebSDRID, map[string]any{"is_active": false}, "")
	r.must(err)
	list, err := r.WebSDRs(ctx, true)
	r.must(err)
	if len(list) != 0 {
		t.Errorf("%d WebSDRs are active", len(list))
	}
	_, err = r.PatchWebSDR(ctx, one.WebSDRID, map[string]any{"is_active": true}, "")
	r.must(err)

	r.watchHealth(one.WebSDRID)
	r.fleet(one)
	ask := wire.AcquisitionRequest{FrequencyMHz: 145.5, DurationSeconds: 1, WebSDRs: []int64{one.WebSDRID}}
	a, created, err := r.CreateAcquisition(ctx, ask, "key")
	r.must(err)
	again, createdAgain, err := r.CreateAcquisition(ctx, ask, "key")
	r.must(err)
	if !created || createdAgain || again.TaskID != a.TaskID {
		t.Errorf("created %t, again %t: %s and %s", created, createdAgain, a.TaskID, again.TaskID)
	}
	r.finish()
	_, err = r.CancelAcquisition(ctx, a.TaskID)
	r.refused(err, 409)
	var states []heimdall.State
	for a, err := range r.Watch(ctx, a.TaskID) {
		r.must(err)
		states = append(states, a.State)
	}
	if diff := cmp.Diff([]heimdall.State{heimdall.Success}, states); diff != "" {
		t.Errorf("watched (-want +got):\n%s", diff)
	}
	page, err := r.Acquisitions(ctx, heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Success}, From: a.CreatedAt, Origin: new(""), WebSDRIDs: []int64{one.WebSDRID}, FrequencyMaxHz: 145_500_000, Limit: 5}, "")
	r.must(err)
	shown, err := r.Acquisition(ctx, a.TaskID)
	r.must(err)
	if len(page.Acquisitions) != 1 || len(shown.Captures) != 1 || shown.State != heimdall.Success {
		t.Errorf("listed %d, shown as %+v", len(page.Acquisitions), shown)
	}
	captures, err := r.Captures(ctx, heimdall.CaptureFilter{TaskID: a.TaskID, WebSDRID: one.WebSDRID, States: []heimdall.State{heimdall.Success},
		FrequencyMinHz: 145_500_000, Text: "torino"}, "")
	r.must(err)
	c, err := r.Capture(ctx, a.TaskID, one.WebSDRID)
	r.must(err)
	if diff := cmp.Diff([]wire.Capture{c}, captures.Captures); diff != "" {
		t.Errorf("the listed capture differs:\n%s", diff)
	}
	measurements, err := r.Measurements(ctx, heimdall.MeasurementFilter{
		TaskID: a.TaskID, WebSDRIDs: []int64{1, 2}, FrequencyMinHz: 145_500_000, FrequencyMaxHz: 145_500_000, SNRMinDB: new(0.5), DetectedOnly: true,
		SNRMaxDB: new(1e3), FlagsNot: []string{"clipped"}, Text: "one", Near: &heimdall.Near{RadiusKm: heimdall.MaxRadiusKm},
	}, "")
	r.must(err)
	if len(measurements.Measurements) != 1 {
		t.Errorf("%d measurements", len(measurements.Measurements))
	}
	r.askStatistics(one.WebSDRID)
	r.askSpectrograms(a.TaskID, one.WebSDRID)
	table, err := r.MeasurementsCSV(ctx, heimdall.MeasurementFilter{TaskID: a.TaskID})
	r.must(err)
	text, err := io.ReadAll(table)
	r.must(err)
	r.must(table.Close())
	if !strings.HasPrefix(string(text), "task_id,websdr_id,timestamp_utc,") || bytes.Count(text, []byte("\n")) != 2 {
		t.Errorf("CSV is %s", text)
	}
	r.download(a.TaskID, one.WebSDRID)
	r.downloadArchive(a.TaskID)
	r.downloadSlices(c)
	_, err = r.RecordingURL(ctx, a.TaskID, one.WebSDRID, "metadata", time.Minute)
	r.refused(err, 501) // a folder
	recomputed, err := r.Recompute(ctx, a.TaskID, one.WebSDRID, true)
	r.must(err)
	if recomputed.OldVersion != "1" || recomputed.Replaced || len(recomputed.Changes) == 0 {
		t.Errorf("a dry run of the recomputation says %+v", recomputed)
	}
	_, err = r.Recompute(ctx, a.TaskID, two.WebSDRID, false)
	r.refused(err, 404)
	other, err := r.Measurements(ctx, heimdall.MeasurementFilter{AlgorithmVersionNot: "1"}, "")
	r.must(err)
	if len(other.Measurements) != 0 {
		t.Errorf("%d measurements are not of version 1", len(other.Measurements))
	}

	h, err := r.Health(ctx)
	r.must(err)
	i, err := r.Index(ctx)
	r.must(err)
	ready, err := r.Ready(ctx)
	r.must(err)
	system, err := r.System(ctx)
	r.must(err)
	if system.Database.Backend != "sqlite" {
		t.Errorf("the system is %+v", system)
	}
	d, err := r.Definitions(ctx)
	r.must(err)
	if len(d.Metrics) == 0 || d.Metrics[0].Name != "snr_db" || d.Metrics[0].Unit != "dB" {
		t.Errorf("the definitions are %.200v", d)
	}
	if h.Status != "healthy" || i.Service != "heimdall" || i.AlgorithmVersion == "" || !ready.Ready {
		t.Errorf("the service says %+v %+v %+v", h, i, ready)
	}
	_, err = r.HoldAcquisition(ctx, a.TaskID, wire.HoldRequest{By: "IZ1ABC", Reason: "evidence"})
	r.must(err)
	_, err = r.DeleteAcquisition(ctx, a.TaskID, "")
	r.refused(err, 409)
	rules, err := r.Retention(ctx)
	r.must(err)
	if rules.HeldBytes == 0 || rules.HeldBytes != rules.RecordedBytes {
		t.Errorf("retention says %+v", rules)
	}
	shown, err = r.ReleaseAcquisition(ctx, a.TaskID)
	r.must(err)
	if shown.Hold != nil {
		t.Errorf("it is still held: %+v", shown.Hold)
	}
	for _, do := range []func(context.Context) (wire.RetentionOutcome, error){r.PlanRetention, r.RunRetention} {
		done, err := do(ctx)
		r.must(err)
		if done.Acquisitions != 0 {
			t.Errorf("without rules it deletes %+v", done)
		}
	}
	r.knowEmitters(a.TaskID)
	r.speakOfEvents(a.TaskID)
	deleted, err := r.DeleteAcquisition(ctx, a.TaskID, "a test")
	r.must(err)
	journal, err := r.Deletions(ctx, 5, "")
	r.must(err)
	if len(journal.Deletions) != 1 || journal.Deletions[0].Reason != "a test" || journal.Deletions[0].Rows != deleted.Rows {
		t.Errorf("deleted %+v, the journal says %+v", deleted, journal)
	}

	r.schedules()
	r.callAccess(ctx)
	r.checkCalled()
}

// watchHealth asks a WebSDR that nobody has looked at how it is.
func (r *rig) watchHealth(id int64) {
	r.Helper()
	for i, state := range []heimdall.HealthState{heimdall.Up, heimdall.Down, heimdall.Down} {
		o := heimdall.Observation{WebSDRID: id, At: time.Now().Add(time.Duration(i-5) * time.Minute), Source: heimdall.FromCapture, OK: state == heimdall.Up, Holds: time.Hour}
		if !o.OK {
			o.FailureClass = heimdall.FailDown
		}
		_, err := r.store.Observe(r.Context(), o)
		r.must(err)
	}
	page, err := r.WebSDRStatus(r.Context(), id, time.Now().Add(-time.Hour), time.Time{}, 2, "")
	r.must(err)
	if page.Health.State != heimdall.Down || len(page.Observations) != 2 || page.NextCursor == nil || page.Uptimes[0].Attempts != 3 {
		r.Fatalf("the status is %+v", page)
	}
	rest, err := r.WebSDRStatus(r.Context(), id, time.Time{}, time.Time{}, 2, *page.NextCursor)
	r.must(err)
	if len(rest.Observations) != 1 || !rest.Observations[0].OK || rest.NextCursor != nil {
		r.Errorf("the last page is %+v", rest)
	}
	h, err := r.CloseBreaker(r.Context(), id)
	r.must(err)
	if h.Breaker != heimdall.BreakerClosed || h.Failures != 0 {
		r.Errorf("after closing it is %+v", h)
	}
	_, err = r.ProbeWebSDR(r.Context(), id)
	r.refused(err, 409) // this server has no prober
}

// download gets a recording whole, from its middle, and converted.
func (r *rig) download(taskID string, websdrID int64) {
	r.Helper()
	whole, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{})
	r.must(err)
	got, err := io.ReadAll(whole.Body)
	r.must(err)
	r.must(whole.Body.Close())
	if string(got) != data || whole.Bytes != int64(len(data)) || !strings.HasSuffix(whole.Name, "websdr_1.sigmf-data") || whole.Offset != 0 {
		r.Errorf("downloaded %x as %+v", got, whole)
	}
	rest, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{Format: "sigmf-data", Offset: 3, ETag: whole.ETag})
	r.must(err)
	got, err = io.ReadAll(rest.Body)
	r.must(err)
	r.must(rest.Body.Close())
	if string(got) != data[3:] || rest.Offset != 3 {
		r.Errorf("the rest is %x from %d", got, rest.Offset)
	}
	other, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{Offset: 3, ETag: `"of another file"`})
	r.must(err)
	r.must(other.Body.Close())
	if other.Offset != 0 || other.Bytes != int64(len(data)) {
		r.Errorf("the rest of another file is given away from %d", other.Offset)
	}
	npy, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{Format: "npy"})
	r.must(err)
	got, err = io.ReadAll(npy.Body)
	r.must(err)
	r.must(npy.Body.Close())
	var first float32
	if len(got) != 128+16 || binary.Read(bytes.NewReader(got[128:]), binary.LittleEndian, &first) != nil || first != -1 {
		r.Errorf("npy is %x", got)
	}
}

// downloadArchive gets an acquisition whole and from its middle.
func (r *rig) downloadArchive(taskID string) {
	r.Helper()
	_, err := r.Archive(r.Context(), taskID, client.Wanted{}) // as SigMF: the metadata was never stored
	r.refused(err, 409)
	d, err := r.Archive(r.Context(), taskID, client.Wanted{Format: "raw", AllowMissing: true})
	r.must(err)
	whole, err := io.ReadAll(d.Body)
	r.must(err)
	r.must(d.Body.Close())
	if d.Bytes != int64(len(whole)) || !strings.HasSuffix(d.Name, taskID+".tar") || !bytes.Contains(whole, []byte(data)) {
		r.Errorf("downloaded %d bytes as %+v", len(whole), d)
	}
	rest, err := r.Archive(r.Context(), taskID, client.Wanted{Format: "raw", Offset: 600, ETag: d.ETag})
	r.must(err)
	got, err := io.ReadAll(rest.Body)
	r.must(err)
	r.must(rest.Body.Close())
	if rest.Offset != 600 || !bytes.Equal(got, whole[600:]) {
		r.Errorf("the rest of the archive is %d bytes from %d on", len(got), rest.Offset)
	}
}

// downloadSlices gets the second sample of a recording, by its number and by its time.
func (r *rig) downloadSlices(c wire.Capture) {
	r.Helper()
	second := c.Recording.StartUTC.Add(time.Duration(1e6 / c.Recording.SampleRateKHz))
	for _, w := range []client.Wanted{
		{FromSample: 1}, {FromSample: 1, Samples: new(int64(1))}, {FromTime: second}, {FromTime: second, ToTime: second.Add(time.Hour)},
	} {
		d, err := r.Recording(r.Context(), c.TaskID, c.WebSDRID, w)
		r.must(err)
		got, err := io.ReadAll(d.Body)
		r.must(err)
		r.must(d.Body.Close())
		if string(got) != data[4:] {
			r.Errorf("%+v gives %x", w, got)
		}
	}
	_, err := r.Recording(r.Context(), c.TaskID, c.WebSDRID, client.Wanted{Samples: new(int64(1)), ToTime: second})
	r.refused(err, 422)
}

// checkCalled compares what was called with the server's own description.
func (r *rig) checkCalled() {
	r.Helper()
	text, err := r.OpenAPI(r.Context())
	r.must(err)
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	r.must(json.Unmarshal(text, &doc))
	r.mu.Lock()
	defer r.mu.Unlock()
	for path, methods := range doc.Paths {
		for method, operation := range methods {
			found := strings.Contains(string(operation), `"deprecated": true`) // for the clients of another program
			for call := range r.called {
				found = found || matches(strings.ToUpper(method)+" "+path, call)
			}
			if !found {
				r.Errorf("no method of the client calls %s %s", strings.ToUpper(method), path)
			}
		}
	}
}

func matches(template, call string) bool {
	a, b := strings.Split(template, "/"), strings.Split(call, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

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

func TestFiltersThatBelongToAStoreAreRefused(t *testing.T) {
	r := newRig(t)
	_, err1 := r.Acquisitions(t.Context(), heimdall.AcquisitionFilter{After: "x"}, "")
	_, err2 := r.Captures(t.Context(), heimdall.CaptureFilter{AfterTaskID: "x"}, "")
	_, err3 := r.Measurements(t.Context(), heimdall.MeasurementFilter{After: &heimdall.MeasurementKey{}}, "")
	_, err4 := r.MeasurementsCSV(t.Context(), heimdall.MeasurementFilter{After: &heimdall.MeasurementKey{}})
	for i, err := range []error{err1, err2, err3, err4} {
		if err == nil {
			t.Errorf("filter %d is accepted and half of it ignored", i+1)
		}
	}
}

func TestEachMeasurementGoesThroughAllPages(t *testing.T) {
	asked := atomic.Int64{}
	r := newRig(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if q := req.URL.Query(); q.Get("limit") == "1000" { // a small page, so that there are several
				q.Set("limit", "2")
				req.URL.RawQuery = q.Encode()
			}
			asked.Add(1)
			h.ServeHTTP(w, req)
		})
	})
	var ids []int64
	for i := range 5 {
		w, err := r.CreateWebSDR(t.Context(), input(fmt.Sprint("W", i)))
		r.must(err)
		ids = append(ids, w.WebSDRID)
	}
	_, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7, DurationSeconds: 1, WebSDRs: ids}, "")
	r.must(err)
	r.finish()
	for _, c := range []struct {
		limit int
		want  []int64
	}{{0, []int64{5, 4, 3, 2, 1}}, {3, []int64{5, 4, 3}}, {5, []int64{5, 4, 3, 2, 1}}} {
		var got []int64
		for m, err := range r.EachMeasurement(t.Context(), heimdall.MeasurementFilter{Limit: c.limit}) {
			r.must(err)
			got = append(got, m.WebSDRID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("limit %d yields others (-want +got):\n%s", c.limit, diff)
		}
	}
	before := asked.Load()
	for range r.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		break
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("looking at one row asked for %d pages", n)
	}
	for _, err := range r.EachMeasurement(t.Context(), heimdall.MeasurementFilter{SNRMinDB: new(1.0), FrequencyMaxHz: -1}) {
		r.refused(err, 422)
	}
}

func TestAWatchOutlivesABrokenStream(t *testing.T) {
	broken := atomic.Bool{}
	r := newRig(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/events") && broken.CompareAndSwap(false, true) {
				ctx, cancel := context.WithCancel(req.Context())
				defer cancel()
				h.ServeHTTP(&cutter{ResponseWriter: w, cut: cancel}, req.WithContext(ctx))
				return
			}
			h.ServeHTTP(w, req)
		})
	})
	w, err := r.CreateWebSDR(t.Context(), input("One"))
	r.must(err)
	a, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7, DurationSeconds: 1, WebSDRs: []int64{w.WebSDRID}}, "")
	r.must(err)
	var states []heimdall.State
	for a, err := range r.Watch(t.Context(), a.TaskID) {
		r.must(err)
		if states = append(states, a.State); len(states) == 1 {
			r.finish()
		}
	}
	if !broken.Load() || len(states) < 2 || states[0] != heimdall.Pending || states[len(states)-1] != heimdall.Success {
		t.Errorf("watched %v", states)
	}
}

// A cutter ends its request after the first event.
type cutter struct {
	http.ResponseWriter
	cut func()
}

func (c *cutter) Write(p []byte) (int, error) {
	defer c.cut()
	return c.ResponseWriter.Write(p)
}

func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func TestAWatchEndsWithItsContextOrAtOnceWhenThereIsNothingToWatch(t *testing.T) {
	r := newRig(t)
	w, err := r.CreateWebSDR(t.Context(), input("One"))
	r.must(err)
	a, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7, DurationSeconds: 1, WebSDRs: []int64{w.WebSDRID}}, "")
	r.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range r.Watch(ctx, a.TaskID) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the watch ends with %v", last)
	}
	for _, err := range r.Watch(t.Context(), "unknown") {
		r.refused(err, 404)
	}
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

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
