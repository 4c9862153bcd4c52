package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
)

// stepAt is what a schedule of every 10 minutes does that is due at noon, being looked at now.
func stepAt(t *testing.T, now string, change func(*heimdall.Schedule)) heimdall.ScheduleStep {
	t.Helper()
	s := a(func(s *heimdall.Schedule) {
		s.Recurrence.Every, s.NextDueAt = 10*time.Minute, at(t, "2026-03-01T12:00:00Z")
		change(s)
	})
	p, err := schedule.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return p.Step(s, at(t, now), 10*time.Second)
}

// words are a step as text: what is due, what becomes of it, when the window begins.
func words(step heimdall.ScheduleStep) []string {
	var out []string
	for _, f := range step.Firings {
		text := f.Run.DueAt.Format("15:04:05")
		switch {
		case f.Request == nil:
			text += fmt.Sprintf("-%s %d %s", f.Run.LastDueAt.Format("15:04:05"), f.Run.Count, f.Run.Skipped)
		case f.Request.StartAt.IsZero():
			text += " as soon as possible, until " + f.Request.Deadline.Format("15:04:05")
		default:
			text += " at " + f.Request.StartAt.Format("15:04:05") + ", until " + f.Request.Deadline.Format("15:04:05")
		}
		out = append(out, text)
	}
	return append(out, "next "+step.NextDueAt.Format("15:04:05"))
}

func TestAStepFollowsThePolicy(t *testing.T) {
	policy := func(p heimdall.MisfirePolicy) func(*heimdall.Schedule) {
		return func(s *heimdall.Schedule) { s.Misfire = p }
	}
	for _, c := range []struct {
		sentence, now string
		change        func(*heimdall.Schedule)
		want          []string
	}{
		{"in time, the window begins when the run is due", "2026-03-01T11:59:50Z", policy("skip"),
			[]string{"12:00:00 at 12:00:00, until 12:01:00", "next 12:10:00"}},
		{"too late to connect, it begins as soon as possible", "2026-03-01T11:59:56Z", policy("skip"),
			[]string{"12:00:00 as soon as possible, until 12:01:00", "next 12:10:00"}},
		{"late within the grace time, too", "2026-03-01T12:00:50Z", policy("skip"),
			[]string{"12:00:00 as soon as possible, until 12:01:50", "next 12:10:00"}},
		{"skip: what was missed is one row", "2026-03-01T12:35:00Z", policy("skip"),
			[]string{"12:00:00-12:30:00 4 misfire", "next 12:40:00"}},
		{"latest: the last runs", "2026-03-01T12:35:00Z", policy("latest"),
			[]string{"12:00:00-12:20:00 3 misfire", "12:30:00 as soon as possible, until 12:36:00", "next 12:40:00"}},
		{"latest: unless a later one runs anyway", "2026-03-01T12:30:30Z", policy("latest"),
			[]string{"12:00:00-12:20:00 3 misfire", "next 12:30:00"}},
		{"latest: one alone runs", "2026-03-01T12:05:00Z", policy("latest"),
			[]string{"12:00:00 as soon as possible, until 12:06:00", "next 12:10:00"}},
		{"all: each runs", "2026-03-01T12:15:00Z", policy("all"),
			[]string{"12:00:00 as soon as possible, until 12:16:00", "12:10:00 as soon as possible, until 12:16:00", "next 12:20:00"}},
		{"the number of runs is kept", "2026-03-01T12:35:00Z",
			func(s *heimdall.Schedule) { s.Misfire, s.MaxRuns, s.RunsCount = "all", 5, 3 },
			[]string{"12:00:00-12:10:00 2 misfire", "12:20:00 as soon as possible, until 12:36:00", "12:30:00 as soon as possible, until 12:36:00", "next 00:00:00"}},
		{"and the last in time ends it", "2026-03-01T11:59:50Z",
			func(s *heimdall.Schedule) { s.MaxRuns, s.RunsCount = 5, 4 },
			[]string{"12:00:00 at 12:00:00, until 12:01:00", "next 00:00:00"}},
		{"as its end does", "2026-03-01T11:59:50Z", func(s *heimdall.Schedule) { s.EndAt = at(t, "2026-03-01T12:10:00Z") },
			[]string{"12:00:00 at 12:00:00, until 12:01:00", "next 00:00:00"}},
	} {
		t.Run(c.sentence, func(t *testing.T) { wantRuns(t, words(stepAt(t, c.now, c.change)), c.want...) })
	}
}

func TestCatchingUpIsBounded(t *testing.T) {
	second := func(p heimdall.MisfirePolicy) func(*heimdall.Schedule) {
		return func(s *heimdall.Schedule) { s.Recurrence.Every, s.Misfire = time.Second, p }
	}
	step := stepAt(t, "2026-03-01T13:01:00Z", second("all")) // 3600 missed
	if n := len(step.Firings); n != schedule.MaxCatchUp+1 || step.Firings[0].Run.Count != 3600-schedule.MaxCatchUp {
		t.Errorf("%d firings, the first is %+v", n, step.Firings[0].Run)
	}
	if last := step.Firings[len(step.Firings)-1].Run.DueAt; !last.Equal(at(t, "2026-03-01T12:59:59Z")) {
		t.Errorf("the last that runs was due at %v", last)
	}
	for _, policy := range []heimdall.MisfirePolicy{"skip", "latest", "all"} { // a year
		step = stepAt(t, "2027-03-01T13:00:00Z", second(policy))
		if run := step.Firings[0].Run; !strings.Contains(run.Detail, "at least") || !step.NextDueAt.Equal(at(t, "2027-03-01T12:59:00Z")) {
			t.Errorf("%s: %+v, next %v", policy, run, step.NextDueAt)
		}
		last := step.Firings[len(step.Firings)-1].Run.LastDueAt
		if want := at(t, "2027-03-01T12:58:59Z"); policy == "all" && !last.Equal(want) || policy == "skip" && !last.Equal(want) {
			t.Errorf("%s: the last missed run was due at %v", policy, last)
		}
	}
}

func TestAPauseIsOneRunOfWhatItLeftOut(t *testing.T) {
	s := a(func(s *heimdall.Schedule) {
		s.Recurrence.Every, s.NextDueAt = 10*time.Minute, at(t, "2026-03-01T12:00:00Z")
	})
	p, err := schedule.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	runs := p.Resume(&s, at(t, "2026-03-01T12:35:00Z"))
	if len(runs) != 1 || runs[0].Count != 4 || runs[0].Skipped != heimdall.SkippedPaused || !s.NextDueAt.Equal(at(t, "2026-03-01T12:40:00Z")) {
		t.Errorf("runs %+v, next %v", runs, s.NextDueAt)
	}
	if runs := p.Resume(&s, at(t, "2026-03-01T12:36:00Z")); len(runs) != 0 {
		t.Errorf("a pause that left nothing out is %+v", runs)
	}
}

func TestARunByHandIsNowAndChangesNothing(t *testing.T) {
	s := a(func(s *heimdall.Schedule) { s.Recurrence.Every, s.NextDueAt = time.Hour, at(t, "2026-03-01T12:00:00Z") })
	p, err := schedule.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	now := at(t, "2026-03-01T11:23:45Z")
	step := p.ByHand(s, now)
	f := step.Firings[0]
	if !f.Run.ByHand || !f.Run.DueAt.Equal(now) || !f.Request.StartAt.IsZero() || f.Request.Origin != "schedule/1" || !step.NextDueAt.Equal(s.NextDueAt) {
		t.Errorf("step %+v, request %+v", step, f.Request)
	}
}
