package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

// RestoreWebSDR stores a WebSDR under the id and with the times that it had. One that is there already stays as it
// is, and restored is false; a name that another one has is ErrExists. Ids given later are above this one.
func (s *Store) RestoreWebSDR(ctx context.Context, w heimdall.WebSDR) (restored bool, err error) {
	err = s.write(ctx, "restore WebSDR", func(tx *sql.Tx) error {
		if _, err := getWebSDR(ctx, tx, w.ID); !errors.Is(err, heimdall.ErrNotFound) {
			return err
		}
		if err := checkRestoredWebSDR(&w); err != nil {
			return err
		}
		if w.CreatedAt.IsZero() {
			w.CreatedAt = s.moment()
		}
		if w.UpdatedAt.IsZero() {
			w.UpdatedAt = w.CreatedAt
		}
		_, err := tx.ExecContext(ctx, insertWebSDR, fields(websdrColumns(&w))...)
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

const (
	insertRestoredAcquisition = `
INSERT INTO acquisitions (task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz,
       channel_center_hz, channel_bandwidth_hz, start_at, join_timeout_seconds,
       state, cancel_requested, reason, created_at, started_at, ended_at, window_start, claims,
       priority, deadline, origin, fence)
VALUES (?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?,
        ?, ?, ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?)`

	insertLegacyMetrics = `
INSERT INTO legacy_metrics (task_id, websdr_id, timestamp_utc, source, snr_db, psd_dbm, frequency_offset_hz, signal_power_dbm,
       noise_power_dbm, power_dbm, s3_path)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	selectLegacyMetrics = `
SELECT task_id, websdr_id, timestamp_utc, source, snr_db, psd_dbm, frequency_offset_hz, signal_power_dbm,
       noise_power_dbm, power_dbm, s3_path
FROM legacy_metrics WHERE task_id = ? ORDER BY websdr_id, timestamp_utc, source`
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
	rows, err := s.reader.QueryContext(ctx, selectLegacyMetrics, taskID)
	list, err := all(rows, err, func(r row) (l heimdall.LegacyMetrics, err error) {
		err = r.Scan(fields(legacyColumns(&l))...)
		return l, err
	})
	return list, failed(ctx, "list legacy metrics", err)
}

// RestoreAcquisition stores an acquisition that has ended, with its captures, measurements and rollups, in one
// transaction. Its WebSDRs must be there. One that is there already stays as it is, and restored is false: it is
// ErrConflict if it is another one by its states or recordings. One that the journal of deletions knows is ErrDeleted.
func (s *Store) RestoreAcquisition(ctx context.Context, r heimdall.RestoredAcquisition) (restored bool, err error) {
	const do = "restore acquisition"
	if err := checkRestored(&r); err != nil {
		return false, failed(ctx, do, err)
	}
	err = s.write(ctx, do, func(tx *sql.Tx) error {
		present, err := isPresent(ctx, tx, &r)
		if present || err != nil {
			return err
		}
		restored = true
		return s.restore(ctx, tx, &r)
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

func isPresent(ctx context.Context, tx *sql.Tx, r *heimdall.RestoredAcquisition) (bool, error) {
	taskID := r.Acquisition.TaskID
	switch d, err := getDeletion(ctx, tx, taskID); {
	case err == nil:
		return false, fmt.Errorf("acquisition %s, %s: %w", taskID, d.Reason, heimdall.ErrDeleted)
	case !errors.Is(err, heimdall.ErrNotFound):
		return false, err
	}
	a, err := getAcquisition(ctx, tx, taskID)
	if errors.Is(err, heimdall.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	captures, err := capturesOf(ctx, tx, taskID)
	if err != nil {
		return false, err
	}
	if how := r.Differs(a, captures); how != "" {
		return true, fmt.Errorf("acquisition %s is there already, but %s: %w", taskID, how, heimdall.ErrConflict)
	}
	return true, nil
}

const insertCapture = `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
VALUES (?, ?, ?, 'pending', 'waiting', 0, '', '', 0, 0)`

// restore writes what an acquisition and its captures went through as if it had happened here. The fence is that of
// its claims: nobody holds a lease of it.
func (s *Store) restore(ctx context.Context, tx *sql.Tx, r *heimdall.RestoredAcquisition) error {
	a := &r.Acquisition
	if err := checkKnown(ctx, tx, a.WebSDRIDs); err != nil {
		return err
	}
	if err := insertRestored(ctx, tx, a); err != nil {
		return err
	}
	position := make(map[int64]int, len(a.WebSDRIDs))
	for i, id := range a.WebSDRIDs {
		position[id] = i
	}
	measurements := make(map[int64]*heimdall.Measurement, len(r.Measurements))
	for i := range r.Measurements {
		measurements[r.Measurements[i].WebSDRID] = &r.Measurements[i]
	}
	for i := range r.Captures {
		c := r.Captures[i]
		if _, err := tx.ExecContext(ctx, insertCapture, c.TaskID, c.WebSDRID, position[c.WebSDRID]); err != nil {
			return err
		}
		if err := s.end(ctx, tx, c, measurements[c.WebSDRID]); err != nil {
			return err
		}
	}
	for i := range r.Legacy {
		if _, err := tx.ExecContext(ctx, insertLegacyMetrics, fields(legacyColumns(&r.Legacy[i]))...); err != nil {
			return err
		}
	}
	return nil
}

func insertRestored(ctx context.Context, tx *sql.Tx, a *heimdall.Acquisition) error {
	var args []any
	for _, c := range acquisitionColumns(a) {
		if c.name != "websdrs" {
			args = append(args, c.field)
		}
	}
	_, err := tx.ExecContext(ctx, insertRestoredAcquisition, append(args, a.Claims)...)
	if isTaken(err) {
		err = fmt.Errorf("the idempotency key %q of acquisition %s is another one's: %w", a.IdempotencyKey, a.TaskID, heimdall.ErrConflict)
	}
	return err
}

// checkKnown names the WebSDRs that are not there.
func checkKnown(ctx context.Context, tx *sql.Tx, ids []int64) error {
	known, err := listWebSDRs(ctx, tx, heimdall.WebSDRFilter{IDs: ids})
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
