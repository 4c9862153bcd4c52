package sqlite

import (
	"context"
	"database/sql"
	"time"

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

const selectScheduleRun = selectScheduleRuns + ` WHERE schedule_id = ? AND due_at = ?`

const insertScheduleRun = `
INSERT INTO schedule_runs (schedule_id, due_at, start_at, fired_at, task_id, skipped, detail, count, last_due_at, by_hand)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (schedule_id, due_at) DO NOTHING`

// ScheduleRuns returns a page of runs, newest first by the time they were due.
func (s *Store) ScheduleRuns(ctx context.Context, f heimdall.ScheduleRunFilter) ([]heimdall.ScheduleRun, error) {
	const do = "list runs of schedules"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if f.ScheduleID != 0 {
		w.add("schedule_id = ?", f.ScheduleID)
	}
	if !f.From.IsZero() {
		w.add("due_at >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("due_at < ?", ceilMicros(f.To))
	}
	if f.SkippedOnly {
		w.add("skipped <> ''")
	}
	if !f.AfterDueAt.IsZero() {
		w.add("(due_at < ? OR due_at = ? AND schedule_id > ?)", micros{&f.AfterDueAt}, micros{&f.AfterDueAt}, f.AfterScheduleID)
	}
	rows, err := s.reader.QueryContext(ctx, selectScheduleRuns+w.String()+` ORDER BY due_at DESC, schedule_id LIMIT ?`, append(w.args, f.Limit)...)
	list, err := all(rows, err, scanScheduleRun)
	return list, failed(ctx, do, err)
}

const pruneScheduleRuns = `DELETE FROM schedule_runs WHERE skipped <> '' AND due_at < ?`

// PruneScheduleRuns deletes runs that were skipped and were due before a time.
func (s *Store) PruneScheduleRuns(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, "prune runs of schedules", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, pruneScheduleRuns, ceilMicros(before))
		if err == nil {
			n, err = result.RowsAffected()
		}
		return err
	})
	return n, err
}

// schedulesDiffer finds what no runner writes.
const schedulesDiffer = `
SELECT COALESCE(task_id, ''), 0, printf('the run of schedule %d due at %d has task_id %s, and was skipped for "%s"', schedule_id, due_at, COALESCE(task_id, 'NULL'), skipped)
FROM schedule_runs
WHERE (task_id IS NULL) <> (skipped <> '') OR count < 1 OR (count > 1 AND skipped = '') OR last_due_at < due_at
UNION ALL
SELECT '', 0, printf('schedule %d is due at %s and starts at %s', schedule_id, COALESCE(next_due_at, 'NULL'), COALESCE(next_start_at, 'NULL'))
FROM schedules
WHERE (next_due_at IS NULL) <> (next_start_at IS NULL) OR next_start_at < next_due_at
UNION ALL
SELECT '', 0, printf('schedule %d counts %d runs and has %d', s.schedule_id, s.runs_count, count(*))
FROM schedules AS s JOIN schedule_runs AS r USING (schedule_id) WHERE r.task_id IS NOT NULL AND NOT r.by_hand
GROUP BY s.schedule_id HAVING count(*) > s.runs_count`
