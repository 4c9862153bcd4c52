package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store"
)

const (
	// served_at is NULL for an origin that was never served.
	selectLines = `
WITH lines AS (SELECT DISTINCT priority, origin FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending')
SELECT priority, origin, served_at,
       (SELECT count(*) FROM acquisitions AS r INDEXED BY acquisitions_running WHERE r.state = 'running' AND r.origin = lines.origin)
FROM lines LEFT JOIN origins USING (origin)
ORDER BY priority DESC, origin`

	// The hosts that an acquisition would connect to. One that is only to be ended needs none.
	hostsNeeded = `
       CASE WHEN a.cancel_requested THEN '[]' ELSE (
           SELECT json_group_array(DISTINCT w.host) FROM captures AS c JOIN websdrs AS w USING (websdr_id)
           WHERE c.task_id = a.task_id AND c.state IN ('pending', 'running') AND w.host <> '') END`

	selectWaiting = `
SELECT task_id, created_at,` + hostsNeeded + `
FROM acquisitions AS a INDEXED BY acquisitions_pending
WHERE state = 'pending' AND priority = ?1 AND origin = ?2 AND (created_at, task_id) > (?3, ?4)
  AND (start_at IS NULL OR start_at <= ?5 OR cancel_requested)
  AND (deadline IS NULL OR deadline > ?6 OR started_at IS NOT NULL OR cancel_requested)
ORDER BY created_at, task_id LIMIT ?7`

	selectUnfinished = `
SELECT task_id, lease_until,` + hostsNeeded + `
FROM acquisitions AS a INDEXED BY acquisitions_running
WHERE state = 'running' AND lease_until <= ?1 AND (lease_until, task_id) > (?2, ?3)
ORDER BY lease_until, task_id LIMIT ?4`

	claimAcquisition = `
UPDATE acquisitions
SET state = 'running', worker = ?2, fence = fence + 1, claims = claims + 1,
    lease_until = ?3, started_at = COALESCE(started_at, ?4)
WHERE task_id = ?1
RETURNING fence`

	serveOrigin = `
INSERT INTO origins (origin, served_at) VALUES (?, ?)
ON CONFLICT (origin) DO UPDATE SET served_at = excluded.served_at`
)

