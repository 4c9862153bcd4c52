package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// host keeps a WebSDR's Host, so that SQL can ask for it. What is kept says nothing new: it is not read.
type host struct{ w *heimdall.WebSDR }

func (h host) Value() (driver.Value, error) { return h.w.Host(), nil }
func (h host) Scan(any) error               { return nil }

const (
	selectHostless = `SELECT websdr_id, url FROM websdrs WHERE host = '' AND url NOT LIKE 'sim:%' AND url NOT LIKE 'file:%'`
	setHost        = `UPDATE websdrs SET host = $1 WHERE websdr_id = $2`
)

// fillHosts gives the rows of older programs, and those made by hand, their host.
func (s *Store) fillHosts(ctx context.Context) error {
	rows, err := s.pool.Query(ctx, selectHostless)
	hostless, err := all(rows, err, func(r row) (w heimdall.WebSDR, err error) { return w, r.Scan(&w.ID, &w.URL) })
	if err != nil {
		return err
	}
	for _, w := range hostless {
		if _, err := s.pool.Exec(ctx, setHost, storable(w.Host()), w.ID); err != nil {
			return err
		}
	}
	return nil
}

const (
	// holdsCount is what makes a row of receiver_holds count.
	holdsCount = `(h.task_id IS NULL AND h.held_until > clock_timestamp()
    OR EXISTS (SELECT 1 FROM acquisitions AS a WHERE a.task_id = h.task_id AND a.state = 'running' AND a.fence = h.fence AND a.lease_until > clock_timestamp()))`

	selectHostsTaken = `SELECT h.host FROM receiver_holds AS h WHERE ` + holdsCount

	// Whoever takes a host holds this lock first, so that what is free stays free until it is taken. It is taken for
	// milliseconds; claims go one after the other.
	lockHosts = `SELECT pg_advisory_xact_lock(hashtextextended('heimdall hosts', (SELECT 'websdrs'::regclass::oid)::bigint))`

	takeHosts = `
INSERT INTO receiver_holds (host, task_id, fence, held_by, held_until)
SELECT host, $2::uuid, $3::bigint, $4, clock_timestamp() + $5::interval FROM unnest($1::text[]) AS asked (host)
ON CONFLICT (host) DO UPDATE SET task_id = excluded.task_id, fence = excluded.fence, held_by = excluded.held_by, held_until = excluded.held_until`

	freeHost  = `DELETE FROM receiver_holds WHERE host = $1 AND task_id = $2 AND fence = $3`
	freeHosts = `DELETE FROM receiver_holds WHERE task_id = $1`

	freeHostOfHolder = `DELETE FROM receiver_holds WHERE host = $1 AND task_id IS NULL AND held_by = $2`

	// A lease in force has kept its hosts, and most are.
	selectHostLost = `
SELECT EXISTS (
    SELECT 1 FROM acquisitions AS own JOIN captures AS c USING (task_id) JOIN websdrs AS w USING (websdr_id) JOIN receiver_holds AS h USING (host)
    WHERE own.task_id = $1 AND own.lease_until <= clock_timestamp() AND c.state IN ('pending', 'running') AND h.task_id IS DISTINCT FROM $1 AND ` + holdsCount + `)`
)

// hostsTaken are those that somebody may be connected to.
func hostsTaken(ctx context.Context, tx pgx.Tx) (map[string]bool, error) {
	rows, err := tx.Query(ctx, selectHostsTaken)
	list, err := all(rows, err, func(r row) (h string, err error) { return h, r.Scan(&h) })
	taken := make(map[string]bool, len(list))
	for _, h := range list {
		taken[h] = true
	}
	return taken, err
}

// keepsHosts is ErrLost when the lease had run out, and one of its hosts is somebody else's by now.
func keepsHosts(ctx context.Context, tx pgx.Tx, l acquire.Lease) error {
	var gone bool
	err := tx.QueryRow(ctx, selectHostLost, l.TaskID).Scan(&gone)
	if err == nil && gone {
		err = lost(l)
	}
	return err
}

// ReturnHost gives one host of an acquisition back before the others. A repeat is no error, nor is a lease that is lost.
func (s *Store) ReturnHost(ctx context.Context, l acquire.Lease, host string) error {
	err := s.write(ctx, "return host", func(tx pgx.Tx) error {
		id, err := parseTaskID(l.TaskID)
		if err != nil {
			return lost(l)
		}
		if _, err := tx.Exec(ctx, freeHost, storable(host), id, l.Fence); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err == nil {
		s.wake()
	}
	return err
}

// TakeHost holds a host for something that is no acquisition, such as a probe, until it is freed or the lease runs
// out. It is ErrBusyHost when somebody else may be connected to it, and ErrContactOff while nobody may be contacted.
// Who has it may take it again, which renews the lease.
func (s *Store) TakeHost(ctx context.Context, host, holder string, lease time.Duration) error {
	return s.write(ctx, "take host", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockHosts); err != nil {
			return err
		}
		if c, err := getContact(ctx, tx); err != nil || c.Off {
			if err == nil {
				err = heimdall.ErrContactOff
			}
			return err
		}
		var by string
		err := tx.QueryRow(ctx, selectHolder, storable(host)).Scan(orZero[string]{&by})
		switch {
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return err
		case err == nil && by != storable(holder):
			return fmt.Errorf("%s: %w", host, heimdall.ErrBusyHost)
		}
		_, err = tx.Exec(ctx, takeHosts, []string{storable(host)}, nil, nil, storable(holder), lease)
		return err
	})
}

// An acquisition's hold is nobody's by that name.
const selectHolder = `SELECT CASE WHEN h.task_id IS NULL THEN h.held_by END FROM receiver_holds AS h WHERE host = $1 AND ` + holdsCount

// FreeHost ends what TakeHost began. What somebody else holds by now stays as it is.
func (s *Store) FreeHost(ctx context.Context, host, holder string) error {
	err := s.write(ctx, "free host", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, freeHostOfHolder, storable(host), storable(holder)); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err == nil {
		s.wake()
	}
	return err
}
