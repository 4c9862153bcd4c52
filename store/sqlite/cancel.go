package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

const (
	requestCancel = `UPDATE acquisitions SET cancel_requested = 1 WHERE task_id = ?`

	cancelPendingCaptures = `
UPDATE captures SET state = 'cancelled', phase = 'done', reason = ?, next_attempt_at = NULL, ended_at = ?
WHERE task_id = ? AND state = 'pending'`

	cancelPendingAcquisition = `
UPDATE acquisitions SET state = 'cancelled', cancel_requested = 1, reason = ?, ended_at = ?
WHERE task_id = ?`
)

// CancelAcquisition cancels an acquisition that is pending, with its captures, and asks the worker of a running
// one to end it. One that has ended is ErrConflict.
//
// A pending acquisition that a worker handed back when some captures had succeeded already is not simply
// cancelled, its outcome is partial: the next worker finds the wish and ends it so, at once.
func (s *Store) CancelAcquisition(ctx context.Context, taskID string) (a heimdall.Acquisition, err error) {
	err = s.write(ctx, "cancel acquisition", func(tx *sql.Tx) error {
		if a, err = getAcquisition(ctx, tx, taskID); err != nil {
			return err
		}
		if a.State.Ended() {
			return fmt.Errorf("acquisition %s has ended, as %s: %w", taskID, a.State, heimdall.ErrConflict)
		}
		ended, err := s.cancel(ctx, tx, a)
		if err != nil {
			return err
		}
		if a, err = getAcquisition(ctx, tx, taskID); err != nil || !a.State.Ended() {
			return err
		}
		return s.tell(ctx, tx, append(ended, heimdall.AcquisitionEvent(heimdall.AcquisitionEnded, &a))...)
	})
	if err != nil {
		return heimdall.Acquisition{}, err
	}
	s.stir()
	s.wake()
	s.bell.ring()
	return a, nil
}

// cancel returns the ends of captures that it made.
func (s *Store) cancel(ctx context.Context, tx *sql.Tx, a heimdall.Acquisition) (ended []heimdall.Event, err error) {
	captures, err := capturesOf(ctx, tx, a.TaskID)
	if err != nil {
		return nil, err
	}
	const reason = "cancelled before it began"
	for i := range captures {
		if c := &captures[i]; c.State == heimdall.Pending {
			c.State, c.Reason = heimdall.Cancelled, reason
			ended = append(ended, heimdall.CaptureEvent(c, nil))
		}
	}
	if a.State != heimdall.Pending || heimdall.Outcome(captures) != heimdall.Cancelled {
		_, err := tx.ExecContext(ctx, requestCancel, a.TaskID)
		return nil, err
	}
	now := s.moment()
	if _, err := tx.ExecContext(ctx, cancelPendingCaptures, reason, micros{&now}, a.TaskID); err != nil {
		return nil, err
	}
	for _, e := range ended {
		if err := s.roll(ctx, tx, a.TaskID, e.WebSDRID); err != nil {
			return nil, err
		}
	}
	_, err = tx.ExecContext(ctx, cancelPendingAcquisition, reason, micros{&now}, a.TaskID)
	return ended, err
}
