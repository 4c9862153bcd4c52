package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

// Rollups are kept in the transaction that ends a capture, so that they never differ from the rows. This is how
// rows become rollups: what is inserted, what replaces, and what Check compares with, are all this query.
//
// The moment of a capture is the time of sample 0, or without a measurement the time when it ended.
const (
	tallyCaptures = tallyColumns + `
      FROM captures AS c JOIN acquisitions AS a ON a.task_id = c.task_id
           LEFT JOIN measurements AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id
      WHERE c.state IN ('success', 'failed', 'cancelled') AND COALESCE(m.timestamp_utc, c.ended_at) IS NOT NULL`

	// The same of successes, beginning from their measurements: for conditions on these.
	tallyMeasurements = tallyColumns + `
      FROM measurements AS m CROSS JOIN captures AS c ON c.task_id = m.task_id AND c.websdr_id = m.websdr_id
           CROSS JOIN acquisitions AS a ON a.task_id = m.task_id
      WHERE c.state = 'success'`

	// The same of captures that failed or were cancelled, by the time when they ended. Without the index named, a
	// question about successes would go through all of them to find that none has failed.
	tallyFailures = tallyColumns + `
      FROM captures AS c INDEXED BY captures_without_data JOIN acquisitions AS a ON a.task_id = c.task_id
           LEFT JOIN measurements AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id
      WHERE c.state IN ('failed', 'cancelled')`

	tallyColumns = `
SELECT moment - (moment % 3600000000 + 3600000000) % 3600000000 AS bucket, websdr_id, frequency_hz, label, state, failure_class,
       count(*) AS captures, 0 AS deleted, sum(attempts) AS attempts, sum(bytes) AS bytes, max(moment) AS last_at,
       COALESCE(sum(detected), 0) AS detected, total(recorded_s) AS recorded_s,
       count(snr_db) AS snr_count, total(snr_db) AS snr_sum_db, total(snr_db * snr_db) AS snr_sumsq_db2,
       min(snr_db) AS snr_min_db, max(snr_db) AS snr_max_db,
       count(carrier_hz) AS offset_count, total(carrier_hz) AS offset_sum_hz, total(carrier_hz * carrier_hz) AS offset_sumsq_hz2,
       min(carrier_hz) AS offset_min_hz, max(carrier_hz) AS offset_max_hz, count(centroid_hz) AS centroid_count,
       count(noise_dbfs_hz) AS noise_count, total(noise_dbfs_hz) AS noise_sum_dbfs_hz,
       total(noise_dbfs_hz * noise_dbfs_hz) AS noise_sumsq_db2,
       min(noise_dbfs_hz) AS noise_min_dbfs_hz, max(noise_dbfs_hz) AS noise_max_dbfs_hz,
       count(power_dbfs) AS power_count, total(power_dbfs) AS power_sum_dbfs, total(power_dbfs * power_dbfs) AS power_sumsq_db2,
       min(power_dbfs) AS power_min_dbfs, max(power_dbfs) AS power_max_dbfs
FROM (SELECT COALESCE(m.timestamp_utc, c.ended_at) AS moment, c.websdr_id, COALESCE(m.frequency_hz, a.frequency_hz) AS frequency_hz,
             a.label, c.state, c.failure_class, c.attempts, COALESCE(c.bytes, 0) AS bytes, m.detected,
             m.samples_count / NULLIF(m.sample_rate_hz, 0) AS recorded_s, m.snr_db,
             CASE m.frequency_method WHEN 'carrier' THEN m.frequency_offset_hz END AS carrier_hz,
             CASE m.frequency_method WHEN 'centroid' THEN m.frequency_offset_hz END AS centroid_hz,
             m.noise_dbfs_hz, m.power_dbfs`

	tallyGroups = `)
GROUP BY 1, 2, 3, 4, 5, 6`

	sameGroup = `h.bucket = t.bucket AND h.websdr_id = t.websdr_id AND h.frequency_hz = t.frequency_hz
  AND h.label = t.label AND h.state = t.state AND h.failure_class = t.failure_class`

	oneCapture = ` AND c.task_id = ? AND c.websdr_id = ?`
)

const addToRollup = `
INSERT INTO captures_hourly AS h` + tallyCaptures + oneCapture + tallyGroups + addToGroup

