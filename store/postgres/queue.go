package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

const selectHold = `SELECT state, fence FROM acquisitions WHERE task_id = $1 FOR NO KEY UPDATE`

// hold locks the acquisition leased and returns its state, or ErrLost when another claim has been made since. A
// lease that has run out unnoticed is still held: nobody else has begun, so nothing can clash.
func hold(ctx context.Context, tx pgx.Tx, l acquire.Lease) (state heimdall.State, err error) {
	var fence int64
	id, err := parseTaskID(l.TaskID)
	if err == nil {
		err = tx.QueryRow(ctx, selectHold, id).Scan(&state, &fence)
	}
	if err == nil && fence == l.Fence {
		return state, nil
	}
	if err == nil || errors.Is(err, pgx.ErrNoRows) {
		err = lost(l)
	}
	return "", err
}

// holdRunning is hold for calls that only make sense before the lease is given up.
func holdRunning(ctx context.Context, tx pgx.Tx, l acquire.Lease) error {
	state, err := hold(ctx, tx, l)
	if err == nil && state != heimdall.Running {
		err = lost(l)
	}
	return err
}

func lost(l acquire.Lease) error {
	return fmt.Errorf("acquisition %s, claim %d of %s: %w", l.TaskID, l.Fence, l.Worker, heimdall.ErrLost)
}

const extendLease = `
UPDATE acquisitions SET lease_until = clock_timestamp() + $2::interval WHERE task_id = $1 RETURNING cancel_requested`

// Extend renews the lease and reports whether cancellation was asked for. A lease that had run out is lost, too, when
// one of the hosts has gone to somebody else meanwhile.
func (s *Store) Extend(ctx context.Context, l acquire.Lease, lease time.Duration) (cancelRequested bool, err error) {
	err = s.write(ctx, "extend lease", func(tx pgx.Tx) error {
		if err := holdRunning(ctx, tx, l); err != nil {
			return err
		}
		if err := keepsHosts(ctx, tx, l); err != nil {
			return err
		}
		return tx.QueryRow(ctx, extendLease, l.TaskID, lease).Scan(&cancelRequested)
	})
	return cancelRequested && err == nil, err
}

const selectCancellations = `
SELECT task_id::text FROM acquisitions WHERE state = 'running' AND worker = $1 AND cancel_requested ORDER BY task_id`

// Cancellations returns those of the acquisitions that worker runs whose cancellation was asked for.
func (s *Store) Cancellations(ctx context.Context, worker string) ([]string, error) {
	rows, err := s.pool.Query(ctx, selectCancellations, worker)
	list, err := all(rows, err, func(r row) (taskID string, err error) { return taskID, r.Scan(&taskID) })
	return list, failed(ctx, "look for cancellations", err)
}

const setWindow = `UPDATE acquisitions SET window_start = $2 WHERE task_id = $1`

// SetWindow records the start of the agreed common window.
func (s *Store) SetWindow(ctx context.Context, l acquire.Lease, start time.Time) error {
	return s.write(ctx, "set window", func(tx pgx.Tx) error {
		if err := holdRunning(ctx, tx, l); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, setWindow, l.TaskID, micros{&start})
		return err
	})
}

const endAcquisition = `
UPDATE acquisitions SET state = $2, reason = $3, ended_at = clock_timestamp(), worker = NULL, lease_until = NULL
WHERE task_id = $1`

// FinishAcquisition ends an acquisition, and gives up the lease. Its captures must have ended (ErrConflict), and
// state must be their Outcome (*InvalidError). A repeat under the same lease is no error.
func (s *Store) FinishAcquisition(ctx context.Context, l acquire.Lease, state heimdall.State, reason string) error {
	err := s.write(ctx, "finish acquisition", func(tx pgx.Tx) error {
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
		var writes pgx.Batch
		writes.Queue(endAcquisition, l.TaskID, state, storable(reason))
		writes.Queue(freeHosts, l.TaskID)
		if err := tx.SendBatch(ctx, &writes).Close(); err != nil {
			return err
		}
		a, err := getAcquisition(ctx, tx, l.TaskID)
		if err != nil {
			return err
		}
		if err := tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionEnded, &a)); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err == nil {
		s.told()
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
WHERE task_id = $1 AND state = 'running'`

	releaseAcquisition = `
UPDATE acquisitions SET state = 'pending', worker = NULL, lease_until = NULL
WHERE task_id = $1`
)

// Release hands an unfinished acquisition back: it and its running captures are pending again. A repeat before
// anybody else has claimed it is no error.
func (s *Store) Release(ctx context.Context, l acquire.Lease) error {
	err := s.write(ctx, "release acquisition", func(tx pgx.Tx) error {
		now, err := hold(ctx, tx, l)
		switch {
		case err != nil:
			return err
		case now == heimdall.Pending:
			return nil
		case now != heimdall.Running:
			return lost(l)
		}
		if _, err := tx.Exec(ctx, releaseCaptures, l.TaskID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, releaseAcquisition, l.TaskID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, freeHosts, l.TaskID); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err == nil {
		s.wake()
	}
	return err
}
