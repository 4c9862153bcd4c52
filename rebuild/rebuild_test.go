package rebuild_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/rebuild"
	"github.com/heimdall-sdr/heimdall/retention"
)

// notRebuilt is every column that is not what it was.
var notRebuilt = map[string]bool{
	"websdrs.password":          true, // a secret: no object has it
	"measurements.id":           true, // a number of this file's own
	"acquisitions.collected_at": true, // when it was last known that the collection is there
}

// populate fills a system with all that can happen: successes, partials, failures, cancellations, gaps, both
// calibrations, every kind of WebSDR that gives IQ, and every format of samples.
func (r *rig) populate() {
	sims := []string{"seed=1", "seed=2&gap_at_s=0.05&gap_samples=100", "seed=3&format=cu8", "fault=busy", "seed=5&drop_after_s=0.15"}
	var ids []int64
	for i, q := range sims {
		w := heimdall.WebSDR{Name: "sim " + q, Kind: "sim", URL: "sim:///?pace=fast&" + q, SampleRateHz: 12000, LatitudeDeg: 45 + float64(i)/7, LongitudeDeg: 7.1,
			AltitudeM: new(250.5), ClockSigmaPPM: 0.5, Notes: "line 1\nline 2", RetryCount: i}
		if i == 0 {
			w.CalibrationDB, w.CalibrationSigma, w.GainDB, w.Password = new(-73.1), new(1.5), new(30.0), "hunter2"
		}
		ids = append(ids, r.addWebSDR(w).ID)
	}
	r.request(func(a *heimdall.Acquisition) { a.Label, a.IdempotencyKey = "all", "key 1" }, ids[4], ids[0], ids[2], ids[1])
	r.request(func(a *heimdall.Acquisition) { a.Label = "partial" }, ids[3], ids[0])
	r.request(nil, ids[3])
	cancelled := r.request(func(a *heimdall.Acquisition) { a.StartAt = time.Now().Add(time.Hour) }, ids[0], ids[1])
	_, err := r.store.CancelAcquisition(r.Context(), cancelled.TaskID)
	r.must(err)
	r.work()
	addresses := map[string]string{"kiwisdr": "http://kiwi.example:8073", "rtl_tcp": "tcp://radio.example:1234", "http_iq": "https://iq.example/stream",
		"replay": "file:///tmp/x.sigmf-meta", "ka9q": "udp://239.1.2.3:5004"}
	formats := []iq.Format{iq.CI16LE, iq.CI16BE, iq.CU8, iq.CI8, iq.CF32LE, iq.CF64LE}
	n := 0
	for _, k := range heimdall.Kinds() {
		if !k.Capability.DeliversIQ() || k.Name == "sim" {
			continue
		}
		w := r.addWebSDR(heimdall.WebSDR{Name: "a " + k.Name, Kind: k.Name, URL: addresses[k.Name]})
		for range (len(formats) + 3) / 4 {
			r.record(w, formats[n%len(formats)], func(rec *heimdall.Recording, m *heimdall.Measurement) {
				if k.Name == "kiwisdr" {
					rec.TimeQuality, rec.GPSAgeMaxS, rec.TimeResidualS, rec.TimeUncertaintyS = heimdall.TimeGPS, 3, 1.25e-7, 2e-7
					rec.SMeterDBM, rec.Dialect, rec.Overloads = new(-87.3), "kiwisdr 1.709", 2
					m.CalibrationDB, m.CalibrationSigmaDB, m.CalibrationSource, m.PowerDBM = new(-70.1), new(2.0), new("s_meter"), new(-99.9)
				}
				if n%2 == 1 {
					rec.Gaps = []heimdall.Gap{{Sample: 10, Missing: 3}, {Sample: 30, Missing: 3}}
					rec.ZeroIF, m.Flags, m.SNRdB = nil, []string{"gap"}, nil
				}
			})
			n++
		}
	}
}

func (r *rig) rebuild(dryRun bool) rebuild.Report {
	r.Helper()
	report, err := rebuild.Run(r.Context(), rebuild.Config{Store: r.store, Blobs: r.blobs, DryRun: dryRun})
	r.must(err)
	return report
}

