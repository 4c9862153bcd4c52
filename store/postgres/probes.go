package postgres

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// Those who claim go one after the other: a host is that of several WebSDRs, and no row stands for it.
	lockProbes = `SELECT pg_advisory_xact_lock(hashtext('heimdall probes'))`

	selectDueProbes = selectWebSDRs + `
WHERE is_active AND NOT EXISTS (
    SELECT 1 FROM websdr_health AS h
    WHERE h.websdr_id = websdrs.websdr_id AND (h.next_probe_at > $1 OR h.claimed_until > $1 OR h.last_class = 'banned'))
ORDER BY (SELECT next_probe_at FROM websdr_health AS h WHERE h.websdr_id = websdrs.websdr_id) NULLS FIRST, websdr_id
LIMIT $2`

	// Of what is being probed, and of what has shut us out.
	selectAsked = `
SELECT url FROM websdrs JOIN websdr_health USING (websdr_id)
WHERE claimed_until > $1 OR last_class = 'banned'`

	selectRecording = `
SELECT url FROM acquisitions AS a JOIN captures AS c USING (task_id) JOIN websdrs USING (websdr_id)
WHERE a.state = 'running' AND c.state IN ('pending', 'running')`
)

// beginClaim returns now by the server's clock, once nobody else claims.
func beginClaim(ctx context.Context, tx pgx.Tx) (now time.Time, err error) {
	if _, err := tx.Exec(ctx, lockProbes); err != nil {
		return now, err
	}
	return moment(ctx, tx)
}

// ClaimProbe takes the active WebSDR whose probe has been due longest, that may is content with and whose host nobody
// asks, for the time of the lease; heimdall.ErrNoWork when there is none. One that was never probed is due.
func (s *Store) ClaimProbe(ctx context.Context, lease time.Duration, may func(*heimdall.WebSDR) bool) (job heimdall.ProbeJob, err error) {
	err = s.write(ctx, "claim probe", func(tx pgx.Tx) error {
		now, err := beginClaim(ctx, tx)
		if err != nil {
			return err
		}
		due, err := dueProbes(ctx, tx, now, fewDue)
		if err != nil || len(due) == 0 {
			return orNoWork(err)
		}
		asked, recording, err := inUse(ctx, tx, now)
		if err != nil {
			return err
		}
		w, found := heimdall.NextProbe(due, asked, recording, may)
		if !found && len(due) == fewDue {
			if due, err = dueProbes(ctx, tx, now, math.MaxInt32); err != nil {
				return err
			}
			w, found = heimdall.NextProbe(due, asked, recording, may)
		}
		if !found {
			return heimdall.ErrNoWork
		}
		job, err = claimProbe(ctx, tx, w, now, lease)
		return err
	})
	return job, err
}

// fewDue is how many are looked at first: one of them will do, as a rule. Only if none does are all.
const fewDue = 20

// dueProbes returns the first WebSDRs whose probe is due, the one that has been due longest before the others.
func dueProbes(ctx context.Context, tx pgx.Tx, now time.Time, limit int) ([]heimdall.WebSDR, error) {
	rows, err := tx.Query(ctx, selectDueProbes, now, limit)
	return all(rows, err, scanWebSDR)
}

func orNoWork(err error) error {
	if err == nil {
		return heimdall.ErrNoWork
	}
	return err
}

// inUse are the addresses that are not to be asked at all, and those that are recorded from.
func inUse(ctx context.Context, tx pgx.Tx, now time.Time) (asked, recording []string, err error) {
	text := func(r row) (s string, err error) { err = r.Scan(&s); return s, err }
	rows, err := tx.Query(ctx, selectAsked, now)
	if asked, err = all(rows, err, text); err != nil {
		return nil, nil, err
	}
	rows, err = tx.Query(ctx, selectRecording)
	recording, err = all(rows, err, text)
	return asked, recording, err
}

const selectProbed = `SELECT probed_at FROM websdr_health WHERE websdr_id = $1::bigint`

