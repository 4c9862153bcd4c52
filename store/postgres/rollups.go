package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// Rollups are kept in the transaction that ends a capture, so that they never differ from the rows. This is how
// captures that have ended become rollups: what is added, what replaces, and what Check compares with, are all this
// query, FROM different places.
//
// The moment of a capture is the time of sample 0, or without a measurement the time when it ended.
//
// Whoever changes a rollup holds its acquisition's row, if it is about one, and then locks rollups in order of their
// keys, all hours before all days, and the rows of measurements last: so nothing here can deadlock.
const (
	tallyColumns = `
SELECT date_trunc('hour', moment, 'UTC') AS bucket, websdr_id, frequency_hz, label, state, failure_class,
       count(*) AS captures, 0::bigint AS deleted, sum(attempts)::bigint AS attempts, sum(bytes)::bigint AS bytes, max(moment) AS last_at,
       count(*) FILTER (WHERE detected) AS detected, COALESCE(sum(recorded_s), 0) AS recorded_s,
       count(snr_db) AS snr_count, COALESCE(sum(snr_db), 0) AS snr_sum_db, COALESCE(sum(heimdall_square(snr_db)), 0) AS snr_sumsq_db2,
       min(snr_db) AS snr_min_db, max(snr_db) AS snr_max_db,
       count(carrier_hz) AS offset_count, COALESCE(sum(carrier_hz), 0) AS offset_sum_hz,
       COALESCE(sum(heimdall_square(carrier_hz)), 0) AS offset_sumsq_hz2,
       min(carrier_hz) AS offset_min_hz, max(carrier_hz) AS offset_max_hz, count(centroid_hz) AS centroid_count,
       count(noise_dbfs_hz) AS noise_count, COALESCE(sum(noise_dbfs_hz), 0) AS noise_sum_dbfs_hz,
       COALESCE(sum(heimdall_square(noise_dbfs_hz)), 0) AS noise_sumsq_db2,
       min(noise_dbfs_hz) AS noise_min_dbfs_hz, max(noise_dbfs_hz) AS noise_max_dbfs_hz,
       count(power_dbfs) AS power_count, COALESCE(sum(power_dbfs), 0) AS power_sum_dbfs,
       COALESCE(sum(heimdall_square(power_dbfs)), 0) AS power_sumsq_db2,
       min(power_dbfs) AS power_min_dbfs, max(power_dbfs) AS power_max_dbfs
FROM (`

	endedColumns = `
SELECT COALESCE(m.timestamp_utc, c.ended_at) AS moment, c.websdr_id, COALESCE(m.frequency_hz, a.frequency_hz) AS frequency_hz,
       a.label COLLATE "C" AS label, c.state COLLATE "C" AS state, c.failure_class COLLATE "C" AS failure_class,
       c.attempts, COALESCE(c.bytes, 0) AS bytes, m.detected,
       m.samples_count / NULLIF(m.sample_rate_hz, 0) AS recorded_s, m.snr_db,
       CASE m.frequency_method WHEN 'carrier' THEN m.frequency_offset_hz END AS carrier_hz,
       CASE m.frequency_method WHEN 'centroid' THEN m.frequency_offset_hz END AS centroid_hz,
       m.noise_dbfs_hz, m.power_dbfs`

	// From captures. The measurement's time is the recording's, cut to microseconds: said so, its partition and its
	// place there are known.
	tallyCaptures = tallyColumns + endedColumns + `
FROM captures AS c JOIN acquisitions AS a ON a.task_id = c.task_id
     LEFT JOIN measurement_rows AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id
       AND m.timestamp_utc = TIMESTAMPTZ 'epoch' + c.start_unix_ns / 1000 * INTERVAL '1 microsecond'`

	ofEnded = `
WHERE c.state IN ('success', 'failed', 'cancelled') AND COALESCE(m.timestamp_utc, c.ended_at) IS NOT NULL
  AND (c.state <> 'success' OR c.start_unix_ns IS NOT NULL)`

	// And from captures that were imported, which have no recording, and of measurements any number.
	andImported = `
UNION ALL` + endedColumns + `
FROM imported_acquisitions AS i JOIN captures AS c ON c.task_id = i.task_id JOIN acquisitions AS a ON a.task_id = i.task_id
     JOIN measurement_rows AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id`

	// The same of successes, from their measurements: for conditions on these.
	tallyMeasurements = tallyColumns + endedColumns + `
FROM measurement_rows AS m JOIN captures AS c ON c.task_id = m.task_id AND c.websdr_id = m.websdr_id
     JOIN acquisitions AS a ON a.task_id = m.task_id
WHERE c.state = 'success'`

	tallyGroups = `) AS ended
GROUP BY 1, 2, 3, 4, 5, 6`

	inOrder = `
ORDER BY 1, 2, 3, 4, 5, 6`

	sameGroup = `h.bucket = t.bucket AND h.websdr_id = t.websdr_id AND h.frequency_hz = t.frequency_hz
  AND h.label = t.label AND h.state = t.state AND h.failure_class = t.failure_class`
)

