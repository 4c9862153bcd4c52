package sqlite

import (
	"context"
	"database/sql"

	"github.com/heimdall-sdr/heimdall"
)

const (
	seeWorker = `
INSERT INTO workers (name, host, version, started_at, seen_at, slots, running) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET host = excluded.host, version = excluded.version, started_at = excluded.started_at,
    seen_at = excluded.seen_at, slots = excluded.slots, running = excluded.running`

	forgetWorkers = `DELETE FROM workers WHERE seen_at < ?`

	selectWorkers = `SELECT name, host, version, started_at, seen_at, slots, running FROM workers WHERE seen_at >= ? ORDER BY name`

	deleteWorker = `DELETE FROM workers WHERE name = ?`
)

func workerFields(w *heimdall.WorkerStatus) []any {
	return []any{&w.Name, &w.Host, &w.Version, micros{&w.StartedAt}, micros{&w.SeenAt}, &w.Slots, &w.Running}
}

// SeeWorker notes what a worker says of itself, and forgets those that have said nothing for
// heimdall.WorkerForgotten. The database gives SeenAt.
func (s *Store) SeeWorker(ctx context.Context, w heimdall.WorkerStatus) error {
	return s.share(ctx, "note worker", func(tx *sql.Tx) error {
		w.SeenAt = s.moment()
		if _, err := tx.ExecContext(ctx, seeWorker, workerFields(&w)...); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, forgetWorkers, w.SeenAt.Add(-heimdall.WorkerForgotten).UnixMicro())
		return err
	})
}

// ForgetWorker removes a worker that has stopped in good order.
func (s *Store) ForgetWorker(ctx context.Context, name string) error {
	return s.write(ctx, "forget worker", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, deleteWorker, name)
		return err
	})
}

// Workers returns the workers that have said something within heimdall.WorkerForgotten, in order of name.
func (s *Store) Workers(ctx context.Context) ([]heimdall.WorkerStatus, error) {
	rows, err := s.reader.QueryContext(ctx, selectWorkers, s.moment().Add(-heimdall.WorkerForgotten).UnixMicro())
	list, err := all(rows, err, func(r row) (w heimdall.WorkerStatus, err error) {
		err = r.Scan(workerFields(&w)...)
		return w, err
	})
	return list, failed(ctx, "list workers", err)
}
