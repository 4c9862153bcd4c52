package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

const selectHold = `SELECT state, fence FROM acquisitions WHERE task_id = ?`

// hold returns the state of the acquisition leased, or ErrLost when another claim has been made since. A lease
// that has run out unnoticed is still held: nobody else has begun, so nothing can clash.
func hold(ctx context.Context, tx *sql.Tx, l acquire.Lease) (state heimdall.State, err error) {
	var fence int64
	err = tx.QueryRowContext(ctx, selectHold, l.TaskID).Scan(&state, &fence)
	if err == nil && fence == l.Fence {
		return state, nil
	}
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		err = lost(l)
	}
	return "", err
}

// holdRunning is hold for calls that only make sense before the lease is given up.
func holdRunning(ctx context.Context, tx *sql.Tx, l acquire.Lease) error {
	state, err := hold(ctx, tx, l)
	if err == nil && state != heimdall.Running {
		err = lost(l)
	}
	return err
}

func lost(l acquire.Lease) error {
	return fmt.Errorf("acquisition %s, claim %d of %s: %w", l.TaskID, l.Fence, l.Worker, heimdall.ErrLost)
}

const extendLease = `UPDATE acquisitions SET lease_until = ? WHERE task_id = ? RETURNING cancel_requested`

// Extend renews the lease and reports whether cancellation was asked for. A lease that had run out is lost, too, when
// one of the hosts has gone to somebody else meanwhile.
func (s *Store) Extend(ctx context.Context, l acquire.Lease, lease time.Duration) (cancelRequested bool, err error) {
	err = s.share(ctx, "extend lease", func(tx *sql.Tx) error {
		if err := holdRunning(ctx, tx, l); err != nil {
			return err
		}
		if err := s.keepsHosts(ctx, tx, l); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, extendLease, s.moment().Add(lease).UnixMicro(), l.TaskID).Scan(&cancelRequested)
	})
	return cancelRequested && err == nil, err
}

const selectCancellations = `
SELECT task_id FROM acquisitions INDEXED BY acquisitions_running
WHERE state = 'running' AND worker = ? AND cancel_requested ORDER BY task_id`

// Cancellations returns those of the acquisitions that worker runs whose cancellation was asked for.
func (s *Store) Cancellations(ctx context.Context, worker string) ([]string, error) {
	rows, err := s.reader.QueryContext(ctx, selectCancellations, worker)
	list, err := all(rows, err, func(r row) (taskID string, err error) { return taskID, r.Scan(&taskID) })
	return list, failed(ctx, "look for cancellations", err)
}

const setWindow = `UPDATE acquisitions SET window_start = ? WHERE task_id = ?`

// SetWindow records the start of the agreed common window.
func (s *Store) SetWindow(ctx context.Context, l acquire.Lease, start time.Time) error {
	return s.share(ctx, "set window", func(tx *sql.Tx) error {
		if err := holdRunning(ctx, tx, l); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, setWindow, micros{&start}, l.TaskID)
		return err
	})
}

const endAcquisition = `
UPDATE acquisitions SET state = ?, reason = ?, ended_at = ?, worker = NULL, lease_until = NULL
WHERE task_id = ?`

// FinishAcquisition ends an acquisition, and gives up the lease. Its captures must have ended (ErrConflict), and
// state must be their Outcome (*InvalidError). A repeat under the same lease is no error.
func (s *Store) FinishAcquisition(ctx context.Context, l acquire.Lease, state heimdall.State, reason string) error {
	err := s.share(ctx, "finish acquisition", func(tx *sql.Tx) error {
		now, err := hold(ctx, tx, l)
		switch {
		case err != nil:
			return err
		case now.Ended() && now == state:
			return nil
		case now != heimdall.Running:
			return lost(l)
		}
		captures, err := capturesOf(ctx, tx, l.TaskID)
		if err != nil {
			return err
		}
		if err := checkOutcome(state, captures); err != nil {
			return err
		}
		at := s.moment()
		if _, err = tx.ExecContext(ctx, endAcquisition, state, reason, micros{&at}, l.TaskID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, freeHosts, l.TaskID); err != nil {
			return err
		}
		a, err := getAcquisition(ctx, tx, l.TaskID)
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionEnded, &a))
	})
	if err == nil {
		s.bell.ring()
		s.wake() // its hosts may be what another waits for
	}
	return err
}

func checkOutcome(state heimdall.State, captures []heimdall.Capture) error {
	for _, c := range captures {
		if !c.State.Ended() {
			return fmt.Errorf("the capture of WebSDR %d is still %s, finish it first: %w", c.WebSDRID, c.State, heimdall.ErrConflict)
		}
	}
	var bad heimdall.InvalidError
	if want := heimdall.Outcome(captures); state != want {
		bad.Add("state", "must be %s, the outcome of the captures, not %s", want, state)
	}
	return bad.Err()
}

const (
	releaseCaptures = `
UPDATE captures SET state = 'pending', phase = 'waiting'
WHERE task_id = ? AND state = 'running'`

	releaseAcquisition = `
UPDATE acquisitions SET state = 'pending', worker = NULL, lease_until = NULL
WHERE task_id = ?`
)

// Release hands an unfinished acquisition back: it and its running captures are pending again. A repeat before
// anybody else has claimed it is no error.
func (s *Store) Release(ctx context.Context, l acquire.Lease) error {
	err := s.write(ctx, "release acquisition", func(tx *sql.Tx) error {
		now, err := hold(ctx, tx, l)
		switch {
		case err != nil:
			return err
		case now == heimdall.Pending:
			return nil
		case now != heimdall.Running:
			return lost(l)
		}
		if _, err := tx.ExecContext(ctx, releaseCaptures, l.TaskID); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, releaseAcquisition, l.TaskID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, freeHosts, l.TaskID)
		return err
	})
	if err == nil {
		s.wake()
	}
	return err
}

// Wait returns when there may be something to claim. What other programs do to the file is seen after poll.
func (s *Store) Wait(ctx context.Context, poll time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-s.work:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// wake leaves word for one Wait, the one in progress or the next. Claim passes it on, so that one word is enough
// for any number of workers and acquisitions.
func (s *Store) wake() {
	select {
	case s.work <- struct{}{}:
	default: // word is waiting already
	}
}
