package acquire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"syscall"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// minimumKept is the share of the window that makes a recording worth keeping when its receiver fails in the
// middle: IQ cannot be recorded twice, so half a window with the flag short_read beats none.
const minimumKept = 0.5

// A capture is one WebSDR's part of an acquisition while it is being done. One goroutine owns it.
type capture struct {
	a       *Acquirer
	job     *Job
	c       heimdall.Capture // as it was when the job was claimed
	w       *heimdall.WebSDR // nil when the row is gone
	board   *board
	meeting *meeting

	beside  *heimdall.WebSDR // of the same acquisition and at the same host, which is connected to instead of w; usually nil
	release func()           // gives the receiver's host back
	traced  context.Context  // of the step that is the capture itself, for the Tracer; nil before it and without one
	err     error            // what run returned; read after it did
}

// run takes the capture to its end. Whatever the receiver does ends the capture and is no error; an error
// means that it is still open: the lease was lost, or ctx ended. Recording ends with recording, which ends
// with ctx and also when the user cancels; writing down what happened goes on until ctx ends.
func (k *capture) run(ctx, recording context.Context) (err error) {
	ctx, end := k.step(ctx, "capture")
	defer func() { end(err) }()
	entry := k.a.spool.entry(k.job.TaskID, k.c.WebSDRID)
	s, err := k.spooled(ctx, entry)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = k.record(ctx, recording, entry)
		if err != nil && recording.Err() != nil {
			err = context.Cause(recording) // whatever else that made it say
		}
	}
	k.meeting.leave(k.c.WebSDRID)
	k.release()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return k.fail(ctx, entry, err)
	}
	err = k.store(ctx, entry, s)
	if err == nil || ctx.Err() != nil || errors.Is(err, heimdall.ErrLost) {
		return err
	}
	return k.reject(ctx, err)
}

// record goes from nothing to a sealed spool entry.
func (k *capture) record(whole, ctx context.Context, entry *spoolEntry) (*sealed, error) {
	opening, opened := k.step(ctx, "open")
	stream, err := k.open(opening)
	opened(err)
	if err != nil {
		return nil, err
	}
	defer k.countUse(ctx)()
	defer stream.Close()
	// A Read that blocks ends when the acquisition does.
	defer context.AfterFunc(ctx, func() { stream.Close() })()

	joining, joined := k.step(ctx, "join")
	t, err := k.meet(joining, stream)
	joined(err)
	if err != nil {
		return nil, err
	}
	return k.recordWindow(whole, ctx, t, entry)
}

