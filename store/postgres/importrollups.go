package postgres

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// Rows that are imported are summed up here, and not on the server: thousands of them are of a few dozen hours, which
// then are all that is sent. What endedColumns and tallyColumns say of rows, this says of what has not become one yet;
// Check compares both.

// A rollupKey is that of a rollup of successes.
type rollupKey struct {
	bucket                time.Time
	websdrID, frequencyHz int64
	label                 string
}

func (k rollupKey) compare(o rollupKey) int {
	return cmp.Or(k.bucket.Compare(o.bucket), cmp.Compare(k.websdrID, o.websdrID), cmp.Compare(k.frequencyHz, o.frequencyHz), cmp.Compare(k.label, o.label))
}

// A rollup is what is added to one.
type rollup struct {
	captures, detected, centroids int64
	last                          time.Time
	recordedS                     float64
	snr, offset, noise, power     heimdall.Sums
}

func (r *rollup) addRow(m *heimdall.ImportedMeasurement) {
	r.captures++
	if m.Detected {
		r.detected++
	}
	if at := m.Timestamp.UTC().Truncate(time.Microsecond); at.After(r.last) {
		r.last = at
	}
	if m.SampleRateHz != 0 {
		r.recordedS += float64(m.SamplesCount) / m.SampleRateHz
	}
	addNumber(&r.snr, m.SNRdB)
	addNumber(&r.noise, m.NoiseDBFSHz)
	addNumber(&r.power, m.PowerDBFS)
	switch method := m.FrequencyMethod; {
	case method == nil || m.FrequencyOffsetHz == nil:
	case *method == "carrier":
		addNumber(&r.offset, m.FrequencyOffsetHz)
	case *method == "centroid":
		r.centroids++
	}
}

func addNumber(s *heimdall.Sums, v *float64) {
	if v == nil {
		return
	}
	square := *v * *v
	if math.Abs(*v) < 1e-150 { // as heimdall_square has it
		square = 0
	}
	s.Add(heimdall.Sums{Count: 1, Sum: *v, SumOfSquares: square, Min: *v, Max: *v})
}

func (r *rollup) add(o *rollup) {
	r.captures, r.detected, r.centroids, r.recordedS = r.captures+o.captures, r.detected+o.detected, r.centroids+o.centroids, r.recordedS+o.recordedS
	if o.last.After(r.last) {
		r.last = o.last
	}
	r.snr.Add(o.snr)
	r.offset.Add(o.offset)
	r.noise.Add(o.noise)
	r.power.Add(o.power)
}

const addRollups = `
INSERT INTO captures_hourly AS h (bucket, websdr_id, frequency_hz, label, state, failure_class, captures, deleted, attempts, bytes,
       last_at, detected, recorded_s, snr_count, snr_sum_db, snr_sumsq_db2, snr_min_db, snr_max_db,
       offset_count, offset_sum_hz, offset_sumsq_hz2, offset_min_hz, offset_max_hz, centroid_count,
       noise_count, noise_sum_dbfs_hz, noise_sumsq_db2, noise_min_dbfs_hz, noise_max_dbfs_hz,
       power_count, power_sum_dbfs, power_sumsq_db2, power_min_dbfs, power_max_dbfs)
SELECT bucket, websdr_id, frequency_hz, label, 'success', '', captures, 0, 0, 0, last_at, detected, recorded_s,
       snr_count, snr_sum, snr_sumsq, snr_min, snr_max, offset_count, offset_sum, offset_sumsq, offset_min, offset_max, centroid_count,
       noise_count, noise_sum, noise_sumsq, noise_min, noise_max, power_count, power_sum, power_sumsq, power_min, power_max
FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::timestamptz[], $7::bigint[], $8::float8[], $9::bigint[],
       $10::bigint[], $11::float8[], $12::float8[], $13::float8[], $14::float8[],
       $15::bigint[], $16::float8[], $17::float8[], $18::float8[], $19::float8[],
       $20::bigint[], $21::float8[], $22::float8[], $23::float8[], $24::float8[],
       $25::bigint[], $26::float8[], $27::float8[], $28::float8[], $29::float8[])
  WITH ORDINALITY AS t (bucket, websdr_id, frequency_hz, label, captures, last_at, detected, recorded_s, centroid_count,
       snr_count, snr_sum, snr_sumsq, snr_min, snr_max, offset_count, offset_sum, offset_sumsq, offset_min, offset_max,
       noise_count, noise_sum, noise_sumsq, noise_min, noise_max, power_count, power_sum, power_sumsq, power_min, power_max, n)
ORDER BY n` + addToGroups

// queueRollups adds what is accepted to its rollups, all hours before all days.
func (b *importing) queueRollups(writes *pgx.Batch) {
	hours, days := map[rollupKey]*rollup{}, map[rollupKey]*rollup{}
	of := func(groups map[rollupKey]*rollup, key rollupKey) *rollup {
		if groups[key] == nil {
			groups[key] = &rollup{}
		}
		return groups[key]
	}
	for i, m := range b.accepted {
		of(hours, rollupKey{m.Timestamp.UTC().Truncate(time.Hour), m.WebSDRID, m.FrequencyHz, b.tasks[b.ids[i]].label}).addRow(m)
	}
	for key, hour := range hours {
		key.bucket = key.bucket.Truncate(24 * time.Hour)
		of(days, key).add(hour)
	}
	writes.Queue(addRollups, rollupColumns(hours)...)
	writes.Queue(daily(addRollups), rollupColumns(days)...)
}

// rollupColumns are the arguments of addRollups, in order of the keys.
func rollupColumns(groups map[rollupKey]*rollup) []any {
	var buckets, lasts []time.Time
	var websdrIDs, frequencies, captures, detected, centroids []int64
	var labels []string
	var recorded []float64
	var numbers [4]sumColumns
	for _, key := range slices.SortedFunc(maps.Keys(groups), rollupKey.compare) {
		r := groups[key]
		buckets, websdrIDs, frequencies, labels = append(buckets, key.bucket), append(websdrIDs, key.websdrID), append(frequencies, key.frequencyHz), append(labels, key.label)
		captures, lasts, detected, recorded, centroids = append(captures, r.captures), append(lasts, r.last), append(detected, r.detected), append(recorded, r.recordedS), append(centroids, r.centroids)
		for i, sums := range []heimdall.Sums{r.snr, r.offset, r.noise, r.power} {
			numbers[i].add(sums)
		}
	}
	args := []any{buckets, websdrIDs, frequencies, labels, captures, lasts, detected, recorded, centroids}
	for _, n := range numbers {
		args = append(args, n.counts, n.sums, n.squares, n.mins, n.maxs)
	}
	return args
}

// sumColumns are the five columns of one number.
type sumColumns struct {
	counts        []int64
	sums, squares []float64
	mins, maxs    []*float64 // NULL where nothing was counted
}

func (c *sumColumns) add(s heimdall.Sums) {
	c.counts, c.sums, c.squares = append(c.counts, s.Count), append(c.sums, s.Sum), append(c.squares, s.SumOfSquares)
	if s.Count == 0 {
		c.mins, c.maxs = append(c.mins, nil), append(c.maxs, nil)
		return
	}
	c.mins, c.maxs = append(c.mins, new(s.Min)), append(c.maxs, new(s.Max))
}
