package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// holdFields are the columns of holds in the order of the queries that join them; all are NULL where nobody holds.
func holdFields(h *heimdall.Hold) []any {
	return []any{orZero[string]{&h.By}, orZero[string]{&h.Reason}, micros{&h.At}}
}

const insertHold = `INSERT INTO holds (task_id, held_by, reason, held_at) VALUES ($1, $2, $3, clock_timestamp())`

// HoldAcquisition keeps an acquisition from being deleted until ReleaseAcquisition. The same hold again changes
// nothing; another one, or one of what is going to be deleted, is ErrConflict. The database gives the time.
func (s *Store) HoldAcquisition(ctx context.Context, taskID string, h heimdall.Hold) error {
	h.By, h.Reason = storable(h.By), storable(h.Reason)
	return s.write(ctx, "hold acquisition", func(tx pgx.Tx) error {
		if err := h.Validate(); err != nil {
			return err
		}
		a, err := locked(ctx, tx, taskID)
		if err != nil {
			return err
		}
		if !a.Hold.IsZero() {
			if a.Hold.By == h.By && a.Hold.Reason == h.Reason {
				return nil
			}
			return fmt.Errorf("acquisition %s is %v: it has to be released first: %w", taskID, a.Hold, heimdall.ErrConflict)
		}
		switch d, err := scanDeletion(tx.QueryRow(ctx, selectDeletion, taskID)); {
		case err == nil:
			return fmt.Errorf("acquisition %s is being deleted (%s): %w", taskID, d.Reason, heimdall.ErrConflict)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		_, err = tx.Exec(ctx, insertHold, taskID, h.By, h.Reason)
		return err
	})
}

// locked is an acquisition that until the end of the transaction neither goes nor changes, nor its hold.
func locked(ctx context.Context, tx pgx.Tx, taskID string) (a heimdall.Acquisition, err error) {
	id, err := parseTaskID(taskID)
	if err != nil {
		return a, notFound(err, "acquisition %s", taskID)
	}
	if _, err := tx.Exec(ctx, lockAcquisition, id); err != nil {
		return a, err
	}
	return getAcquisition(ctx, tx, taskID)
}

const deleteHold = `DELETE FROM holds WHERE task_id = $1`

// ReleaseAcquisition ends the hold of an acquisition. One that nobody holds stays as it is; an unknown one is
// ErrNotFound.
func (s *Store) ReleaseAcquisition(ctx context.Context, taskID string) error {
	return s.write(ctx, "release acquisition", func(tx pgx.Tx) error {
		if _, err := locked(ctx, tx, taskID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteHold, taskID)
		return err
	})
}

const selectHoldsOf = `SELECT task_id, held_by, reason, held_at FROM holds WHERE task_id = ANY($1::uuid[])`

// holdsOf are the holds of acquisitions that are locked.
func holdsOf(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (map[uuid.UUID]heimdall.Hold, error) {
	rows, err := tx.Query(ctx, selectHoldsOf, ids)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID]heimdall.Hold{}
	var id uuid.UUID
	var h heimdall.Hold
	_, err = pgx.ForEachRow(rows, append([]any{&id}, holdFields(&h)...), func() error {
		out[id] = h
		return nil
	})
	return out, err
}
