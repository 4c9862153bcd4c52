package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A ScheduleStore keeps schedules and fires their runs: see schedule.Store.
type ScheduleStore interface {
	Schedules(ctx context.Context) ([]heimdall.Schedule, error)
	Schedule(ctx context.Context, id int64) (heimdall.Schedule, error)
	CreateSchedule(ctx context.Context, s heimdall.Schedule) (heimdall.Schedule, error)
	UpdateSchedule(ctx context.Context, s heimdall.Schedule, skipped ...heimdall.ScheduleRun) (heimdall.Schedule, error)
	DeleteSchedule(ctx context.Context, id int64) error
	FireSchedule(ctx context.Context, id int64, step func(heimdall.Schedule) heimdall.ScheduleStep) ([]heimdall.ScheduleRun, error)
	FireSchedules(ctx context.Context, until time.Time, limit int, step func(heimdall.Schedule) heimdall.ScheduleStep) ([]heimdall.ScheduleRun, error)
	NextScheduleStart(ctx context.Context) (time.Time, error)
	WaitSchedules(ctx context.Context, poll time.Duration) error
	ScheduleRuns(ctx context.Context, f heimdall.ScheduleRunFilter) ([]heimdall.ScheduleRun, error)
	PruneScheduleRuns(ctx context.Context, before time.Time) (int64, error)
}

var schedules = []promise{
	{"a schedule comes back as it was stored, with its id and times", scheduleIsKept},
	{"a name in use, and an invalid schedule, are refused", badSchedules},
	{"an update replaces all but identity and counts, and of two at once one is a conflict", scheduleUpdate},
	{"ids of deleted schedules are never given again", scheduleIDs},
	{"a run is stored with its acquisition, and the schedule with its next run", scheduleFires},
	{"a schedule is fired when it starts by the time asked for, the earliest first, and not when it is paused", scheduleOrder},
	{"of many runners at once each run is fired by exactly one", scheduleRace},
	{"a run that is stored already is not fired again", scheduleAgain},
	{"what fails half-way has fired nothing", scheduleAtomic},
	{"a schedule without WebSDRs asks all that can tune at that moment", scheduleAll},
	{"a run whose WebSDRs cannot take part is kept with the reason", scheduleWithoutWebSDR},
	{"a run is skipped while the one before will not have ended, if the schedule says so", scheduleOverlap},
	{"a run by hand changes neither the next run nor the count", scheduleByHand},
	{"runs are listed newest first, in pages that neither skip nor repeat", scheduleRunPages},
	{"deleting a schedule keeps the acquisitions of its runs", scheduleDelete},
	{"a run goes with its acquisition, skipped ones when they are pruned", scheduleRunsGo},
	{"a change of a schedule ends a wait", scheduleWait},
}

// soonDue is when schedules of these tests are due: no clock is waited for, FireSchedules is told until when.
func soonDue() time.Time { return time.Now().UTC().Truncate(time.Second).Add(time.Minute) }

func aSchedule(name string, due time.Time, ids ...int64) heimdall.Schedule {
	return heimdall.Schedule{Name: name, Active: true, FrequencyHz: 7_074_000, Duration: 10 * time.Second, WebSDRIDs: ids,
		Recurrence: heimdall.Recurrence{Every: time.Minute}, Misfire: heimdall.MisfireSkip, Grace: time.Minute, Overlap: heimdall.OverlapAllow,
		NextDueAt: due, NextStartAt: due}
}

func createSchedule(t *testing.T, s Store, sch heimdall.Schedule) heimdall.Schedule {
	t.Helper()
	sch, err := s.CreateSchedule(t.Context(), sch)
	ok(t, err)
	return sch
}

// everyMinute is a step: one run at the start it is due, and the next a minute later.
func everyMinute(s heimdall.Schedule) heimdall.ScheduleStep {
	a := s.Request()
	a.StartAt, a.Origin, a.Deadline = s.NextStartAt, fmt.Sprint("schedule/", s.ID), s.NextStartAt.Add(s.Grace)
	return heimdall.ScheduleStep{
		Firings: []heimdall.Firing{{Request: &a, Run: heimdall.ScheduleRun{
			DueAt: s.NextDueAt, StartAt: s.NextStartAt, LastDueAt: s.NextDueAt, Count: 1}}},
		NextDueAt: s.NextDueAt.Add(time.Minute), NextStartAt: s.NextStartAt.Add(time.Minute),
	}
}

func runsOf(t *testing.T, s Store, id int64) []heimdall.ScheduleRun {
	t.Helper()
	runs, err := s.ScheduleRuns(t.Context(), heimdall.ScheduleRunFilter{ScheduleID: id, Limit: heimdall.MaxPage})
	ok(t, err)
	return runs
}

