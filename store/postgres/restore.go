package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const restoreLastWebSDRID = `
SELECT setval('websdr_ids', $1::bigint) FROM websdr_ids WHERE NOT is_called OR last_value < $1::bigint`

// RestoreWebSDR stores a WebSDR under the id and with the times that it had. One that is there already stays as it
// is, and restored is false; a name that another one has is ErrExists. Ids given later are above this one.
func (s *Store) RestoreWebSDR(ctx context.Context, w heimdall.WebSDR) (restored bool, err error) {
	err = s.write(ctx, "restore WebSDR", func(tx pgx.Tx) error {
		restored = false
		if _, err := tx.Exec(ctx, lockWebSDRs); err != nil {
			return err
		}
		if _, err := getWebSDR(ctx, tx, w.ID); !errors.Is(err, heimdall.ErrNotFound) {
			return err
		}
		if err := checkRestoredWebSDR(&w); err != nil {
			return err
		}
		if err := stampRestored(ctx, tx, &w); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, restoreLastWebSDRID, w.ID); err != nil {
			return err
		}
		args, err := values(websdrColumns(&w))
		if err == nil {
			_, err = tx.Exec(ctx, insertWebSDR, args...)
		}
		restored = err == nil
		return takenName(err, w.Name)
	})
	return restored && err == nil, err
}

func checkRestoredWebSDR(w *heimdall.WebSDR) error {
	var bad heimdall.InvalidError
	if w.ID < 1 || w.ID > 1<<31-1 {
		bad.Add("websdr_id", "must be from 1 to 2147483647, not %d", w.ID)
	}
	if invalid, ok := w.Validate().(*heimdall.InvalidError); ok {
		bad.Fields = append(bad.Fields, invalid.Fields...)
	}
	return bad.Err()
}

// stampRestored sees to it that w has times.
func stampRestored(ctx context.Context, tx pgx.Tx, w *heimdall.WebSDR) (err error) {
	if w.CreatedAt.IsZero() {
		w.CreatedAt, err = moment(ctx, tx)
	}
	if w.UpdatedAt.IsZero() {
		w.UpdatedAt = w.CreatedAt
	}
	return err
}