// checkWhole verifies that database and objects agree.
func (r *rig) checkWhole() {
	r.Helper()
	found, err := check.Run(r.Context(), r.store, r.blobs, true, nil)
	r.must(err)
	for _, p := range found.Problems {
		r.Errorf("check: %v", p)
	}
}

func TestADatabaseMadeOfObjectsEqualsTheLostOneRowByRow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.populate()
	before := r.dump("heimdall.db", notRebuilt)
	for _, table := range tables {
		if len(before[table]) == 0 && table != "legacy_metrics" {
			t.Fatalf("there is nothing in %s", table)
		}
	}
	states := strings.Join(before["acquisitions"], "")
	for _, state := range []string{"success", "partial", "failed", "cancelled"} {
		if !strings.Contains(states, "state="+state) {
			t.Fatalf("no acquisition is %s", state)
		}
	}

	r.open("new.db")
	plan := r.rebuild(true)
	if got := r.dump("new.db", nil); len(got["acquisitions"])+len(got["websdrs"]) > 0 {
		t.Error("a dry run has changed something")
	}
	report := r.rebuild(false)
	if int(report.Restored) != len(before["acquisitions"]) || report.Failed != 0 || report.FromMetadata != 0 || int(report.WebSDRs) != len(before["websdrs"]) {
		t.Errorf("the report is %+v", report)
	}
	if plan.Restored != report.Restored || plan.WebSDRs != report.WebSDRs || plan.Recordings != report.Recordings {
		t.Errorf("the plan was %+v, what came of it %+v", plan, report)
	}
	if diff := cmp.Diff(before, r.dump("new.db", notRebuilt)); diff != "" {
		t.Errorf("rows (-lost +rebuilt):\n%s", diff)
	}
	if len(report.Notes) != 1 || report.Notes[0].WebSDRID == 0 || !strings.Contains(report.Notes[0].Detail, "password") {
		t.Errorf("of the password that nobody knows any more it says %+v", report.Notes)
	}
	r.checkWhole()

	again := r.rebuild(false)
	if again.Restored != 0 || again.WebSDRs != 0 || again.Present != report.Restored {
		t.Errorf("the second time it says %+v", again)
	}
	if diff := cmp.Diff(before, r.dump("new.db", notRebuilt)); diff != "" {
		t.Errorf("rows after the second time (-lost +rebuilt):\n%s", diff)
	}
}

func TestEveryColumnThatIsNotRebuiltIsOneThatDiffers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.populate()
	before := r.dump("heimdall.db", nil)
	r.open("new.db")
	r.rebuild(false)
	after := r.dump("new.db", nil)
	for column := range notRebuilt {
		table, name, _ := strings.Cut(column, ".")
		if name == "id" {
			continue // equal only by chance, since the order of rows is another
		}
		rest := map[string]bool{}
		for c := range notRebuilt {
			rest[c] = c != column
		}
		if cmp.Equal(before[table], after[table]) || cmp.Equal(r.dump("heimdall.db", rest)[table], r.dump("new.db", rest)[table]) {
			t.Errorf("%s is said to differ, and does not", column)
		}
	}
}

func TestARebuildingThatWasStoppedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.populate()
	before := r.dump("heimdall.db", notRebuilt)
	r.open("new.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := rebuild.Run(ctx, rebuild.Config{Store: r.store, Blobs: r.blobs, Progress: func(p rebuild.Report) {
		if p.Restored == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want context.Canceled", err)
	}
	if n := len(r.dump("new.db", nil)["acquisitions"]); n != 3 {
		t.Errorf("%d acquisitions were restored before it was stopped", n)
	}
	r.rebuild(false)
	if diff := cmp.Diff(before, r.dump("new.db", notRebuilt)); diff != "" {
		t.Errorf("rows (-lost +rebuilt):\n%s", diff)
	}
}

