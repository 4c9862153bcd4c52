package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store"
)

const (
	// The hosts that an acquisition would connect to. One that is only to be ended needs none.
	hostsNeeded = `
       CASE WHEN a.cancel_requested THEN '{}' ELSE ARRAY(
           SELECT DISTINCT w.host FROM captures AS c JOIN websdrs AS w USING (websdr_id)
           WHERE c.task_id = a.task_id AND c.state IN ('pending', 'running') AND w.host <> '') END`

	isDue = `
  AND (a.start_at IS NULL OR a.start_at <= clock_timestamp() + $1::interval OR a.cancel_requested)
  AND (a.deadline IS NULL OR a.deadline > clock_timestamp() OR a.started_at IS NOT NULL OR a.cancel_requested)`

	// Captures that have ended need no host; here they count as if they did, so that the index is all there is to
	// read for many who wait in vain. NOT EXISTS would do, but be turned into a hash of all captures there are.
	needsNone = `
  AND (a.cancel_requested OR (
      SELECT true FROM captures AS c WHERE c.task_id = a.task_id
      AND c.websdr_id = ANY(ARRAY(SELECT w.websdr_id FROM websdrs AS w WHERE w.host = ANY($2::text[]))) LIMIT 1) IS NULL)`

	// The lines are found by going from each to the next one, which the index does at once; DISTINCT would read
	// everything that waits.
	selectLines = `
WITH RECURSIVE lines AS (
    (SELECT priority, origin FROM acquisitions WHERE state = 'pending' ORDER BY priority DESC, origin LIMIT 1)
    UNION ALL
    SELECT next.priority, next.origin FROM lines CROSS JOIN LATERAL (
        (SELECT p.priority, p.origin FROM acquisitions AS p
         WHERE p.state = 'pending' AND p.priority = lines.priority AND p.origin > lines.origin ORDER BY p.origin LIMIT 1)
        UNION ALL
        (SELECT p.priority, p.origin FROM acquisitions AS p
         WHERE p.state = 'pending' AND p.priority < lines.priority ORDER BY p.priority DESC, p.origin LIMIT 1)
        LIMIT 1) AS next)
SELECT lines.priority, lines.origin, o.served_at,
       (SELECT count(*) FROM acquisitions AS r WHERE r.state = 'running' AND r.origin = lines.origin),
       first.task_id, first.created_at, first.hosts
FROM lines LEFT JOIN origins AS o USING (origin) CROSS JOIN LATERAL (
    SELECT a.task_id, a.created_at,` + hostsNeeded + ` AS hosts FROM acquisitions AS a
    WHERE a.state = 'pending' AND a.priority = lines.priority AND a.origin = lines.origin` + isDue + `
    ORDER BY a.created_at, a.task_id LIMIT 1) AS first`

	selectBehind = `
SELECT a.task_id, a.created_at,` + hostsNeeded + ` FROM acquisitions AS a
WHERE a.state = 'pending' AND a.priority = $3 AND a.origin = $4 AND (a.created_at, a.task_id) > ($5, $6::uuid)` + isDue + needsNone + `
ORDER BY a.created_at, a.task_id LIMIT 1`

	selectUnfinished = `
SELECT a.task_id, a.lease_until,` + hostsNeeded + ` FROM acquisitions AS a
WHERE a.state = 'running' AND a.lease_until <= clock_timestamp()
ORDER BY a.lease_until, a.task_id LIMIT 1`

	selectUnfinishedBehind = `
SELECT a.task_id, a.lease_until,` + hostsNeeded + ` FROM acquisitions AS a
WHERE a.state = 'running' AND a.lease_until <= clock_timestamp() AND (a.lease_until, a.task_id) > ($1, $3::uuid)` + needsNone + `
ORDER BY a.lease_until, a.task_id LIMIT 1`

	// Somebody may have cancelled it, or renewed its lease, since it was looked at.
	claimAcquisition = `
UPDATE acquisitions
SET state = 'running', worker = $2, fence = fence + 1, claims = claims + 1,
    lease_until = clock_timestamp() + $3::interval, started_at = COALESCE(started_at, clock_timestamp())
WHERE task_id = $1 AND (state = 'pending' OR state = 'running' AND lease_until <= clock_timestamp())
RETURNING fence`

	serveOrigin = `
INSERT INTO origins (origin, served_at) VALUES ($1, clock_timestamp())
ON CONFLICT (origin) DO UPDATE SET served_at = excluded.served_at`
)