const (
	insertRestoredAcquisition = `
INSERT INTO acquisitions (task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz,
       channel_center_hz, channel_bandwidth_hz, start_at, join_timeout_seconds,
       state, cancel_requested, reason, created_at, started_at, ended_at, window_start, claims, fence,
       priority, deadline, origin)
VALUES ($1, $2, $3, $4, $5, $6,
        $7, $8, $9, $10,
        $11, $12, $13, $14, $15, $16, $17, $18::integer, $18::integer,
        $19, $20, $21)
ON CONFLICT (task_id) DO NOTHING`

	insertLegacyMetrics = `
INSERT INTO legacy_metrics (task_id, websdr_id, timestamp_utc, source, snr_db, psd_dbm, frequency_offset_hz, signal_power_dbm,
       noise_power_dbm, power_dbm, s3_path)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	selectLegacyMetrics = `
SELECT task_id, websdr_id, timestamp_utc, source, snr_db, psd_dbm, frequency_offset_hz, signal_power_dbm,
       noise_power_dbm, power_dbm, s3_path
FROM legacy_metrics WHERE task_id = $1 ORDER BY websdr_id, timestamp_utc, source`
)

// legacyColumns are in the order of insertLegacyMetrics and selectLegacyMetrics.
func legacyColumns(l *heimdall.LegacyMetrics) []column {
	return []column{
		{"task_id", &l.TaskID}, {"websdr_id", &l.WebSDRID}, {"timestamp_utc", micros{&l.Timestamp}}, {"source", &l.Source},
		{"snr_db", &l.SNRdB}, {"psd_dbm", &l.PSDdBM}, {"frequency_offset_hz", &l.FrequencyOffsetHz},
		{"signal_power_dbm", &l.SignalPowerDBM}, {"noise_power_dbm", &l.NoisePowerDBM}, {"power_dbm", &l.PowerDBM},
		{"s3_path", &l.S3Path},
	}
}

// LegacyMetrics returns what another system gave for the recordings of an acquisition, in order of WebSDR and time.
func (s *Store) LegacyMetrics(ctx context.Context, taskID string) ([]heimdall.LegacyMetrics, error) {
	const do = "list legacy metrics"
	id, err := parseTaskID(taskID)
	if err != nil {
		return []heimdall.LegacyMetrics{}, failed(ctx, do, s.pool.Ping(ctx)) // nobody's
	}
	rows, err := s.pool.Query(ctx, selectLegacyMetrics, id)
	list, err := all(rows, err, func(r row) (l heimdall.LegacyMetrics, err error) {
		err = r.Scan(fields(legacyColumns(&l))...)
		return l, err
	})
	return list, failed(ctx, do, err)
}

// RestoreAcquisition stores an acquisition that has ended, with its captures, measurements and rollups, in one
// transaction. Its WebSDRs must be there. One that is there already stays as it is, and restored is false: it is
// ErrConflict if it is another one by its states or recordings. One that the journal of deletions knows is ErrDeleted.
func (s *Store) RestoreAcquisition(ctx context.Context, r heimdall.RestoredAcquisition) (restored bool, err error) {
	const do = "restore acquisition"
	if err := checkRestored(&r); err != nil {
		return false, failed(ctx, do, err)
	}
	err = s.write(ctx, do, func(tx pgx.Tx) (err error) {
		restored, err = s.restore(ctx, tx, &r)
		return err
	})
	return restored && err == nil, err
}

// checkRestored names every field that is wrong.
func checkRestored(r *heimdall.RestoredAcquisition) error {
	var bad heimdall.InvalidError
	add := func(before string, err error) {
		if invalid, ok := err.(*heimdall.InvalidError); ok {
			for _, f := range invalid.Fields {
				bad.Add(before+f.Field, "%s", f.Message)
			}
		}
	}
	add("", r.Validate())
	add("", checkFinite(acquisitionColumns(&r.Acquisition)))
	for i := range r.Captures {
		if rec := r.Captures[i].Recording; rec != nil {
			add(fmt.Sprintf("captures[%d].", i), checkFinite(recordingColumns(rec)))
		}
	}
	for i := range r.Measurements {
		add(fmt.Sprintf("measurements[%d].", i), checkFinite(measurementColumns(&r.Measurements[i])))
	}
	for i := range r.Legacy {
		add(fmt.Sprintf("legacy[%d].", i), checkFinite(legacyColumns(&r.Legacy[i])))
	}
	return bad.Err()
}

// restore writes what an acquisition and its captures went through as if it had happened here. The fence is that of
// its claims: nobody holds a lease of it. Of two that restore the same at once the second waits at the first row.
func (s *Store) restore(ctx context.Context, tx pgx.Tx, r *heimdall.RestoredAcquisition) (restored bool, err error) {
	a := &r.Acquisition
	id, err := parseTaskID(a.TaskID)
	if err != nil {
		return false, err
	}
	switch d, err := scanDeletion(tx.QueryRow(ctx, selectDeletion, id)); {
	case err == nil:
		return false, fmt.Errorf("acquisition %s, %s: %w", a.TaskID, d.Reason, heimdall.ErrDeleted)
	case !errors.Is(err, pgx.ErrNoRows):
		return false, err
	}
	if err := checkKnown(ctx, tx, a.WebSDRIDs); err != nil {
		return false, err
	}
	inserted, err := insertRestored(ctx, tx, a)
	if err != nil {
		return false, err
	}
	if !inserted {
		return false, compare(ctx, tx, r)
	}
	if _, err := tx.Exec(ctx, insertCaptures, id, a.WebSDRIDs); err != nil {
		return false, err
	}
	writes, err := s.endings(r)
	if err != nil {
		return false, err
	}
	return true, tx.SendBatch(ctx, writes).Close()
}

func insertRestored(ctx context.Context, tx pgx.Tx, a *heimdall.Acquisition) (inserted bool, err error) {
	var columns []column
	for _, c := range acquisitionColumns(a) {
		if c.name != "websdrs" {
			columns = append(columns, c)
		}
	}
	args, err := values(columns)
	if err != nil {
		return false, err
	}
	result, err := tx.Exec(ctx, insertRestoredAcquisition, args...)
	if isTaken(err) {
		return false, fmt.Errorf("the idempotency key %q of acquisition %s is another one's: %w", a.IdempotencyKey, a.TaskID, heimdall.ErrConflict)
	}
	return err == nil && result.RowsAffected() > 0, err
}

// compare is ErrConflict when what is there is not what was to be restored.
func compare(ctx context.Context, tx pgx.Tx, r *heimdall.RestoredAcquisition) error {
	a, err := getAcquisition(ctx, tx, r.Acquisition.TaskID)
	if err != nil {
		return err
	}
	captures, err := capturesOf(ctx, tx, a.TaskID)
	if err != nil {
		return err
	}
	if how := r.Differs(a, captures); how != "" {
		return fmt.Errorf("acquisition %s is there already, but %s: %w", a.TaskID, how, heimdall.ErrConflict)
	}
	return nil
}

// endings are the captures' ends: rows, rollups and then measurements, in the order in which everybody writes them.
func (s *Store) endings(r *heimdall.RestoredAcquisition) (*pgx.Batch, error) {
	measurements := make(map[int64]*heimdall.Measurement, len(r.Measurements))
	for i := range r.Measurements {
		measurements[r.Measurements[i].WebSDRID] = &r.Measurements[i]
	}
	var rows, numbers [][]any
	var ends []ending
	for _, c := range r.Captures {
		m := measurements[c.WebSDRID]
		row, number, err := finishedValues(&c, m)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		if m != nil {
			numbers = append(numbers, number)
		}
		ends = append(ends, ending{capture: c, measurement: m, frequencyHz: r.Acquisition.FrequencyHz, label: storable(r.Acquisition.Label)})
	}
	writes := &pgx.Batch{}
	writes.Queue(useIndexes, true)
	writes.Queue(finishCaptures, transposed(rows)...)
	queueRollups(writes, ends)
	for i := range r.Legacy {
		args, err := values(legacyColumns(&r.Legacy[i]))
		if err != nil {
			return nil, err
		}
		writes.Queue(insertLegacyMetrics, args...)
	}
	if len(numbers) > 0 {
		if s.can.Compression() {
			writes.Queue(decompressAny)
		}
		writes.Queue(insertMeasurements, transposed(numbers)...)
	}
	return writes, nil
}

// checkKnown names the WebSDRs that are not there. Those that are stay as long as the transaction.
func checkKnown(ctx context.Context, tx pgx.Tx, ids []int64) error {
	rows, err := tx.Query(ctx, selectWebSDRsAsked, ids)
	known, err := all(rows, err, scanWebSDR)
	if err != nil || len(known) == len(ids) {
		return err
	}
	there := make(map[int64]bool, len(known))
	for _, w := range known {
		there[w.ID] = true
	}
	var bad heimdall.InvalidError
	for _, id := range ids {
		if !there[id] {
			bad.Add("websdrs", "names %d, which is not there: restore it first", id)
		}
	}
	return bad.Err()
}
