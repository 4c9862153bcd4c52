package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectDeletions = `
SELECT task_id, reason, ended_at, rows, objects, bytes, planned_at, done_at FROM deletions`

const selectDeletionsOf = selectDeletions + ` WHERE task_id = ANY($1::uuid[])`

func deletionsOf(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (map[uuid.UUID]heimdall.Deletion, error) {
	rows, err := tx.Query(ctx, selectDeletionsOf, ids)
	list, err := all(rows, err, scanDeletion)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]heimdall.Deletion, len(list))
	for _, d := range list {
		id, err := parseTaskID(d.TaskID)
		if err != nil {
			return nil, err
		}
		out[id] = d
	}
	return out, nil
}

const selectDeletion = selectDeletions + ` WHERE task_id = $1`

// Deletion returns what the journal says of an acquisition, or ErrNotFound.
func (s *Store) Deletion(ctx context.Context, taskID string) (d heimdall.Deletion, err error) {
	id, err := parseTaskID(taskID)
	if err == nil {
		d, err = scanDeletion(s.pool.QueryRow(ctx, selectDeletion, id))
	}
	return d, failed(ctx, "get deletion", notFound(err, "deletion of acquisition %s", taskID))
}

// PlannedDeletions returns a page of the deletions that are planned and not done, in order of task_id, after the
// one given.
func (s *Store) PlannedDeletions(ctx context.Context, afterTaskID string, limit int) ([]heimdall.Deletion, error) {
	const do = "list planned deletions"
	var w where
	w.add("done_at IS NULL")
	err := checkLimit(limit)
	if err == nil && afterTaskID != "" {
		var after uuid.UUID
		after, err = parseCursor(afterTaskID)
		w.add("task_id > $", after)
	}
	if err != nil {
		return nil, failed(ctx, do, err)
	}
	query := selectDeletions + w.String() + ` ORDER BY task_id` + w.limit(limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	list, err := all(rows, err, scanDeletion)
	return list, failed(ctx, do, err)
}

// Deletions returns a page of the journal, the newest plan first, whether it is done or not.
func (s *Store) Deletions(ctx context.Context, f heimdall.DeletionFilter) ([]heimdall.Deletion, error) {
	const do = "list deletions"
	var w where
	err := checkLimit(f.Limit)
	if err == nil && !f.AfterPlannedAt.IsZero() {
		var after uuid.UUID
		after, err = parseCursor(f.AfterTaskID)
		w.add("(planned_at, task_id) < ($, $)", f.AfterPlannedAt.UTC(), after)
	}
	if err != nil {
		return nil, failed(ctx, do, err)
	}
	query := selectDeletions + w.String() + ` ORDER BY planned_at DESC, task_id DESC` + w.limit(f.Limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	list, err := all(rows, err, scanDeletion)
	return list, failed(ctx, do, err)
}

const (
	finishDeletions = `
UPDATE deletions SET done_at = clock_timestamp()
WHERE task_id = ANY($1::uuid[]) AND done_at IS NULL
RETURNING task_id, reason, ended_at, rows, objects, bytes, planned_at, done_at`

	// A measurement's time is that of its recording, cut to microseconds.
	selectWindowOf = `
SELECT min(ns) / 1000 * 1000, max(ns) / 1000 * 1000
FROM (SELECT start_unix_ns FROM captures WHERE task_id = ANY($1::uuid[])
      UNION ALL SELECT unnest(ARRAY[` + importedNS + `]) FROM imported_acquisitions WHERE task_id = ANY($1::uuid[])) AS times (ns)`

	deleteCaptures     = `DELETE FROM captures WHERE task_id = ANY($1::uuid[])`
	deleteAcquisitions = `DELETE FROM acquisitions WHERE task_id = ANY($1::uuid[])`
)

// A window is from when to when there are measurements; zero when there are none.
type window struct{ first, last time.Time }

// FinishDeletion deletes the rows of acquisitions whose deletion is planned, in one transaction, and returns those
// that it was this call that deleted. One that is not planned is ErrConflict, and then nothing happens.
//
// The measurements of whole days go with their partition or chunk; see days.go.
func (s *Store) FinishDeletion(ctx context.Context, taskIDs []string) (done []heimdall.Deletion, err error) {
	err = s.write(ctx, "finish deletion", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noTimeout); err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(taskIDs))
		for i, id := range taskIDs {
			ids[i], _ = parseTaskID(id) // what is no id is not planned
		}
		if _, err := statesOf(ctx, tx, ids); err != nil {
			return err
		}
		planned, err := deletionsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			if _, ok := planned[id]; !ok {
				return fmt.Errorf("the deletion of acquisition %s has not been planned: %w", taskIDs[i], heimdall.ErrConflict)
			}
		}
		rows, err := tx.Query(ctx, finishDeletions, ids)
		if done, err = all(rows, err, scanDeletion); err != nil || len(done) == 0 {
			return err
		}
		return s.deleteRows(ctx, tx, done)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(done, func(a, b heimdall.Deletion) int { return strings.Compare(a.TaskID, b.TaskID) })
	return done, nil
}

// deleteRows locks rollups before it locks measurements, as everybody does.
func (s *Store) deleteRows(ctx context.Context, tx pgx.Tx, going []heimdall.Deletion) error {
	ids, err := parseTaskIDs(going)
	if err != nil {
		return err
	}
	var w window
	if err := tx.QueryRow(ctx, selectWindowOf, ids).Scan(nanos{&w.first}, nanos{&w.last}); err != nil {
		return err
	}
	gone, err := markDeleted(ctx, tx, ids, w)
	if err != nil {
		return err
	}
	for _, query := range []string{deleteCaptures, deleteAcquisitions} {
		if _, err := tx.Exec(ctx, query, ids); err != nil {
			return err
		}
	}
	if w.first.IsZero() {
		return nil
	}
	return s.deleteMeasurements(ctx, tx, ids, w, gone)
}
