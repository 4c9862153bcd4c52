package schedule

import (
	"context"
	"log/slog"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Runner fires the runs of all schedules of a database, beside any number of other runners.
type Runner struct {
	Store Store
	Ahead time.Duration    // how long before its start an acquisition must have been created; 0 means DefaultAhead
	Log   *slog.Logger     // nil means silence
	Now   func() time.Time // nil means time.Now
	// Observe is told of every run that was fired or skipped; late is how much later than planned it was handed to the
	// queue, below 0 when earlier. nil means that nobody wants to know.
	Observe func(run heimdall.ScheduleRun, late time.Duration)

	plans map[int64]compiled // by schedule id; Run's own
}

// A compiled plan is good for one version of a schedule.
type compiled struct {
	version time.Time
	plan    *Plan
	err     error
}

// DefaultAhead is time for receivers to connect and to settle.
const DefaultAhead = 10 * time.Second

// Lead is how much earlier than that runs are fired, so that a crowd due at one instant is done in time.
const Lead = 2 * time.Second

const (
	// batch is how many schedules fire in one transaction: others that write to SQLite wait for it.
	batch = 50
	// maxSleep bounds how long a clock that was set, or a change whose word was lost, goes unnoticed.
	maxSleep = 2 * time.Second
	// minSleep is that between looks at what another runner has in hand.
	minSleep = 20 * time.Millisecond
	// keepSkipped is how long it is told which runs were skipped, and why.
	keepSkipped = 366 * 24 * time.Hour
	pruneEvery  = time.Hour
)

// Run fires runs until ctx ends, and returns nil. What the database cannot do now is tried again.
func (r *Runner) Run(ctx context.Context) error {
	r.withDefaults()
	var pruned time.Time
	for ctx.Err() == nil {
		sleep, err := r.turn(ctx)
		if err == nil && r.Now().Sub(pruned).Abs() > pruneEvery {
			pruned = r.Now()
			_, err = r.Store.PruneScheduleRuns(ctx, pruned.Add(-keepSkipped))
		}
		if err != nil && ctx.Err() == nil {
			r.Log.Warn("run schedules", "err", err)
			sleep = time.Second
		}
		if err == nil {
			err = r.Store.WaitSchedules(ctx, sleep)
		}
		if err != nil {
			pause(ctx, time.Second) // the database is away: asking it again at once would not bring it back
		}
	}
	return nil
}

func (r *Runner) withDefaults() {
	if r.Ahead == 0 {
		r.Ahead = DefaultAhead
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	r.plans = map[int64]compiled{}
}

// turn fires what is due, and says how long nothing else will be.
func (r *Runner) turn(ctx context.Context) (sleep time.Duration, err error) {
	for {
		next, err := r.Store.NextScheduleStart(ctx)
		if err != nil || next.IsZero() {
			return maxSleep, err
		}
		if early := next.Sub(r.Now()) - r.Ahead - Lead; early > 0 {
			return min(early, maxSleep), nil
		}
		runs, err := r.Store.FireSchedules(ctx, r.Now().Add(r.Ahead+Lead), batch, r.step)
		if err != nil {
			return 0, err
		}
		r.log(runs)
		if len(runs) == 0 { // another runner has them in hand
			return minSleep, nil
		}
	}
}

// step is called by the database in its transaction.
func (r *Runner) step(s heimdall.Schedule) heimdall.ScheduleStep {
	c, known := r.plans[s.ID]
	if !known || !c.version.Equal(s.UpdatedAt) {
		c = compiled{version: s.UpdatedAt}
		c.plan, c.err = Compile(s)
		r.plans[s.ID] = c
	}
	if c.err == nil {
		return c.plan.Step(s, r.Now(), r.Ahead)
	}
	// It was good when it was stored; another version of the program thinks otherwise.
	return heimdall.ScheduleStep{Firings: []heimdall.Firing{{Run: heimdall.ScheduleRun{ScheduleID: s.ID, DueAt: s.NextDueAt,
		StartAt: s.NextStartAt, LastDueAt: s.NextDueAt, Count: 1, Skipped: heimdall.SkippedInvalid, Detail: c.err.Error()}}}}
}

func (r *Runner) log(runs []heimdall.ScheduleRun) {
	for _, run := range runs {
		late := run.FiredAt.Sub(run.StartAt.Add(-r.Ahead))
		if r.Observe != nil {
			r.Observe(run, late)
		}
		if run.Skipped != "" {
			r.Log.Warn("scheduled run skipped", "schedule", run.ScheduleID, "due", run.DueAt, "why", run.Skipped, "detail", run.Detail, "count", run.Count)
			continue
		}
		r.Log.Info("scheduled run", "schedule", run.ScheduleID, "due", run.DueAt, "acquisition", run.TaskID,
			"late", late.Round(time.Millisecond))
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