// daily is a query about hours as one about days.
func daily(query string) string {
	return strings.NewReplacer("captures_hourly", "captures_daily", "'hour'", "'day'").Replace(query)
}

// addToGroups adds to the rollups that are there.
const addToGroups = `
ON CONFLICT (bucket, websdr_id, frequency_hz, label, state, failure_class) DO UPDATE SET
    captures = h.captures + excluded.captures, attempts = h.attempts + excluded.attempts, bytes = h.bytes + excluded.bytes,
    last_at = GREATEST(h.last_at, excluded.last_at), detected = h.detected + excluded.detected,
    recorded_s = h.recorded_s + excluded.recorded_s,
    snr_count = h.snr_count + excluded.snr_count, snr_sum_db = h.snr_sum_db + excluded.snr_sum_db,
    snr_sumsq_db2 = h.snr_sumsq_db2 + excluded.snr_sumsq_db2,
    snr_min_db = LEAST(h.snr_min_db, excluded.snr_min_db), snr_max_db = GREATEST(h.snr_max_db, excluded.snr_max_db),
    offset_count = h.offset_count + excluded.offset_count, offset_sum_hz = h.offset_sum_hz + excluded.offset_sum_hz,
    offset_sumsq_hz2 = h.offset_sumsq_hz2 + excluded.offset_sumsq_hz2,
    offset_min_hz = LEAST(h.offset_min_hz, excluded.offset_min_hz), offset_max_hz = GREATEST(h.offset_max_hz, excluded.offset_max_hz),
    centroid_count = h.centroid_count + excluded.centroid_count,
    noise_count = h.noise_count + excluded.noise_count, noise_sum_dbfs_hz = h.noise_sum_dbfs_hz + excluded.noise_sum_dbfs_hz,
    noise_sumsq_db2 = h.noise_sumsq_db2 + excluded.noise_sumsq_db2,
    noise_min_dbfs_hz = LEAST(h.noise_min_dbfs_hz, excluded.noise_min_dbfs_hz),
    noise_max_dbfs_hz = GREATEST(h.noise_max_dbfs_hz, excluded.noise_max_dbfs_hz),
    power_count = h.power_count + excluded.power_count, power_sum_dbfs = h.power_sum_dbfs + excluded.power_sum_dbfs,
    power_sumsq_db2 = h.power_sumsq_db2 + excluded.power_sumsq_db2,
    power_min_dbfs = LEAST(h.power_min_dbfs, excluded.power_min_dbfs),
    power_max_dbfs = GREATEST(h.power_max_dbfs, excluded.power_max_dbfs)`

