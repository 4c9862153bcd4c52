package storetest

import (
	"cmp"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// RollupColumns are those of measurements_hourly and measurements_daily, in this order, on every database. What is
// an average or an extreme is NULL where nothing was counted.
var RollupColumns = []string{
	"bucket", "websdr_id", "frequency_hz", "frequency_mhz", "rows", "detected", "recorded_s",
	"snr_count", "snr_sum_db", "snr_sumsq_db2", "snr_min_db", "snr_max_db", "avg_snr_db",
	"offset_count", "offset_sum_hz", "offset_sumsq_hz2", "offset_min_hz", "offset_max_hz", "avg_frequency_offset_hz",
	"centroid_count",
	"noise_count", "noise_sum_dbfs_hz", "noise_sumsq_db2", "noise_min_dbfs_hz", "noise_max_dbfs_hz", "avg_noise_dbfs_hz",
	"power_count", "power_sum_dbfs", "power_sumsq_db2", "power_min_dbfs", "power_max_dbfs", "avg_power_dbfs",
}

// A Rollup is a row of these views.
type Rollup struct {
	Bucket                 time.Time
	WebSDRID, FrequencyHz  int64
	FrequencyMHz           float64
	Rows, Detected         int64
	RecordedS              float64
	SNR, Offset            Column
	Centroids              int64
	NoiseDBFSHz, PowerDBFS Column
}

// A Column is what a Rollup says of one column of measurements.
type Column struct {
	Count             int64
	Sum, SumOfSquares float64
	Min, Max, Avg     *float64
}

// Dest is where to scan a row of RollupColumns into r, the bucket by way of bucket.
func (r *Rollup) Dest(bucket any) []any {
	out := []any{bucket, &r.WebSDRID, &r.FrequencyHz, &r.FrequencyMHz, &r.Rows, &r.Detected, &r.RecordedS}
	out = append(append(append(out, r.SNR.dest()...), r.Offset.dest()...), &r.Centroids)
	return append(append(out, r.NoiseDBFSHz.dest()...), r.PowerDBFS.dest()...)
}

func (c *Column) dest() []any {
	return []any{&c.Count, &c.Sum, &c.SumOfSquares, &c.Min, &c.Max, &c.Avg}
}

// Rollups plays a season on s and compares its rollups, which read gives in order of bucket, WebSDR and frequency,
// with the rows: after they came in, after metrics were replaced, and after rows were deleted.
func Rollups(t *testing.T, s Store, read func(view string) []Rollup) {
	t.Helper()
	play(t, s, scenes)
	compare := func(when string, rows []ended) {
		t.Helper()
		alike(t, when+": measurements_hourly", read("measurements_hourly"), naiveRollups(rows, time.Hour))
		alike(t, when+": measurements_daily", read("measurements_daily"), naiveRollups(rows, 24*time.Hour))
	}
	compare("at first", allEnded(t, s))
	for n, m := range listed(t, s) {
		metrics := seasonMetrics(n+3, n%7)
		metrics.AlgorithmVersion = "2"
		ok(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", metrics))
	}
	rows := allEnded(t, s)
	compare("after replacements", rows)
	expired, err := s.ExpiredAcquisitions(t.Context(), heimdall.ExpiredFilter{Before: never, Limit: 5})
	ok(t, err)
	remove(t, s, expired)
	compare("after deletions", rows)
}

func naiveRollups(list []ended, width time.Duration) []Rollup {
	places, groups := grouped(list, func(e ended) place { return place{e.moment.Truncate(width), e.WebSDRID, e.frequencyHz} },
		func(a, b place) int { return cmp.Or(byTime(a, b), cmp.Compare(a.frequencyHz, b.frequencyHz)) })
	out := []Rollup{}
	for _, p := range places {
		g := groups[p]
		r := Rollup{Bucket: p.start, WebSDRID: p.websdrID, FrequencyHz: p.frequencyHz, FrequencyMHz: float64(p.frequencyHz) / 1e6,
			Rows: inState(g, heimdall.Success), Detected: detected(g), RecordedS: recordedS(g), SNR: columnOf(snrs(g)),
			Offset: columnOf(offsets(g, "carrier")), Centroids: int64(len(offsets(g, "centroid")))}
		var noise, power []float64
		for _, e := range g {
			if e.row != nil && e.row.NoiseDBFSHz != nil {
				noise = append(noise, *e.row.NoiseDBFSHz)
			}
			if e.row != nil && e.row.PowerDBFS != nil {
				power = append(power, *e.row.PowerDBFS)
			}
		}
		r.NoiseDBFSHz, r.PowerDBFS = columnOf(noise), columnOf(power)
		if r.Rows > 0 {
			out = append(out, r)
		}
	}
	return out
}

func columnOf(values []float64) Column {
	s := statOf(values)
	c := Column{Count: s.Count, Min: s.Min, Max: s.Max, Avg: s.Mean}
	for _, v := range values {
		c.Sum += v
		c.SumOfSquares += v * v
	}
	return c
}