// Claim takes the acquisition whose turn it is, with the hosts that it would connect to: see store.Next. It is
// pending and due, or its lease has run out. One whose cancellation was asked for is due at once. While contact with
// receivers is switched off there is nothing to claim.
func (s *Store) Claim(ctx context.Context, worker string, lease, ahead time.Duration) (*acquire.Job, error) {
	job := &acquire.Job{Lease: acquire.Lease{Worker: worker}}
	err := s.write(ctx, "claim acquisition", func(tx *sql.Tx) error {
		turn, err := s.nextTurn(ctx, tx, ahead)
		if err != nil {
			return err
		}
		now := s.moment()
		job.TaskID = turn.TaskID
		err = tx.QueryRowContext(ctx, claimAcquisition, job.TaskID, worker, now.Add(lease).UnixMicro(), now.UnixMicro()).Scan(&job.Fence)
		if err != nil {
			return err
		}
		if turn.First && turn.Line.Priority != store.Unfinished {
			if _, err := tx.ExecContext(ctx, serveOrigin, turn.Line.Origin, now.UnixMicro()); err != nil {
				return err
			}
		}
		if err := takeHosts(ctx, tx, job.Lease, turn.Hosts); err != nil {
			return err
		}
		if job.Acquisition, err = getAcquisition(ctx, tx, job.TaskID); err != nil {
			return err
		}
		job.Captures, err = capturesOf(ctx, tx, job.TaskID)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.wake() // where one was, there may be more: the next worker looks
	return job, nil
}

// nextTurn is whom to claim, or ErrNoWork.
func (s *Store) nextTurn(ctx context.Context, tx *sql.Tx, ahead time.Duration) (*store.Turn, error) {
	if c, err := getContact(ctx, tx); err != nil || c.Off {
		if err == nil {
			err = heimdall.ErrNoWork
		}
		return nil, err
	}
	now := s.moment()
	page := func(l store.Line, behind store.Waiting, limit int) ([]store.Waiting, error) {
		after := micros{&behind.CreatedAt}
		if behind.CreatedAt.IsZero() {
			after.t = new(time.UnixMicro(-1 << 62))
		}
		query, args := selectWaiting, []any{l.Priority, l.Origin, after, behind.TaskID, now.Add(ahead).UnixMicro(), now.UnixMicro(), limit}
		if l.Priority == store.Unfinished {
			query, args = selectUnfinished, []any{now.UnixMicro(), after, behind.TaskID, limit}
		}
		rows, err := tx.QueryContext(ctx, query, args...)
		return all(rows, err, func(r row) (w store.Waiting, err error) {
			err = r.Scan(&w.TaskID, micros{&w.CreatedAt}, list[string]{&w.Hosts})
			return w, err
		})
	}
	rows, err := tx.QueryContext(ctx, selectLines)
	found, err := all(rows, err, func(r row) (l store.Line, err error) {
		err = r.Scan(&l.Priority, &l.Origin, micros{&l.ServedAt}, &l.Running)
		return l, err
	})
	if err != nil {
		return nil, err
	}
	var lines []store.Line
	for _, l := range append(found, store.Line{Priority: store.Unfinished}) {
		first, err := page(l, store.Waiting{}, 1)
		if err != nil {
			return nil, err
		}
		if len(first) > 0 {
			l.First = first[0]
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil, heimdall.ErrNoWork
	}
	taken, err := s.hostsTaken(ctx, tx)
	if err != nil {
		return nil, err
	}
	turn, err := store.Next(lines, taken, page)
	if err == nil && turn == nil {
		err = heimdall.ErrNoWork
	}
	return turn, err
}

const selectNextDue = `
SELECT min(at) FROM (
    SELECT min(lease_until) AS at FROM acquisitions INDEXED BY acquisitions_running WHERE state = 'running'
    UNION ALL
    SELECT min(held_until) FROM receiver_holds WHERE held_until > ?1
    UNION ALL
    SELECT min(deadline) FROM acquisitions INDEXED BY acquisitions_by_deadline WHERE state = 'pending' AND deadline IS NOT NULL)`

// UntilDue returns how long it is, at the earliest, until a lease runs out or a deadline passes that nobody would tell
// of, and at most limit.
func (s *Store) UntilDue(ctx context.Context, limit time.Duration) (time.Duration, error) {
	var at time.Time
	now := s.moment()
	err := s.reader.QueryRowContext(ctx, selectNextDue, now.UnixMicro()).Scan(micros{&at})
	if err != nil || at.IsZero() {
		return limit, failed(ctx, "look for leases that run out", err)
	}
	return max(0, min(limit, at.Sub(now))), nil
}

const selectOverdue = `
SELECT task_id FROM acquisitions INDEXED BY acquisitions_by_deadline
WHERE state = 'pending' AND deadline <= ? AND started_at IS NULL ORDER BY deadline LIMIT 1000`

const (
	failPendingCaptures = `
UPDATE captures SET state = 'failed', phase = 'done', failure_class = ?, reason = ?, next_attempt_at = NULL, ended_at = ?
WHERE task_id = ? AND state = 'pending'`

	failPendingAcquisition = `UPDATE acquisitions SET state = 'failed', reason = ?, ended_at = ? WHERE task_id = ?`
)

// FailOverdue ends every acquisition that was not begun by its deadline, with its captures, and returns how many.
func (s *Store) FailOverdue(ctx context.Context) (n int, err error) {
	var overdue int
	err = s.reader.QueryRowContext(ctx, `SELECT EXISTS (`+selectOverdue+`)`, s.moment().UnixMicro()).Scan(&overdue)
	if err != nil || overdue == 0 {
		return 0, failed(ctx, "end overdue acquisitions", err)
	}
	err = s.write(ctx, "end overdue acquisitions", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, selectOverdue, s.moment().UnixMicro())
		ids, err := all(rows, err, func(r row) (id string, err error) { return id, r.Scan(&id) })
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.failOverdue(ctx, tx, id); err != nil {
				return err
			}
		}
		n = len(ids)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (s *Store) failOverdue(ctx context.Context, tx *sql.Tx, taskID string) error {
	a, err := getAcquisition(ctx, tx, taskID)
	if err != nil {
		return err
	}
	now, reason := s.moment(), heimdall.OverdueReason(a.Deadline)
	if _, err := tx.ExecContext(ctx, failPendingCaptures, heimdall.FailLate, reason, micros{&now}, taskID); err != nil {
		return err
	}
	for _, id := range a.WebSDRIDs {
		if err := s.roll(ctx, tx, taskID, id); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, failPendingAcquisition, reason, micros{&now}, taskID)
	return err
}

const countPending = `SELECT count(*) FROM acquisitions WHERE state = 'pending'`

// CountPending returns how many acquisitions wait to be claimed.
func (s *Store) CountPending(ctx context.Context) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, countPending).Scan(&n)
	return n, failed(ctx, "count pending acquisitions", err)
}
