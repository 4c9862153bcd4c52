package postgres

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// FinishCapture ends a capture, together with its measurement if it succeeded, and its rollups. That the row is found
// not yet ended, in the transaction that stores the measurement, is what makes it happen exactly once.
//
// Captures that end at the same time share a transaction; see writer.go.
func (s *Store) FinishCapture(ctx context.Context, l acquire.Lease, c heimdall.Capture, m *heimdall.Measurement) error {
	const do = "finish capture"
	if err := checkEnd(l, c, m); err != nil {
		return failed(ctx, do, err)
	}
	f, err := newFinishing(ctx, l, c, m)
	if err == nil {
		err = s.enqueue(f)
	}
	return failed(ctx, do, err)
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
