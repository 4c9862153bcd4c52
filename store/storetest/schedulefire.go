package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func scheduleFires(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	due := soonDue()
	sch := createSchedule(t, s, aSchedule("one", due, ids...))
	next, err := s.NextScheduleStart(t.Context())
	ok(t, err)
	same(t, "next start", next, due)
	runs, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	if len(runs) != 1 || runs[0].TaskID == "" || runs[0].ScheduleID != sch.ID || runs[0].FiredAt.IsZero() {
		t.Fatalf("fired %+v", runs)
	}
	same(t, "runs", runsOf(t, s, sch.ID), runs)
	a, captures, err := s.Acquisition(t.Context(), runs[0].TaskID)
	ok(t, err)
	if a.State != heimdall.Pending || len(captures) != 2 || !a.StartAt.Equal(due) || a.Label != "one" {
		t.Errorf("the acquisition is %+v", a)
	}
	after, err := s.Schedule(t.Context(), sch.ID)
	ok(t, err)
	if !after.NextDueAt.Equal(due.Add(time.Minute)) || after.RunsCount != 1 || !after.UpdatedAt.Equal(sch.UpdatedAt) {
		t.Errorf("afterwards the schedule is %+v", after)
	}
	_, err = s.Claim(t.Context(), "worker", aLease, time.Hour)
	ok(t, err)
}

func scheduleOrder(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	none, err := s.NextScheduleStart(t.Context())
	ok(t, err)
	same(t, "next start of none", none, time.Time{})
	late := createSchedule(t, s, aSchedule("late", due.Add(time.Second)))
	early := createSchedule(t, s, aSchedule("early", due))
	paused := aSchedule("paused", due.Add(-time.Hour))
	paused.Active = false
	createSchedule(t, s, paused)
	createSchedule(t, s, aSchedule("ended", time.Time{}))
	next, err := s.NextScheduleStart(t.Context())
	ok(t, err)
	same(t, "next start", next, due)
	for _, c := range []struct {
		until time.Time
		limit int
		want  []int64
	}{
		{due.Add(-time.Microsecond), 10, nil},
		{due.Add(time.Second), 1, []int64{early.ID}},
		{due.Add(time.Second), 10, []int64{late.ID}},
		{due.Add(time.Second), 10, nil},
		{due.Add(2 * time.Minute), 10, []int64{early.ID, late.ID}},
	} {
		runs, err := s.FireSchedules(t.Context(), c.until, c.limit, everyMinute)
		ok(t, err)
		var got []int64
		for _, r := range runs {
			got = append(got, r.ScheduleID)
		}
		same(t, "fired", got, c.want)
	}
}

