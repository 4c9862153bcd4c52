package sqlite

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

const (
	selectLinesWaiting = `
SELECT origin, priority, count(*) FROM acquisitions INDEXED BY acquisitions_pending WHERE state = 'pending' GROUP BY origin, priority ORDER BY origin, priority`

	countDeliveriesWaiting = `SELECT count(*) FROM deliveries WHERE state = 'pending'`
)

// Backlog returns what waits, in order of origin and priority.
func (s *Store) Backlog(ctx context.Context) (b heimdall.Backlog, err error) {
	const do = "count what waits"
	rows, err := s.reader.QueryContext(ctx, selectLinesWaiting)
	b.Lines, err = all(rows, err, func(r row) (l heimdall.QueueLine, err error) {
		err = r.Scan(&l.Origin, &l.Priority, &l.Acquisitions)
		return l, err
	})
	if err == nil {
		err = s.reader.QueryRowContext(ctx, countDeliveriesWaiting).Scan(&b.Deliveries)
	}
	return b, failed(ctx, do, err)
}
