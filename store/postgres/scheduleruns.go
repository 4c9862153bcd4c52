package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectScheduleRuns = `
SELECT schedule_id, due_at, start_at, fired_at, task_id, skipped, detail, count, last_due_at, by_hand
FROM schedule_runs`

// scheduleRunColumns are in the order of selectScheduleRuns.
func scheduleRunColumns(r *heimdall.ScheduleRun) []column {
	return []column{
		{"schedule_id", &r.ScheduleID}, {"due_at", micros{&r.DueAt}}, {"start_at", micros{&r.StartAt}},
		{"fired_at", micros{&r.FiredAt}}, {"task_id", orNull{&r.TaskID}}, {"skipped", &r.Skipped}, {"detail", &r.Detail},
		{"count", &r.Count}, {"last_due_at", micros{&r.LastDueAt}}, {"by_hand", &r.ByHand},
	}
}

func scanScheduleRun(r row) (run heimdall.ScheduleRun, err error) {
	err = r.Scan(fields(scheduleRunColumns(&run))...)
	return run, err
}

const selectScheduleRun = selectScheduleRuns + ` WHERE schedule_id = $1 AND due_at = $2`

const insertScheduleRun = `
INSERT INTO schedule_runs (schedule_id, due_at, start_at, fired_at, task_id, skipped, detail, count, last_due_at, by_hand)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (schedule_id, due_at) DO NOTHING`

func storeScheduleRun(ctx context.Context, tx pgx.Tx, run heimdall.ScheduleRun) error {
	args, err := values(scheduleRunColumns(&run))
	if err == nil {
		_, err = tx.Exec(ctx, insertScheduleRun, args...)
	}
	return err
}

// ScheduleRuns returns a page of runs, newest first by the time they were due.
func (s *Store) ScheduleRuns(ctx context.Context, f heimdall.ScheduleRunFilter) ([]heimdall.ScheduleRun, error) {
	const do = "list runs of schedules"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if f.ScheduleID != 0 {
		w.add("schedule_id = $", f.ScheduleID)
	}
	if !f.From.IsZero() {
		w.add("due_at >= $", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("due_at < $", ceilMicros(f.To))
	}
	if f.SkippedOnly {
		w.add("skipped <> ''")
	}
	if !f.AfterDueAt.IsZero() {
		w.add("(due_at < $ OR due_at = $ AND schedule_id > $)", f.AfterDueAt, f.AfterDueAt, f.AfterScheduleID)
	}
	query := selectScheduleRuns + w.String() + ` ORDER BY due_at DESC, schedule_id` + w.limit(f.Limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	list, err := all(rows, err, scanScheduleRun)
	return list, failed(ctx, do, err)
}

const pruneScheduleRuns = `DELETE FROM schedule_runs WHERE skipped <> '' AND due_at < $1`

// PruneScheduleRuns deletes runs that were skipped and were due before a time.
func (s *Store) PruneScheduleRuns(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, "prune runs of schedules", func(tx pgx.Tx) error {
		result, err := tx.Exec(ctx, pruneScheduleRuns, ceilMicros(before))
		n = result.RowsAffected()
		return err
	})
	return n, err
}

// schedulesDiffer finds what no runner writes.
const schedulesDiffer = `
SELECT task_id, 0, format('the run of schedule %s due at %s was skipped for "%s"', schedule_id, due_at, skipped)
FROM schedule_runs
WHERE (task_id IS NULL) <> (skipped <> '') OR count < 1 OR (count > 1 AND skipped = '') OR last_due_at < due_at
UNION ALL
SELECT NULL, 0, format('schedule %s is due at %s and starts at %s', schedule_id, next_due_at, next_start_at)
FROM schedules
WHERE (next_due_at IS NULL) <> (next_start_at IS NULL) OR next_start_at < next_due_at
UNION ALL
SELECT NULL, 0, format('schedule %s counts %s runs and has %s', s.schedule_id, s.runs_count, count(*))
FROM schedules AS s JOIN schedule_runs AS r USING (schedule_id) WHERE r.task_id IS NOT NULL AND NOT r.by_hand
GROUP BY s.schedule_id HAVING count(*) > s.runs_count`
