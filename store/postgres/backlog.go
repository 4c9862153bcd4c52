package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	selectLinesWaiting = `
SELECT origin, priority, count(*) FROM acquisitions WHERE state = 'pending' GROUP BY origin, priority ORDER BY origin, priority`

	countDeliveriesWaiting = `SELECT count(*) FROM deliveries WHERE state = 'pending'`
)

// Backlog returns what waits, in order of origin and priority.
func (s *Store) Backlog(ctx context.Context) (b heimdall.Backlog, err error) {
	err = s.read(ctx, "count what waits", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectLinesWaiting)
		b.Lines, err = all(rows, err, func(r row) (l heimdall.QueueLine, err error) {
			err = r.Scan(&l.Origin, &l.Priority, &l.Acquisitions)
			return l, err
		})
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, countDeliveriesWaiting).Scan(&b.Deliveries)
	})
	return b, err
}