// ClaimProbeOf takes one WebSDR, whenever its probe is due. It is heimdall.ErrTooSoon when it was claimed less than least
// ago, or its host is being asked; heimdall.ErrConflict when it must not be asked now: it is inactive, has shut us out, or
// the probe would take the slot of a recording.
func (s *Store) ClaimProbeOf(ctx context.Context, websdrID int64, lease, least time.Duration) (job heimdall.ProbeJob, err error) {
	err = s.write(ctx, "claim probe", func(tx pgx.Tx) error {
		now, err := beginClaim(ctx, tx)
		if err != nil {
			return err
		}
		w, err := getWebSDR(ctx, tx, websdrID)
		if err != nil {
			return err
		}
		h, err := lockHealth(ctx, tx, websdrID)
		if err != nil {
			return err
		}
		var probed time.Time
		if err := tx.QueryRow(ctx, selectProbed, websdrID).Scan(micros{&probed}); err != nil {
			return err
		}
		if err := w.MayProbe(&h, probed, now, least); err != nil {
			return err
		}
		asked, recording, err := inUse(ctx, tx, now)
		if err != nil {
			return err
		}
		if err := w.MayAsk(asked, recording); err != nil {
			return err
		}
		job, err = claimProbe(ctx, tx, w, now, lease)
		return err
	})
	return job, err
}

const updateClaim = `
UPDATE websdr_health SET claim = claim + 1, claimed_until = $2, probed_at = $3, contacted_at = $3,
       breaker = CASE breaker WHEN 'open' THEN 'half_open' ELSE breaker END
WHERE websdr_id = $1::bigint
RETURNING claim`

func claimProbe(ctx context.Context, tx pgx.Tx, w heimdall.WebSDR, now time.Time, lease time.Duration) (job heimdall.ProbeJob, err error) {
	job.WebSDR = w
	if _, err := tx.Exec(ctx, insertHealth, w.ID); err != nil {
		return job, err
	}
	err = tx.QueryRow(ctx, updateClaim, w.ID, now.Add(lease), now).Scan(&job.Claim)
	if err != nil {
		return job, err
	}
	job.Health, err = getHealth(ctx, tx, w.ID)
	return job, err
}

// FinishProbe writes down what a probe has found, and when the next is due. It is heimdall.ErrLost when somebody else has
// claimed the WebSDR since.
func (s *Store) FinishProbe(ctx context.Context, job heimdall.ProbeJob, o heimdall.Observation, next time.Duration) (h heimdall.Health, err error) {
	err = s.write(ctx, "finish probe", func(tx pgx.Tx) error {
		if err := s.endClaim(ctx, tx, job); err != nil {
			return err
		}
		if h, err = s.observe(ctx, tx, o); err != nil {
			return err
		}
		now, err := moment(ctx, tx)
		if err != nil {
			return err
		}
		h.NextProbeAt = now.Add(next).Truncate(time.Microsecond)
		return putHealth(ctx, tx, h)
	})
	return h, err
}

// ReleaseProbe gives back a probe that was not made; it is due again after so long.
func (s *Store) ReleaseProbe(ctx context.Context, job heimdall.ProbeJob, next time.Duration) error {
	return s.write(ctx, "release probe", func(tx pgx.Tx) error {
		if err := s.endClaim(ctx, tx, job); err != nil {
			return err
		}
		h, err := lockHealth(ctx, tx, job.WebSDR.ID)
		if err != nil {
			return err
		}
		if h.Breaker == heimdall.BreakerHalfOpen {
			h.Breaker = heimdall.BreakerOpen
		}
		now, err := moment(ctx, tx)
		if err != nil {
			return err
		}
		h.NextProbeAt = now.Add(next).Truncate(time.Microsecond)
		return putHealth(ctx, tx, h)
	})
}

const endClaim = `UPDATE websdr_health SET claimed_until = NULL WHERE websdr_id = $1::bigint AND claim = $2 AND claimed_until IS NOT NULL`

func (s *Store) endClaim(ctx context.Context, tx pgx.Tx, job heimdall.ProbeJob) error {
	r, err := tx.Exec(ctx, endClaim, job.WebSDR.ID, job.Claim)
	if err != nil {
		return err
	}
	if r.RowsAffected() == 0 {
		return fmt.Errorf("WebSDR %d is no longer claimed for this probe: %w", job.WebSDR.ID, heimdall.ErrLost)
	}
	return nil
}
