package acquire

import (
	"context"
	"errors"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// Retrying follows the class of the failure, because public receivers ban clients that hammer them:
//
//	transport   1 s, 2 s, 4 s ... at most 30 s, each stretched by up to half, as often as the WebSDR's RetryCount
//	busy        not before 60 s, and never more than once a minute
//	others      not within this acquisition: the same request would get the same answer, and after a quota or
//	            a ban every further attempt makes it worse
const (
	transportDelay    = time.Second
	transportDelayMax = 30 * time.Second
	busyDelay         = 60 * time.Second
)

// retryDelay says how long to wait after the attempts-th attempt ended in f, or that there is to be no other.
func retryDelay(f *websdr.Failure, attempts, retryCount int, jitter func() float64) (time.Duration, bool) {
	if attempts > retryCount {
		return 0, false
	}
	var d time.Duration
	switch f.Class {
	case heimdall.FailTransport:
		d = min(transportDelay<<min(attempts-1, 10), transportDelayMax)
	case heimdall.FailBusy:
		d = busyDelay
	default:
		return 0, false
	}
	d = max(d, f.After)
	return d + time.Duration(jitter()*float64(d)/2), true
}

// retryStorage does what may fail because our own disk, object store or database is away, until it succeeds,
// cannot succeed, or ctx ends. What was recorded waits in the spool meanwhile. note, if not nil, is told of
// each failure.
func retryStorage(ctx context.Context, jitter func() float64, do func() error, note func(error)) error {
	delay := 100 * time.Millisecond
	for {
		err := do()
		if err == nil || permanent(err) {
			return err
		}
		if note != nil {
			note(err)
		}
		if err := sleep(ctx, delay+time.Duration(jitter()*float64(delay))); err != nil {
			return err
		}
		delay = min(2*delay, 10*time.Second)
	}
}

// permanent reports whether doing the same again must give the same error.
func permanent(err error) bool {
	var invalid *heimdall.InvalidError
	return errors.Is(err, heimdall.ErrLost) || errors.Is(err, heimdall.ErrNotFound) || errors.Is(err, heimdall.ErrConflict) ||
		errors.Is(err, blob.ErrDiffers) || errors.Is(err, blob.ErrKey) || errors.As(err, &invalid) ||
		errors.Is(err, context.Canceled)
}

// sleep waits for d or until ctx ends, and then returns its cause.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