const addToGroup = `
ON CONFLICT (bucket, websdr_id, frequency_hz, label, state, failure_class) DO UPDATE SET
    captures = h.captures + excluded.captures, attempts = h.attempts + excluded.attempts, bytes = h.bytes + excluded.bytes,
    last_at = max(h.last_at, excluded.last_at), detected = h.detected + excluded.detected,
    recorded_s = h.recorded_s + excluded.recorded_s,
    snr_count = h.snr_count + excluded.snr_count, snr_sum_db = h.snr_sum_db + excluded.snr_sum_db,
    snr_sumsq_db2 = h.snr_sumsq_db2 + excluded.snr_sumsq_db2,
    snr_min_db = COALESCE(min(h.snr_min_db, excluded.snr_min_db), h.snr_min_db, excluded.snr_min_db),
    snr_max_db = COALESCE(max(h.snr_max_db, excluded.snr_max_db), h.snr_max_db, excluded.snr_max_db),
    offset_count = h.offset_count + excluded.offset_count, offset_sum_hz = h.offset_sum_hz + excluded.offset_sum_hz,
    offset_sumsq_hz2 = h.offset_sumsq_hz2 + excluded.offset_sumsq_hz2,
    offset_min_hz = COALESCE(min(h.offset_min_hz, excluded.offset_min_hz), h.offset_min_hz, excluded.offset_min_hz),
    offset_max_hz = COALESCE(max(h.offset_max_hz, excluded.offset_max_hz), h.offset_max_hz, excluded.offset_max_hz),
    centroid_count = h.centroid_count + excluded.centroid_count,
    noise_count = h.noise_count + excluded.noise_count, noise_sum_dbfs_hz = h.noise_sum_dbfs_hz + excluded.noise_sum_dbfs_hz,
    noise_sumsq_db2 = h.noise_sumsq_db2 + excluded.noise_sumsq_db2,
    noise_min_dbfs_hz = COALESCE(min(h.noise_min_dbfs_hz, excluded.noise_min_dbfs_hz), h.noise_min_dbfs_hz, excluded.noise_min_dbfs_hz),
    noise_max_dbfs_hz = COALESCE(max(h.noise_max_dbfs_hz, excluded.noise_max_dbfs_hz), h.noise_max_dbfs_hz, excluded.noise_max_dbfs_hz),
    power_count = h.power_count + excluded.power_count, power_sum_dbfs = h.power_sum_dbfs + excluded.power_sum_dbfs,
    power_sumsq_db2 = h.power_sumsq_db2 + excluded.power_sumsq_db2,
    power_min_dbfs = COALESCE(min(h.power_min_dbfs, excluded.power_min_dbfs), h.power_min_dbfs, excluded.power_min_dbfs),
    power_max_dbfs = COALESCE(max(h.power_max_dbfs, excluded.power_max_dbfs), h.power_max_dbfs, excluded.power_max_dbfs)`

var addToDaily = daily(addToRollup)

// daily is a query about hours as one about days.
func daily(query string) string {
	return strings.NewReplacer("captures_hourly", "captures_daily", "3600000000", "86400000000").Replace(query)
}

// roll adds a capture that has ended, in the transaction that ends it, to its rollups.
func (s *Store) roll(ctx context.Context, tx *sql.Tx, taskID string, websdrID int64) error {
	for _, add := range []string{addToRollup, addToDaily} {
		if _, err := tx.ExecContext(ctx, add, taskID, websdrID); err != nil {
			return failed(ctx, "add to rollup", err)
		}
	}
	return nil
}

const subtractFromRollup = `
UPDATE captures_hourly AS h SET
    captures = h.captures - t.captures, attempts = h.attempts - t.attempts, bytes = h.bytes - t.bytes,
    detected = h.detected - t.detected, recorded_s = h.recorded_s - t.recorded_s,
    snr_count = h.snr_count - t.snr_count, snr_sum_db = h.snr_sum_db - t.snr_sum_db,
    snr_sumsq_db2 = h.snr_sumsq_db2 - t.snr_sumsq_db2,
    snr_min_db = iif(h.snr_count = t.snr_count, NULL, h.snr_min_db), snr_max_db = iif(h.snr_count = t.snr_count, NULL, h.snr_max_db),
    offset_count = h.offset_count - t.offset_count, offset_sum_hz = h.offset_sum_hz - t.offset_sum_hz,
    offset_sumsq_hz2 = h.offset_sumsq_hz2 - t.offset_sumsq_hz2,
    offset_min_hz = iif(h.offset_count = t.offset_count, NULL, h.offset_min_hz),
    offset_max_hz = iif(h.offset_count = t.offset_count, NULL, h.offset_max_hz),
    centroid_count = h.centroid_count - t.centroid_count,
    noise_count = h.noise_count - t.noise_count, noise_sum_dbfs_hz = h.noise_sum_dbfs_hz - t.noise_sum_dbfs_hz,
    noise_sumsq_db2 = h.noise_sumsq_db2 - t.noise_sumsq_db2,
    noise_min_dbfs_hz = iif(h.noise_count = t.noise_count, NULL, h.noise_min_dbfs_hz),
    noise_max_dbfs_hz = iif(h.noise_count = t.noise_count, NULL, h.noise_max_dbfs_hz),
    power_count = h.power_count - t.power_count, power_sum_dbfs = h.power_sum_dbfs - t.power_sum_dbfs,
    power_sumsq_db2 = h.power_sumsq_db2 - t.power_sumsq_db2,
    power_min_dbfs = iif(h.power_count = t.power_count, NULL, h.power_min_dbfs),
    power_max_dbfs = iif(h.power_count = t.power_count, NULL, h.power_max_dbfs)
FROM (` + tallyCaptures + oneCapture + tallyGroups + `) AS t
WHERE ` + sameGroup

