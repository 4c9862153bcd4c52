package schedule

import "time"

// A wall is a rule that people state by the clock on the wall of a zone. times gives the first wall time after
// another; wall times are written as if they were UTC, which has no changes, so that it can be any arithmetic.
//
// Where the clock is put forward, some wall times do not exist: such a run is due by the clock as it stood before
// (02:30 is then 03:30), as RFC 5545 3.3.5 says. Where it is put back, some exist twice: the first counts. So a run
// at a time of day is due once on every day. A rule that is hourly or finer (elapsed) means the time that elapses
// instead: it goes on through both, neither doubled nor with a hole.
type wall struct {
	zone    *time.Location
	elapsed bool
	times   func(after time.Time) (time.Time, bool)
}

// change is more than any zone's clock is put forward or back, the summer times of our days.
const change = 4 * time.Hour

func (w wall) next(after time.Time) (time.Time, bool) {
	if w.steady(after) {
		on, ok := w.times(onWall(after.In(w.zone)))
		if !ok {
			return on, false
		}
		if t := time.Date(on.Year(), on.Month(), on.Day(), on.Hour(), on.Minute(), on.Second(), on.Nanosecond(), w.zone); w.steady(t) {
			return t, true
		}
	}
	return w.search(after)
}

// steady reports whether no change of the clock is near, so that wall times and instants have the same order.
func (w wall) steady(t time.Time) bool {
	_, before := t.Add(-change).In(w.zone).Zone()
	_, after := t.Add(change).In(w.zone).Zone()
	return before == after
}

// search looks at all wall times that may be the earliest instant.
func (w wall) search(after time.Time) (best time.Time, found bool) {
	on := onWall(after.In(w.zone)).Add(-change)
	for {
		var ok bool
		if on, ok = w.times(on); !ok {
			return best, found
		}
		if found && on.After(onWall(best.In(w.zone)).Add(change)) {
			return best, true
		}
		for _, t := range w.instants(on) {
			if t.After(after) && (!found || t.Before(best)) {
				best, found = t, true
			}
		}
	}
}

// instants are those at which the clock shows a wall time, as the rule counts them.
func (w wall) instants(on time.Time) []time.Time {
	_, before := on.Add(-24 * time.Hour).In(w.zone).Zone()
	_, after := on.Add(24 * time.Hour).In(w.zone).Zone()
	var shown []time.Time
	for _, offset := range [2]int{before, after} { // the greater offset is the earlier instant, and comes before a change back
		t := on.Add(-time.Duration(offset) * time.Second).In(w.zone)
		if onWall(t).Equal(on) && (len(shown) == 0 || !shown[0].Equal(t)) {
			shown = append(shown, t)
		}
	}
	switch {
	case len(shown) == 0 && w.elapsed:
		return nil
	case len(shown) == 0:
		return []time.Time{on.Add(-time.Duration(before) * time.Second).In(w.zone)}
	case !w.elapsed:
		return shown[:1]
	}
	return shown
}

// onWall is what the clock of t's zone shows, written as UTC.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}