func TestWithoutACollectionTheMetadataOfRecordingsIsAllThereIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.addWebSDR(heimdall.WebSDR{Name: "kiwi", Kind: "kiwisdr", URL: "http://kiwi.example:8073", LatitudeDeg: 45, LongitudeDeg: 7, Password: "hunter2"})
	a := r.record(w, iq.CI16LE, func(rec *heimdall.Recording, m *heimdall.Measurement) {})
	_, captures, err := r.store.Acquisition(t.Context(), a.TaskID)
	r.must(err)
	old, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	r.remove(export.CollectionKey(a.TaskID, 1))

	r.open("new.db")
	report := r.rebuild(false)
	if report.Restored != 1 || report.FromMetadata != 1 || len(report.Notes) != 2 {
		t.Errorf("the report is %+v", report)
	}
	got, found, err := r.store.Acquisition(t.Context(), a.TaskID)
	r.must(err)
	if got.Label != a.Label || got.State != heimdall.Success || !strings.Contains(got.Reason, "metadata") || got.CreatedAt.Sub(a.CreatedAt).Abs() > time.Second {
		t.Errorf("the acquisition is %+v", got)
	}
	if diff := cmp.Diff(captures[0].Recording, found[0].Recording); diff != "" {
		t.Errorf("recording (-lost +rebuilt):\n%s", diff)
	}
	list, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	if diff := cmp.Diff(old, list); diff != "" {
		t.Errorf("measurements (-lost +rebuilt):\n%s", diff)
	}
	known, err := r.store.WebSDR(t.Context(), w.ID)
	r.must(err)
	if known.Active || known.Name != "kiwi" || known.LatitudeDeg != 45 {
		t.Errorf("the WebSDR, of which little is known, is %+v", known)
	}
	r.work() // writes the collection
	r.checkWhole()
}

func TestWhatIsStillBeingRecordedOrWasDeletedOrBelongsToOthersStaysAsItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.addWebSDR(heimdall.WebSDR{Name: "radio", Kind: "rtl_tcp", URL: "tcp://radio.example:1234"})
	gone := r.record(w, iq.CU8, func(*heimdall.Recording, *heimdall.Measurement) {})
	kept := map[string][]byte{}
	for info, err := range r.blobs.List(t.Context(), "") {
		r.must(err)
		kept[info.Key] = r.content(info.Key)
	}
	_, err := retention.Delete(t.Context(), retention.Config{Store: r.store, Blobs: r.blobs}, gone.TaskID, "a test")
	r.must(err)
	for key, content := range kept { // somebody has put them back
		r.must(r.blobs.Put(t.Context(), key, strings.NewReader(string(content)), blob.SumOf(content)))
	}
	foreign := []byte("{}")
	for _, key := range []string{"sessions/by-hand.txt", "sessions/x/notes.txt", "sessions/x/websdr_1.sigmf-meta", "sessions/y/acquisition.sigmf-collection"} {
		r.must(r.blobs.Put(t.Context(), key, strings.NewReader("{}"), blob.SumOf(foreign)))
	}
	before := r.dump("heimdall.db", nil)
	report := r.rebuild(false)
	if report.Restored != 0 || report.Deleted != 1 || report.Failed != 0 || len(report.Notes) != 2 {
		t.Errorf("the report is %+v", report)
	}
	if diff := cmp.Diff(before, r.dump("heimdall.db", nil)); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

func TestTheNewestSnapshotOfAWebSDRIsTheOneThatHolds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	none := func(*heimdall.Recording, *heimdall.Measurement) {}
	first := r.addWebSDR(heimdall.WebSDR{Name: "first", Kind: "rtl_tcp", URL: "tcp://radio.example:1234"})
	r.record(first, iq.CU8, none)
	first.Name, first.Notes, first.UpdatedAt = "renamed", "moved", time.Time{}
	first, err := r.store.UpdateWebSDR(t.Context(), first)
	r.must(err)
	second := r.addWebSDR(heimdall.WebSDR{Name: "first", Kind: "rtl_tcp", URL: "tcp://other.example:1234"})
	r.record(second, iq.CU8, none)
	r.record(first, iq.CU8, none)
	before := r.dump("heimdall.db", notRebuilt)
	r.open("new.db")
	r.rebuild(false)
	if diff := cmp.Diff(before, r.dump("new.db", notRebuilt)); diff != "" {
		t.Errorf("rows (-lost +rebuilt):\n%s", diff)
	}
}
