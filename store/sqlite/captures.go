package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

const selectCaptures = `
SELECT task_id, websdr_id, state,
       phase, attempts, next_attempt_at, failure_class, reason, bytes_received, elapsed_seconds, started_at, ended_at,
       s3_path, datatype, sample_rate_hz, nominal_rate_hz, frequency_hz, passband_low_hz, passband_high_hz,
       samples_count, expected_samples, bytes, sha256, start_unix_ns, start_skew_s, time_quality, time_uncertainty_s,
       time_residual_s, gps_age_max_s, gaps, overloads, s_meter_dbm, dialect, zero_if, planned_samples
FROM captures`

// captureColumns and recordingColumns are in the order of selectCaptures.
func captureColumns(c *heimdall.Capture) []column {
	return []column{
		{"task_id", &c.TaskID}, {"websdr_id", &c.WebSDRID}, {"state", &c.State},
		{"phase", &c.Phase}, {"attempts", &c.Attempts}, {"next_attempt_at", micros{&c.NextAttemptAt}},
		{"failure_class", &c.FailureClass}, {"reason", &c.Reason}, {"bytes_received", &c.BytesReceived},
		{"elapsed_seconds", seconds{&c.Elapsed}}, {"started_at", micros{&c.StartedAt}}, {"ended_at", micros{&c.EndedAt}},
	}
}

func recordingColumns(r *heimdall.Recording) []column {
	return []column{
		{"s3_path", orZero[string]{&r.S3Path}}, {"datatype", orZero[string]{&r.Datatype}},
		{"sample_rate_hz", orZero[float64]{&r.SampleRateHz}}, {"nominal_rate_hz", orZero[float64]{&r.NominalRateHz}},
		{"frequency_hz", orZero[int64]{&r.FrequencyHz}},
		{"passband_low_hz", orZero[float64]{&r.PassbandLowHz}}, {"passband_high_hz", orZero[float64]{&r.PassbandHighHz}},
		{"samples_count", orZero[int64]{&r.SamplesCount}}, {"expected_samples", orZero[int64]{&r.ExpectedSamples}},
		{"bytes", orZero[int64]{&r.Bytes}}, {"sha256", orZero[string]{&r.SHA256}},
		{"start_unix_ns", nanos{&r.Start}}, {"start_skew_s", seconds{&r.StartSkew}},
		{"time_quality", orZero[heimdall.TimeQuality]{&r.TimeQuality}},
		{"time_uncertainty_s", orZero[float64]{&r.TimeUncertaintyS}}, {"time_residual_s", orZero[float64]{&r.TimeResidualS}},
		{"gps_age_max_s", orZero[int]{&r.GPSAgeMaxS}}, {"gaps", list[heimdall.Gap]{&r.Gaps}},
		{"overloads", orZero[int64]{&r.Overloads}}, {"s_meter_dbm", &r.SMeterDBM}, {"dialect", orZero[string]{&r.Dialect}},
		{"zero_if", &r.ZeroIF}, {"planned_samples", orZero[int64]{&r.PlannedSamples}},
	}
}

func scanCapture(r row) (c heimdall.Capture, err error) {
	var rec heimdall.Recording
	err = r.Scan(fields(append(captureColumns(&c), recordingColumns(&rec)...))...)
	if rec.S3Path != "" {
		c.Recording = &rec
	}
	return c, err
}

const selectCapturesOf = selectCaptures + ` WHERE task_id = ? ORDER BY websdr_id`

func capturesOf(ctx context.Context, q querier, taskID string) ([]heimdall.Capture, error) {
	rows, err := q.QueryContext(ctx, selectCapturesOf, taskID)
	return all(rows, err, scanCapture)
}

const selectCapture = selectCaptures + ` WHERE task_id = ? AND websdr_id = ?`

// Capture returns one WebSDR's part of an acquisition, or ErrNotFound.
func (s *Store) Capture(ctx context.Context, taskID string, websdrID int64) (heimdall.Capture, error) {
	c, err := getCapture(ctx, s.reader, taskID, websdrID)
	return c, failed(ctx, "get capture", err)
}

