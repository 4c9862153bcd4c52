package storetest

import (
	"slices"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

var noises = []promise{
	{"the noise is what the rows say, for any range, bucket and filter", noiseFromRows},
	{"the noise follows when metrics are replaced", noiseFollowsReplacements},
	{"the noise outlives its rows, and says where it may lack some", noiseOutlivesRows},
}

func noiseFromRows(t *testing.T, s Store) {
	f := heimdall.AnalyticsFilter{From: season, To: season}
	_, err := s.NoiseTrend(t.Context(), f, heimdall.Hourly)
	wantInvalid(t, err, "to")
	ids := play(t, s, scenes)
	rows := allEnded(t, s)
	for name, f := range questions(ids) {
		compareNoise(t, s, name, f, rows, heimdall.Hourly, heimdall.Daily)
	}
}

func noiseFollowsReplacements(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	for n, m := range listed(t, s) {
		metrics := seasonMetrics(n+3, n%7) // extremes go, and numbers come and go
		metrics.AlgorithmVersion = "2"
		ok(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", metrics))
	}
	rows := allEnded(t, s)
	for name, f := range questions(ids) {
		compareNoise(t, s, name, f, rows, heimdall.Hourly, heimdall.Daily)
	}
}

func noiseOutlivesRows(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	rows := allEnded(t, s)
	remove(t, s, expired(t, s, never)[:9])
	lacking := 0
	for name, f := range questions(ids) {
		trend, err := s.NoiseTrend(t.Context(), f, heimdall.Hourly)
		ok(t, err)
		snr, err := s.SNRTrend(t.Context(), f, heimdall.Hourly)
		ok(t, err)
		same(t, name+": basis, which is that of the SNR", trend.Basis, snr.Basis)
		if trend.RowsDeleted {
			lacking++
		} else {
			compareNoise(t, s, name+", after deletion", f, rows, heimdall.Hourly, heimdall.Daily)
		}
	}
	if lacking == 0 {
		t.Error("no range says that its ends lack rows")
	}
}

// compareNoise asks for the noise of f, and reckons the same from rows.
func compareNoise(t *testing.T, s Store, name string, f heimdall.AnalyticsFilter, rows []ended, by ...heimdall.Bucket) {
	t.Helper()
	for _, b := range by {
		got, err := s.NoiseTrend(t.Context(), f, b)
		ok(t, err)
		alike(t, name+": noise by "+string(b), got.Points, naiveNoise(chosen(rows, f), b))
		if got.Bucket != b || !got.From.Equal(f.From) {
			t.Errorf("%s: steps of %s, the basis is %+v", name, got.Bucket, got.Basis)
		}
	}
}

func naiveNoise(list []ended, b heimdall.Bucket) []heimdall.NoisePoint {
	list = slices.DeleteFunc(list, func(e ended) bool { return e.row == nil })
	places, groups := grouped(list, func(e ended) place { return place{e.moment.Truncate(b.Width()), e.WebSDRID, 0} }, byTime)
	out := []heimdall.NoisePoint{}
	for _, p := range places {
		var noise []float64
		for _, e := range groups[p] {
			if e.row.NoiseDBFSHz != nil {
				noise = append(noise, *e.row.NoiseDBFSHz)
			}
		}
		out = append(out, heimdall.NoisePoint{Start: p.start, WebSDRID: p.websdrID, Rows: int64(len(groups[p])), Noise: statOf(noise)})
	}
	return out
}
