package acquire

import (
	"context"
	"log/slog"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// Manners is the Gate that remembers, for all workers and across restarts, what receivers said when they turned us
// away, and does not ask them again before it makes sense:
//
//	quota    for as long as the receiver said, otherwise a day: they count by the day
//	banned   for a day at least, and for longer if the receiver said so: every attempt makes it worse
//	auth     for six hours, or until the WebSDR is changed: the same password gets the same answer
//	busy     for a minute at least
//
// All else is not remembered: it says nothing about the next attempt, or costs the receiver nothing. It also keeps
// Interval between two connections to one host. A stream that opens clears what is remembered; heimdall websdr forgive
// does so by hand.
type Manners struct {
	Store    StandingStore
	Interval time.Duration // between two connections to one host
	Log      *slog.Logger
}

var _ Gate = (*Manners)(nil)

const (
	quotaPause  = 24 * time.Hour
	bannedPause = 24 * time.Hour
	authPause   = 6 * time.Hour
	busyPause   = time.Minute
)

// pauseAfter is how long a receiver that answered with f is left alone; 0 when that is not remembered.
func pauseAfter(f *websdr.Failure) time.Duration {
	switch f.Class {
	case heimdall.FailQuota:
		if f.After > 0 {
			return f.After
		}
		return quotaPause
	case heimdall.FailBanned:
		return max(bannedPause, f.After)
	case heimdall.FailAuth:
		return max(authPause, f.After)
	case heimdall.FailBusy:
		return max(busyPause, f.After)
	}
	return 0
}

// Enter refuses a receiver that has turned us away, and waits until its host may be connected to again.
func (m *Manners) Enter(ctx context.Context, w *heimdall.WebSDR) error {
	host := w.Host()
	if host == "" {
		return nil
	}
	list, err := m.Store.Standings(ctx, []int64{w.ID})
	if err != nil {
		m.warn(ctx, "look up what stands against a receiver", w, err)
	}
	for _, st := range list {
		if !st.Block.IsZero() {
			return refusal(w, st.Block)
		}
	}
	if m.Interval <= 0 {
		return nil
	}
	wait, err := m.Store.ApproachHost(ctx, host, m.Interval)
	if err != nil {
		m.warn(ctx, "book a connection", w, err)
		return nil
	}
	return sleep(ctx, wait)
}

// refusal says until when, why, and how to lift it.
func refusal(w *heimdall.WebSDR, b heimdall.Block) *websdr.Failure {
	f := websdr.Fail(b.Class, "contact "+w.Name, nil,
		"it turned us away at %s (%s), so it is not asked again before %s; heimdall websdr forgive %d lifts that",
		b.Since.Format(time.RFC3339), b.Reason, b.Until.Format(time.RFC3339), w.ID)
	f.After = b.Until.Sub(b.Since)
	return f
}

// Outcome remembers who turned us away, and forgets it when they let us in.
func (m *Manners) Outcome(ctx context.Context, w *heimdall.WebSDR, f *websdr.Failure) {
	if w.Host() == "" {
		return
	}
	if f == nil {
		if err := m.Store.ForgiveReceiver(ctx, w.ID); err != nil {
			m.warn(ctx, "forget what stood against a receiver", w, err)
		}
		return
	}
	if pause := pauseAfter(f); pause > 0 {
		if err := m.Store.BlockReceiver(ctx, w.ID, f.Class, f.Error(), pause); err != nil {
			m.warn(ctx, "remember what stands against a receiver", w, err)
		}
	}
}

func (m *Manners) warn(ctx context.Context, do string, w *heimdall.WebSDR, err error) {
	if ctx.Err() == nil {
		m.Log.Warn(do, "websdr", w.ID, "err", err)
	}
}