const selectGroup = `
SELECT h.bucket, h.websdr_id, h.frequency_hz, h.label, h.failure_class, h.deleted
FROM (` + tallyCaptures + oneCapture + tallyGroups + `) AS t JOIN captures_hourly AS h ON ` + sameGroup

const remakeHour = `
INSERT OR REPLACE INTO captures_hourly` + tallyMeasurements + `
  AND m.timestamp_utc >= ?1 AND m.timestamp_utc < ?1 + 3600000000 AND m.websdr_id = ?2 AND m.frequency_hz = ?3
  AND a.label = ?4 AND c.failure_class = ?5` + tallyGroups

const (
	addHours = `
SELECT bucket - (bucket % 86400000000 + 86400000000) % 86400000000 AS bucket, websdr_id, frequency_hz, label, state, failure_class,
       sum(captures) AS captures, sum(deleted) AS deleted, sum(attempts) AS attempts, sum(bytes) AS bytes, max(last_at) AS last_at,
       sum(detected) AS detected, total(recorded_s) AS recorded_s,
       sum(snr_count) AS snr_count, total(snr_sum_db) AS snr_sum_db, total(snr_sumsq_db2) AS snr_sumsq_db2,
       min(snr_min_db) AS snr_min_db, max(snr_max_db) AS snr_max_db,
       sum(offset_count) AS offset_count, total(offset_sum_hz) AS offset_sum_hz, total(offset_sumsq_hz2) AS offset_sumsq_hz2,
       min(offset_min_hz) AS offset_min_hz, max(offset_max_hz) AS offset_max_hz, sum(centroid_count) AS centroid_count,
       sum(noise_count) AS noise_count, total(noise_sum_dbfs_hz) AS noise_sum_dbfs_hz, total(noise_sumsq_db2) AS noise_sumsq_db2,
       min(noise_min_dbfs_hz) AS noise_min_dbfs_hz, max(noise_max_dbfs_hz) AS noise_max_dbfs_hz,
       sum(power_count) AS power_count, total(power_sum_dbfs) AS power_sum_dbfs, total(power_sumsq_db2) AS power_sumsq_db2,
       min(power_min_dbfs) AS power_min_dbfs, max(power_max_dbfs) AS power_max_dbfs
FROM captures_hourly`

	remakeDay = `
INSERT OR REPLACE INTO captures_daily` + addHours + `
WHERE bucket >= ?1 - (?1 % 86400000000 + 86400000000) % 86400000000
  AND bucket < ?1 - (?1 % 86400000000 + 86400000000) % 86400000000 + 86400000000
  AND websdr_id = ?2 AND frequency_hz = ?3 AND label = ?4 AND failure_class = ?5 AND state = 'success'
GROUP BY 1, 2, 3, 4, 5, 6`
)

// reroll runs change, which changes the metrics of one measurement, and brings its rollups up to date: the hour is
// made anew from its rows, since extremes cannot be subtracted. Where some of these rows have been deleted, the rest
// cannot tell: then sums and counts change by the difference, and the extremes can only widen. The day is made anew
// from its hours.
func reroll(ctx context.Context, tx *sql.Tx, key heimdall.MeasurementKey, change func() error) error {
	var bucket, websdrID, frequencyHz, deleted int64
	var label, failureClass string
	err := tx.QueryRowContext(ctx, selectGroup, key.TaskID, key.WebSDRID).
		Scan(&bucket, &websdrID, &frequencyHz, &label, &failureClass, &deleted)
	if err != nil {
		return notFound(err, "measurement of WebSDR %d in acquisition %s", key.WebSDRID, key.TaskID)
	}
	group := []any{bucket, websdrID, frequencyHz, label, failureClass}
	if deleted > 0 {
		if _, err := tx.ExecContext(ctx, subtractFromRollup, key.TaskID, key.WebSDRID); err != nil {
			return failed(ctx, "subtract from rollup", err)
		}
	}
	if err := change(); err != nil {
		return err
	}
	if deleted > 0 {
		_, err = tx.ExecContext(ctx, addToRollup, key.TaskID, key.WebSDRID)
	} else {
		_, err = tx.ExecContext(ctx, remakeHour, group...)
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, remakeDay, group...)
	}
	return failed(ctx, "make rollup anew", err)
}

