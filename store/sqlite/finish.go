package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

const finishCapture = `
UPDATE captures
SET state = ?, phase = 'done', attempts = ?, next_attempt_at = NULL, failure_class = ?, reason = ?, bytes_received = ?,
    elapsed_seconds = ?, started_at = COALESCE(?, started_at), ended_at = ?
WHERE task_id = ? AND websdr_id = ?`

const setRecording = `
UPDATE captures
SET s3_path = ?, datatype = ?, sample_rate_hz = ?, nominal_rate_hz = ?, frequency_hz = ?, passband_low_hz = ?,
    passband_high_hz = ?, samples_count = ?, expected_samples = ?, bytes = ?, sha256 = ?, start_unix_ns = ?,
    start_skew_s = ?, time_quality = ?, time_uncertainty_s = ?, time_residual_s = ?, gps_age_max_s = ?, gaps = ?,
    overloads = ?, s_meter_dbm = ?, dialect = ?, zero_if = ?, planned_samples = ?
WHERE task_id = ? AND websdr_id = ?`

// FinishCapture ends a capture, together with its measurement if it succeeded, and its rollup. That the row is found not yet
// ended, in the transaction that stores the measurement, is what makes it happen exactly once.
func (s *Store) FinishCapture(ctx context.Context, l acquire.Lease, c heimdall.Capture, m *heimdall.Measurement) error {
	const do = "finish capture"
	if err := checkEnd(l, c, m); err != nil {
		return failed(ctx, do, err)
	}
	err := s.share(ctx, do, func(tx *sql.Tx) error {
		if err := holdRunning(ctx, tx, l); err != nil {
			return err
		}
		old, err := getCapture(ctx, tx, c.TaskID, c.WebSDRID)
		if err != nil || old.State.Ended() {
			return err
		}
		if !old.State.MayBecome(c.State) {
			return fmt.Errorf("the capture of WebSDR %d is %s and cannot become %s, save its progress as running first: %w",
				c.WebSDRID, old.State, c.State, heimdall.ErrConflict)
		}
		if c.EndedAt.IsZero() {
			c.EndedAt = s.moment()
		}
		if err := s.end(ctx, tx, c, m); err != nil {
			return err
		}
		return s.tell(ctx, tx, heimdall.CaptureEvent(&c, m))
	})
	if err == nil {
		s.bell.ring()
	}
	return err
}

// end writes how a capture ended, with its measurement and its rollups.
func (s *Store) end(ctx context.Context, tx *sql.Tx, c heimdall.Capture, m *heimdall.Measurement) error {
	_, err := tx.ExecContext(ctx, finishCapture, c.State, c.Attempts, c.FailureClass, c.Reason, c.BytesReceived,
		seconds{&c.Elapsed}, micros{&c.StartedAt}, micros{&c.EndedAt}, c.TaskID, c.WebSDRID)
	if err != nil {
		return err
	}
	if m == nil {
		return s.roll(ctx, tx, c.TaskID, c.WebSDRID)
	}
	if _, err := tx.ExecContext(ctx, setRecording, append(fields(recordingColumns(c.Recording)), c.TaskID, c.WebSDRID)...); err != nil {
		return err
	}
	if err := addMeasurement(ctx, tx, m); err != nil {
		return err
	}
	return s.roll(ctx, tx, c.TaskID, c.WebSDRID)
}

// checkEnd refuses an end that the whole-state check would complain of, naming every field that is wrong.
func checkEnd(l acquire.Lease, c heimdall.Capture, m *heimdall.Measurement) error {
	var bad heimdall.InvalidError
	if c.TaskID != l.TaskID {
		bad.Add("task_id", "must be %s, the acquisition leased, not %q", l.TaskID, c.TaskID)
	}
	switch c.State {
	case heimdall.Success:
		if c.Recording == nil {
			bad.Add("recording", "must come with a success")
		}
		if m == nil {
			bad.Add("measurement", "must come with a success")
		}
		if c.Recording != nil && m != nil {
			checkAgree(&bad, c, m)
		}
	case heimdall.Failed, heimdall.Cancelled:
		if c.Recording != nil {
			bad.Add("recording", "must only come with a success")
		}
		if m != nil {
			bad.Add("measurement", "must only come with a success")
		}
	default:
		bad.Add("state", "must be success, failed or cancelled, not %q", c.State)
	}
	return bad.Err()
}

// checkAgree checks that m is the measurement of c's recording.
func checkAgree(bad *heimdall.InvalidError, c heimdall.Capture, m *heimdall.Measurement) {
	r := c.Recording
	if r.S3Path == "" || m.S3Path != r.S3Path {
		bad.Add("s3_path", "must be the same key in recording and measurement, not %q and %q", r.S3Path, m.S3Path)
	}
	if r.SamplesCount <= 0 || m.SamplesCount != r.SamplesCount {
		bad.Add("samples_count", "must be the same and above 0 in recording and measurement, not %d and %d", r.SamplesCount, m.SamplesCount)
	}
	if r.Bytes <= 0 {
		bad.Add("bytes", "must be above 0, not %d", r.Bytes)
	}
	if len(r.SHA256) != 64 {
		bad.Add("sha256", "must have 64 hexadecimal digits, not %q", r.SHA256)
	}
	if r.Start.IsZero() || !m.Timestamp.Truncate(time.Microsecond).Equal(r.Start.Truncate(time.Microsecond)) {
		bad.Add("timestamp_utc", "must be the start of the recording, %v, not %v", r.Start, m.Timestamp)
	}
	if m.TaskID != c.TaskID || m.WebSDRID != c.WebSDRID {
		bad.Add("websdr_id", "must be the capture's in the measurement: %s/%d, not %s/%d", c.TaskID, c.WebSDRID, m.TaskID, m.WebSDRID)
	}
	for _, columns := range [][]column{recordingColumns(r), measurementColumns(m)} {
		if e, ok := checkFinite(columns).(*heimdall.InvalidError); ok {
			bad.Fields = append(bad.Fields, e.Fields...)
		}
	}
}
