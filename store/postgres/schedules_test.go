package postgres_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestAChangeOfAScheduleIsHeardByOtherPrograms(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	here, there := open(t, url), open(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := here.CreateSchedule(ctx, heimdall.Schedule{Name: "one", FrequencyHz: 1e8, Duration: time.Second, Misfire: heimdall.MisfireSkip,
		Recurrence: heimdall.Recurrence{Every: time.Minute}, Grace: time.Minute, Overlap: heimdall.OverlapAllow})
	if err != nil {
		t.Fatal(err)
	}
	if err := there.WaitSchedules(ctx, time.Hour); err != nil {
		t.Errorf("the other program did not hear of it: %v", err)
	}
}

func TestCheckFindsEveryBrokenPromiseOfSchedules(t *testing.T) {
	t.Parallel()
	server := pgtest.Plain(t)
	for _, by := range []string{
		`UPDATE schedules SET next_start_at = NULL`,
		`UPDATE schedules SET next_start_at = next_due_at - interval '1 second'`,
		`UPDATE schedules SET runs_count = 0`,
		`UPDATE schedule_runs SET task_id = NULL`,
		`UPDATE schedule_runs SET skipped = 'misfire'`,
		`UPDATE schedule_runs SET count = 2`,
		`UPDATE schedule_runs SET last_due_at = due_at - interval '1 second'`,
	} {
		url := server.Database(t)
		s := open(t, url)
		if _, err := s.CreateWebSDR(t.Context(), aWebSDR("one")); err != nil {
			t.Fatal(err)
		}
		due := time.Now().UTC().Truncate(time.Second)
		sch, err := s.CreateSchedule(t.Context(), heimdall.Schedule{Name: "one", FrequencyHz: 100_000_000, Duration: time.Second, Misfire: heimdall.MisfireSkip,
			Recurrence: heimdall.Recurrence{Every: time.Minute}, Grace: time.Minute, Overlap: heimdall.OverlapAllow, NextDueAt: due, NextStartAt: due})
		if err != nil {
			t.Fatal(err)
		}
		runs, err := s.FireSchedule(t.Context(), sch.ID, func(sch heimdall.Schedule) heimdall.ScheduleStep {
			a := sch.Request()
			return heimdall.ScheduleStep{NextDueAt: due.Add(time.Minute), NextStartAt: due.Add(time.Minute),
				Firings: []heimdall.Firing{{Request: &a, Run: heimdall.ScheduleRun{DueAt: due, StartAt: due, LastDueAt: due, Count: 1}}}}
		})
		if err != nil || len(runs) != 1 || runs[0].TaskID == "" {
			t.Fatalf("runs %+v (%v)", runs, err)
		}
		if problems, err := s.Check(t.Context()); err != nil || len(problems) > 0 {
			t.Fatalf("before anything is broken: %v (%v)", problems, err)
		}
		exec(t, pgtest.Connect(t, url), by)
		problems, err := s.Check(t.Context())
		if err != nil || !slices.ContainsFunc(problems, func(p store.Problem) bool { return p.Kind == store.ScheduleDiffers }) {
			t.Errorf("after %s: %v (%v)", by, problems, err)
		}
	}
}
