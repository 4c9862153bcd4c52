package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// host keeps a WebSDR's Host, so that SQL can ask for it. What is kept says nothing new: it is not read.
type host struct{ w *heimdall.WebSDR }

func (h host) Value() (driver.Value, error) { return h.w.Host(), nil }
func (h host) Scan(any) error               { return nil }

const (
	selectHostless = `SELECT websdr_id, url FROM websdrs WHERE host = '' AND url NOT LIKE 'sim:%' AND url NOT LIKE 'file:%'`
	setHost        = `UPDATE websdrs SET host = ? WHERE websdr_id = ?`
)

// fillHosts gives the rows of older programs, and those made by hand, their host.
func (s *Store) fillHosts(ctx context.Context) error {
	rows, err := s.writer.QueryContext(ctx, selectHostless)
	hostless, err := all(rows, err, func(r row) (w heimdall.WebSDR, err error) { return w, r.Scan(&w.ID, &w.URL) })
	if err != nil {
		return err
	}
	for _, w := range hostless {
		if _, err := s.writer.ExecContext(ctx, setHost, host{&w}, w.ID); err != nil {
			return err
		}
	}
	return nil
}

const (
	// holdsCount is what makes a row of receiver_holds count.
	holdsCount = `(h.task_id IS NULL AND h.held_until > ?1
    OR EXISTS (SELECT 1 FROM acquisitions AS a WHERE a.task_id = h.task_id AND a.state = 'running' AND a.fence = h.fence AND a.lease_until > ?1))`

	selectHostsTaken = `SELECT h.host FROM receiver_holds AS h WHERE ` + holdsCount

	takeHost = `
INSERT INTO receiver_holds (host, task_id, fence, held_by, held_until) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (host) DO UPDATE SET task_id = excluded.task_id, fence = excluded.fence, held_by = excluded.held_by, held_until = excluded.held_until`

	freeHost  = `DELETE FROM receiver_holds WHERE host = ? AND task_id = ? AND fence = ?`
	freeHosts = `DELETE FROM receiver_holds WHERE task_id = ?`

	freeHostOfHolder = `DELETE FROM receiver_holds WHERE host = ? AND task_id IS NULL AND held_by = ?`

	// A lease in force has kept its hosts, and most are.
	selectHostLost = `
SELECT EXISTS (
    SELECT 1 FROM acquisitions AS own JOIN captures AS c USING (task_id) JOIN websdrs AS w USING (websdr_id) JOIN receiver_holds AS h USING (host)
    WHERE own.task_id = ?2 AND own.lease_until <= ?1 AND c.state IN ('pending', 'running') AND h.task_id IS NOT ?2 AND ` + holdsCount + `)`
)

// hostsTaken are those that somebody may be connected to.
func (s *Store) hostsTaken(ctx context.Context, tx *sql.Tx) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, selectHostsTaken, s.moment().UnixMicro())
	list, err := all(rows, err, func(r row) (h string, err error) { return h, r.Scan(&h) })
	taken := make(map[string]bool, len(list))
	for _, h := range list {
		taken[h] = true
	}
	return taken, err
}

// takeHosts takes what nobody has for an acquisition that has just been claimed.
func takeHosts(ctx context.Context, tx *sql.Tx, l acquire.Lease, hosts []string) error {
	for _, h := range hosts {
		if _, err := tx.ExecContext(ctx, takeHost, h, l.TaskID, l.Fence, l.Worker, nil); err != nil {
			return err
		}
	}
	return nil
}

// keepsHosts is ErrLost when the lease had run out, and one of its hosts is somebody else's by now.
func (s *Store) keepsHosts(ctx context.Context, tx *sql.Tx, l acquire.Lease) error {
	var gone bool
	err := tx.QueryRowContext(ctx, selectHostLost, s.moment().UnixMicro(), l.TaskID).Scan(&gone)
	if err == nil && gone {
		err = lost(l)
	}
	return err
}

// ReturnHost gives one host of an acquisition back before the others. A repeat is no error, nor is a lease that is lost.
func (s *Store) ReturnHost(ctx context.Context, l acquire.Lease, host string) error {
	err := s.share(ctx, "return host", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, freeHost, host, l.TaskID, l.Fence)
		return err
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
	return s.share(ctx, "take host", func(tx *sql.Tx) error {
		if c, err := getContact(ctx, tx); err != nil || c.Off {
			if err == nil {
				err = heimdall.ErrContactOff
			}
			return err
		}
		now := s.moment()
		var by string
		err := tx.QueryRowContext(ctx, selectHolder, now.UnixMicro(), host).Scan(orZero[string]{&by})
		switch {
		case err != nil && err != sql.ErrNoRows:
			return err
		case err == nil && by != holder:
			return fmt.Errorf("%s: %w", host, heimdall.ErrBusyHost)
		}
		_, err = tx.ExecContext(ctx, takeHost, host, nil, nil, holder, now.Add(lease).UnixMicro())
		return err
	})
}

// An acquisition's hold is nobody's by that name.
const selectHolder = `SELECT CASE WHEN h.task_id IS NULL THEN h.held_by END FROM receiver_holds AS h WHERE host = ?2 AND ` + holdsCount

// FreeHost ends what TakeHost began. What somebody else holds by now stays as it is.
func (s *Store) FreeHost(ctx context.Context, host, holder string) error {
	err := s.share(ctx, "free host", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, freeHostOfHolder, host, holder)
		return err
	})
	if err == nil {
		s.wake()
	}
	return err
}
