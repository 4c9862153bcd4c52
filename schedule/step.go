package schedule

import (
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// Limits on what is made good after nobody ran for a while.
const (
	MaxCatchUp = 100    // runs that are made up for at once under MisfireAll: the last so many
	maxCounted = 10_000 // runs missed in a row that are counted; of more the row says "at least"
)

// Step is what the schedule does now, being at s.NextDueAt: one run in time, or all that were missed. s is its row of
// this moment. ahead is how long before its start a run is fired.
func (p *Plan) Step(s heimdall.Schedule, now time.Time, ahead time.Duration) heimdall.ScheduleStep {
	var step heimdall.ScheduleStep
	missed, due, ok := p.missed(s.NextDueAt, now.Add(-s.Grace))
	if missed.count == 0 {
		step.Firings = []heimdall.Firing{p.fire(s, due, now, ahead)}
		due, ok = p.Next(due)
	} else {
		onTime := ok && !p.StartOf(due).After(now)
		step.Firings = p.makeUp(s, missed, onTime, now, ahead)
	}
	for _, f := range step.Firings {
		if f.Request != nil {
			s.RunsCount++
		}
	}
	if ok && (s.MaxRuns == 0 || s.RunsCount < s.MaxRuns) {
		step.NextDueAt, step.NextStartAt = due, p.StartOf(due)
	}
	return step
}

// ByHand is a run that a user asks for now, beside those of the clock. It begins as soon as receivers are connected.
func (p *Plan) ByHand(s heimdall.Schedule, now time.Time) heimdall.ScheduleStep {
	f := p.fire(s, now, now, DefaultAhead)
	f.Run.StartAt, f.Run.ByHand = now, true
	f.Request.StartAt, f.Request.Deadline = time.Time{}, now.Add(s.Grace)
	return heimdall.ScheduleStep{Firings: []heimdall.Firing{f}, NextDueAt: s.NextDueAt, NextStartAt: s.NextStartAt}
}

// Resume sets when s is due next after a pause, and returns the run that stands for those that the pause left out.
func (p *Plan) Resume(s *heimdall.Schedule, now time.Time) []heimdall.ScheduleRun {
	var skipped []heimdall.ScheduleRun
	if !s.NextDueAt.IsZero() {
		if missed, _, _ := p.missed(s.NextDueAt, now); missed.count > 0 {
			run := missed.skipped(*s, heimdall.SkippedPaused, "the schedule was paused")
			run.StartAt = p.StartOf(run.DueAt)
			skipped = append(skipped, run)
		}
	}
	p.First(s, now)
	return skipped
}

// A missing is a row of runs that were not started.
type missing struct {
	first, last time.Time
	count       int64
	more        bool        // count is not all of them
	tail        []time.Time // the last of them, at most MaxCatchUp
}

// missed collects the runs from due on that should have started before a time, and returns the first that should not.
// Where they are very many it leaves out most, but not the last of them.
func (p *Plan) missed(due, before time.Time) (m missing, next time.Time, ok bool) {
	steps := 0
	for ok = true; ok && p.StartOf(due).Before(before); due, ok = p.Next(due) {
		switch steps++; steps {
		case 1:
			m.first = due
		case maxCounted:
			m.more = true
			gap := due.Sub(m.first) / maxCounted
			if near := before.Add(-2 * MaxCatchUp * gap); near.After(due) {
				due = near
				continue
			}
		case 2 * maxCounted: // they came thicker in the end: enough
			due = before.Add(-p.s.Jitter - 1)
			continue
		}
		m.count, m.last = min(m.count+1, maxCounted), due
		if m.tail = append(m.tail, due); len(m.tail) > 2*MaxCatchUp {
			m.tail = append(m.tail[:0], m.tail[len(m.tail)-MaxCatchUp:]...)
		}
	}
	return m, due, ok
}

func (m missing) skipped(s heimdall.Schedule, why heimdall.SkipReason, detail string) heimdall.ScheduleRun {
	if m.more {
		detail += fmt.Sprintf("; at least %d runs, the rest was not counted", m.count)
	}
	return heimdall.ScheduleRun{ScheduleID: s.ID, DueAt: m.first, LastDueAt: m.last, Count: m.count, Skipped: why, Detail: detail}
}

// makeUp is what the policy says about runs that were missed: the last of them run, the others are one row. onTime
// tells that another run is due already, which is later than any of them.
func (p *Plan) makeUp(s heimdall.Schedule, m missing, onTime bool, now time.Time, ahead time.Duration) []heimdall.Firing {
	keep := map[heimdall.MisfirePolicy]int{heimdall.MisfireLatest: 1, heimdall.MisfireAll: MaxCatchUp}[s.Misfire]
	if s.Misfire == heimdall.MisfireLatest && onTime {
		keep = 0
	}
	if s.MaxRuns > 0 {
		keep = min(keep, int(s.MaxRuns-s.RunsCount))
	}
	keep = min(keep, len(m.tail))
	late := m.tail[len(m.tail)-keep:]
	var firings []heimdall.Firing
	if m.count -= int64(keep); m.count > 0 {
		if i := len(m.tail) - keep - 1; i >= 0 {
			m.last = m.tail[i]
		}
		run := m.skipped(s, heimdall.SkippedMisfire, fmt.Sprintf("no process started it within %v", s.Grace))
		run.StartAt = p.StartOf(run.DueAt)
		firings = append(firings, heimdall.Firing{Run: run})
	}
	for _, due := range late {
		f := p.fire(s, due, now, ahead)
		f.Run.Detail = fmt.Sprintf("made up for, %v late", now.Sub(f.Run.StartAt).Round(time.Second))
		firings = append(firings, f)
	}
	return firings
}

// fire is one run. Its window begins at its start, unless so little of ahead is left that receivers would not be
// connected by then: in that case as soon as they are.
func (p *Plan) fire(s heimdall.Schedule, due, now time.Time, ahead time.Duration) heimdall.Firing {
	start := p.StartOf(due)
	request := s.Request()
	request.Origin = heimdall.ScheduleOrigin(s.ID)
	request.Deadline = start.Add(s.Grace)
	if start.Sub(now) >= ahead/2 {
		request.StartAt = start
	}
	if now.After(start) {
		request.Deadline = now.Add(s.Grace)
	}
	return heimdall.Firing{Request: &request,
		Run: heimdall.ScheduleRun{ScheduleID: s.ID, DueAt: due, StartAt: start, LastDueAt: due, Count: 1}}
}