func scheduleRace(t *testing.T, s Store) {
	const many, rounds, runners = 20, 3, 8
	createWebSDRs(t, s, 1)
	due := soonDue()
	for i := range many {
		createSchedule(t, s, aSchedule(fmt.Sprint("schedule ", i), due))
	}
	until := due.Add((rounds - 1) * time.Minute)
	var group sync.WaitGroup
	var mu sync.Mutex
	fired := map[string]int{}
	for range runners {
		group.Go(func() {
			for {
				next, err := s.NextScheduleStart(t.Context())
				if err != nil || next.After(until) {
					if err != nil {
						t.Error(err)
					}
					return
				}
				runs, err := s.FireSchedules(t.Context(), until, 3, everyMinute)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, r := range runs {
					fired[fmt.Sprint(r.ScheduleID, r.DueAt)]++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for run, n := range fired {
		if n != 1 {
			t.Errorf("run %s was fired %d times", run, n)
		}
	}
	list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	if len(fired) != many*rounds || len(list) != many*rounds {
		t.Errorf("%d runs fired, %d acquisitions, want %d", len(fired), len(list), many*rounds)
	}
}

func scheduleAgain(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	sch := createSchedule(t, s, aSchedule("one", due))
	first, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	_, err = s.UpdateSchedule(t.Context(), sch) // whoever read it before the run sets it back
	ok(t, err)
	again, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	same(t, "the run", again, first)
	after, err := s.Schedule(t.Context(), sch.ID)
	ok(t, err)
	list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 10})
	ok(t, err)
	if len(list) != 1 || after.RunsCount != 1 || !after.NextDueAt.Equal(due.Add(time.Minute)) {
		t.Errorf("%d acquisitions, and %+v", len(list), after)
	}
}

func scheduleAtomic(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	sch := createSchedule(t, s, aSchedule("one", due))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.FireSchedules(ctx, due, 10, func(sch heimdall.Schedule) heimdall.ScheduleStep {
		cancel() // the process is killed between its look and its commit
		return everyMinute(sch)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 10})
	ok(t, err)
	after, err := s.Schedule(t.Context(), sch.ID)
	ok(t, err)
	same(t, "acquisitions", len(list), 0)
	same(t, "the schedule", after, sch)
	same(t, "runs", runsOf(t, s, sch.ID), []heimdall.ScheduleRun{})
}

func scheduleAll(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	for _, change := range []func(*heimdall.WebSDR){
		func(w *heimdall.WebSDR) { w.Name, w.Active = "inactive", false },
		func(w *heimdall.WebSDR) { w.Name, w.FrequencyMinHz, w.FrequencyMaxHz = "another band", 100e6, 200e6 },
		func(w *heimdall.WebSDR) { w.Name, w.Kind, w.URL = "no IQ", "openwebrx", "http://receiver.example" },
	} {
		w := aWebSDR("")
		change(&w)
		createWebSDR(t, s, w)
	}
	due := soonDue()
	createSchedule(t, s, aSchedule("one", due))
	runs, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	a, _, err := s.Acquisition(t.Context(), runs[0].TaskID)
	ok(t, err)
	same(t, "WebSDRs", a.WebSDRIDs, ids)
}

func scheduleWithoutWebSDR(t *testing.T, s Store) {
	due := soonDue()
	nobody := createSchedule(t, s, aSchedule("nobody", due))
	unknown := createSchedule(t, s, aSchedule("unknown", due, 99))
	runs, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	if len(runs) != 2 {
		t.Fatalf("runs: %+v", runs)
	}
	for i, id := range []int64{nobody.ID, unknown.ID} {
		if r := runs[i]; r.Skipped != heimdall.SkippedWebSDRs || r.Detail == "" || r.TaskID != "" {
			t.Errorf("run: %+v", r)
		}
		after, err := s.Schedule(t.Context(), id)
		ok(t, err)
		if after.RunsCount != 0 || !after.NextDueAt.Equal(due.Add(time.Minute)) {
			t.Errorf("afterwards the schedule is %+v", after)
		}
	}
}

func scheduleOverlap(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	long := aSchedule("long", due)
	long.Overlap, long.Duration = heimdall.OverlapSkip, 90*time.Second
	short := aSchedule("short", due) // has ended when the next begins, though it is stored before
	short.Overlap, short.Duration = heimdall.OverlapSkip, time.Minute
	long, short = createSchedule(t, s, long), createSchedule(t, s, short)
	for range 3 {
		_, err := s.FireSchedules(t.Context(), due.Add(2*time.Minute), 10, everyMinute)
		ok(t, err)
	}
	var got []heimdall.SkipReason
	for _, id := range []int64{long.ID, short.ID} {
		for _, r := range runsOf(t, s, id) {
			got = append(got, r.Skipped)
		}
	}
	same(t, "skipped", got, []heimdall.SkipReason{"", heimdall.SkippedOverlap, "", "", "", ""})
}

func scheduleByHand(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	paused := aSchedule("one", due)
	paused.Active = false
	sch := createSchedule(t, s, paused)
	runs, err := s.FireSchedule(t.Context(), sch.ID, func(sch heimdall.Schedule) heimdall.ScheduleStep {
		step := everyMinute(sch)
		step.Firings[0].Run.ByHand, step.Firings[0].Run.DueAt = true, due.Add(-30*time.Second)
		step.NextDueAt, step.NextStartAt = sch.NextDueAt, sch.NextStartAt
		return step
	})
	ok(t, err)
	if len(runs) != 1 || runs[0].TaskID == "" || !runs[0].ByHand {
		t.Errorf("runs: %+v", runs)
	}
	after, err := s.Schedule(t.Context(), sch.ID)
	ok(t, err)
	same(t, "the schedule", after, sch)
	_, err = s.FireSchedule(t.Context(), 999, everyMinute)
	wantErr(t, err, heimdall.ErrNotFound)
}
