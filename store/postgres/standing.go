package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// A refused password says nothing about the one that the row holds since it was changed.
	selectStandings = `
SELECT w.websdr_id, COALESCE(b.class, ''), COALESCE(b.reason, ''), b.since, b.until, COALESCE(d.connected_s, 0)
FROM websdrs AS w
LEFT JOIN receiver_blocks AS b ON b.host = w.host AND b.websdr_id IN (0, w.websdr_id) AND b.until > clock_timestamp()
    AND (b.websdr_id = 0 OR w.updated_at <= b.since)
LEFT JOIN receiver_days AS d ON d.host = w.host AND d.day = (clock_timestamp() AT TIME ZONE 'UTC')::date
WHERE w.host <> '' AND ($1::bigint[] IS NULL OR w.websdr_id = ANY($1))
  AND (b.until IS NOT NULL OR d.connected_s > 0)
ORDER BY w.websdr_id, b.until DESC NULLS LAST`

	blockReceiver = `
INSERT INTO receiver_blocks (host, websdr_id, class, reason, since, until)
SELECT host, CASE WHEN $2 THEN websdr_id ELSE 0 END, $3, $4, now, now + $5::interval
FROM websdrs, clock_timestamp() AS now WHERE websdr_id = $1 AND host <> ''
ON CONFLICT (host, websdr_id) DO UPDATE SET class = excluded.class, reason = excluded.reason, since = excluded.since, until = excluded.until`

	forgiveReceiver = `
DELETE FROM receiver_blocks
WHERE (host, websdr_id) IN (SELECT host, unnest(ARRAY[0, websdr_id]) FROM websdrs WHERE websdr_id = $1)`

	// A ban is kept twice: see heimdall.Health.Banned.
	forgetBan = `
UPDATE websdr_health SET last_class = '', last_error = ''
WHERE last_class = 'banned' AND websdr_id IN (
    SELECT websdr_id FROM websdrs WHERE websdr_id = $1::bigint
    UNION ALL SELECT websdr_id FROM websdrs WHERE host = (SELECT host FROM websdrs WHERE websdr_id = $1::bigint AND host <> ''))`

	forgiveBan = `
DELETE FROM receiver_blocks
WHERE class = 'banned' AND websdr_id = 0 AND host = (SELECT host FROM websdrs WHERE websdr_id = $1::bigint)`

	addUse = `
INSERT INTO receiver_days AS d (host, day, connected_s) VALUES ($1, $2::date, $3)
ON CONFLICT (host, day) DO UPDATE SET connected_s = d.connected_s + excluded.connected_s`

	forgetDays = `DELETE FROM receiver_days WHERE day < $1::date`

	selectContacted = `SELECT contacted_at FROM receiver_hosts WHERE host = $1 FOR UPDATE`

	setContacted = `
INSERT INTO receiver_hosts (host, contacted_at) VALUES ($1, $2)
ON CONFLICT (host) DO UPDATE SET contacted_at = excluded.contacted_at`
)

// Standings says how we stand with those WebSDRs of ids, nil meaning any, that hold something against us or were
// connected to today, in order of websdr_id.
func (s *Store) Standings(ctx context.Context, ids []int64) ([]heimdall.Standing, error) {
	rows, err := s.pool.Query(ctx, selectStandings, ids)
	found, err := all(rows, err, func(r row) (st heimdall.Standing, err error) {
		err = r.Scan(&st.WebSDRID, &st.Block.Class, &st.Block.Reason, micros{&st.Block.Since}, micros{&st.Block.Until}, seconds{&st.UsedToday})
		return st, err
	})
	return longestBlocks(found), failed(ctx, "list standings", err)
}

// longestBlocks keeps the first of each WebSDR: one may be blocked with its host and on its own.
func longestBlocks(found []heimdall.Standing) []heimdall.Standing {
	out := []heimdall.Standing{}
	for _, st := range found {
		if n := len(out); n == 0 || out[n-1].WebSDRID != st.WebSDRID {
			out = append(out, st)
		}
	}
	return out
}

// BlockReceiver notes that a WebSDR's host must not be contacted for a while, or the WebSDR alone when its password
// was refused. The database gives Since, and counts Until from it.
func (s *Store) BlockReceiver(ctx context.Context, websdrID int64, class heimdall.FailureClass, reason string, pause time.Duration) error {
	return s.write(ctx, "block receiver", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, blockReceiver, websdrID, class == heimdall.FailAuth, storable(string(class)), storable(reason), pause)
		return err
	})
}

// ForgiveReceiver removes what stands against contacting a WebSDR, and that its host has shut us out; nothing, too, is removed without an error.
func (s *Store) ForgiveReceiver(ctx context.Context, websdrID int64) error {
	return s.write(ctx, "forgive receiver", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, forgetBan, websdrID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, forgiveReceiver, websdrID)
		return err
	})
}

// CountUse adds to how long a host was connected to on the UTC day of at.
func (s *Store) CountUse(ctx context.Context, host string, at time.Time, connected time.Duration) error {
	return s.write(ctx, "count use of host", func(tx pgx.Tx) error {
		day := heimdall.DayOf(at)
		var writes pgx.Batch
		writes.Queue(addUse, storable(host), day, connected.Seconds())
		writes.Queue(forgetDays, day.AddDate(0, 0, -7))
		return tx.SendBatch(ctx, &writes).Close()
	})
}

// ApproachHost books the next moment at which host may be connected to, at least interval after the one booked last,
// and returns how long it is until then.
func (s *Store) ApproachHost(ctx context.Context, host string, interval time.Duration) (wait time.Duration, err error) {
	err = s.write(ctx, "approach host", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockHosts); err != nil {
			return err
		}
		now, err := moment(ctx, tx)
		if err != nil {
			return err
		}
		at := now
		var last time.Time
		err = tx.QueryRow(ctx, selectContacted, storable(host)).Scan(micros{&last})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		// A moment far ahead was booked by a clock that has been set back since.
		if next := last.Add(interval); err == nil && next.After(now) && last.Before(now.Add(time.Hour)) {
			at = next
		}
		wait = at.Sub(now)
		_, err = tx.Exec(ctx, setContacted, storable(host), micros{&at})
		return err
	})
	return wait, err
}
