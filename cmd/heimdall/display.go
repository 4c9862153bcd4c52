package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A display shows what the captures of one acquisition are doing: a bar for each in a terminal, otherwise a
// line for each change of phase, so that logs stay readable.
type display interface {
	update(wire.Acquisition)
	end()
}

func (a *app) newDisplay(acq wire.Acquisition, names map[int64]string) display {
	return a.displayOn(a.stderr, acq, names)
}

func (a *app) displayOn(w io.Writer, acq wire.Acquisition, names map[int64]string) display {
	if isTerminal(w) {
		return newBars(w, acq, names)
	}
	return &lines{w: w, names: names, last: map[int64]string{}}
}

// lines writes one line per change.
type lines struct {
	w     io.Writer
	names map[int64]string
	last  map[int64]string
}

func (l *lines) update(acq wire.Acquisition) {
	for _, c := range acq.Captures {
		what := fmt.Sprint(c.Phase, c.Attempts)
		if l.last[c.WebSDRID] == what {
			continue
		}
		l.last[c.WebSDRID] = what
		text := string(c.Phase)
		if c.State.Ended() {
			text = fmt.Sprintf("%s, %.1f s, %d kB", c.State, c.ElapsedSeconds, c.BytesReceived/1000)
		}
		if c.Attempts > 1 {
			text += fmt.Sprintf(", attempt %d", c.Attempts)
		}
		if c.Reason != "" {
			text += ": " + oneLine(c.Reason)
		}
		fmt.Fprintf(l.w, "%d %s: %s\n", c.WebSDRID, l.names[c.WebSDRID], text)
	}
}

func (l *lines) end() {}

// bars draws one bar per capture, full when its window is recorded.
type bars struct {
	progress *mpb.Progress
	seconds  float64

	mu       sync.Mutex
	captures map[int64]wire.Capture // what to draw; guarded by mu
	bars     map[int64]*mpb.Bar
}

const barSteps = 1000

func newBars(w io.Writer, acq wire.Acquisition, names map[int64]string) *bars {
	b := &bars{
		progress: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40)), seconds: acq.DurationSeconds,
		captures: map[int64]wire.Capture{}, bars: map[int64]*mpb.Bar{},
	}
	width := 0
	for _, id := range acq.WebSDRs {
		width = max(width, len(names[id]))
	}
	for _, id := range acq.WebSDRs {
		b.bars[id] = b.progress.AddBar(barSteps,
			mpb.PrependDecorators(decor.Name(fmt.Sprintf("%-*s ", width, names[id]))),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.status(id) })),
		)
	}
	return b
}

func (b *bars) status(id int64) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.captures[id]
	switch {
	case c.State == heimdall.Success:
		return fmt.Sprintf(" success, %.1f s, %d kB%s", c.ElapsedSeconds, c.BytesReceived/1000, attempts(c))
	case c.State.Ended():
		return fmt.Sprintf(" %s%s: %s %s", c.State, attempts(c), c.FailureClass, shortReason(c))
	case c.Phase == heimdall.PhaseRecording:
		return fmt.Sprintf(" %4.1f s, %d kB%s", c.ElapsedSeconds, c.BytesReceived/1000, attempts(c))
	}
	return " " + string(c.Phase) + attempts(c) + shortReason(c)
}

// attempts says how many it took, or has taken so far, when there were several.
func attempts(c wire.Capture) string {
	if c.Attempts < 2 {
		return ""
	}
	return fmt.Sprintf(", attempt %d", c.Attempts)
}

// shortReason is what fits beside a bar.
func shortReason(c wire.Capture) string {
	text := []rune(oneLine(c.Reason))
	if len(text) == 0 {
		return ""
	}
	return " (" + string(text[:min(len(text), 60)]) + ")"
}

func (b *bars) update(acq wire.Acquisition) {
	b.mu.Lock()
	for _, c := range acq.Captures {
		b.captures[c.WebSDRID] = c
	}
	b.mu.Unlock()
	for _, c := range acq.Captures {
		bar := b.bars[c.WebSDRID]
		switch {
		case bar == nil:
		case c.State == heimdall.Success:
			bar.SetCurrent(barSteps)
		case c.State.Ended():
			bar.Abort(false)
		default:
			// The last step is the end's: a bar that is full cannot change any more.
			bar.SetCurrent(int64(min(c.ElapsedSeconds/b.seconds, 0.999) * barSteps))
		}
	}
}

func (b *bars) end() {
	for _, bar := range b.bars {
		if !bar.Completed() {
			bar.Abort(false)
		}
	}
	b.progress.Wait()
}