const rollDeleted = `
UPDATE captures_hourly AS h SET deleted = h.deleted + t.captures
FROM (` + tallyCaptures + ` AND c.task_id IN (SELECT value FROM json_each(?))` + tallyGroups + `) AS t
WHERE ` + sameGroup

// Counts are compared always, sums and extremes where no row has been deleted. By the inequality of Cauchy and
// Schwarz, count * sumsq bounds the square of the sum of the magnitudes, which is what rounding errors grow with.
const (
	hoursDiffer = `
WITH t AS MATERIALIZED (` + tallyCaptures + tallyGroups + `)` + hoursDifferFromT

	daysDiffer = `
WITH t AS MATERIALIZED (` + addHours + ` GROUP BY 1, 2, 3, 4, 5, 6)`

	hoursDifferFromT = `
SELECT '', t.websdr_id, printf('hour of %s, %d Hz, label "%s", %s %s: the rows make %d captures with an SNR sum of %.9g dB, the rollup says %s and %.9g',
    strftime('%FT%TZ', t.bucket / 1000000, 'unixepoch'), t.frequency_hz, t.label, t.state, t.failure_class, t.captures - t.deleted, t.snr_sum_db,
    COALESCE(h.captures - h.deleted, 'nothing'), h.snr_sum_db)
FROM t LEFT JOIN captures_hourly AS h ON ` + sameGroup + `
WHERE h.bucket IS NULL OR h.captures - h.deleted <> t.captures - t.deleted OR h.deleted = t.deleted AND (
    (h.attempts, h.bytes, h.last_at, h.detected, h.snr_count, h.offset_count, h.centroid_count, h.noise_count, h.power_count)
        <> (t.attempts, t.bytes, t.last_at, t.detected, t.snr_count, t.offset_count, t.centroid_count, t.noise_count, t.power_count)
    OR h.snr_min_db IS NOT t.snr_min_db OR h.snr_max_db IS NOT t.snr_max_db
    OR h.offset_min_hz IS NOT t.offset_min_hz OR h.offset_max_hz IS NOT t.offset_max_hz
    OR h.noise_min_dbfs_hz IS NOT t.noise_min_dbfs_hz OR h.noise_max_dbfs_hz IS NOT t.noise_max_dbfs_hz
    OR h.power_min_dbfs IS NOT t.power_min_dbfs OR h.power_max_dbfs IS NOT t.power_max_dbfs
    OR abs(h.recorded_s - t.recorded_s) > 1e-9 * t.recorded_s
    OR abs(h.snr_sumsq_db2 - t.snr_sumsq_db2) > 1e-9 * t.snr_sumsq_db2
    OR abs(h.offset_sumsq_hz2 - t.offset_sumsq_hz2) > 1e-9 * t.offset_sumsq_hz2
    OR abs(h.noise_sumsq_db2 - t.noise_sumsq_db2) > 1e-9 * t.noise_sumsq_db2
    OR abs(h.power_sumsq_db2 - t.power_sumsq_db2) > 1e-9 * t.power_sumsq_db2
    OR (h.snr_sum_db - t.snr_sum_db) * (h.snr_sum_db - t.snr_sum_db) > 1e-18 * t.snr_count * t.snr_sumsq_db2
    OR (h.offset_sum_hz - t.offset_sum_hz) * (h.offset_sum_hz - t.offset_sum_hz) > 1e-18 * t.offset_count * t.offset_sumsq_hz2
    OR (h.noise_sum_dbfs_hz - t.noise_sum_dbfs_hz) * (h.noise_sum_dbfs_hz - t.noise_sum_dbfs_hz) > 1e-18 * t.noise_count * t.noise_sumsq_db2
    OR (h.power_sum_dbfs - t.power_sum_dbfs) * (h.power_sum_dbfs - t.power_sum_dbfs) > 1e-18 * t.power_count * t.power_sumsq_db2)
UNION ALL
SELECT '', h.websdr_id, printf('hour %s, %d Hz, label "%s", %s %s: no rows, the rollup says %d captures of which %d are deleted',
    strftime('%FT%TZ', h.bucket / 1000000, 'unixepoch'), h.frequency_hz, h.label, h.state, h.failure_class, h.captures, h.deleted)
FROM captures_hourly AS h LEFT JOIN t ON ` + sameGroup + `
WHERE t.bucket IS NULL AND h.captures <> h.deleted`
)