// Claim takes the acquisition whose turn it is, with the hosts that it would connect to: see store.Next. It is
// pending and due, or its lease has run out. One whose cancellation was asked for is due at once. While contact with
// receivers is switched off there is nothing to claim.
func (s *Store) Claim(ctx context.Context, worker string, lease, ahead time.Duration) (*acquire.Job, error) {
	for {
		job, err := s.claimOnce(ctx, storable(worker), lease, ahead)
		if errors.Is(err, errChanged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.wake() // where one was, there may be more: the next worker looks
		s.told()
		return job, nil
	}
}

// errChanged: what was to be claimed is not what it was a moment ago.
var errChanged = errors.New("it has been changed since it was looked at")

func (s *Store) claimOnce(ctx context.Context, worker string, lease, ahead time.Duration) (*acquire.Job, error) {
	var job *acquire.Job
	err := s.write(ctx, "claim acquisition", func(tx pgx.Tx) error {
		job = &acquire.Job{Lease: acquire.Lease{Worker: worker}}
		turn, err := nextTurn(ctx, tx, ahead)
		if err != nil {
			return err
		}
		job.TaskID = turn.TaskID
		err = tx.QueryRow(ctx, claimAcquisition, job.TaskID, worker, lease).Scan(&job.Fence)
		if errors.Is(err, pgx.ErrNoRows) {
			return errChanged
		}
		if err != nil {
			return err
		}
		var writes pgx.Batch
		if turn.First && turn.Line.Priority != store.Unfinished {
			writes.Queue(serveOrigin, turn.Line.Origin)
		}
		if len(turn.Hosts) > 0 {
			writes.Queue(takeHosts, turn.Hosts, job.TaskID, job.Fence, worker, nil)
		}
		if err := tx.SendBatch(ctx, &writes).Close(); err != nil {
			return err
		}
		if job.Acquisition, err = getAcquisition(ctx, tx, job.TaskID); err != nil {
			return err
		}
		if job.Captures, err = capturesOf(ctx, tx, job.TaskID); err != nil {
			return err
		}
		return tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionRunning, &job.Acquisition))
	})
	return job, err
}

// nextTurn is whom to claim, or ErrNoWork. It leaves the hosts locked.
func nextTurn(ctx context.Context, tx pgx.Tx, ahead time.Duration) (*store.Turn, error) {
	if _, err := tx.Exec(ctx, lockHosts); err != nil {
		return nil, err
	}
	if c, err := getContact(ctx, tx); err != nil || c.Off {
		if err == nil {
			err = heimdall.ErrNoWork
		}
		return nil, err
	}
	rows, err := tx.Query(ctx, selectLines, ahead)
	lines, err := all(rows, err, func(r row) (l store.Line, err error) {
		err = r.Scan(&l.Priority, &l.Origin, micros{&l.ServedAt}, &l.Running, &l.First.TaskID, micros{&l.First.CreatedAt}, &l.First.Hosts)
		return l, err
	})
	if err != nil {
		return nil, err
	}
	first, err := scanWaiting(tx.QueryRow(ctx, selectUnfinished))
	if err != nil {
		return nil, err
	}
	if first != nil {
		lines = append(lines, store.Line{Priority: store.Unfinished, First: *first})
	}
	if len(lines) == 0 {
		return nil, heimdall.ErrNoWork
	}
	taken, err := hostsTaken(ctx, tx)
	if err != nil {
		return nil, err
	}
	turn, err := store.Next(lines, taken, func(l store.Line, hosts []string) (*store.Waiting, error) {
		if l.Priority == store.Unfinished {
			return scanWaiting(tx.QueryRow(ctx, selectUnfinishedBehind, l.First.CreatedAt, hosts, l.First.TaskID))
		}
		return scanWaiting(tx.QueryRow(ctx, selectBehind, ahead, hosts, l.Priority, l.Origin, l.First.CreatedAt, l.First.TaskID))
	})
	if err == nil && turn == nil {
		err = heimdall.ErrNoWork
	}
	return turn, err
}

// scanWaiting returns nil when there is nobody.
func scanWaiting(r row) (*store.Waiting, error) {
	var w store.Waiting
	err := r.Scan(&w.TaskID, micros{&w.CreatedAt}, &w.Hosts)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &w, err
}

