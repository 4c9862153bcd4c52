package acquire

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// progressInterval is how often what captures are doing is written down for everyone to see.
const progressInterval = time.Second

// A board shows what each capture of one acquisition is doing. Captures write their own line; publish reads.
type board struct {
	mu      sync.Mutex
	lines   map[int64]*heimdall.Capture // guarded by mu
	changed map[int64]bool              // lines not yet published; guarded by mu
}

func newBoard(captures []heimdall.Capture, now time.Time) *board {
	b := &board{lines: map[int64]*heimdall.Capture{}, changed: map[int64]bool{}}
	for _, c := range captures {
		if !c.State.Ended() {
			c.State = heimdall.Running
			c.Phase = heimdall.PhaseWaiting
			if c.StartedAt.IsZero() {
				c.StartedAt = now
			}
			b.changed[c.WebSDRID] = true
		}
		b.lines[c.WebSDRID] = &c
	}
	return b
}

// update changes one line and returns it.
func (b *board) update(id int64, change func(*heimdall.Capture)) heimdall.Capture {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.lines[id])
	b.changed[id] = true
	return *b.lines[id]
}

// snapshot returns all lines in order of websdr_id.
func (b *board) snapshot() []heimdall.Capture {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]heimdall.Capture, 0, len(b.lines))
	for _, c := range b.lines {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(x, y heimdall.Capture) int { return int(x.WebSDRID - y.WebSDRID) })
	return all
}

// takeChanged returns the lines of captures still going that changed since the last call.
func (b *board) takeChanged() []heimdall.Capture {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []heimdall.Capture
	for id := range b.changed {
		if c := b.lines[id]; !c.State.Ended() {
			lines = append(lines, *c)
		}
	}
	clear(b.changed)
	slices.SortFunc(lines, func(x, y heimdall.Capture) int { return int(x.WebSDRID - y.WebSDRID) })
	return lines
}

// markAll makes every line of a capture still going count as changed.
func (b *board) markAll(error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range b.lines {
		b.changed[id] = true
	}
}

// publish writes the board to the database until the returned function is called.
func (a *Acquirer) publish(ctx context.Context, l Lease, b *board) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			if lines := b.takeChanged(); len(lines) > 0 {
				err := a.Store.SaveProgress(ctx, l, lines)
				if err != nil && ctx.Err() == nil && !errors.Is(err, heimdall.ErrLost) {
					a.Log.Warn("save progress", "acquisition", l.TaskID, "err", err)
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