// addToRollups takes captures that end as columns of values, and changes each rollup once.
const addToRollups = `
INSERT INTO captures_hourly AS h` + tallyColumns + `
SELECT moment, websdr_id::integer AS websdr_id, frequency_hz, label COLLATE "C" AS label, state COLLATE "C" AS state,
       failure_class COLLATE "C" AS failure_class, attempts, bytes, detected, recorded_s, snr_db, carrier_hz, centroid_hz,
       noise_dbfs_hz, power_dbfs
FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
       $9::boolean[], $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::float8[])
  AS c (moment, websdr_id, frequency_hz, label, state, failure_class, attempts, bytes,
       detected, recorded_s, snr_db, carrier_hz, centroid_hz, noise_dbfs_hz, power_dbfs)` + tallyGroups + inOrder + addToGroups

// An ending is a capture that ends, as rollups see it.
type ending struct {
	capture     heimdall.Capture
	measurement *heimdall.Measurement // nil unless it succeeds
	frequencyHz int64                 // of the acquisition
	label       string                // of the acquisition
}

// values are the arguments of addToRollups for one capture. What endedColumns says of rows, this says of what has
// not become one yet.
func (e ending) values() []any {
	c, m := &e.capture, e.measurement
	failureClass := storable(string(c.FailureClass))
	if m == nil {
		return []any{c.EndedAt.UTC().Truncate(time.Microsecond), c.WebSDRID, e.frequencyHz, e.label, string(c.State), failureClass, int64(c.Attempts), int64(0),
			nil, nil, nil, nil, nil, nil, nil}
	}
	var recordedS, carrierHz, centroidHz any
	if m.SampleRateHz != 0 {
		recordedS = float64(m.SamplesCount) / m.SampleRateHz
	}
	if method := m.FrequencyMethod; method != nil && *method == "carrier" {
		carrierHz = orNil(m.FrequencyOffsetHz)
	} else if method != nil && *method == "centroid" {
		centroidHz = orNil(m.FrequencyOffsetHz)
	}
	return []any{m.Timestamp.UTC().Truncate(time.Microsecond), c.WebSDRID, m.FrequencyHz, e.label, string(c.State), failureClass,
		int64(c.Attempts), c.Recording.Bytes, m.Detected, recordedS, orNil(m.SNRdB), carrierHz, centroidHz,
		orNil(m.NoiseDBFSHz), orNil(m.PowerDBFS)}
}

// orNil is what p points to as an argument; nil is NULL.
func orNil(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}

// queueRollups adds captures to their rollups, in the transaction that ends them.
func queueRollups(writes *pgx.Batch, endings []ending) {
	if len(endings) == 0 {
		return
	}
	rows := make([][]any, len(endings))
	for i, e := range endings {
		rows[i] = e.values()
	}
	columns := transposed(rows)
	writes.Queue(addToRollups, columns...)
	writes.Queue(daily(addToRollups), columns...)
}

// A group is the key of a rollup of successes.
type group struct {
	bucket       time.Time
	websdrID     int64
	frequencyHz  int64
	label        string
	failureClass string
}

