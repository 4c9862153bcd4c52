package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

const selectDeletions = `
SELECT task_id, reason, ended_at, rows, objects, bytes, planned_at, done_at FROM deletions`

// Deletion returns what the journal says of an acquisition, or ErrNotFound.
func (s *Store) Deletion(ctx context.Context, taskID string) (heimdall.Deletion, error) {
	d, err := getDeletion(ctx, s.reader, taskID)
	return d, failed(ctx, "get deletion", err)
}

func getDeletion(ctx context.Context, q querier, taskID string) (heimdall.Deletion, error) {
	d, err := scanDeletion(q.QueryRowContext(ctx, selectDeletions+` WHERE task_id = ?`, taskID))
	return d, notFound(err, "deletion of acquisition %s", taskID)
}

// PlannedDeletions returns a page of the deletions that are planned and not done, in order of task_id, after the
// one given.
func (s *Store) PlannedDeletions(ctx context.Context, afterTaskID string, limit int) ([]heimdall.Deletion, error) {
	const do = "list planned deletions"
	if err := checkLimit(limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	rows, err := s.reader.QueryContext(ctx, selectDeletions+` WHERE done_at IS NULL AND task_id > ? ORDER BY task_id LIMIT ?`, afterTaskID, limit)
	list, err := all(rows, err, scanDeletion)
	return list, failed(ctx, do, err)
}

// Deletions returns a page of the journal, the newest plan first, whether it is done or not.
func (s *Store) Deletions(ctx context.Context, f heimdall.DeletionFilter) ([]heimdall.Deletion, error) {
	const do = "list deletions"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if !f.AfterPlannedAt.IsZero() {
		w.add("(planned_at, task_id) < (?, ?)", f.AfterPlannedAt.UnixMicro(), f.AfterTaskID)
	}
	rows, err := s.reader.QueryContext(ctx, selectDeletions+w.String()+` ORDER BY planned_at DESC, task_id DESC LIMIT ?`, append(w.args, f.Limit)...)
	list, err := all(rows, err, scanDeletion)
	return list, failed(ctx, do, err)
}

const finishDeletions = `
UPDATE deletions SET done_at = ?
WHERE task_id IN (SELECT value FROM json_each(?)) AND done_at IS NULL
RETURNING task_id, reason, ended_at, rows, objects, bytes, planned_at, done_at`

// In the order in which rows refer to rows.
var deleteRows = []string{
	`DELETE FROM measurements WHERE task_id IN (SELECT value FROM json_each(?))`,
	`DELETE FROM captures WHERE task_id IN (SELECT value FROM json_each(?))`,
	`DELETE FROM acquisitions WHERE task_id IN (SELECT value FROM json_each(?))`,
}

// FinishDeletion deletes the rows of acquisitions whose deletion is planned, in one transaction, and returns those
// that it was this call that deleted. One that is not planned is ErrConflict, and then nothing happens.
func (s *Store) FinishDeletion(ctx context.Context, taskIDs []string) (done []heimdall.Deletion, err error) {
	err = s.write(ctx, "finish deletion", func(tx *sql.Tx) error {
		for _, id := range taskIDs {
			if _, err := getDeletion(ctx, tx, id); errors.Is(err, heimdall.ErrNotFound) {
				return fmt.Errorf("the deletion of acquisition %s has not been planned: %w", id, heimdall.ErrConflict)
			} else if err != nil {
				return err
			}
		}
		now := s.moment()
		ids, err := asJSON(append([]string{}, taskIDs...))
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, finishDeletions, micros{&now}, ids)
		if done, err = all(rows, err, scanDeletion); err != nil {
			return err
		}
		going := make([]string, len(done))
		for i, d := range done {
			going[i] = d.TaskID
		}
		if ids, err = asJSON(going); err != nil {
			return err
		}
		for _, query := range append([]string{rollDeleted, daily(rollDeleted)}, deleteRows...) {
			if _, err := tx.ExecContext(ctx, query, ids); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(done, func(a, b heimdall.Deletion) int { return strings.Compare(a.TaskID, b.TaskID) })
	return done, nil
}
