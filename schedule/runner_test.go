package schedule_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// A rig is a database with one WebSDR and a clock that is set by hand.
type rig struct {
	*testing.T
	store *sqlite.Store
	path  string
	mu    sync.Mutex
	clock time.Time // guarded by mu
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, path: sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), clock: at(t, "2026-03-01T11:55:00Z")}
	r.open()
	_, err := r.store.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: "one", Kind: "sim", URL: "sim://one", Active: true, Timeout: time.Second})
	r.must(err)
	t.Cleanup(func() {
		storetest.Check(t, r.store)
		r.must(r.store.Close())
	})
	return r
}

func (r *rig) open() {
	var err error
	r.store, err = sqlite.Open(context.WithoutCancel(r.Context()), r.path, sqlite.Options{Now: r.now})
	r.must(err)
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock
}

func (r *rig) set(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = at(r, text)
}

func (r *rig) add(change func(*heimdall.Schedule)) heimdall.Schedule {
	r.Helper()
	s := a(change)
	p, err := schedule.Compile(s)
	r.must(err)
	p.First(&s, r.now())
	s, err = r.store.CreateSchedule(r.Context(), s)
	r.must(err)
	return s
}

func (r *rig) runner() *schedule.Runner { return &schedule.Runner{Store: r.store, Now: r.now} }

// turn is one look of a new runner, as after a restart.
func (r *rig) turn() time.Duration {
	r.Helper()
	sleep, err := r.runner().Turn(r.Context())
	r.must(err)
	return sleep
}

// runs are all of them as text, the oldest first.
func (r *rig) runs() []string {
	r.Helper()
	list, err := r.store.ScheduleRuns(r.Context(), heimdall.ScheduleRunFilter{Limit: heimdall.MaxPage})
	r.must(err)
	var out []string
	for i := range list {
		run := list[len(list)-1-i]
		text := run.DueAt.Format("15:04:05")
		if run.Skipped != "" {
			text += fmt.Sprintf(" %s %d", run.Skipped, run.Count)
		} else if a, _, err := r.store.Acquisition(r.Context(), run.TaskID); err != nil {
			r.Error(err)
		} else if !a.StartAt.IsZero() {
			text += " at " + a.StartAt.Format("15:04:05")
		}
		out = append(out, text)
	}
	return out
}

func TestARunnerFiresAheadAndOnceAlsoAfterARestart(t *testing.T) {
	r := newRig(t)
	r.add(func(s *heimdall.Schedule) { s.Recurrence.Every = 5 * time.Minute })
	if sleep := r.turn(); sleep <= 0 || sleep > 2*time.Second { // a clock that is set is noticed by then
		t.Errorf("it would sleep for %v", sleep)
	}
	wantRuns(t, r.runs())
	r.set("2026-03-01T11:59:46Z")
	if sleep := r.turn(); sleep != 2*time.Second {
		t.Errorf("just before it fires, it would sleep for %v", sleep)
	}
	r.set("2026-03-01T11:59:50Z")
	r.turn()
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 at 12:00:00")
	r.must(r.store.Close()) // the process is killed
	r.open()
	r.turn()
	r.set("2026-03-01T12:04:50Z")
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 at 12:00:00", "12:05:00 at 12:05:00")
	r.set("2026-03-01T12:21:30Z") // nobody ran for a while
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 at 12:00:00", "12:05:00 at 12:05:00", "12:10:00 misfire 3")
	r.set("2026-03-01T12:24:50Z")
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 at 12:00:00", "12:05:00 at 12:05:00", "12:10:00 misfire 3", "12:25:00 at 12:25:00")
}

func TestAClockThatIsSetBackFiresNothingTwice(t *testing.T) {
	r := newRig(t)
	r.add(func(s *heimdall.Schedule) { s.Recurrence.Every = 5 * time.Minute })
	r.set("2026-03-01T11:59:50Z")
	r.turn()
	r.set("2026-03-01T11:30:00Z")
	r.turn()
	r.set("2026-03-01T11:59:50Z")
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 at 12:00:00")
}

func TestJitterMovesTheStartAndNotTheRate(t *testing.T) {
	r := newRig(t)
	s := r.add(func(s *heimdall.Schedule) { s.Recurrence.Every, s.Jitter = 5*time.Minute, 2*time.Minute })
	if d := s.NextStartAt.Sub(s.NextDueAt); d <= 0 || d > 2*time.Minute {
		t.Fatalf("the start is %v after noon", d)
	}
	r.clock = s.NextStartAt.Add(-13 * time.Second)
	r.turn()
	wantRuns(t, r.runs())
	r.clock = s.NextStartAt.Add(-10 * time.Second)
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 at "+s.NextStartAt.Format("15:04:05"))
	s, err := r.store.Schedule(t.Context(), s.ID)
	r.must(err)
	if !s.NextDueAt.Equal(at(t, "2026-03-01T12:05:00Z")) {
		t.Errorf("the next run is due at %v", s.NextDueAt)
	}
}

func TestAPausedScheduleDoesNotRun(t *testing.T) {
	r := newRig(t)
	s := r.add(func(s *heimdall.Schedule) { s.Recurrence.Every, s.Active = 5*time.Minute, false })
	r.set("2026-03-01T12:07:00Z")
	r.turn()
	wantRuns(t, r.runs())
	p, err := schedule.Compile(s)
	r.must(err)
	s.Active = true
	skipped := p.Resume(&s, r.now())
	_, err = r.store.UpdateSchedule(t.Context(), s, skipped...)
	r.must(err)
	r.set("2026-03-01T12:09:50Z")
	r.turn()
	wantRuns(t, r.runs(), "12:00:00 paused 2", "12:10:00 at 12:10:00")
}

func TestManyRunnersAtOnceFireEachRunOnce(t *testing.T) {
	r := newRig(t)
	const many = 120
	for i := range many {
		r.add(func(s *heimdall.Schedule) { s.Name, s.Recurrence.Every = fmt.Sprint("schedule ", i), 5*time.Minute })
	}
	r.set("2026-03-01T11:59:50Z")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := r.runner().Turn(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(r.runs()); n != many {
		t.Errorf("%d runs, want %d", n, many)
	}
	list, err := r.store.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	r.must(err)
	if len(list) != many {
		t.Errorf("%d acquisitions, want %d", len(list), many)
	}
}

func TestARunnerWorksUntilItIsStoppedAndHearsOfNewSchedules(t *testing.T) {
	r := newRig(t)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := r.runner().Run(ctx); err != nil {
			t.Error(err)
		}
	})
	r.add(func(s *heimdall.Schedule) { s.Recurrence.Every = 5 * time.Minute })
	r.set("2026-03-01T11:59:50Z")
	r.add(func(s *heimdall.Schedule) { s.Name, s.Recurrence.Every = "word", time.Hour })
	for deadline := time.Now().Add(10 * time.Second); len(r.runs()) < 2; {
		if time.Now().After(deadline) {
			t.Fatal("nothing was fired")
		}
		if err := r.store.Wait(ctx, 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	group.Wait()
}
