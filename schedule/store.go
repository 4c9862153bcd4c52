package schedule

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Store is what running schedules asks of a database. Any number of processes may use it at the same time.
type Store interface {
	// FireSchedules takes the active schedules whose NextStartAt is at or before until, the earliest first and at
	// most limit, asks step what each of them does, and does it, all in one transaction: each run is stored with
	// its acquisition, and the schedule with when it is due next. Of several callers at once each gets other
	// schedules. A run that is stored already is left as it is, and its firing has no effect. step must not take
	// long nor use the store, and may be called again for the same schedule.
	FireSchedules(ctx context.Context, until time.Time, limit int, step func(heimdall.Schedule) heimdall.ScheduleStep) ([]heimdall.ScheduleRun, error)

	// NextScheduleStart returns the earliest NextStartAt of the active schedules; zero when there is none.
	NextScheduleStart(ctx context.Context) (time.Time, error)

	// WaitSchedules returns at once if a schedule was created, changed or deleted since the last call, otherwise
	// when that happens or after poll.
	WaitSchedules(ctx context.Context, poll time.Duration) error

	// PruneScheduleRuns deletes runs that were skipped and were due before a time. Those that made an acquisition
	// go with it.
	PruneScheduleRuns(ctx context.Context, before time.Time) (int64, error)
}
