package schedule

import "time"

// An interval is a fixed rate: anchor + n·every. Runs are counted from the anchor and not from each other, so that
// nothing adds up.
type interval struct {
	anchor time.Time
	every  time.Duration
}

// newInterval without a start is anchored in 1970, which puts runs at round times.
func newInterval(every time.Duration, start time.Time) interval {
	if start.IsZero() {
		start = time.Unix(0, 0)
	}
	return interval{anchor: start.UTC(), every: every}
}

func (i interval) next(after time.Time) (time.Time, bool) {
	if after.Before(i.anchor) {
		return i.anchor, true
	}
	since := after.Sub(i.anchor)
	return i.anchor.Add(since - since%i.every + i.every), true
}
