package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	seeWorker = `
INSERT INTO workers (name, host, version, started_at, seen_at, slots, running) VALUES ($1, $2, $3, $4, clock_timestamp(), $5, $6)
ON CONFLICT (name) DO UPDATE SET host = excluded.host, version = excluded.version, started_at = excluded.started_at,
    seen_at = excluded.seen_at, slots = excluded.slots, running = excluded.running`

	forgetWorkers = `DELETE FROM workers WHERE seen_at < clock_timestamp() - $1::interval`

	selectWorkers = `SELECT name, host, version, started_at, seen_at, slots, running FROM workers WHERE seen_at >= clock_timestamp() - $1::interval ORDER BY name`

	deleteWorker = `DELETE FROM workers WHERE name = $1`
)

func workerFields(w *heimdall.WorkerStatus) []any {
	return []any{&w.Name, &w.Host, &w.Version, micros{&w.StartedAt}, micros{&w.SeenAt}, &w.Slots, &w.Running}
}

// SeeWorker notes what a worker says of itself, and forgets those that have said nothing for
// heimdall.WorkerForgotten. The database gives SeenAt.
func (s *Store) SeeWorker(ctx context.Context, w heimdall.WorkerStatus) error {
	return s.write(ctx, "note worker", func(tx pgx.Tx) error {
		var writes pgx.Batch
		writes.Queue(seeWorker, storable(w.Name), storable(w.Host), storable(w.Version), micros{&w.StartedAt}, w.Slots, w.Running)
		writes.Queue(forgetWorkers, heimdall.WorkerForgotten)
		return tx.SendBatch(ctx, &writes).Close()
	})
}

// ForgetWorker removes a worker that has stopped in good order.
func (s *Store) ForgetWorker(ctx context.Context, name string) error {
	return s.write(ctx, "forget worker", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, deleteWorker, storable(name))
		return err
	})
}

// Workers returns the workers that have said something within heimdall.WorkerForgotten, in order of name.
func (s *Store) Workers(ctx context.Context) ([]heimdall.WorkerStatus, error) {
	rows, err := s.pool.Query(ctx, selectWorkers, heimdall.WorkerForgotten)
	list, err := all(rows, err, func(r row) (w heimdall.WorkerStatus, err error) {
		err = r.Scan(workerFields(&w)...)
		return w, err
	})
	return list, failed(ctx, "list workers", err)
}
