package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// A refused password says nothing about the one that the row holds since it was changed.
	selectStandings = `
SELECT w.websdr_id, COALESCE(b.class, ''), COALESCE(b.reason, ''), b.since, b.until, COALESCE(d.connected_s, 0.0)
FROM websdrs AS w
LEFT JOIN receiver_blocks AS b ON b.host = w.host AND b.websdr_id IN (0, w.websdr_id) AND b.until > ?
    AND (b.websdr_id = 0 OR w.updated_at <= b.since)
LEFT JOIN receiver_days AS d ON d.host = w.host AND d.day = ?`

	blockReceiver = `
INSERT INTO receiver_blocks (host, websdr_id, class, reason, since, until)
SELECT host, iif(?2, websdr_id, 0), ?3, ?4, ?5, ?6 FROM websdrs WHERE websdr_id = ?1 AND host <> ''
ON CONFLICT (host, websdr_id) DO UPDATE SET class = excluded.class, reason = excluded.reason, since = excluded.since, until = excluded.until`

	forgiveReceiver = `
DELETE FROM receiver_blocks
WHERE (host, websdr_id) IN (SELECT host, 0 FROM websdrs WHERE websdr_id = ?1 UNION ALL SELECT host, ?1 FROM websdrs WHERE websdr_id = ?1)`

	// A ban is kept twice: see heimdall.Health.Banned.
	forgetBan = `
UPDATE websdr_health SET last_class = '', last_error = ''
WHERE last_class = 'banned' AND websdr_id IN (
    SELECT websdr_id FROM websdrs WHERE websdr_id = ?1
    UNION ALL SELECT websdr_id FROM websdrs WHERE host = (SELECT host FROM websdrs WHERE websdr_id = ?1 AND host <> ''))`

	forgiveBan = `
DELETE FROM receiver_blocks
WHERE class = 'banned' AND websdr_id = 0 AND host = (SELECT host FROM websdrs WHERE websdr_id = ?1)`

	addUse = `
INSERT INTO receiver_days (host, day, connected_s) VALUES (?, ?, ?)
ON CONFLICT (host, day) DO UPDATE SET connected_s = connected_s + excluded.connected_s`

	forgetDays = `DELETE FROM receiver_days WHERE day < ?`

	selectContacted = `SELECT contacted_at FROM receiver_hosts WHERE host = ?`

	setContacted = `
INSERT INTO receiver_hosts (host, contacted_at) VALUES (?, ?)
ON CONFLICT (host) DO UPDATE SET contacted_at = excluded.contacted_at`
)

// Standings says how we stand with those WebSDRs of ids, nil meaning any, that hold something against us or were
// connected to today, in order of websdr_id.
func (s *Store) Standings(ctx context.Context, ids []int64) ([]heimdall.Standing, error) {
	const do = "list standings"
	now := s.moment()
	w := where{args: []any{now.UnixMicro(), heimdall.DayOf(now).UnixMicro()}}
	w.add("w.host <> '' AND (b.until IS NOT NULL OR d.connected_s > 0)")
	if err := w.addAmong("w.websdr_id", ids); err != nil {
		return nil, failed(ctx, do, err)
	}
	rows, err := s.reader.QueryContext(ctx, selectStandings+w.String()+" ORDER BY w.websdr_id, b.until DESC", w.args...)
	found, err := all(rows, err, func(r row) (st heimdall.Standing, err error) {
		err = r.Scan(&st.WebSDRID, &st.Block.Class, &st.Block.Reason, micros{&st.Block.Since}, micros{&st.Block.Until}, seconds{&st.UsedToday})
		return st, err
	})
	return longestBlocks(found), failed(ctx, do, err)
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
	return s.write(ctx, "block receiver", func(tx *sql.Tx) error {
		now := s.moment()
		_, err := tx.ExecContext(ctx, blockReceiver, websdrID, class == heimdall.FailAuth, class, reason, now.UnixMicro(), now.Add(pause).UnixMicro())
		return err
	})
}

// ForgiveReceiver removes what stands against contacting a WebSDR, and that its host has shut us out; nothing, too, is removed without an error.
func (s *Store) ForgiveReceiver(ctx context.Context, websdrID int64) error {
	return s.share(ctx, "forgive receiver", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, forgetBan, websdrID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, forgiveReceiver, websdrID)
		return err
	})
}

// CountUse adds to how long a host was connected to on the UTC day of at.
func (s *Store) CountUse(ctx context.Context, host string, at time.Time, connected time.Duration) error {
	return s.share(ctx, "count use of host", func(tx *sql.Tx) error {
		day := heimdall.DayOf(at)
		if _, err := tx.ExecContext(ctx, addUse, host, day.UnixMicro(), seconds{&connected}); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, forgetDays, day.AddDate(0, 0, -7).UnixMicro())
		return err
	})
}

// ApproachHost books the next moment at which host may be connected to, at least interval after the one booked last,
// and returns how long it is until then.
func (s *Store) ApproachHost(ctx context.Context, host string, interval time.Duration) (wait time.Duration, err error) {
	err = s.share(ctx, "approach host", func(tx *sql.Tx) error {
		now := s.moment()
		at := now
		var last time.Time
		err := tx.QueryRowContext(ctx, selectContacted, host).Scan(micros{&last})
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		// A moment far ahead was booked by a clock that has been set back since.
		if next := last.Add(interval); err == nil && next.After(now) && last.Before(now.Add(time.Hour)) {
			at = next
		}
		wait = at.Sub(now)
		_, err = tx.ExecContext(ctx, setContacted, host, micros{&at})
		return err
	})
	return wait, err
}
