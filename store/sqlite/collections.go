package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// What was imported has no objects, and so no collection of them.
	selectUncollected = `
SELECT task_id FROM acquisitions
WHERE ended_at IS NOT NULL AND collected_at IS NULL AND task_id > ?
  AND task_id NOT IN (SELECT task_id FROM imported_acquisitions) AND task_id NOT IN (SELECT task_id FROM deletions)
ORDER BY task_id LIMIT ?`

	selectCollected = `
SELECT task_id FROM acquisitions
WHERE collected_at IS NOT NULL AND task_id > ? AND task_id NOT IN (SELECT task_id FROM deletions)
ORDER BY task_id LIMIT ?`

	setCollected = `
UPDATE acquisitions SET collected_at = ?2
WHERE task_id = ?1 AND ended_at IS NOT NULL AND task_id NOT IN (SELECT task_id FROM deletions)`
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
	if err := checkLimit(limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	rows, err := s.reader.QueryContext(ctx, query, afterTaskID, limit)
	list, err := all(rows, err, func(r row) (id string, err error) { return id, r.Scan(&id) })
	return list, failed(ctx, do, err)
}

// SetCollected notes that the collection of an acquisition that has ended is among the objects, or that it is not. One
// that is going to be deleted is ErrNotFound like one that has been.
func (s *Store) SetCollected(ctx context.Context, taskID string, collected bool) error {
	return s.share(ctx, "note collection", func(tx *sql.Tx) error {
		var at *int64
		if collected {
			at = new(s.moment().UnixMicro())
		}
		result, err := tx.ExecContext(ctx, setCollected, taskID, at)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n > 0 || err != nil {
			return err
		}
		return fmt.Errorf("acquisition %s that has ended: %w", taskID, heimdall.ErrNotFound)
	})
}

const noteLoss = `UPDATE captures SET reason = ?3 WHERE task_id = ?1 AND websdr_id = ?2 AND state = 'success' AND s3_path IS NOT NULL`

// NoteLoss gives a capture that succeeded another reason: that its recording has been lost since, and how, or, once it is
// found again, the one before. Its measurement stands.
func (s *Store) NoteLoss(ctx context.Context, taskID string, websdrID int64, reason string) error {
	return s.write(ctx, "note loss of recording", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, noteLoss, taskID, websdrID, reason)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n > 0 || err != nil {
			return err
		}
		return fmt.Errorf("recording of WebSDR %d in acquisition %s: %w", websdrID, taskID, heimdall.ErrNotFound)
	})
}
