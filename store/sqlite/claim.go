package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store"
)

const (
	// The lines are found by going from each to the next one, which the index does at once; DISTINCT would read
	// everything that waits. served_at is NULL for an origin that was never served.
	selectLines = `
WITH RECURSIVE lines (priority, origin) AS (
    SELECT priority, (SELECT min(origin) FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending' AND priority = top.priority)
    FROM (SELECT max(priority) AS priority FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending') AS top
    UNION ALL
    SELECT iif(EXISTS (SELECT 1 FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending' AND priority = lines.priority AND origin > lines.origin),
               lines.priority,
               (SELECT max(priority) FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending' AND priority < lines.priority)),
           COALESCE((SELECT min(origin) FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending' AND priority = lines.priority AND origin > lines.origin),
               (SELECT min(origin) FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending' AND priority = (
                   SELECT max(lower.priority) FROM acquisitions AS lower INDEXED BY acquisitions_pending WHERE lower.state = 'pending' AND lower.priority < lines.priority)))
    FROM lines WHERE lines.priority IS NOT NULL),
firsts AS (
    SELECT priority, origin, (
        SELECT task_id FROM acquisitions AS a INDEXED BY acquisitions_pending
        WHERE state = 'pending' AND priority = lines.priority AND origin = lines.origin` + isDue + `
        ORDER BY created_at, task_id LIMIT 1) AS task_id
    FROM lines WHERE priority IS NOT NULL)
SELECT f.priority, f.origin, served_at,
       (SELECT count(*) FROM acquisitions AS r INDEXED BY acquisitions_running WHERE r.state = 'running' AND r.origin = f.origin),
       task_id, created_at,` + hostsNeeded + `
FROM firsts AS f CROSS JOIN acquisitions AS a USING (task_id) LEFT JOIN origins AS o ON o.origin = f.origin`

	isDue = `
  AND (a.start_at IS NULL OR a.start_at <= ?1 OR a.cancel_requested)
  AND (a.deadline IS NULL OR a.deadline > ?2 OR a.started_at IS NOT NULL OR a.cancel_requested)`

	// The hosts that an acquisition would connect to. One that is only to be ended needs none.
	hostsNeeded = `
       CASE WHEN a.cancel_requested THEN '[]' ELSE (
           SELECT json_group_array(DISTINCT w.host) FROM captures AS c JOIN websdrs AS w USING (websdr_id)
           WHERE c.task_id = a.task_id AND c.state IN ('pending', 'running') AND w.host <> '') END`

	// Captures that have ended need no host; here they count as if they did, so that the index is all there is to
	// read for many who wait in vain.
	needsNone = `
  AND (a.cancel_requested OR NOT EXISTS (
      SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id
      AND c.websdr_id IN (SELECT websdr_id FROM websdrs WHERE host IN (SELECT value FROM json_each(?3)))))`

	selectBehind = `
SELECT task_id, created_at,` + hostsNeeded + `
FROM acquisitions AS a INDEXED BY acquisitions_pending
WHERE state = 'pending' AND priority = ?4 AND origin = ?5 AND (created_at, task_id) > (?6, ?7)` + isDue + needsNone + `
ORDER BY created_at, task_id LIMIT 1`

	selectUnfinished = `
SELECT task_id, lease_until,` + hostsNeeded + `
FROM acquisitions AS a INDEXED BY acquisitions_running
WHERE state = 'running' AND lease_until <= ?2
ORDER BY lease_until, task_id LIMIT 1`

	selectUnfinishedBehind = `
SELECT task_id, lease_until,` + hostsNeeded + `
FROM acquisitions AS a INDEXED BY acquisitions_running
WHERE state = 'running' AND lease_until <= ?2 AND (lease_until, task_id) > (?4, ?5)` + needsNone + `
ORDER BY lease_until, task_id LIMIT 1`

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
	var job *acquire.Job
	err := s.share(ctx, "claim acquisition", func(tx *sql.Tx) error {
		job = &acquire.Job{Lease: acquire.Lease{Worker: worker}}
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
		if job.Captures, err = capturesOf(ctx, tx, job.TaskID); err != nil {
			return err
		}
		return s.tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionRunning, &job.Acquisition))
	})
	if err != nil {
		return nil, err
	}
	s.wake() // where one was, there may be more: the next worker looks
	s.bell.ring()
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
	rows, err := tx.QueryContext(ctx, selectLines, now.Add(ahead).UnixMicro(), now.UnixMicro())
	lines, err := all(rows, err, func(r row) (l store.Line, err error) {
		err = r.Scan(&l.Priority, &l.Origin, micros{&l.ServedAt}, &l.Running, &l.First.TaskID, micros{&l.First.CreatedAt}, list[string]{&l.First.Hosts})
		return l, err
	})
	if err != nil {
		return nil, err
	}
	first, err := scanWaiting(tx.QueryRowContext(ctx, selectUnfinished, nil, now.UnixMicro()))
	if err != nil {
		return nil, err
	}
	if first != nil {
		lines = append(lines, store.Line{Priority: store.Unfinished, First: *first})
	}
	if len(lines) == 0 {
		return nil, heimdall.ErrNoWork
	}
	taken, err := s.hostsTaken(ctx, tx)
	if err != nil {
		return nil, err
	}
	turn, err := store.Next(lines, taken, func(l store.Line, hosts []string) (*store.Waiting, error) {
		blocked, err := asJSON(hosts)
		if err != nil {
			return nil, err
		}
		behind := micros{&l.First.CreatedAt}
		if l.Priority == store.Unfinished {
			return scanWaiting(tx.QueryRowContext(ctx, selectUnfinishedBehind, nil, now.UnixMicro(), blocked, behind, l.First.TaskID))
		}
		return scanWaiting(tx.QueryRowContext(ctx, selectBehind, now.Add(ahead).UnixMicro(), now.UnixMicro(), blocked, l.Priority, l.Origin, behind, l.First.TaskID))
	})
	if err == nil && turn == nil {
		err = heimdall.ErrNoWork
	}
	return turn, err
}

// scanWaiting returns nil when there is nobody.
func scanWaiting(r row) (*store.Waiting, error) {
	var w store.Waiting
	err := r.Scan(&w.TaskID, micros{&w.CreatedAt}, list[string]{&w.Hosts})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &w, err
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
	s.bell.ring()
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
	var ended []heimdall.Event
	for _, id := range a.WebSDRIDs {
		if err := s.roll(ctx, tx, taskID, id); err != nil {
			return err
		}
		c := heimdall.Capture{TaskID: taskID, WebSDRID: id, State: heimdall.Failed, FailureClass: heimdall.FailLate, Reason: reason}
		ended = append(ended, heimdall.CaptureEvent(&c, nil))
	}
	if _, err := tx.ExecContext(ctx, failPendingAcquisition, reason, micros{&now}, taskID); err != nil {
		return err
	}
	a.State, a.Reason = heimdall.Failed, reason
	return s.tell(ctx, tx, append(ended, heimdall.AcquisitionEvent(heimdall.AcquisitionEnded, &a))...)
}

const countPending = `SELECT count(*) FROM acquisitions WHERE state = 'pending'`

// CountPending returns how many acquisitions wait to be claimed.
func (s *Store) CountPending(ctx context.Context) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, countPending).Scan(&n)
	return n, failed(ctx, "count pending acquisitions", err)
}
