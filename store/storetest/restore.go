package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// A RestoreStore takes back what a database once held.
type RestoreStore interface {
	// RestoreWebSDR stores a WebSDR under the id and with the times that it had. One that is there stays as it is.
	RestoreWebSDR(ctx context.Context, w heimdall.WebSDR) (restored bool, err error)
	// RestoreAcquisition stores an acquisition that has ended, whole or not at all. One that is there stays as it is:
	// ErrConflict if it is another one. One that was deleted is heimdall.ErrDeleted.
	RestoreAcquisition(ctx context.Context, r heimdall.RestoredAcquisition) (restored bool, err error)
	// LegacyMetrics returns what another system gave for the recordings of an acquisition.
	LegacyMetrics(ctx context.Context, taskID string) ([]heimdall.LegacyMetrics, error)
}

func restoreCalls(s Store, job *acquire.Job) map[string]func(context.Context) error {
	w := aWebSDR("restored")
	w.ID = 1000
	return map[string]func(context.Context) error{
		"RestoreWebSDR": func(ctx context.Context) error { _, err := s.RestoreWebSDR(ctx, w); return err },
		"RestoreAcquisition": func(ctx context.Context) error {
			_, err := s.RestoreAcquisition(ctx, formerly(job.Captures[0].WebSDRID))
			return err
		},
		"LegacyMetrics": func(ctx context.Context) error { _, err := s.LegacyMetrics(ctx, job.TaskID); return err },
	}
}

var restores = []promise{
	{"a restored acquisition is what it was, row by row, and so are its rollups", restoreComesBack},
	{"what is there already stays as it is, and another one under its id is a conflict", restoreTwice},
	{"what breaks a promise is refused by its field, and nothing of it is stored", restoreRefuses},
	{"what was deleted stays deleted", restoreDeleted},
	{"an idempotency key of another acquisition is a conflict", restoreKey},
	{"a restored WebSDR keeps its id and its times, and later ids are above it", restoreWebSDR},
	{"one acquisition restored by many at once is there once", restoreAtOnce},
	{"metrics of another system are kept beside the measurement and go with the acquisition", restoreLegacy},
	{"what follows a restored acquisition is like what follows any other", restoreGoesOn},
}

// formerly is an acquisition of three WebSDRs of which one succeeds, one fails and one is cancelled, of years ago.
func formerly(ids ...int64) heimdall.RestoredAcquisition {
	at := aTime.AddDate(-3, 0, 0)
	a := heimdall.Acquisition{TaskID: newID(), IdempotencyKey: "key " + newID(), Label: "restored", FrequencyHz: 7_074_000,
		Duration: 10*time.Second + 1, SampleRateHz: 12_000, ChannelCenterHz: -100.5, ChannelBandwidthHz: 2_700, StartAt: at,
		JoinTimeout: 20 * time.Second, WebSDRIDs: ids, State: heimdall.Partial, CancelRequested: true, Reason: "cancelled by request",
		CreatedAt: at.Add(-time.Minute), StartedAt: at.Add(-time.Second), EndedAt: at.Add(time.Minute), WindowStart: at, Claims: 2}
	r := heimdall.RestoredAcquisition{}
	for _, moment := range []*time.Time{&a.StartAt, &a.CreatedAt, &a.StartedAt, &a.EndedAt, &a.WindowStart} {
		*moment = moment.Truncate(time.Microsecond)
	}
	for i, id := range ids {
		c := heimdall.Capture{TaskID: a.TaskID, WebSDRID: id, State: heimdall.Failed, Phase: heimdall.PhaseDone, Attempts: 4,
			FailureClass: heimdall.FailBusy, Reason: "all slots taken", BytesReceived: 100, Elapsed: time.Second,
			StartedAt: a.StartedAt, EndedAt: a.EndedAt}
		switch i % 3 {
		case 0:
			success, m := succeeded(c)
			success.Recording.Start = at
			m.Timestamp = at
			success.StartedAt, success.EndedAt = c.StartedAt, c.EndedAt
			c = success
			r.Measurements = append(r.Measurements, *m)
		case 2:
			c.State, c.FailureClass, c.StartedAt = heimdall.Cancelled, "", time.Time{}
		}
		r.Captures = append(r.Captures, c)
	}
	r.Acquisition = a
	r.Acquisition.State = heimdall.Outcome(r.Captures)
	return r
}

func restore(t *testing.T, s Store, r heimdall.RestoredAcquisition) {
	t.Helper()
	restored, err := s.RestoreAcquisition(t.Context(), r)
	ok(t, err)
	if !restored {
		t.Errorf("acquisition %s was there already", r.Acquisition.TaskID)
	}
}

