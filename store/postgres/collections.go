package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// What was imported has no objects, and so no collection of them.
	selectUncollected = `
SELECT task_id FROM acquisitions AS a
WHERE ended_at IS NOT NULL AND collected_at IS NULL AND task_id > $1
  AND NOT EXISTS (SELECT 1 FROM imported_acquisitions AS i WHERE i.task_id = a.task_id)
  AND NOT EXISTS (SELECT 1 FROM deletions AS d WHERE d.task_id = a.task_id)
ORDER BY task_id LIMIT $2`

	selectCollected = `
SELECT task_id FROM acquisitions AS a
WHERE collected_at IS NOT NULL AND task_id > $1
  AND NOT EXISTS (SELECT 1 FROM deletions AS d WHERE d.task_id = a.task_id)
ORDER BY task_id LIMIT $2`

	setCollected = `
UPDATE acquisitions SET collected_at = CASE WHEN $2 THEN clock_timestamp() END
WHERE task_id = $1 AND ended_at IS NOT NULL AND task_id NOT IN (SELECT task_id FROM deletions)`
)

// Uncollected returns a page of the acquisitions that have ended and whose collection is still to be written, in order
// of task_id, after the one given.
func (s *Store) Uncollected(ctx context.Context, afterTaskID string, limit int) ([]string, error) {
	return s.taskIDs(ctx, selectUncollected, afterTaskID, limit)
}

// Collected returns a page of the acquisitions whose collection is among the objects, in order of task_id.
func (s *Store) Collected(ctx context.Context, afterTaskID string, limit int) ([]string, error) {
	return s.taskIDs(ctx, selectCollected, afterTaskID, limit)
}

func (s *Store) taskIDs(ctx context.Context, query, afterTaskID string, limit int) ([]string, error) {
	const do = "list collections"
	err := checkLimit(limit)
	var after uuid.UUID // of none: before all
	if err == nil && afterTaskID != "" {
		after, err = parseCursor(afterTaskID)
	}
	if err != nil {
		return nil, failed(ctx, do, err)
	}
	rows, err := s.pool.Query(ctx, query, after, limit)
	list, err := all(rows, err, func(r row) (id string, err error) { return id, r.Scan(&id) })
	return list, failed(ctx, do, err)
}

// SetCollected notes that the collection of an acquisition that has ended is among the objects, or that it is not. One
// that is going to be deleted is ErrNotFound like one that has been.
func (s *Store) SetCollected(ctx context.Context, taskID string, collected bool) error {
	return s.write(ctx, "note collection", func(tx pgx.Tx) error {
		id, err := parseTaskID(taskID)
		if err != nil {
			return notFound(err, "acquisition %s", taskID)
		}
		result, err := tx.Exec(ctx, setCollected, id, collected)
		if err == nil && result.RowsAffected() == 0 {
			err = fmt.Errorf("acquisition %s that has ended: %w", taskID, heimdall.ErrNotFound)
		}
		return err
	})
}

const noteLoss = `
UPDATE captures SET reason = $3 WHERE task_id = $1 AND websdr_id = $2::bigint AND state = 'success' AND s3_path IS NOT NULL`

// NoteLoss gives a capture that succeeded another reason: that its recording has been lost since, and how, or, once it is
// found again, the one before. Its measurement stands.
func (s *Store) NoteLoss(ctx context.Context, taskID string, websdrID int64, reason string) error {
	return s.write(ctx, "note loss of recording", func(tx pgx.Tx) error {
		id, err := parseTaskID(taskID)
		if err != nil {
			return notFound(err, "acquisition %s", taskID)
		}
		result, err := tx.Exec(ctx, noteLoss, id, websdrID, storable(reason))
		if err == nil && result.RowsAffected() == 0 {
			err = fmt.Errorf("recording of WebSDR %d in acquisition %s: %w", websdrID, taskID, heimdall.ErrNotFound)
		}
		return err
	})
}
