package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var analytics = []promise{
	{"every answer is what the rows say, for any range, bucket and filter", answersFromRows},
	{"answers follow when metrics are replaced", answersFollowReplacements},
	{"whole hours are answered from rollups, ragged ends from rows, and the answer says so", answersSayBasis},
	{"what cannot be said is nil, and where nothing ended there is no entry", answersOfNothing},
	{"a question without range, with too many buckets or an unknown bucket is refused", badQuestions},
	{"what was cancelled before it began counts as cancelled, once", cancelledCounts},
	{"session statistics count acquisitions by their creation, with waits and runs", sessions},
	{"the latest measurement of each WebSDR is found, in order of id", latest},
}

// analyticsCalls and retentionCalls are for the promises that hold of all calls.
func analyticsCalls(s Store) map[string]func(context.Context) error {
	f := heimdall.AnalyticsFilter{From: season, To: season.Add(time.Hour)}
	return map[string]func(context.Context) error{
		"SNRTrend":          func(ctx context.Context) error { _, err := s.SNRTrend(ctx, f, heimdall.Hourly); return err },
		"FrequencyDrift":    func(ctx context.Context) error { _, err := s.FrequencyDrift(ctx, f, heimdall.Hourly); return err },
		"CarrierOffsets":    func(ctx context.Context) error { _, err := s.CarrierOffsets(ctx, f); return err },
		"PerformanceReport": func(ctx context.Context) error { _, err := s.PerformanceReport(ctx, f); return err },
		"Coverage":          func(ctx context.Context) error { _, err := s.Coverage(ctx, f); return err },
		"SessionStatistics": func(ctx context.Context) error { _, err := s.SessionStatistics(ctx, f); return err },
		"Occupancy":         func(ctx context.Context) error { _, err := s.Occupancy(ctx, f, heimdall.Hourly); return err },
		"NoiseTrend":        func(ctx context.Context) error { _, err := s.NoiseTrend(ctx, f, heimdall.Hourly); return err },
		"LatestPerWebSDR":   func(ctx context.Context) error { _, err := s.LatestPerWebSDR(ctx, nil); return err },
	}
}

func answersFromRows(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	rows := allEnded(t, s)
	for name, f := range questions(ids) {
		compare(t, s, name, f, rows)
	}
}

// compare asks everything about f, and reckons the same from rows.
func compare(t *testing.T, s Store, name string, f heimdall.AnalyticsFilter, rows []ended) {
	t.Helper()
	list := chosen(rows, f)
	for _, b := range []heimdall.Bucket{heimdall.Hourly, heimdall.Daily} {
		trend, err := s.SNRTrend(t.Context(), f, b)
		ok(t, err)
		alike(t, fmt.Sprintf("%s: SNR trend by %s", name, b), trend.Points, naiveTrend(slices.Clone(list), b))
		drift, err := s.FrequencyDrift(t.Context(), f, b)
		ok(t, err)
		alike(t, fmt.Sprintf("%s: frequency drift by %s", name, b), drift.Series, naiveDrift(slices.Clone(list), b))
		same(t, "bucket", []heimdall.Bucket{trend.Bucket, drift.Bucket}, []heimdall.Bucket{b, b})
	}
	offsets, err := s.CarrierOffsets(t.Context(), f)
	ok(t, err)
	want := []heimdall.CarrierOffset{}
	for _, d := range naiveDrift(slices.Clone(list), heimdall.Daily) {
		want = append(want, heimdall.CarrierOffset{WebSDRID: d.WebSDRID, FrequencyHz: d.FrequencyHz, Offset: d.Offset})
	}
	alike(t, name+": offsets of carriers", offsets.Offsets, want)
	report, err := s.PerformanceReport(t.Context(), f)
	ok(t, err)
	ws, ls := naiveReport(list)
	alike(t, name+": performance by WebSDR", report.WebSDRs, ws)
	alike(t, name+": performance by label", report.Labels, ls)
	coverage, err := s.Coverage(t.Context(), f)
	ok(t, err)
	alike(t, name+": coverage", coverage.Days, naiveCoverage(list, f))
	statistics, err := s.SessionStatistics(t.Context(), f)
	ok(t, err)
	alike(t, name+": captures of sessions", statistics.Captures, naivePerformance(list))
}

