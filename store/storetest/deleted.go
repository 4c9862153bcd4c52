package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func answersStay(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	rows := allEnded(t, s)
	remove(t, s, expired(t, s, never)[:9])
	for name, f := range questions(ids) {
		if len(f.Basis().Ends()) == 0 || name == "everything" {
			compare(t, s, name+", after deletion", f, rows)
		}
	}
	for _, q := range []struct {
		from, to time.Duration
		label    string
		gone     bool
	}{
		{-time.Hour, 48 * time.Hour, "", false},             // nothing was in the ragged ends
		{10 * time.Minute, 48 * time.Hour, "", true},        // gone is what was before the cut
		{-time.Hour, 3*time.Hour + 5*time.Minute, "", true}, // and after it
		{-time.Hour, 3*time.Hour + 5*time.Minute, "hunt", false},
		{4 * time.Hour, 27*time.Hour + 5*time.Minute, "", false}, // what is left
	} {
		f := heimdall.AnalyticsFilter{From: season.Add(q.from), To: season.Add(q.to), Label: q.label}
		for name, b := range bases(t, s, f) {
			if b.RowsDeleted != q.gone {
				t.Errorf("%s of %v to %v, label %q: rows deleted is %v", name, f.From, f.To, f.Label, b.RowsDeleted)
			}
		}
	}
}

func partlyGone(t *testing.T, s Store) {
	ids := play(t, s, scenes[:3])
	f := heimdall.AnalyticsFilter{From: season.Truncate(time.Hour), To: season.Truncate(time.Hour).Add(time.Hour), Label: "beacon", WebSDRIDs: ids[:1]}
	gone := allEnded(t, s)
	first := expired(t, s, never)[:1]
	remove(t, s, first)
	gone = slices.DeleteFunc(gone, func(e ended) bool { return e.TaskID != first[0].TaskID })

	playScene(t, s, ids, 6, scene{"beacon", 7_074_000, 5 * time.Minute, []heimdall.State{won, won}})
	rows := append(allEnded(t, s), gone...)
	compare(t, s, "after a new capture", f, rows)

	m := listed(t, s)[0]
	for _, other := range listed(t, s) {
		if other.WebSDRID == ids[0] && other.FrequencyHz == 7_074_000 {
			m = other
		}
	}
	metrics := m.Metrics
	metrics.AlgorithmVersion, metrics.SNRdB = "2", pointer(77.5) // a new extreme
	metrics.FrequencyMethod, metrics.FrequencyOffsetHz = pointer("carrier"), pointer(-99.5)
	ok(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", metrics))
	rows = append(allEnded(t, s), gone...)
	compare(t, s, "after new metrics", f, rows)

	metrics.AlgorithmVersion, metrics.SNRdB = "3", pointer(1.0) // it goes: the mean follows, the extreme may stay
	ok(t, s.ReplaceMetrics(t.Context(), keyOf(m), "2", metrics))
	report, err := s.PerformanceReport(t.Context(), f)
	ok(t, err)
	want := statOf(snrs(chosen(append(allEnded(t, s), gone...), f)))
	got := report.WebSDRs[0].SNR
	alike(t, "mean and count", []any{got.Count, got.Mean, got.Std}, []any{want.Count, want.Mean, want.Std})
	if *got.Max < *want.Max || *got.Min > *want.Min {
		t.Errorf("the extremes %g to %g do not hold those of the rows, %g to %g", *got.Min, *got.Max, *want.Min, *want.Max)
	}
}

func rememberedWebSDR(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	playScene(t, s, ids, 0, scene{"", 7_074_000, 0, []heimdall.State{won, lost}})
	remove(t, s, expired(t, s, never))
	for _, id := range ids[:2] {
		wantErr(t, s.DeleteWebSDR(t.Context(), id), heimdall.ErrConflict)
	}
	ok(t, s.DeleteWebSDR(t.Context(), ids[2]))
}

func goneIsGone(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	request := aRequest(ids...)
	request.IdempotencyKey = "once"
	old := create(t, s, request)
	job := running(t, s, claim(t, s))
	finish(t, s, job, heimdall.Success)
	m := listed(t, s)[0]
	remove(t, s, expired(t, s, never))
	for name, call := range lateWrites(s, job) {
		if err := call(t.Context()); err == nil {
			t.Errorf("%s of what is deleted is no error", name)
		}
	}
	wantErr(t, s.ReplaceMetrics(t.Context(), keyOf(m), m.AlgorithmVersion, newMetrics("2")), heimdall.ErrNotFound)
	_, err := s.CancelAcquisition(t.Context(), old.TaskID)
	wantErr(t, err, heimdall.ErrNotFound)
	if again := create(t, s, request); again.TaskID == old.TaskID {
		t.Error("the deleted acquisition came back")
	}
}
