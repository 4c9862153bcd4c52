package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const selectNextScheduleStart = `
SELECT min(next_start_at) FROM schedules WHERE is_active AND next_start_at IS NOT NULL`

// NextScheduleStart returns the earliest start of an active schedule; zero when there is none.
func (s *Store) NextScheduleStart(ctx context.Context) (next time.Time, err error) {
	err = s.reader.QueryRowContext(ctx, selectNextScheduleStart).Scan(micros{&next})
	return next, failed(ctx, "look for the next schedule", err)
}

const selectSchedulesDue = selectSchedules + `
WHERE is_active AND next_start_at IS NOT NULL AND next_start_at <= ?
ORDER BY next_start_at, schedule_id LIMIT ?`

// FireSchedules asks step what each of the active schedules does that start by until, the earliest first and at most
// limit, and does it, in one transaction.
func (s *Store) FireSchedules(ctx context.Context, until time.Time, limit int, step func(heimdall.Schedule) heimdall.ScheduleStep) (runs []heimdall.ScheduleRun, err error) {
	err = s.write(ctx, "fire schedules", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, selectSchedulesDue, until.UnixMicro(), limit)
		due, err := all(rows, err, scanSchedule)
		if err != nil || len(due) == 0 {
			return err
		}
		runs, err = s.takeSteps(ctx, tx, due, step)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.wake()
	s.bell.ring()
	return runs, nil
}

// FireSchedule does what step says about one schedule, due or not, active or not.
func (s *Store) FireSchedule(ctx context.Context, id int64, step func(heimdall.Schedule) heimdall.ScheduleStep) (runs []heimdall.ScheduleRun, err error) {
	err = s.write(ctx, "fire schedule", func(tx *sql.Tx) error {
		sch, err := getSchedule(ctx, tx, id)
		if err != nil {
			return err
		}
		runs, err = s.takeSteps(ctx, tx, []heimdall.Schedule{sch}, step)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.wake()
	s.bell.ring()
	return runs, nil
}

const setScheduleNext = `
UPDATE schedules SET next_due_at = ?, next_start_at = ?, runs_count = runs_count + ? WHERE schedule_id = ?`

func (s *Store) takeSteps(ctx context.Context, tx *sql.Tx, due []heimdall.Schedule, step func(heimdall.Schedule) heimdall.ScheduleStep) ([]heimdall.ScheduleRun, error) {
	known, err := listWebSDRs(ctx, tx, heimdall.WebSDRFilter{})
	if err != nil {
		return nil, err
	}
	var runs []heimdall.ScheduleRun
	for _, sch := range due {
		next := step(sch)
		counted := 0
		for _, f := range next.Firings {
			run, isNew, err := s.fire(ctx, tx, sch, f, known)
			if err != nil {
				return nil, fmt.Errorf("schedule %d, run of %v: %w", sch.ID, f.Run.DueAt, err)
			}
			if run.TaskID != "" && !run.ByHand && isNew {
				counted++
			}
			runs = append(runs, run)
		}
		if _, err := tx.ExecContext(ctx, setScheduleNext, micros{&next.NextDueAt}, micros{&next.NextStartAt}, counted, sch.ID); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// fire stores one run, with its acquisition unless something stands against it. One that is stored already is
// returned as it is.
func (s *Store) fire(ctx context.Context, tx *sql.Tx, sch heimdall.Schedule, f heimdall.Firing, known []heimdall.WebSDR) (run heimdall.ScheduleRun, isNew bool, err error) {
	run = f.Run
	run.ScheduleID, run.FiredAt = sch.ID, s.moment()
	stored, err := scanScheduleRun(tx.QueryRowContext(ctx, selectScheduleRun, sch.ID, micros{&run.DueAt}))
	if !errors.Is(err, sql.ErrNoRows) {
		return stored, false, err
	}
	if f.Request != nil {
		if err := s.acquireFor(ctx, tx, sch, &run, *f.Request, known); err != nil {
			return run, false, err
		}
	}
	_, err = tx.ExecContext(ctx, insertScheduleRun, fields(scheduleRunColumns(&run))...)
	return run, true, err
}

// acquireFor creates the acquisition of a run, or says in the run why there is none.
func (s *Store) acquireFor(ctx context.Context, tx *sql.Tx, sch heimdall.Schedule, run *heimdall.ScheduleRun, request heimdall.Acquisition, known []heimdall.WebSDR) error {
	if sch.Overlap == heimdall.OverlapSkip && !run.ByHand {
		var taskID string
		switch err := tx.QueryRowContext(ctx, selectScheduleOverlap, sch.ID, micros{&run.StartAt}).Scan(&taskID); {
		case err == nil:
			run.Skipped, run.Detail = heimdall.SkippedOverlap, fmt.Sprintf("acquisition %s will not have ended", taskID)
			return nil
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
	}
	if len(request.WebSDRIDs) == 0 {
		request.WebSDRIDs = heimdall.Tunable(request.FrequencyHz, known)
	}
	if len(request.WebSDRIDs) == 0 {
		run.Skipped, run.Detail = heimdall.SkippedWebSDRs, fmt.Sprintf("no active WebSDR can tune %g MHz", float64(request.FrequencyHz)/1e6)
		return nil
	}
	a, err := s.insertAcquisition(ctx, tx, request)
	if bad, invalid := errors.AsType[*heimdall.InvalidError](err); invalid {
		run.Skipped, run.Detail = heimdall.SkippedWebSDRs, bad.Error()
		if request.Validate(run.FiredAt) != nil {
			run.Skipped = heimdall.SkippedInvalid
		}
		return nil
	}
	if err != nil {
		return err
	}
	run.TaskID = a.TaskID
	return s.tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionCreated, &a))
}

// A recording in progress is no overlap when it will have ended by then: runs are stored ahead of their start.
const selectScheduleOverlap = `
SELECT a.task_id FROM schedule_runs AS r JOIN acquisitions AS a USING (task_id)
WHERE r.schedule_id = ?1 AND a.state IN ('pending', 'running')
  AND COALESCE(COALESCE(a.window_start, a.start_at) + a.duration_seconds * 1e6 > ?2, TRUE)
LIMIT 1`