const selectUntilDue = `
SELECT (extract(epoch FROM min(at) - clock_timestamp()))::float8 FROM (
    SELECT min(lease_until) AS at FROM acquisitions WHERE state = 'running'
    UNION ALL
    SELECT min(held_until) FROM receiver_holds WHERE held_until > clock_timestamp()
    UNION ALL
    SELECT min(deadline) FROM acquisitions WHERE state = 'pending' AND deadline IS NOT NULL) AS moments`

// UntilDue returns how long it is, at the earliest, until a lease runs out or a deadline passes that nobody would tell
// of, and at most limit.
func (s *Store) UntilDue(ctx context.Context, limit time.Duration) (time.Duration, error) {
	var until *float64
	err := s.pool.QueryRow(ctx, selectUntilDue).Scan(&until)
	if err != nil || until == nil || *until > limit.Seconds() {
		return limit, failed(ctx, "look for leases that run out", err)
	}
	return max(0, time.Duration(*until*float64(time.Second))), nil
}

const (
	selectOverdue = `
SELECT task_id FROM acquisitions
WHERE state = 'pending' AND deadline <= clock_timestamp() AND started_at IS NULL
ORDER BY deadline LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED`

	anyOverdue = `SELECT EXISTS (SELECT 1 FROM acquisitions WHERE state = 'pending' AND deadline <= clock_timestamp() AND started_at IS NULL)`

	failPendingCaptures = `
UPDATE captures SET state = 'failed', phase = 'done', failure_class = $2, reason = $3, next_attempt_at = NULL, ended_at = $4
WHERE task_id = $1 AND state = 'pending'`

	failPendingAcquisition = `UPDATE acquisitions SET state = 'failed', reason = $2, ended_at = $3 WHERE task_id = $1`
)

// FailOverdue ends every acquisition that was not begun by its deadline, with its captures, and returns how many.
func (s *Store) FailOverdue(ctx context.Context) (n int, err error) {
	var overdue bool
	err = s.pool.QueryRow(ctx, anyOverdue).Scan(&overdue)
	if err != nil || !overdue {
		return 0, failed(ctx, "end overdue acquisitions", err)
	}
	err = s.write(ctx, "end overdue acquisitions", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectOverdue)
		ids, err := all(rows, err, func(r row) (id string, err error) { return id, r.Scan(&id) })
		if err != nil {
			return err
		}
		var ended []heimdall.Event
		for n = 0; n < len(ids) && len(ended) < maxTold/2; n++ { // the next call goes on
			events, err := failOverdue(ctx, tx, ids[n])
			if err != nil {
				return err
			}
			ended = append(ended, events...)
		}
		return tell(ctx, tx, ended...)
	})
	if err != nil {
		return 0, err
	}
	s.told()
	return n, nil
}

// failOverdue returns what has happened by it.
func failOverdue(ctx context.Context, tx pgx.Tx, taskID string) ([]heimdall.Event, error) {
	a, err := getAcquisition(ctx, tx, taskID)
	if err != nil {
		return nil, err
	}
	captures, err := capturesOf(ctx, tx, taskID)
	if err != nil {
		return nil, err
	}
	now, err := moment(ctx, tx)
	if err != nil {
		return nil, err
	}
	reason := heimdall.OverdueReason(a.Deadline)
	var endings []ending
	var ended []heimdall.Event
	for _, c := range captures {
		c.State, c.FailureClass, c.Reason, c.EndedAt = heimdall.Failed, heimdall.FailLate, reason, now
		endings = append(endings, ending{capture: c, frequencyHz: a.FrequencyHz, label: a.Label})
		ended = append(ended, heimdall.CaptureEvent(&c, nil))
	}
	a.State, a.Reason = heimdall.Failed, reason
	var writes pgx.Batch
	writes.Queue(failPendingCaptures, taskID, string(heimdall.FailLate), reason, micros{&now})
	writes.Queue(failPendingAcquisition, taskID, reason, micros{&now})
	queueRollups(&writes, endings)
	return append(ended, heimdall.AcquisitionEvent(heimdall.AcquisitionEnded, &a)), tx.SendBatch(ctx, &writes).Close()
}

const countPending = `SELECT count(*) FROM acquisitions WHERE state = 'pending'`

// CountPending returns how many acquisitions wait to be claimed.
func (s *Store) CountPending(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, countPending).Scan(&n)
	return n, failed(ctx, "count pending acquisitions", err)
}