func getCapture(ctx context.Context, q querier, taskID string, websdrID int64) (heimdall.Capture, error) {
	c, err := scanCapture(q.QueryRowContext(ctx, selectCapture, taskID, websdrID))
	return c, notFound(err, "capture of WebSDR %d in acquisition %s", websdrID, taskID)
}

// Captures returns a page of captures, newest acquisition first (by task_id, which grows with time), then by
// websdr_id.
func (s *Store) Captures(ctx context.Context, f heimdall.CaptureFilter) ([]heimdall.Capture, error) {
	const do = "list captures"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if f.TaskID != "" {
		w.add("task_id = ?", f.TaskID)
	}
	if f.WebSDRID != 0 {
		w.add("websdr_id = ?", f.WebSDRID)
	}
	if err := w.addStates(f.States); err != nil {
		return nil, failed(ctx, do, err)
	}
	if f.FailureClass != "" {
		w.add("failure_class = ?", f.FailureClass)
	}
	if !f.From.IsZero() {
		w.add("started_at >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("started_at < ?", ceilMicros(f.To))
	}
	if err := s.addPlaces(ctx, &w, f); err != nil {
		return nil, failed(ctx, do, err)
	}
	if f.AfterTaskID != "" {
		w.add("task_id <= ?", f.AfterTaskID)
		w.add("(task_id < ? OR websdr_id > ?)", f.AfterTaskID, f.AfterWebSDRID)
	}
	rows, err := s.reader.QueryContext(ctx, selectCaptures+w.String()+`
ORDER BY task_id DESC, websdr_id LIMIT ?`, append(w.args, f.Limit)...)
	out, err := all(rows, err, scanCapture)
	return out, failed(ctx, do, err)
}

const selectRecordings = selectCaptures + ` WHERE s3_path > ? ORDER BY s3_path LIMIT ?`

// RecordingKeys yields every capture that has a recording, in order of its key, so that it can be compared with a
// list of the objects. It reads page by page: what is stored meanwhile may be missing.
func (s *Store) RecordingKeys(ctx context.Context) iter.Seq2[heimdall.Capture, error] {
	return func(yield func(heimdall.Capture, error) bool) {
		for after := ""; ; {
			rows, err := s.reader.QueryContext(ctx, selectRecordings, after, streamPage)
			page, err := all(rows, err, scanCapture)
			if err != nil {
				yield(heimdall.Capture{}, failed(ctx, "list recordings", err))
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
				after = c.Recording.S3Path
			}
			if len(page) < streamPage {
				return
			}
		}
	}
}

const saveProgress = `
UPDATE captures
SET state = ?, phase = ?, attempts = ?, next_attempt_at = ?, failure_class = ?, reason = ?, bytes_received = ?,
    elapsed_seconds = ?, started_at = COALESCE(?, started_at)
WHERE task_id = ? AND websdr_id = ? AND state IN ('pending', 'running')`

// SaveProgress records what captures are doing. Those that have ended stay as they are.
func (s *Store) SaveProgress(ctx context.Context, l acquire.Lease, captures []heimdall.Capture) error {
	const do = "save progress"
	for _, c := range captures {
		if err := checkProgress(l, c); err != nil {
			return failed(ctx, do, err)
		}
	}
	return s.share(ctx, do, func(tx *sql.Tx) error {
		if err := holdRunning(ctx, tx, l); err != nil {
			return err
		}
		for _, c := range captures {
			result, err := tx.ExecContext(ctx, saveProgress, c.State, c.Phase, c.Attempts, micros{&c.NextAttemptAt},
				c.FailureClass, c.Reason, c.BytesReceived, seconds{&c.Elapsed}, micros{&c.StartedAt}, l.TaskID, c.WebSDRID)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); n > 0 || err != nil {
				continue
			}
			if _, err := getCapture(ctx, tx, l.TaskID, c.WebSDRID); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkProgress(l acquire.Lease, c heimdall.Capture) error {
	var bad heimdall.InvalidError
	if c.TaskID != l.TaskID {
		bad.Add("task_id", "must be %s, the acquisition leased, not %q", l.TaskID, c.TaskID)
	}
	if c.State != heimdall.Pending && c.State != heimdall.Running {
		bad.Add("state", "must be pending or running, not %q: captures are ended by FinishCapture", c.State)
	}
	return bad.Err()
}
