package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectNextScheduleStart = `
SELECT min(next_start_at) FROM schedules WHERE is_active AND next_start_at IS NOT NULL`

// NextScheduleStart returns the earliest start of an active schedule; zero when there is none.
func (s *Store) NextScheduleStart(ctx context.Context) (next time.Time, err error) {
	err = s.pool.QueryRow(ctx, selectNextScheduleStart).Scan(micros{&next})
	return next, failed(ctx, "look for the next schedule", err)
}

const selectSchedulesDue = selectSchedules + `
WHERE is_active AND next_start_at IS NOT NULL AND next_start_at <= $1
ORDER BY next_start_at, schedule_id LIMIT $2
FOR UPDATE SKIP LOCKED`

// FireSchedules asks step what each of the active schedules does that start by until, the earliest first and at most
// limit, and does it, in one transaction.
func (s *Store) FireSchedules(ctx context.Context, until time.Time, limit int, step func(heimdall.Schedule) heimdall.ScheduleStep) (runs []heimdall.ScheduleRun, err error) {
	err = s.write(ctx, "fire schedules", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectSchedulesDue, until, limit)
		due, err := all(rows, err, scanSchedule)
		if err != nil || len(due) == 0 {
			return err
		}
		if runs, err = takeSteps(ctx, tx, due, step); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	s.wake()
	s.told()
	return runs, nil
}

// FireSchedule does what step says about one schedule, due or not, active or not.
func (s *Store) FireSchedule(ctx context.Context, id int64, step func(heimdall.Schedule) heimdall.ScheduleStep) (runs []heimdall.ScheduleRun, err error) {
	err = s.write(ctx, "fire schedule", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSchedule, id); err != nil {
			return err
		}
		sch, err := getSchedule(ctx, tx, id)
		if err != nil {
			return err
		}
		if runs, err = takeSteps(ctx, tx, []heimdall.Schedule{sch}, step); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	s.wake()
	s.told()
	return runs, nil
}

const setScheduleNext = `
UPDATE schedules SET next_due_at = $1, next_start_at = $2, runs_count = runs_count + $3 WHERE schedule_id = $4`

func takeSteps(ctx context.Context, tx pgx.Tx, due []heimdall.Schedule, step func(heimdall.Schedule) heimdall.ScheduleStep) ([]heimdall.ScheduleRun, error) {
	var every []int64 // nil
	rows, err := tx.Query(ctx, selectWebSDRsChosen, every, false)
	known, err := all(rows, err, scanWebSDR)
	if err != nil {
		return nil, err
	}
	var runs []heimdall.ScheduleRun
	var created []heimdall.Event
	for _, sch := range due {
		next := step(sch)
		counted := 0
		for _, f := range next.Firings {
			run, a, err := fire(ctx, tx, sch, f, known)
			if err != nil {
				return nil, fmt.Errorf("schedule %d, run of %v: %w", sch.ID, f.Run.DueAt, err)
			}
			if a != nil {
				created = append(created, heimdall.AcquisitionEvent(heimdall.AcquisitionCreated, a))
				if !run.ByHand {
					counted++
				}
			}
			runs = append(runs, run)
		}
		if _, err := tx.Exec(ctx, setScheduleNext, micros{&next.NextDueAt}, micros{&next.NextStartAt}, counted, sch.ID); err != nil {
			return nil, err
		}
	}
	if len(created) == 0 {
		return runs, nil
	}
	return runs, tell(ctx, tx, created...)
}

// fire stores one run, with its acquisition unless something stands against it. One that is stored already is
// returned as it is, and without an acquisition.
func fire(ctx context.Context, tx pgx.Tx, sch heimdall.Schedule, f heimdall.Firing, known []heimdall.WebSDR) (run heimdall.ScheduleRun, a *heimdall.Acquisition, err error) {
	run = f.Run
	run.ScheduleID = sch.ID
	stored, err := scanScheduleRun(tx.QueryRow(ctx, selectScheduleRun, sch.ID, micros{&run.DueAt}))
	if !errors.Is(err, pgx.ErrNoRows) {
		return stored, nil, err
	}
	if f.Request != nil {
		if a, err = acquireFor(ctx, tx, sch, &run, *f.Request, known); err != nil {
			return run, nil, err
		}
	}
	if run.FiredAt.IsZero() {
		if run.FiredAt, err = moment(ctx, tx); err != nil {
			return run, nil, err
		}
	}
	return run, a, storeScheduleRun(ctx, tx, run)
}

// acquireFor creates the acquisition of a run, or says in the run why there is none.
func acquireFor(ctx context.Context, tx pgx.Tx, sch heimdall.Schedule, run *heimdall.ScheduleRun, request heimdall.Acquisition, known []heimdall.WebSDR) (*heimdall.Acquisition, error) {
	if sch.Overlap == heimdall.OverlapSkip && !run.ByHand {
		var taskID string
		switch err := tx.QueryRow(ctx, selectScheduleOverlap, sch.ID, micros{&run.StartAt}).Scan(&taskID); {
		case err == nil:
			run.Skipped, run.Detail = heimdall.SkippedOverlap, fmt.Sprintf("acquisition %s will not have ended", taskID)
			return nil, nil
		case !errors.Is(err, pgx.ErrNoRows):
			return nil, err
		}
	}
	if len(request.WebSDRIDs) == 0 {
		request.WebSDRIDs = heimdall.Tunable(request.FrequencyHz, known)
	}
	if len(request.WebSDRIDs) == 0 {
		run.Skipped, run.Detail = heimdall.SkippedWebSDRs, fmt.Sprintf("no active WebSDR can tune %g MHz", float64(request.FrequencyHz)/1e6)
		return nil, nil
	}
	a, _, err := insertAcquisition(ctx, tx, request)
	if bad, invalid := errors.AsType[*heimdall.InvalidError](err); invalid {
		run.Skipped, run.Detail = heimdall.SkippedWebSDRs, bad.Error()
		if request.Validate(a.CreatedAt) != nil {
			run.Skipped = heimdall.SkippedInvalid
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	run.TaskID, run.FiredAt = a.TaskID, a.CreatedAt
	return &a, nil
}

// A recording in progress is no overlap when it will have ended by then: runs are stored ahead of their start.
const selectScheduleOverlap = `
SELECT a.task_id FROM schedule_runs AS r JOIN acquisitions AS a USING (task_id)
WHERE r.schedule_id = $1 AND a.state IN ('pending', 'running')
  AND COALESCE(COALESCE(a.window_start, a.start_at) + make_interval(secs => a.duration_seconds) > $2, TRUE)
LIMIT 1`
