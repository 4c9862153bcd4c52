package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Breaker stands before the attempts of captures: it refuses those at receivers that have failed several times in a row,
// and learns from those that were made. It is an acquire.Gate, safe for concurrent use.
type Breaker struct{ Config }

// NewBreaker returns a Breaker. It needs no more of the Config than a Runner does.
func NewBreaker(c Config) *Breaker { return &Breaker{c.withDefaults()} }

const (
	// trialEvery is how long nobody must have contacted a receiver whose breaker is open before a trial is made.
	trialEvery = time.Minute
	// trialTimeout is how long an attempt waits for the probe that decides on it.
	trialTimeout = 5 * time.Second
	// bookTimeout is how long an attempt waits for the database.
	bookTimeout = 5 * time.Second
)

// Enter returns nil, or a *websdr.Failure that says since when and why the receiver is left alone.
func (b *Breaker) Enter(ctx context.Context, w *heimdall.WebSDR) error {
	if !heimdall.MayBreak(w.Kind) {
		return nil
	}
	h, err := b.health(ctx, w.ID)
	if err != nil || h.Breaker == heimdall.BreakerClosed {
		b.warn(ctx, "read health", w, err)
		return nil
	}
	booking, cancel := context.WithTimeout(ctx, bookTimeout)
	claimed, err := b.Store.ClaimTrial(booking, w.ID, trialEvery)
	cancel()
	switch {
	case err != nil:
		b.warn(ctx, "claim trial", w, err)
		return nil
	case !claimed:
		return b.refuse(w, &h)
	case !heimdall.CheapProbe(w.Kind) || h.Banned() || !b.mayAsk(w) || !b.Contact():
		return nil // the attempt is the trial
	}
	return b.try(ctx, w)
}

// try makes the trial by a probe.
func (b *Breaker) try(ctx context.Context, w *heimdall.WebSDR) error {
	o, f := b.ask(ctx, w, trialTimeout)
	if ctx.Err() != nil {
		return f
	}
	h, err := b.book(ctx, w, o)
	switch {
	case err != nil && f == nil:
		b.warn(ctx, "write down trial", w, err)
		return nil
	case err != nil:
		b.warn(ctx, "write down trial", w, err)
		return f
	case h.Breaker == heimdall.BreakerClosed:
		return nil
	}
	return b.refuse(w, &h)
}

func (b *Breaker) refuse(w *heimdall.WebSDR, h *heimdall.Health) error {
	next := "no probe is planned"
	if !h.NextProbeAt.IsZero() {
		next = "the next probe is due at " + h.NextProbeAt.UTC().Format(time.RFC3339)
	}
	return websdr.Fail(heimdall.FailDown, "contact "+w.Name, nil,
		"its breaker is open since %s, after %d failures in a row, the last: %s; %s (now: heimdall websdr probe %d; to try all the same: heimdall websdr close %d)",
		h.OpenedAt.UTC().Format(time.RFC3339), h.Failures, h.LastError, next, w.ID, w.ID)
}

// Outcome is told how an attempt ended; f is nil when the stream is open.
func (b *Breaker) Outcome(ctx context.Context, w *heimdall.WebSDR, f *websdr.Failure) {
	o := heimdall.Observation{WebSDRID: w.ID, At: b.Now(), Source: heimdall.FromCapture, OK: f == nil}
	if f != nil {
		o.FailureClass, o.Reason = f.Class, f.Error()
	}
	_, err := b.book(ctx, w, o)
	b.warn(ctx, "write down attempt", w, err)
}

// book writes down what was learnt beside the probes that are planned.
func (b *Breaker) book(ctx context.Context, w *heimdall.WebSDR, o heimdall.Observation) (heimdall.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, bookTimeout)
	defer cancel()
	o.Holds = holdsFor * b.interval(w)
	return b.Store.Observe(ctx, o)
}

func (b *Breaker) health(ctx context.Context, id int64) (heimdall.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, bookTimeout)
	defer cancel()
	list, err := b.Store.Health(ctx, []int64{id})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("WebSDR %d: %w", id, heimdall.ErrNotFound)
	}
	if err != nil {
		return heimdall.Health{}, err
	}
	return list[0], nil
}

func (b *Breaker) warn(ctx context.Context, do string, w *heimdall.WebSDR, err error) {
	if err != nil && ctx.Err() == nil {
		b.Log.Warn(do, "websdr", w.ID, "err", err)
	}
}