// wantRestored checks that s holds r, and nothing else of its acquisition.
func wantRestored(t *testing.T, s Store, r heimdall.RestoredAcquisition) {
	t.Helper()
	a, captures, err := s.Acquisition(t.Context(), r.Acquisition.TaskID)
	ok(t, err)
	same(t, "the acquisition", a, r.Acquisition)
	same(t, "its captures", captures, r.Captures)
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: a.TaskID, Limit: 100})
	ok(t, err)
	want := []heimdall.Measurement{}
	for i := range r.Measurements {
		want = append(want, asStored(&r.Measurements[i]))
	}
	same(t, "its measurements", list, want)
}

func restoreComesBack(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	r := formerly(ids[0], ids[1], ids[2])
	restore(t, s, r)
	wantRestored(t, s, r)
	f := heimdall.AnalyticsFilter{From: aTime.AddDate(-4, 0, 0), To: aTime}
	report, err := s.PerformanceReport(t.Context(), f)
	ok(t, err)
	if len(report.Labels) != 1 || report.Labels[0].Captures != 3 || report.Labels[0].Successes != 1 {
		t.Errorf("the rollups make %+v, want 3 captures of which 1 succeeded", report.Labels)
	}

	plain := formerly(ids[1])
	plain.Acquisition.IdempotencyKey = ""
	plain.Acquisition.StartAt, plain.Acquisition.WindowStart, plain.Acquisition.StartedAt = time.Time{}, time.Time{}, time.Time{}
	plain.Captures[0].Recording.ZeroIF, plain.Captures[0].Recording.SMeterDBM, plain.Captures[0].Recording.Gaps = nil, nil, []heimdall.Gap{}
	plain.Measurements[0].Metrics = heimdall.Metrics{Flags: []string{}, AlgorithmVersion: "1"}
	restore(t, s, plain)
	wantRestored(t, s, plain)
}

func restoreTwice(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	r := formerly(ids...)
	restore(t, s, r)
	again := r
	again.Acquisition.Reason = "for another reason"
	again.Measurements = []heimdall.Measurement{r.Measurements[0]}
	again.Measurements[0].SNRdB = nil
	if restored, err := s.RestoreAcquisition(t.Context(), again); restored || err != nil {
		t.Errorf("the second time it was restored: %v, %v", restored, err)
	}
	other := formerly(ids...)
	other.Acquisition.TaskID = r.Acquisition.TaskID
	for i := range other.Captures {
		other.Captures[i].TaskID = r.Acquisition.TaskID
	}
	other.Captures[0].Recording.SHA256 = strings.Repeat("f", 64)
	other.Captures[0].Recording.S3Path = r.Captures[0].Recording.S3Path
	other.Measurements[0].TaskID, other.Measurements[0].S3Path = r.Acquisition.TaskID, r.Captures[0].Recording.S3Path
	_, err := s.RestoreAcquisition(t.Context(), other)
	wantErr(t, err, heimdall.ErrConflict)
	wantRestored(t, s, r)
}

func restoreRefuses(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	for _, wrong := range []struct {
		field string
		spoil func(*heimdall.RestoredAcquisition)
	}{
		{"task_id", func(r *heimdall.RestoredAcquisition) { r.Acquisition.TaskID = strings.ToUpper(r.Acquisition.TaskID) }},
		{"state", func(r *heimdall.RestoredAcquisition) { r.Acquisition.State = heimdall.Success }},
		{"ended_at", func(r *heimdall.RestoredAcquisition) { r.Acquisition.EndedAt = time.Time{} }},
		{"created_at", func(r *heimdall.RestoredAcquisition) { r.Acquisition.CreatedAt = time.Time{} }},
		{"frequency_hz", func(r *heimdall.RestoredAcquisition) { r.Acquisition.FrequencyHz = 0 }},
		{"channel_center_hz", func(r *heimdall.RestoredAcquisition) { r.Acquisition.ChannelCenterHz = math.NaN() }},
		{"websdrs", func(r *heimdall.RestoredAcquisition) {
			r.Acquisition.WebSDRIDs = []int64{ids[0], ids[1], ids[2] + 1}
			r.Captures[2].WebSDRID = ids[2] + 1
		}},
		{"captures", func(r *heimdall.RestoredAcquisition) { r.Captures = r.Captures[:2] }},
		{"captures[1].websdr_id", func(r *heimdall.RestoredAcquisition) { r.Captures[1].WebSDRID = ids[0] }},
		{"captures[1].state", func(r *heimdall.RestoredAcquisition) { r.Captures[1].State = heimdall.Running }},
		{"captures[1].ended_at", func(r *heimdall.RestoredAcquisition) { r.Captures[1].EndedAt = time.Time{} }},
		{"captures[1].recording", func(r *heimdall.RestoredAcquisition) { r.Captures[1].Recording = r.Captures[0].Recording }},
		{"captures[0].measurement", func(r *heimdall.RestoredAcquisition) { r.Measurements = nil }},
		{"captures[0].sha256", func(r *heimdall.RestoredAcquisition) { r.Captures[0].Recording.SHA256 = "" }},
		{"captures[0].samples_count", func(r *heimdall.RestoredAcquisition) { r.Captures[0].Recording.Bytes = 0 }},
		{"captures[0].time_residual_s", func(r *heimdall.RestoredAcquisition) { r.Captures[0].Recording.TimeResidualS = math.Inf(1) }},
		{"measurements[0].timestamp_utc", func(r *heimdall.RestoredAcquisition) { r.Measurements[0].Timestamp = aTime }},
		{"measurements[0].snr_db", func(r *heimdall.RestoredAcquisition) { r.Measurements[0].SNRdB = pointer(math.NaN()) }},
		{"legacy[0].websdr_id", func(r *heimdall.RestoredAcquisition) {
			r.Legacy = []heimdall.LegacyMetrics{{TaskID: r.Acquisition.TaskID, WebSDRID: 77, Timestamp: aTime, Source: "x"}}
		}},
	} {
		r := formerly(ids...)
		wrong.spoil(&r)
		restored, err := s.RestoreAcquisition(t.Context(), r)
		if restored {
			t.Errorf("with a wrong %s it was restored", wrong.field)
		}
		wantInvalid(t, err, wrong.field)
		_, _, err = s.Acquisition(t.Context(), r.Acquisition.TaskID)
		wantErr(t, err, heimdall.ErrNotFound)
	}
}

