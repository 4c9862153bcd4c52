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

	// Claim takes the acquisition whose turn it is (see package store) of those that are pending and due, or running
	// under an expired lease, sets it running with a new fence and returns it; heimdall.ErrNoWork when there is none.
	// An acquisition is due when its StartAt is zero or at most ahead away. The hosts that its captures would connect to
	// are taken with it, all or none: nobody else holds one, and nobody else gets one as long as it is running
	// under this fence and its lease is in force. While contact is switched off, nothing is claimed.
	Claim(ctx context.Context, worker string, lease, ahead time.Duration) (*Job, error)

	// ReturnHost gives one of the hosts back before the others. A repeat is no error.
	ReturnHost(ctx context.Context, l Lease, host string) error

	// Extend renews the lease and reports whether cancellation was asked for. A lease that had run out is lost, too,
	// when one of the hosts has gone to somebody else meanwhile.
	Extend(ctx context.Context, l Lease, lease time.Duration) (cancelRequested bool, err error)

	// Cancellations returns those of the acquisitions that worker runs whose cancellation was asked for.
	Cancellations(ctx context.Context, worker string) (taskIDs []string, err error)

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

	FleetStore
}

// A FleetStore keeps what the workers of one database have to know of each other. It gives the time.
type FleetStore interface {
	StandingStore

	// UntilDue returns how long it is until something may be claimed that Wait would not tell of, because a lease
	// runs out, or a deadline passes; at most limit.
	UntilDue(ctx context.Context, limit time.Duration) (time.Duration, error)

	// FailOverdue ends as failed every acquisition that was not begun by its Deadline, with all its captures, and
	// returns how many.
	FailOverdue(ctx context.Context) (int, error)

	// Contact says whether receivers may be contacted at all.
	Contact(ctx context.Context) (heimdall.Contact, error)

	// Stirred returns a channel that is closed when running acquisitions should look at once whether they may go on:
	// one was cancelled, or contact was switched. Not all that happens elsewhere is noticed, so they look anyway.
	Stirred() <-chan struct{}

	// SeeWorker notes what a worker says of itself; ForgetWorker removes one that has stopped in good order.
	SeeWorker(ctx context.Context, w heimdall.WorkerStatus) error
	ForgetWorker(ctx context.Context, name string) error
}

// A StandingStore keeps how we stand with receivers.
type StandingStore interface {
	// Standings returns those of ids, nil meaning any, that hold something against us or were connected to today.
	Standings(ctx context.Context, ids []int64) ([]heimdall.Standing, error)

	// BlockReceiver notes that a WebSDR's host must not be contacted for a while; one that refused the password, only
	// until that is changed.
	BlockReceiver(ctx context.Context, websdrID int64, class heimdall.FailureClass, reason string, pause time.Duration) error

	// ForgiveReceiver removes what stands against contacting a WebSDR.
	ForgiveReceiver(ctx context.Context, websdrID int64) error

	// ApproachHost books the next moment at which host may be connected to, at least interval after the one booked
	// last, and returns how long it is until then.
	ApproachHost(ctx context.Context, host string, interval time.Duration) (time.Duration, error)

	// CountUse adds to how long a host was connected to on the UTC day of at.
	CountUse(ctx context.Context, host string, at time.Time, connected time.Duration) error
}
