package schedule

import (
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A window is a heimdall.Window ready to reckon with.
type window struct {
	text     string
	zone     *time.Location
	days     [7]bool // by time.Weekday
	from, to time.Duration
}

// compileWindows takes what Validate accepts.
func compileWindows(list []heimdall.Window, zone *time.Location) []window {
	names := heimdall.Weekdays()
	var out []window
	for _, w := range list {
		c := window{text: w.String(), zone: zone}
		c.from, _ = heimdall.Clock(w.From)
		c.to, _ = heimdall.Clock(w.To)
		if c.to <= c.from {
			c.to += 24 * time.Hour
		}
		for i := range c.days {
			c.days[i] = len(w.Days) == 0 || slices.Contains(w.Days, names[i])
		}
		out = append(out, c)
	}
	return out
}

// admit returns t and the window that it lies in, or else when the first window after t opens. No windows at all
// are always open.
func admit(windows []window, t time.Time) (in *window, opens time.Time) {
	if len(windows) == 0 {
		return nil, t
	}
	for i := range windows {
		o := windows[i].opens(t)
		if !o.After(t) {
			return &windows[i], t
		}
		if opens.IsZero() || o.Before(opens) {
			opens = o
		}
	}
	return nil, opens
}

// opens is t when the window is open then, or else when it opens next.
func (w *window) opens(t time.Time) time.Time {
	local := t.In(w.zone)
	for day := -1; day <= 8; day++ { // it may have opened yesterday, and may not open for a week
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, time.UTC)
		if !w.days[date.Weekday()] {
			continue
		}
		from, to := w.at(date, w.from), w.at(date, w.to)
		switch {
		case t.Before(from):
			return from
		case t.Before(to):
			return t
		}
	}
	return t.AddDate(0, 0, 8) // cannot be: some weekday is open
}

// at is the instant of a time of day; where the clock is put forward over it, the moment of that.
func (w *window) at(date time.Time, clock time.Duration) time.Time {
	on := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, time.UTC).Add(clock)
	return wall{zone: w.zone}.instants(on)[0]
}
