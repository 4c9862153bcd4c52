package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

// holdFields are the columns of holds in the order of the queries that join them; all are NULL where nobody holds.
func holdFields(h *heimdall.Hold) []any {
	return []any{orZero[string]{&h.By}, orZero[string]{&h.Reason}, micros{&h.At}}
}

const insertHold = `INSERT INTO holds (task_id, held_by, reason, held_at) VALUES (?, ?, ?, ?)`

// HoldAcquisition keeps an acquisition from being deleted until ReleaseAcquisition. The same hold again changes
// nothing; another one, or one of what is going to be deleted, is ErrConflict. The database gives the time.
func (s *Store) HoldAcquisition(ctx context.Context, taskID string, h heimdall.Hold) error {
	return s.write(ctx, "hold acquisition", func(tx *sql.Tx) error {
		if err := h.Validate(); err != nil {
			return err
		}
		a, err := getAcquisition(ctx, tx, taskID)
		if err != nil {
			return err
		}
		if !a.Hold.IsZero() {
			if a.Hold.By == h.By && a.Hold.Reason == h.Reason {
				return nil
			}
			return fmt.Errorf("acquisition %s is %v: it has to be released first: %w", taskID, a.Hold, heimdall.ErrConflict)
		}
		switch d, err := getDeletion(ctx, tx, taskID); {
		case err == nil:
			return fmt.Errorf("acquisition %s is being deleted (%s): %w", taskID, d.Reason, heimdall.ErrConflict)
		case !errors.Is(err, heimdall.ErrNotFound):
			return err
		}
		h.At = s.moment()
		_, err = tx.ExecContext(ctx, insertHold, taskID, h.By, h.Reason, micros{&h.At})
		return err
	})
}

const deleteHold = `DELETE FROM holds WHERE task_id = ?`

// ReleaseAcquisition ends the hold of an acquisition. One that nobody holds stays as it is; an unknown one is
// ErrNotFound.
func (s *Store) ReleaseAcquisition(ctx context.Context, taskID string) error {
	return s.write(ctx, "release acquisition", func(tx *sql.Tx) error {
		if _, err := getAcquisition(ctx, tx, taskID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, deleteHold, taskID)
		return err
	})
}

// checkHold refuses the deletion of what is held.
func checkHold(a heimdall.Acquisition) error {
	if a.Hold.IsZero() {
		return nil
	}
	return fmt.Errorf("acquisition %s is %v: release it first: %w", a.TaskID, a.Hold, heimdall.ErrConflict)
}
