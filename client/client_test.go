package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

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
	for format, begins := range map[string]string{"parquet": "PAR1", "arrow": "\xff\xff\xff\xff"} {
		table, err := r.MeasurementsAs(ctx, format, heimdall.MeasurementFilter{TaskID: a.TaskID})
		r.must(err)
		text, err := io.ReadAll(table)
		r.must(err)
		r.must(table.Close())
		if !strings.HasPrefix(string(text), begins) {
			t.Errorf("%s is %q", format, text)
		}
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
	history, err := r.WebSDRHistory(r.Context(), id, time.Now().Add(-time.Hour), time.Time{}, 1)
	r.must(err)
	if len(history.Parts) != 1 || history.Parts[0].Up != 1 || history.Parts[0].Down != 2 || history.Failures[0].Times != 2 {
		r.Errorf("the history is %+v", history)
	}
	h, err := r.CloseBreaker(r.Context(), id)
	r.must(err)
	if h.Breaker != heimdall.BreakerClosed || h.Failures != 0 {
		r.Errorf("after closing it is %+v", h)
	}
	_, err = r.ProbeWebSDR(r.Context(), id)
	r.refused(err, 409) // this server has no prober
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