func answersFollowReplacements(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	for n, m := range listed(t, s) {
		if n%2 > 0 {
			continue
		}
		metrics := seasonMetrics(n+3, n%7) // extremes go, and numbers come and go
		metrics.AlgorithmVersion = "2"
		ok(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", metrics))
	}
	rows := allEnded(t, s)
	for name, f := range questions(ids) {
		compare(t, s, name, f, rows)
	}
}

func answersSayBasis(t *testing.T, s Store) {
	play(t, s, scenes[:2])
	at := func(clock string) time.Time {
		c, err := time.Parse(time.RFC3339Nano, "2026-11-20T"+clock+"Z")
		ok(t, err)
		return c
	}
	for _, q := range []struct{ from, to, rollupFrom, rollupTo string }{
		{"10:00:00", "12:00:00", "10:00:00", "12:00:00"},
		{"10:00:00.000001", "12:59:59", "11:00:00", "12:00:00"},
		{"10:20:00", "11:40:00", "", ""},
		{"10:00:00", "10:59:59.999999", "", ""},
	} {
		f := heimdall.AnalyticsFilter{From: at(q.from), To: at(q.to)}
		want := heimdall.Basis{From: f.From, To: f.To}
		if q.rollupFrom != "" {
			want.RollupFrom, want.RollupTo = at(q.rollupFrom), at(q.rollupTo)
		}
		for name, got := range bases(t, s, f) {
			same(t, fmt.Sprintf("%s: basis of %s to %s", name, q.from, q.to), got, want)
		}
	}
}

// bases are what every answer to f says it is made from.
func bases(t *testing.T, s Store, f heimdall.AnalyticsFilter) map[string]heimdall.Basis {
	t.Helper()
	trend, err := s.SNRTrend(t.Context(), f, heimdall.Hourly)
	ok(t, err)
	drift, err := s.FrequencyDrift(t.Context(), f, heimdall.Daily)
	ok(t, err)
	offsets, err := s.CarrierOffsets(t.Context(), f)
	ok(t, err)
	report, err := s.PerformanceReport(t.Context(), f)
	ok(t, err)
	coverage, err := s.Coverage(t.Context(), f)
	ok(t, err)
	statistics, err := s.SessionStatistics(t.Context(), f)
	ok(t, err)
	return map[string]heimdall.Basis{"SNRTrend": trend.Basis, "FrequencyDrift": drift.Basis, "CarrierOffsets": offsets.Basis, "PerformanceReport": report.Basis,
		"Coverage": coverage.Basis, "SessionStatistics": statistics.Basis}
}

func answersOfNothing(t *testing.T, s Store) {
	f := heimdall.AnalyticsFilter{From: season.Add(-time.Hour), To: season.Add(48 * time.Hour)}
	compare(t, s, "an empty store", f, nil)
	ids := createWebSDRs(t, s, 3)
	playScene(t, s, ids, 1, scene{"", 7_074_000, 0, []heimdall.State{lost, ceased}})
	compare(t, s, "only failures", f, allEnded(t, s))

	report, err := s.PerformanceReport(t.Context(), f)
	ok(t, err)
	if len(report.WebSDRs) != 2 {
		t.Fatalf("%d WebSDRs are reported", len(report.WebSDRs))
	}
	failed, cancelled := report.WebSDRs[0], report.WebSDRs[1]
	if failed.SuccessShare == nil || *failed.SuccessShare != 0 {
		t.Errorf("of what only failed, the share of successes is %v", failed.SuccessShare)
	}
	if cancelled.SuccessShare != nil || failed.DetectedShare != nil || failed.SNR.Mean != nil || failed.SNR.Min != nil || failed.SNR.Std != nil {
		t.Errorf("there is nothing to make a number of, but there are numbers: %+v, %+v", failed, cancelled)
	}
}

func badQuestions(t *testing.T, s Store) {
	for _, bad := range []struct {
		field    string
		from, to time.Time
		bucket   heimdall.Bucket
	}{
		{"from", time.Time{}, season, heimdall.Hourly},
		{"to", season, time.Time{}, heimdall.Hourly},
		{"to", season, season, heimdall.Hourly},
		{"to", season, season.Add(-1), heimdall.Daily},
		{"to", season, season.Add(heimdall.MaxBuckets * time.Hour), heimdall.Hourly},
		{"bucket", season, season.Add(time.Hour), "week"},
		{"bucket", season, season.Add(time.Hour), ""},
	} {
		f := heimdall.AnalyticsFilter{From: bad.from, To: bad.to}
		_, err := s.SNRTrend(t.Context(), f, bad.bucket)
		wantInvalid(t, err, bad.field)
		_, err = s.FrequencyDrift(t.Context(), f, bad.bucket)
		wantInvalid(t, err, bad.field)
	}
	var none heimdall.AnalyticsFilter
	_, err := s.CarrierOffsets(t.Context(), none)
	wantInvalid(t, err, "from")
	_, err = s.PerformanceReport(t.Context(), none)
	wantInvalid(t, err, "from")
	_, err = s.Coverage(t.Context(), none)
	wantInvalid(t, err, "from")
	_, err = s.SessionStatistics(t.Context(), none)
	wantInvalid(t, err, "from")
}

func cancelledCounts(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	began := time.Now().Add(-time.Minute)
	pending := create(t, s, aRequest(ids...))
	_, err := s.CancelAcquisition(t.Context(), pending.TaskID)
	ok(t, err)

	create(t, s, aRequest(ids...)) // handed back after one of two had failed, then cancelled
	job := running(t, s, claim(t, s))
	c := job.Captures[0]
	c.State, c.FailureClass = heimdall.Failed, heimdall.FailDown
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, nil))
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, nil)) // a repeat changes nothing
	ok(t, s.Release(t.Context(), job.Lease))
	_, err = s.CancelAcquisition(t.Context(), job.TaskID)
	ok(t, err)

	f := heimdall.AnalyticsFilter{From: began, To: time.Now().Add(time.Minute)}
	compare(t, s, "cancelled", f, allEnded(t, s))
	statistics, err := s.SessionStatistics(t.Context(), f)
	ok(t, err)
	if got := statistics.Captures; got.Captures != 4 || got.Cancelled != 3 || got.Failures[heimdall.FailDown] != 1 {
		t.Errorf("of 3 cancelled captures and a failed one it says %+v", got)
	}
}