const (
	ofMeasurement = ` AND m.timestamp_utc = $1 AND m.websdr_id = $2::bigint AND m.task_id = $3`

	// What is read of a row that others change is read after they are done.
	lockHour = `
SELECT h.bucket, h.websdr_id, h.frequency_hz, h.label, h.failure_class, h.deleted
FROM (` + tallyMeasurements + ofMeasurement + tallyGroups + `) AS t JOIN captures_hourly AS h ON ` + sameGroup + `
FOR NO KEY UPDATE OF h`

	lockDay = `
SELECT 1 FROM captures_daily
WHERE bucket = date_trunc('day', $1::timestamptz, 'UTC') AND websdr_id = $2::bigint AND frequency_hz = $3 AND label = $4 AND failure_class = $5
  AND state = 'success' FOR NO KEY UPDATE`

	subtractFromRollup = `
UPDATE captures_hourly AS h SET
    captures = h.captures - t.captures, attempts = h.attempts - t.attempts, bytes = h.bytes - t.bytes,
    detected = h.detected - t.detected, recorded_s = h.recorded_s - t.recorded_s,
    snr_count = h.snr_count - t.snr_count, snr_sum_db = h.snr_sum_db - t.snr_sum_db, snr_sumsq_db2 = h.snr_sumsq_db2 - t.snr_sumsq_db2,
    snr_min_db = CASE WHEN h.snr_count > t.snr_count THEN h.snr_min_db END,
    snr_max_db = CASE WHEN h.snr_count > t.snr_count THEN h.snr_max_db END,
    offset_count = h.offset_count - t.offset_count, offset_sum_hz = h.offset_sum_hz - t.offset_sum_hz,
    offset_sumsq_hz2 = h.offset_sumsq_hz2 - t.offset_sumsq_hz2,
    offset_min_hz = CASE WHEN h.offset_count > t.offset_count THEN h.offset_min_hz END,
    offset_max_hz = CASE WHEN h.offset_count > t.offset_count THEN h.offset_max_hz END,
    centroid_count = h.centroid_count - t.centroid_count,
    noise_count = h.noise_count - t.noise_count, noise_sum_dbfs_hz = h.noise_sum_dbfs_hz - t.noise_sum_dbfs_hz,
    noise_sumsq_db2 = h.noise_sumsq_db2 - t.noise_sumsq_db2,
    noise_min_dbfs_hz = CASE WHEN h.noise_count > t.noise_count THEN h.noise_min_dbfs_hz END,
    noise_max_dbfs_hz = CASE WHEN h.noise_count > t.noise_count THEN h.noise_max_dbfs_hz END,
    power_count = h.power_count - t.power_count, power_sum_dbfs = h.power_sum_dbfs - t.power_sum_dbfs,
    power_sumsq_db2 = h.power_sumsq_db2 - t.power_sumsq_db2,
    power_min_dbfs = CASE WHEN h.power_count > t.power_count THEN h.power_min_dbfs END,
    power_max_dbfs = CASE WHEN h.power_count > t.power_count THEN h.power_max_dbfs END
FROM (` + tallyMeasurements + ofMeasurement + tallyGroups + `) AS t
WHERE ` + sameGroup

	addToRollup = `
INSERT INTO captures_hourly AS h` + tallyMeasurements + ofMeasurement + tallyGroups + addToGroups

	remakeGroup = `
ON CONFLICT (bucket, websdr_id, frequency_hz, label, state, failure_class) DO UPDATE SET
   (captures, deleted, attempts, bytes, last_at, detected, recorded_s,
    snr_count, snr_sum_db, snr_sumsq_db2, snr_min_db, snr_max_db,
    offset_count, offset_sum_hz, offset_sumsq_hz2, offset_min_hz, offset_max_hz, centroid_count,
    noise_count, noise_sum_dbfs_hz, noise_sumsq_db2, noise_min_dbfs_hz, noise_max_dbfs_hz,
    power_count, power_sum_dbfs, power_sumsq_db2, power_min_dbfs, power_max_dbfs)
 = (excluded.captures, excluded.deleted, excluded.attempts, excluded.bytes, excluded.last_at, excluded.detected, excluded.recorded_s,
    excluded.snr_count, excluded.snr_sum_db, excluded.snr_sumsq_db2, excluded.snr_min_db, excluded.snr_max_db,
    excluded.offset_count, excluded.offset_sum_hz, excluded.offset_sumsq_hz2, excluded.offset_min_hz, excluded.offset_max_hz, excluded.centroid_count,
    excluded.noise_count, excluded.noise_sum_dbfs_hz, excluded.noise_sumsq_db2, excluded.noise_min_dbfs_hz, excluded.noise_max_dbfs_hz,
    excluded.power_count, excluded.power_sum_dbfs, excluded.power_sumsq_db2, excluded.power_min_dbfs, excluded.power_max_dbfs)`

	remakeHour = `
INSERT INTO captures_hourly` + tallyMeasurements + `
  AND m.timestamp_utc >= $1 AND m.timestamp_utc < $1::timestamptz + INTERVAL '1 hour' AND m.websdr_id = $2::bigint AND m.frequency_hz = $3
  AND a.label = $4 AND c.failure_class = $5` + tallyGroups + remakeGroup

	addHours = `
SELECT date_trunc('day', bucket, 'UTC') AS bucket, websdr_id, frequency_hz, label, state, failure_class,
       sum(captures)::bigint AS captures, sum(deleted)::bigint AS deleted, sum(attempts)::bigint AS attempts, sum(bytes)::bigint AS bytes,
       max(last_at) AS last_at, sum(detected)::bigint AS detected, sum(recorded_s) AS recorded_s,
       sum(snr_count)::bigint AS snr_count, sum(snr_sum_db) AS snr_sum_db, sum(snr_sumsq_db2) AS snr_sumsq_db2,
       min(snr_min_db) AS snr_min_db, max(snr_max_db) AS snr_max_db,
       sum(offset_count)::bigint AS offset_count, sum(offset_sum_hz) AS offset_sum_hz, sum(offset_sumsq_hz2) AS offset_sumsq_hz2,
       min(offset_min_hz) AS offset_min_hz, max(offset_max_hz) AS offset_max_hz, sum(centroid_count)::bigint AS centroid_count,
       sum(noise_count)::bigint AS noise_count, sum(noise_sum_dbfs_hz) AS noise_sum_dbfs_hz, sum(noise_sumsq_db2) AS noise_sumsq_db2,
       min(noise_min_dbfs_hz) AS noise_min_dbfs_hz, max(noise_max_dbfs_hz) AS noise_max_dbfs_hz,
       sum(power_count)::bigint AS power_count, sum(power_sum_dbfs) AS power_sum_dbfs, sum(power_sumsq_db2) AS power_sumsq_db2,
       min(power_min_dbfs) AS power_min_dbfs, max(power_max_dbfs) AS power_max_dbfs
FROM captures_hourly`

	remakeDay = `
INSERT INTO captures_daily` + addHours + `
WHERE bucket >= date_trunc('day', $1::timestamptz, 'UTC') AND bucket < date_trunc('day', $1::timestamptz, 'UTC') + INTERVAL '24 hours'
  AND websdr_id = $2::bigint AND frequency_hz = $3 AND label = $4 AND failure_class = $5 AND state = 'success'
GROUP BY 1, 2, 3, 4, 5, 6` + remakeGroup
)