func scheduleIsKept(t *testing.T, s Store) {
	due := soonDue()
	sch := heimdall.Schedule{
		Name: "grey line 'ü'", Active: true, FrequencyHz: 7_074_000, Duration: 10*time.Second + time.Nanosecond, SampleRateHz: 12_000,
		ChannelCenterHz: -100.5, ChannelBandwidthHz: 3000.5, JoinTimeout: 7 * time.Second, WebSDRIDs: []int64{3, 1}, Label: "grey", Priority: -3,
		Recurrence: heimdall.Recurrence{Sun: heimdall.Sunrise, Offset: -30 * time.Minute, LatitudeDeg: 45.25, LongitudeDeg: -7.5, WebSDRID: 3},
		Zone:       "Europe/Rome", StartAt: due.Add(-time.Hour), EndAt: due.Add(time.Hour),
		Windows: []heimdall.Window{{Days: []string{"mon", "tue"}, From: "06:00", To: "18:00"}, {From: "20:00", To: "21:00"}},
		Jitter:  3 * time.Second, MaxRuns: 9, Misfire: heimdall.MisfireAll, Grace: 90 * time.Second, Overlap: heimdall.OverlapSkip,
		NextDueAt: due, NextStartAt: due.Add(2 * time.Second),
	}
	got := createSchedule(t, s, sch)
	if got.ID < 1 || got.CreatedAt.IsZero() || !got.UpdatedAt.Equal(got.CreatedAt) {
		t.Errorf("id %d, created %v, updated %v", got.ID, got.CreatedAt, got.UpdatedAt)
	}
	sch.ID, sch.CreatedAt, sch.UpdatedAt = got.ID, got.CreatedAt, got.UpdatedAt
	same(t, "created", got, sch)
	read, err := s.Schedule(t.Context(), got.ID)
	ok(t, err)
	same(t, "read", read, sch)
	for _, r := range []heimdall.Recurrence{{Every: 1500 * time.Millisecond}, {Cron: "*/5 * * * *"}, {RRule: "DTSTART:20260301T000000Z\nRRULE:FREQ=DAILY"}} {
		other := aSchedule(fmt.Sprint(r), time.Time{})
		other.Recurrence = r
		other = createSchedule(t, s, other)
		same(t, "recurrence", other.Recurrence, r)
		if other.WebSDRIDs != nil || other.Windows != nil || !other.NextDueAt.IsZero() {
			t.Errorf("what was not there came back as %+v", other)
		}
	}
	list, err := s.Schedules(t.Context())
	ok(t, err)
	if len(list) != 4 || list[0].ID != sch.ID || list[3].ID <= list[2].ID {
		t.Errorf("the list is %+v", list)
	}
	_, err = s.Schedule(t.Context(), 999)
	wantErr(t, err, heimdall.ErrNotFound)
}

func badSchedules(t *testing.T, s Store) {
	createSchedule(t, s, aSchedule("one", soonDue()))
	_, err := s.CreateSchedule(t.Context(), aSchedule("one", soonDue()))
	wantErr(t, err, heimdall.ErrExists)
	two := createSchedule(t, s, aSchedule("two", soonDue()))
	two.Name = "one"
	_, err = s.UpdateSchedule(t.Context(), two)
	wantErr(t, err, heimdall.ErrExists)
	bad := aSchedule("three", soonDue())
	bad.Recurrence.Every = time.Millisecond
	_, err = s.CreateSchedule(t.Context(), bad)
	wantInvalid(t, err, "recurrence.every_seconds")
}

func scheduleUpdate(t *testing.T, s Store) {
	due := soonDue()
	createWebSDRs(t, s, 1)
	sch := createSchedule(t, s, aSchedule("one", due))
	_, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	changed := sch // as it was read before it fired
	changed.Name, changed.Active, changed.CreatedAt, changed.RunsCount = "renamed", false, time.Time{}, 77
	skipped := heimdall.ScheduleRun{DueAt: due.Add(-time.Hour), StartAt: due.Add(-time.Hour), LastDueAt: due.Add(-time.Minute), Count: 60, Skipped: heimdall.SkippedPaused}
	got, err := s.UpdateSchedule(t.Context(), changed, skipped)
	ok(t, err)
	if got.Name != "renamed" || got.Active || got.RunsCount != 1 || !got.CreatedAt.Equal(sch.CreatedAt) || !got.UpdatedAt.After(sch.UpdatedAt) || !got.NextDueAt.Equal(due) {
		t.Errorf("updated: %+v", got)
	}
	if runs := runsOf(t, s, sch.ID); len(runs) != 2 || runs[1].Count != 60 || runs[1].Skipped != heimdall.SkippedPaused || runs[1].FiredAt.IsZero() {
		t.Errorf("runs: %+v", runs)
	}
	_, err = s.UpdateSchedule(t.Context(), changed) // of the version before
	wantErr(t, err, heimdall.ErrConflict)
	changed.ID = 999
	_, err = s.UpdateSchedule(t.Context(), changed)
	wantErr(t, err, heimdall.ErrNotFound)
}

