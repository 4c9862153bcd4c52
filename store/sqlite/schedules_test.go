package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store"
)

func TestCheckFindsEveryBrokenPromiseOfSchedules(t *testing.T) {
	t.Parallel()
	for _, by := range []string{
		`UPDATE schedules SET next_start_at = NULL`,
		`UPDATE schedules SET next_start_at = next_due_at - 1`,
		`UPDATE schedules SET runs_count = 0`,
		`UPDATE schedule_runs SET task_id = NULL`,
		`UPDATE schedule_runs SET skipped = 'misfire'`,
		`UPDATE schedule_runs SET count = 2`,
		`UPDATE schedule_runs SET last_due_at = due_at - 1`,
	} {
		path := filepath.Join(t.TempDir(), "broken.db")
		s := open(t, path)
		if _, err := s.CreateWebSDR(t.Context(), aWebSDR("one")); err != nil {
			t.Fatal(err)
		}
		due := time.Now().UTC().Truncate(time.Second)
		sch, err := s.CreateSchedule(t.Context(), heimdall.Schedule{Name: "one", FrequencyHz: 7_074_000, Duration: time.Second, Misfire: heimdall.MisfireSkip,
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
		exec(t, openRaw(t, path), by)
		problems, err := s.Check(t.Context())
		if err != nil || !slices.ContainsFunc(problems, func(p store.Problem) bool { return p.Kind == store.ScheduleDiffers }) {
			t.Errorf("after %s: %v (%v)", by, problems, err)
		}
	}
}
