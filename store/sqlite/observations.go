package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const observationColumnNames = `websdr_id, at, source, ok, is_up, failure_class, reason, latency_ms, users, users_max,
       gps_fixes_per_min, gps_satellites, receiver_snr_db, version, holds_seconds`

// observationColumns are in the order of observationColumnNames.
func observationColumns(o *heimdall.Observation) []column {
	return []column{
		{"websdr_id", &o.WebSDRID}, {"at", micros{&o.At}}, {"source", &o.Source}, {"ok", &o.OK}, {"is_up", says{o}},
		{"failure_class", &o.FailureClass}, {"reason", &o.Reason}, {"latency_ms", milliseconds{&o.Latency}},
		{"users", &o.Users}, {"users_max", &o.UsersMax}, {"gps_fixes_per_min", &o.FixesPerMin},
		{"gps_satellites", &o.Satellites}, {"receiver_snr_db", &o.SNRdB}, {"version", &o.Version},
		{"holds_seconds", seconds{&o.Holds}},
	}
}

// says keeps whether an observation says up (1), down (0) or nothing (NULL). It is told by the others, and not read.
type says struct{ o *heimdall.Observation }

func (s says) Value() (driver.Value, error) {
	switch s.o.Says() {
	case heimdall.Up:
		return int64(1), nil
	case heimdall.Down:
		return int64(0), nil
	}
	return nil, nil
}

func (says) Scan(any) error { return nil }

func scanObservation(r row) (o heimdall.Observation, err error) {
	err = r.Scan(append([]any{&o.ID}, fields(observationColumns(&o))...)...)
	return o, err
}

// Observe writes down what was learnt of a WebSDR, and returns its health after it.
func (s *Store) Observe(ctx context.Context, o heimdall.Observation) (h heimdall.Health, err error) {
	err = s.share(ctx, "observe WebSDR", func(tx *sql.Tx) error {
		h, err = s.observe(ctx, tx, o)
		if err != nil {
			return err
		}
		return putHealth(ctx, tx, h)
	})
	return h, err
}

const (
	insertObservation = `
INSERT INTO websdr_status (` + observationColumnNames + `)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	noteContact = `UPDATE websdr_health SET contacted_at = ? WHERE websdr_id = ?`
)

// observe adds to the history; the health that it returns is still to be written.
func (s *Store) observe(ctx context.Context, tx *sql.Tx, o heimdall.Observation) (h heimdall.Health, err error) {
	w, err := getWebSDR(ctx, tx, o.WebSDRID)
	if err != nil {
		return h, err
	}
	if h, err = getHealth(ctx, tx, w.ID); err != nil {
		return h, err
	}
	o.At, o.Holds = o.At.UTC().Truncate(time.Microsecond), min(max(o.Holds, 0), heimdall.MaxHolds)
	columns := observationColumns(&o)
	if err := checkFinite(columns); err != nil {
		return h, err
	}
	if _, err := tx.ExecContext(ctx, insertObservation, fields(columns)...); err != nil {
		return h, err
	}
	if _, err := tx.ExecContext(ctx, noteContact, s.moment().UnixMicro(), w.ID); err != nil {
		return h, err
	}
	return h.After(o, w.Kind), nil
}

const selectObservations = `SELECT id, ` + observationColumnNames + ` FROM websdr_status`

// Observations returns a page of the history, newest first.
func (s *Store) Observations(ctx context.Context, f heimdall.ObservationFilter) ([]heimdall.Observation, error) {
	const do = "list observations"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if f.WebSDRID != 0 {
		w.add("websdr_id = ?", f.WebSDRID)
	}
	if !f.From.IsZero() {
		w.add("at >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("at < ?", ceilMicros(f.To))
	}
	if !f.AfterAt.IsZero() {
		w.add("(at, id) < (?, ?)", f.AfterAt.UnixMicro(), f.AfterID)
	}
	rows, err := s.reader.QueryContext(ctx, selectObservations+w.String()+" ORDER BY at DESC, id DESC LIMIT ?", append(w.args, f.Limit)...)
	list, err := all(rows, err, scanObservation)
	return list, failed(ctx, do, err)
}

// What heimdall.Uptime says, in SQL: each row holds until the next of its WebSDR, but no longer than it may, and of that
// counts what lies in [from, to).
const selectUptimes = `
WITH seen AS (
    SELECT websdr_id, at, is_up, source, ok, at + CAST(round(holds_seconds * 1e6) AS INTEGER) AS until,
           LEAD(at) OVER (PARTITION BY websdr_id ORDER BY at, id) AS next_at
    FROM websdr_status
    WHERE at >= ?4 AND at < ?3 AND (?1 IS NULL OR websdr_id IN (SELECT value FROM json_each(?1)))
), held AS (
    SELECT websdr_id, at, is_up, source, ok,
           max(0, min(until, COALESCE(next_at, ?3), ?3) - max(at, ?2)) AS length
    FROM seen
)
SELECT websdr_id, sum(length * COALESCE(is_up, 0)), sum(length * COALESCE(1 - is_up, 0)),
       sum(source = 'capture' AND at >= ?2), sum(source = 'capture' AND at >= ?2 AND ok)
FROM held GROUP BY websdr_id ORDER BY websdr_id`

// Uptimes returns how long each of the WebSDRs of ids, nil meaning any, was up and down in [from, to), in order of id.
// One of which nothing is known in that time may be left out.
func (s *Store) Uptimes(ctx context.Context, ids []int64, from, to time.Time) ([]heimdall.Uptime, error) {
	const do = "reckon uptimes"
	chosen, err := asJSON(ids)
	if err != nil {
		return nil, failed(ctx, do, err)
	}
	begin := ceilMicros(from)
	rows, err := s.reader.QueryContext(ctx, selectUptimes, chosen, begin, ceilMicros(to), begin-heimdall.MaxHolds.Microseconds())
	list, err := all(rows, err, func(r row) (u heimdall.Uptime, err error) {
		var up, down int64
		err = r.Scan(&u.WebSDRID, &up, &down, &u.Attempts, &u.Successes)
		u.Up, u.Down = time.Duration(up)*time.Microsecond, time.Duration(down)*time.Microsecond
		return u, err
	})
	return list, failed(ctx, do, err)
}

const deleteObservations = `
DELETE FROM websdr_status WHERE id IN (SELECT id FROM websdr_status WHERE at < ? ORDER BY at, id LIMIT ?)`

// DropObservations deletes at most so many observations from before a time, oldest first, and returns how many.
func (s *Store) DropObservations(ctx context.Context, before time.Time, most int) (n int64, err error) {
	err = s.write(ctx, "drop observations", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, deleteObservations, ceilMicros(before), most)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	return n, err
}