func scheduleIDs(t *testing.T, s Store) {
	one := createSchedule(t, s, aSchedule("one", soonDue()))
	ok(t, s.DeleteSchedule(t.Context(), one.ID))
	if two := createSchedule(t, s, aSchedule("one", soonDue())); two.ID <= one.ID {
		t.Errorf("id %d after %d", two.ID, one.ID)
	}
	wantErr(t, s.DeleteSchedule(t.Context(), one.ID), heimdall.ErrNotFound)
}

func scheduleRunPages(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	for i := range 3 {
		createSchedule(t, s, aSchedule(fmt.Sprint("schedule ", i), due))
	}
	for range 3 {
		_, err := s.FireSchedules(t.Context(), due.Add(2*time.Minute), 10, everyMinute)
		ok(t, err)
	}
	whole := runsOf(t, s, 0)
	var paged []heimdall.ScheduleRun
	f := heimdall.ScheduleRunFilter{Limit: 2}
	for {
		page, err := s.ScheduleRuns(t.Context(), f)
		ok(t, err)
		paged = append(paged, page...)
		if len(page) < 2 {
			break
		}
		f.AfterDueAt, f.AfterScheduleID = page[1].DueAt, page[1].ScheduleID
	}
	same(t, "pages", paged, whole)
	for i := 1; i < len(whole); i++ {
		a, b := whole[i-1], whole[i]
		if a.DueAt.Before(b.DueAt) || a.DueAt.Equal(b.DueAt) && a.ScheduleID >= b.ScheduleID {
			t.Errorf("%+v comes before %+v", a, b)
		}
	}
	middle, err := s.ScheduleRuns(t.Context(), heimdall.ScheduleRunFilter{From: due.Add(time.Minute), To: due.Add(2 * time.Minute), Limit: 10})
	ok(t, err)
	same(t, "of one minute", middle, whole[3:6])
	skipped, err := s.ScheduleRuns(t.Context(), heimdall.ScheduleRunFilter{SkippedOnly: true, Limit: 10})
	ok(t, err)
	same(t, "skipped", skipped, []heimdall.ScheduleRun{})
	_, err = s.ScheduleRuns(t.Context(), heimdall.ScheduleRunFilter{})
	wantInvalid(t, err, "limit")
}

func scheduleDelete(t *testing.T, s Store) {
	createWebSDRs(t, s, 1)
	due := soonDue()
	sch := createSchedule(t, s, aSchedule("one", due))
	runs, err := s.FireSchedules(t.Context(), due, 10, everyMinute)
	ok(t, err)
	ok(t, s.DeleteSchedule(t.Context(), sch.ID))
	_, _, err = s.Acquisition(t.Context(), runs[0].TaskID)
	ok(t, err)
	same(t, "runs", runsOf(t, s, 0), []heimdall.ScheduleRun{})
	next, err := s.NextScheduleStart(t.Context())
	ok(t, err)
	same(t, "next start", next, time.Time{})
}

func scheduleRunsGo(t *testing.T, s Store) {
	due := soonDue()
	sch := createSchedule(t, s, aSchedule("one", due))
	_, err := s.FireSchedules(t.Context(), due, 10, everyMinute) // nobody is there: skipped
	ok(t, err)
	createWebSDRs(t, s, 1)
	fired, err := s.FireSchedules(t.Context(), due.Add(time.Minute), 10, everyMinute)
	ok(t, err)
	n, err := s.PruneScheduleRuns(t.Context(), due)
	ok(t, err)
	same(t, "pruned too early", n, 0)
	n, err = s.PruneScheduleRuns(t.Context(), due.Add(time.Hour))
	ok(t, err)
	same(t, "pruned", n, 1)
	same(t, "runs", runsOf(t, s, sch.ID), fired)
	_, err = s.CancelAcquisition(t.Context(), fired[0].TaskID)
	ok(t, err)
	ok(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: fired[0].TaskID, Reason: "age"}}))
	_, err = s.FinishDeletion(t.Context(), []string{fired[0].TaskID})
	ok(t, err)
	same(t, "runs", runsOf(t, s, sch.ID), []heimdall.ScheduleRun{})
	after, err := s.Schedule(t.Context(), sch.ID)
	ok(t, err)
	same(t, "count of runs", after.RunsCount, int64(1))
}

func scheduleWait(t *testing.T, s Store) {
	waits := func(d time.Duration) bool {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		return s.WaitSchedules(ctx, aLease) == nil
	}
	for waits(notSoon) {
	}
	sch := createSchedule(t, s, aSchedule("one", soonDue()))
	if !waits(soon) {
		t.Error("a new schedule did not end a wait")
	}
	for waits(notSoon) {
	}
	woken := make(chan bool)
	go func() { woken <- waits(soon) }()
	_, err := s.UpdateSchedule(t.Context(), sch)
	ok(t, err)
	if !<-woken {
		t.Error("a change did not end a wait")
	}
	for waits(notSoon) {
	}
	ok(t, s.DeleteSchedule(t.Context(), sch.ID))
	if !waits(soon) {
		t.Error("a deletion did not end a wait")
	}
	ok(t, s.WaitSchedules(t.Context(), time.Millisecond))
}