func restoreDeleted(t *testing.T, s Store) {
	r := formerly(createWebSDRs(t, s, 3)...)
	restore(t, s, r)
	remove(t, s, expired(t, s, never))
	restored, err := s.RestoreAcquisition(t.Context(), r)
	wantErr(t, err, heimdall.ErrDeleted)
	if restored {
		t.Error("it was restored")
	}
}

func restoreKey(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	r, other := formerly(ids...), formerly(ids...)
	other.Acquisition.IdempotencyKey = r.Acquisition.IdempotencyKey
	restore(t, s, r)
	_, err := s.RestoreAcquisition(t.Context(), other)
	wantErr(t, err, heimdall.ErrConflict)
	wantRestored(t, s, r)
}

func restoreAtOnce(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	list := []heimdall.RestoredAcquisition{formerly(ids...), formerly(ids...), formerly(ids...)}
	var group sync.WaitGroup
	var mu sync.Mutex
	count := 0
	for n := range 6 {
		group.Go(func() {
			for i := range list {
				restored, err := s.RestoreAcquisition(t.Context(), list[(i+n)%len(list)])
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if restored {
					count++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if count != len(list) {
		t.Errorf("%d were restored, want %d", count, len(list))
	}
	for _, r := range list {
		wantRestored(t, s, r)
	}
}

func restoreLegacy(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	r := formerly(ids...)
	n := 0
	for _, source := range []string{"b", "a"} {
		var l heimdall.LegacyMetrics
		fill(reflect.ValueOf(&l).Elem(), &n)
		l.TaskID, l.WebSDRID, l.Source, l.Timestamp = r.Acquisition.TaskID, ids[0], source, aTime.Truncate(time.Microsecond)
		r.Legacy = append(r.Legacy, l)
	}
	r.Legacy = append(r.Legacy, heimdall.LegacyMetrics{TaskID: r.Acquisition.TaskID, WebSDRID: ids[1],
		Timestamp: aTime.Truncate(time.Microsecond), Source: "a"})
	restore(t, s, r)
	list, err := s.LegacyMetrics(t.Context(), r.Acquisition.TaskID)
	ok(t, err)
	same(t, "the legacy metrics", list, []heimdall.LegacyMetrics{r.Legacy[1], r.Legacy[0], r.Legacy[2]})
	wantRestored(t, s, r)
	remove(t, s, expired(t, s, never))
	for _, id := range []string{r.Acquisition.TaskID, newID(), "no id"} {
		list, err = s.LegacyMetrics(t.Context(), id)
		ok(t, err)
		same(t, fmt.Sprint("the legacy metrics of ", id), list, []heimdall.LegacyMetrics{})
	}
}

func restoreGoesOn(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	r := formerly(ids...)
	restore(t, s, r)
	if _, err := s.Claim(t.Context(), "worker", aLease, 0); err == nil {
		t.Error("it was claimed")
	}
	m := r.Measurements[0]
	changed := m.Metrics
	changed.SNRdB = pointer(33.25)
	key := heimdall.MeasurementKey{Timestamp: m.Timestamp.Truncate(time.Microsecond), TaskID: m.TaskID, WebSDRID: m.WebSDRID}
	ok(t, s.ReplaceMetrics(t.Context(), key, m.AlgorithmVersion, changed))

	problems, err := s.Check(t.Context())
	ok(t, err)
	same(t, "problems once it was measured again", problems, nil)
	finish(t, s, claimed(t, s, 1), heimdall.Success)
}
