package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	requestCancel = `UPDATE acquisitions SET cancel_requested = true WHERE task_id = $1`

	cancelPendingCaptures = `
UPDATE captures SET state = 'cancelled', phase = 'done', reason = $2, next_attempt_at = NULL, ended_at = $3
WHERE task_id = $1 AND state = 'pending'`

	cancelPendingAcquisition = `
UPDATE acquisitions SET state = 'cancelled', cancel_requested = true, reason = $2, ended_at = clock_timestamp()
WHERE task_id = $1`

	lockAcquisition = `SELECT 1 FROM acquisitions WHERE task_id = $1 FOR NO KEY UPDATE`
)

// CancelAcquisition cancels an acquisition that is pending, with its captures, and asks the worker of a running
// one to end it. One that has ended is ErrConflict.
//
// A pending acquisition that a worker handed back when some captures had succeeded already is not simply
// cancelled, its outcome is partial: the next worker finds the wish and ends it so, at once.
func (s *Store) CancelAcquisition(ctx context.Context, taskID string) (a heimdall.Acquisition, err error) {
	err = s.write(ctx, "cancel acquisition", func(tx pgx.Tx) error {
		id, err := parseTaskID(taskID)
		if err != nil {
			return notFound(err, "acquisition %s", taskID)
		}
		if _, err = tx.Exec(ctx, lockAcquisition, id); err != nil {
			return err
		}
		if a, err = getAcquisition(ctx, tx, taskID); err != nil {
			return err
		}
		if a.State.Ended() {
			return fmt.Errorf("acquisition %s has ended, as %s: %w", taskID, a.State, heimdall.ErrConflict)
		}
		ended, err := cancel(ctx, tx, a)
		if err != nil {
			return err
		}
		if a, err = getAcquisition(ctx, tx, taskID); err != nil {
			return err
		}
		if err := s.notifyRunning(ctx, tx); err != nil {
			return err
		}
		if a.State.Ended() {
			if err := tell(ctx, tx, append(ended, heimdall.AcquisitionEvent(heimdall.AcquisitionEnded, &a))...); err != nil {
				return err
			}
		}
		return s.notify(ctx, tx)
	})
	if err != nil {
		return heimdall.Acquisition{}, err
	}
	s.stir()
	s.wake()
	s.told()
	return a, nil
}

// cancel returns the ends of captures that it made.
func cancel(ctx context.Context, tx pgx.Tx, a heimdall.Acquisition) (ended []heimdall.Event, err error) {
	captures, err := capturesOf(ctx, tx, a.TaskID)
	if err != nil {
		return nil, err
	}
	now, err := moment(ctx, tx)
	if err != nil {
		return nil, err
	}
	const reason = "cancelled before it began"
	var endings []ending
	for i, c := range captures {
		if c.State == heimdall.Pending {
			c.State, c.EndedAt, c.Reason = heimdall.Cancelled, now, reason
			captures[i] = c
			endings = append(endings, ending{capture: c, frequencyHz: a.FrequencyHz, label: a.Label})
			ended = append(ended, heimdall.CaptureEvent(&c, nil))
		}
	}
	if a.State != heimdall.Pending || heimdall.Outcome(captures) != heimdall.Cancelled {
		_, err := tx.Exec(ctx, requestCancel, a.TaskID)
		return nil, err
	}
	var writes pgx.Batch
	writes.Queue(cancelPendingCaptures, a.TaskID, reason, micros{&now})
	writes.Queue(cancelPendingAcquisition, a.TaskID, reason)
	queueRollups(&writes, endings)
	return ended, tx.SendBatch(ctx, &writes).Close()
}
