package acquire

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/collect"
)

// A Lease is a worker's hold on an acquisition. Fence grows with every claim, and every write checks it, so
// that a worker whose lease was lost changes nothing.
type Lease struct {
	TaskID string
	Worker string
	Fence  int64
}

// A Job is a claimed acquisition with its captures, in order of websdr_id.
type Job struct {
	Lease
	Acquisition heimdall.Acquisition
	Captures    []heimdall.Capture
}

// A Store is what acquiring asks of a database. Every write is one transaction, durable on return, and may
// be repeated: the second time changes nothing. Those that take a Lease return
// heimdall.ErrLost when it is no longer held. Methods are safe for concurrent use and return promptly when ctx is cancelled.
type Store interface {
	collect.Store

	// Uncollected returns a page of the acquisitions that have ended and whose collection is still to be written, in
	// order of task_id, after the one given.
	Uncollected(ctx context.Context, afterTaskID string, limit int) ([]string, error)

	// Claim takes the oldest acquisition that is pending and due, or that is running under an expired lease,
	// sets it running with a new fence and returns it; heimdall.ErrNoWork when there is none. An acquisition
	// is due when its StartAt is zero or at most ahead away.
	Claim(ctx context.Context, worker string, lease, ahead time.Duration) (*Job, error)

	// Extend renews the lease and reports whether cancellation was asked for.
	Extend(ctx context.Context, l Lease, lease time.Duration) (cancelRequested bool, err error)

	// SetWindow records the start of the agreed common window.
	SetWindow(ctx context.Context, l Lease, start time.Time) error

	// SaveProgress records what captures that have not ended are doing: state (pending or running), phase,
	// attempts, next attempt, failure so far, bytes, elapsed time, start. Captures that have ended stay as they are.
	SaveProgress(ctx context.Context, l Lease, captures []heimdall.Capture) error

	// FinishCapture ends a capture. A success carries its Recording and comes with its measurement, and both
	// are stored or neither is; any other state comes with nil. A capture that has already ended stays as it
	// is, and that is no error.
	FinishCapture(ctx context.Context, l Lease, c heimdall.Capture, m *heimdall.Measurement) error

	// FinishAcquisition ends an acquisition all of whose captures have ended, and gives up the lease.
	FinishAcquisition(ctx context.Context, l Lease, state heimdall.State, reason string) error

	// Release hands an unfinished acquisition back: it is pending again and its lease is gone.
	Release(ctx context.Context, l Lease) error

	// Wait returns when there may be something to claim: at once if something was created, released or
	// cancelled since the last Wait, otherwise when that happens or after poll.
	Wait(ctx context.Context, poll time.Duration) error
}