// open connects and tunes, and tries again as the class of the failure allows and the others wait.
func (k *capture) open(ctx context.Context) (websdr.Stream, error) {
	if k.w == nil {
		return nil, websdr.Fail(heimdall.FailInternal, "open", nil, "WebSDR %d was deleted", k.c.WebSDRID)
	}
	if k.beside != nil { // such requests are refused, but an address may have been changed since
		return nil, websdr.Fail(heimdall.FailUnsupported, "open "+k.w.Name, nil,
			"its host %s is connected to only once at a time, for WebSDR %d (%s): acquire from each by itself", k.w.Host(), k.beside.ID, k.beside.Name)
	}
	driver, ok := k.a.Drivers[k.w.Kind]
	if !ok {
		return nil, websdr.Fail(heimdall.FailUnsupported, "open "+k.w.Name, nil, "this program has no driver for kind %q", k.w.Kind)
	}
	if err := k.afford(ctx); err != nil {
		return nil, err
	}
	tuning := k.tuning()
	retryUntil := k.a.Now().Add(k.job.Acquisition.JoinTimeout)
	if k.job.Acquisition.StartAt.After(retryUntil) {
		retryUntil = k.job.Acquisition.StartAt
	}
	for attempt := 1; ; attempt++ {
		k.show(func(c *heimdall.Capture) {
			c.Phase, c.NextAttemptAt = heimdall.PhaseConnecting, time.Time{}
			c.Attempts++
		})
		stream, failure := k.attempt(ctx, driver, tuning)
		if failure == nil {
			return stream, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		delay, again := retryDelay(failure, attempt, k.w.RetryCount, k.a.Jitter)
		if next := k.a.Now().Add(delay); !again || next.After(retryUntil) {
			return nil, failure
		}
		k.show(func(c *heimdall.Capture) {
			c.Phase, c.NextAttemptAt = heimdall.PhaseWaiting, k.a.Now().Add(delay)
			c.FailureClass, c.Reason = failure.Class, failure.Error()
		})
		if err := k.waitUnlessDecided(ctx, delay); err != nil {
			return nil, errors.Join(err, failure)
		}
	}
}

// attempt opens the stream once, if every gate lets it, and tells them what came of it.
func (k *capture) attempt(ctx context.Context, driver websdr.Driver, t websdr.Tuning) (websdr.Stream, *websdr.Failure) {
	for _, g := range k.a.Gates {
		if err := g.Enter(ctx, k.w); err != nil {
			return nil, websdr.AsFailure(err)
		}
	}
	stream, err := driver.Open(ctx, k.w, t)
	if err == nil {
		k.tellGates(ctx, nil)
		return stream, nil
	}
	failure := websdr.AsFailure(err)
	if ctx.Err() == nil {
		k.tellGates(ctx, failure)
	}
	return nil, failure
}

func (k *capture) tellGates(ctx context.Context, f *websdr.Failure) {
	for _, g := range k.a.Gates {
		g.Outcome(ctx, k.w, f)
	}
}

// tuning is what the driver is asked for.
func (k *capture) tuning() websdr.Tuning {
	a := &k.job.Acquisition
	t := websdr.Tuning{FrequencyHz: a.FrequencyHz, SampleRateHz: a.SampleRateHz, Identity: k.a.Identity}
	if t.SampleRateHz == 0 {
		t.SampleRateHz = k.w.SampleRateHz
	}
	bandwidth := a.ChannelBandwidthHz
	if bandwidth == 0 {
		bandwidth = heimdall.DefaultBandwidthHz(1e9)
	}
	t.SpanHz = bandwidth + 2*math.Abs(a.ChannelCenterHz)
	return t
}

// waitUnlessDecided sleeps, but fails as late once the others have agreed on a window without this capture.
func (k *capture) waitUnlessDecided(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-k.meeting.decided:
		return k.late()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (k *capture) late() error {
	return websdr.Fail(heimdall.FailLate, "join the common window", nil,
		"the others waited %v; raise join_timeout_seconds to give it longer", k.job.Acquisition.JoinTimeout)
}

// fail ends a capture that gave no recording.
func (k *capture) fail(ctx context.Context, entry *spoolEntry, err error) error {
	state, class, reason := heimdall.Failed, heimdall.FailInternal, err.Error()
	var failure *websdr.Failure
	switch {
	case errors.Is(err, errCancelled):
		state, class, reason = heimdall.Cancelled, "", errCancelled.Error()
		if off := (*contactOff)(nil); errors.As(err, &off) {
			reason = off.Error()
		}
	case errors.As(err, &failure):
		class = failure.Class
	case isStorage(err):
		class, reason = heimdall.FailStorage, "free some disk space and acquire again: "+reason
	}
	// Nothing of it is kept, so it goes first: the row may need the room.
	k.forget(entry)
	return k.finish(ctx, state, class, reason)
}

// forget clears the spool of a capture that is over. What cannot be cleared now is swept at the next start.
func (k *capture) forget(entry *spoolEntry) {
	if err := entry.remove(); err != nil {
		k.a.Log.Warn("clear spool", "acquisition", k.c.TaskID, "websdr", k.c.WebSDRID, "err", err)
	}
}

// reject ends a capture whose recording can never be stored. The spool keeps it for an operator.
func (k *capture) reject(ctx context.Context, err error) error {
	where := k.a.spool.entry(k.job.TaskID, k.c.WebSDRID).dir
	return k.finish(ctx, heimdall.Failed, heimdall.FailInternal, fmt.Sprintf("%v (the samples are kept in %s)", err, where))
}

// finish writes down how a capture without a recording ended.
func (k *capture) finish(ctx context.Context, state heimdall.State, class heimdall.FailureClass, reason string) error {
	c := k.show(func(c *heimdall.Capture) {
		c.State, c.Phase, c.NextAttemptAt = state, heimdall.PhaseDone, time.Time{}
		c.FailureClass, c.Reason, c.EndedAt = class, reason, k.a.Now()
	})
	k.a.Log.Info("capture ended", "acquisition", c.TaskID, "websdr", c.WebSDRID, "state", c.State, "class", c.FailureClass, "reason", c.Reason)
	return retryStorage(ctx, k.a.Jitter, func() error { return k.a.Store.FinishCapture(ctx, k.job.Lease, c, nil) }, k.note)
}

// show changes what the world sees of the capture, and returns it.
func (k *capture) show(change func(*heimdall.Capture)) heimdall.Capture {
	return k.board.update(k.c.WebSDRID, change)
}

// note tells the user that storing has to wait.
func (k *capture) note(err error) {
	k.show(func(c *heimdall.Capture) { c.Reason = "waiting to store: " + err.Error() })
	k.a.Log.Warn("store capture", "acquisition", k.c.TaskID, "websdr", k.c.WebSDRID, "err", err)
}

// isStorage reports whether err comes from our own disk.
func isStorage(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) || errors.Is(err, syscall.ENOSPC)
}