// reroll runs change, which changes the metrics of one measurement, and brings its rollups up to date: the hour is
// made anew from its rows, since extremes cannot be subtracted. Where some of these rows have been deleted, the rest
// cannot tell: then sums and counts change by the difference, and the extremes can only widen. The day is made anew
// from its hours. Both are locked before anything is read that others might change.
func reroll(ctx context.Context, tx pgx.Tx, key []any, change func() error) error {
	var g group
	var deleted int64
	err := tx.QueryRow(ctx, lockHour, key...).Scan(micros{&g.bucket}, &g.websdrID, &g.frequencyHz, &g.label, &g.failureClass, &deleted)
	if err != nil {
		return err
	}
	args := []any{g.bucket, g.websdrID, g.frequencyHz, g.label, g.failureClass}
	if _, err := tx.Exec(ctx, lockDay, args...); err != nil {
		return err
	}
	if deleted > 0 {
		if _, err := tx.Exec(ctx, subtractFromRollup, key...); err != nil {
			return err
		}
	}
	if err := change(); err != nil {
		return err
	}
	if deleted > 0 {
		_, err = tx.Exec(ctx, addToRollup, key...)
	} else {
		_, err = tx.Exec(ctx, remakeHour, args...)
	}
	if err == nil {
		_, err = tx.Exec(ctx, remakeDay, args...)
	}
	return err
}