func sessions(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	create(t, s, aRequest(ids[0])) // pending: it has neither wait nor run
	list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	first, last := list[len(list)-1].CreatedAt, list[0].CreatedAt
	for name, f := range map[string]heimdall.AnalyticsFilter{
		"all":           {From: first, To: last.Add(1)},
		"but the last":  {From: first, To: last},
		"but the first": {From: first.Add(1), To: last.Add(time.Hour)},
		"one label":     {From: first, To: last.Add(1), Label: "hunt"},
		"one frequency": {From: first, To: last.Add(1), FrequencyMinHz: 14_074_001, FrequencyMaxHz: 14_074_001},
		"one WebSDR":    {From: first, To: last.Add(1), WebSDRIDs: ids[2:]},
		"no WebSDR":     {From: first, To: last.Add(1), WebSDRIDs: []int64{}},
		"before":        {From: first.Add(-time.Hour), To: first},
	} {
		got, err := s.SessionStatistics(t.Context(), f)
		ok(t, err)
		want := heimdall.SessionStatistics{Basis: got.Basis, Captures: got.Captures, AcquisitionsByState: map[heimdall.State]int64{}}
		var waits, runs []float64
		for _, a := range list {
			if a.CreatedAt.Before(f.From) || !a.CreatedAt.Before(f.To) || f.Label != "" && a.Label != f.Label ||
				f.FrequencyMinHz != 0 && a.FrequencyHz != f.FrequencyMinHz ||
				f.WebSDRIDs != nil && !slices.ContainsFunc(f.WebSDRIDs, func(id int64) bool { return slices.Contains(a.WebSDRIDs, id) }) {
				continue
			}
			want.Acquisitions++
			want.AcquisitionsByState[a.State]++
			if a.State.Ended() {
				waits, runs = append(waits, a.StartedAt.Sub(a.CreatedAt).Seconds()), append(runs, a.EndedAt.Sub(a.StartedAt).Seconds())
			}
		}
		want.WaitS, want.RunS = statOf(waits), statOf(runs)
		alike(t, name, got, want)
	}
}

func latest(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	ids = append(ids, createWebSDRs(t, s, 1)...) // one that has never measured
	want := map[int64]heimdall.Measurement{}
	for _, m := range listed(t, s) {
		if _, newer := want[m.WebSDRID]; !newer {
			want[m.WebSDRID] = m
		}
	}
	for _, q := range []struct{ ask, want []int64 }{
		{nil, ids[:3]}, {ids, ids[:3]}, {[]int64{ids[2], ids[0]}, []int64{ids[0], ids[2]}}, {ids[3:], nil}, {[]int64{}, nil},
	} {
		got, err := s.LatestPerWebSDR(t.Context(), q.ask)
		ok(t, err)
		rows := []heimdall.Measurement{}
		for _, id := range q.want {
			rows = append(rows, want[id])
		}
		same(t, fmt.Sprintf("latest of %v", q.ask), got, rows)
	}
}
