// Package schedule makes acquisitions recur: it reckons when schedules are due, and creates the acquisition of
// each run in time for the receivers to be connected when its window begins.
//
// A recurrence is a pure function of time: [Plan.Next] gives the run after an instant, whatever ran before, so that
// every process, a restart and a dry run agree, and a fixed rate does not drift. It comes in four kinds (interval,
// cron, RRULE, sun), each in a file of its name. A run is due without jitter; its start is that plus the jitter,
// which is reckoned from the schedule's name and the time it is due.
//
// [Runner] is what a process runs, beside any number of others on the same database: the database decides who
// fires a run, in the transaction that stores its acquisition. The package leaves out what happens to an
// acquisition once it is stored (package acquire), and the JSON and flags in which users write schedules.
//
// The surprising part: an acquisition is created before its run is due, by the time that receivers need to be
// connected, so that the common window begins when the run is due, and not when somebody begins to connect.
package schedule

import (
	"fmt"
	"hash/fnv"
	"time"
	_ "time/tzdata" // time zones must work where the system has none

	"github.com/heimdall-sdr/heimdall"
)

// A rule gives the first time after another; false when there is none within reach.
type rule interface {
	next(after time.Time) (time.Time, bool)
}

// A Plan is a schedule ready to reckon with. It is safe for concurrent use.
type Plan struct {
	s       heimdall.Schedule
	rule    rule
	windows []window
}

// Compile understands a schedule that Validate accepts, or returns an *heimdall.InvalidError.
func Compile(s heimdall.Schedule) (*Plan, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, fmt.Errorf("load zone %s: %w", s.Zone, err)
	}
	s.StartAt = s.StartAt.Truncate(time.Microsecond) // as databases keep it: runs are counted from it
	p := &Plan{s: s, windows: compileWindows(s.Windows, zone)}
	r := s.Recurrence
	switch {
	case r.Every > 0:
		p.rule = newInterval(r.Every, s.StartAt)
	case r.Cron != "":
		p.rule, err = newCron(r.Cron, zone)
	case r.RRule != "":
		p.rule, err = newRRule(r.RRule, zone, s.StartAt)
	default:
		p.rule = &sun{event: r.Sun, offset: r.Offset, latitudeDeg: r.LatitudeDeg, longitudeDeg: r.LongitudeDeg}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// maxHops bounds how often a run that no window admits is looked for in the next one.
const maxHops = 1000

// Next returns when the first run after an instant is due; false when there is none before the end of the schedule,
// or none that can be found. MaxRuns is the caller's.
func (p *Plan) Next(after time.Time) (time.Time, bool) {
	if !p.s.StartAt.IsZero() && after.Before(p.s.StartAt) {
		after = p.s.StartAt.Add(-1)
	}
	for range maxHops {
		t, ok := p.rule.next(after)
		if !ok || !p.s.EndAt.IsZero() && !t.Before(p.s.EndAt) {
			return time.Time{}, false
		}
		_, opens := admit(p.windows, t)
		if !opens.After(t) {
			return t.UTC(), true
		}
		after = opens.Add(-1)
	}
	return time.Time{}, false
}

// StartOf is where the window of the run due at an instant is to begin.
func (p *Plan) StartOf(due time.Time) time.Time { return due.Add(jitter(p.s.Name, due, p.s.Jitter)) }

// First sets when s is due next, being looked at now.
func (p *Plan) First(s *heimdall.Schedule, now time.Time) {
	s.NextDueAt, s.NextStartAt = time.Time{}, time.Time{}
	if due, ok := p.Next(now); ok && (s.MaxRuns == 0 || s.RunsCount < s.MaxRuns) {
		s.NextDueAt, s.NextStartAt = due, p.StartOf(due)
	}
}

// jitter is spread evenly over [0, most], in whole milliseconds: a hash of the name and the time.
func jitter(name string, due time.Time, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%d", name, due.UnixMicro())
	x := h.Sum64()
	x ^= x >> 30 // the finaliser of splitmix64: FNV's low bits alone are not even
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return time.Duration(x%uint64(most/time.Millisecond+1)) * time.Millisecond
}