// Counts are compared always, sums and extremes where no row has been deleted. By the inequality of Cauchy and
// Schwarz, count * sumsq bounds the square of the sum of the magnitudes, which is what rounding errors grow with.
const (
	hoursDiffer = `
WITH t AS MATERIALIZED (` + tallyCaptures + ofEnded + andImported + tallyGroups + `)` + hoursDifferFromT

	daysDiffer = `
WITH t AS MATERIALIZED (` + addHours + ` GROUP BY 1, 2, 3, 4, 5, 6)`

	hoursDifferFromT = `
SELECT '', t.websdr_id, format('hour of %s, %s Hz, label "%s", %s %s: the rows make %s captures with an SNR sum of %s dB, the rollup says %s and %s',
    to_char(t.bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), t.frequency_hz, t.label, t.state, t.failure_class,
    t.captures - t.deleted, t.snr_sum_db, COALESCE((h.captures - h.deleted)::text, 'nothing'), h.snr_sum_db)
FROM t LEFT JOIN captures_hourly AS h ON ` + sameGroup + `
WHERE h.bucket IS NULL OR h.captures - h.deleted <> t.captures - t.deleted OR h.deleted = t.deleted AND (
    (h.attempts, h.bytes, h.last_at, h.detected, h.snr_count, h.offset_count, h.centroid_count, h.noise_count, h.power_count)
        <> (t.attempts, t.bytes, t.last_at, t.detected, t.snr_count, t.offset_count, t.centroid_count, t.noise_count, t.power_count)
    OR h.snr_min_db IS DISTINCT FROM t.snr_min_db OR h.snr_max_db IS DISTINCT FROM t.snr_max_db
    OR h.offset_min_hz IS DISTINCT FROM t.offset_min_hz OR h.offset_max_hz IS DISTINCT FROM t.offset_max_hz
    OR h.noise_min_dbfs_hz IS DISTINCT FROM t.noise_min_dbfs_hz OR h.noise_max_dbfs_hz IS DISTINCT FROM t.noise_max_dbfs_hz
    OR h.power_min_dbfs IS DISTINCT FROM t.power_min_dbfs OR h.power_max_dbfs IS DISTINCT FROM t.power_max_dbfs
    OR abs(h.recorded_s - t.recorded_s) > 1e-9 * t.recorded_s
    OR abs(h.snr_sumsq_db2 - t.snr_sumsq_db2) > 1e-9 * t.snr_sumsq_db2
    OR abs(h.offset_sumsq_hz2 - t.offset_sumsq_hz2) > 1e-9 * t.offset_sumsq_hz2
    OR abs(h.noise_sumsq_db2 - t.noise_sumsq_db2) > 1e-9 * t.noise_sumsq_db2
    OR abs(h.power_sumsq_db2 - t.power_sumsq_db2) > 1e-9 * t.power_sumsq_db2
    OR abs(h.snr_sum_db - t.snr_sum_db) > 1e-9 * sqrt(t.snr_count * t.snr_sumsq_db2)
    OR abs(h.offset_sum_hz - t.offset_sum_hz) > 1e-9 * sqrt(t.offset_count * t.offset_sumsq_hz2)
    OR abs(h.noise_sum_dbfs_hz - t.noise_sum_dbfs_hz) > 1e-9 * sqrt(t.noise_count * t.noise_sumsq_db2)
    OR abs(h.power_sum_dbfs - t.power_sum_dbfs) > 1e-9 * sqrt(t.power_count * t.power_sumsq_db2))
UNION ALL
SELECT '', h.websdr_id, format('hour %s, %s Hz, label "%s", %s %s: no rows, the rollup says %s captures of which %s are deleted',
    to_char(h.bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.frequency_hz, h.label, h.state, h.failure_class, h.captures, h.deleted)
FROM captures_hourly AS h LEFT JOIN t ON ` + sameGroup + `
WHERE t.bucket IS NULL AND h.captures <> h.deleted`
)
