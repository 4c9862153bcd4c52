package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	countParts = `
SELECT (extract(epoch FROM at - $2::timestamptz) * 1000000)::bigint * $4::bigint / $5::bigint AS part,
       count(*) FILTER (WHERE is_up), count(*) FILTER (WHERE NOT is_up), count(*) FILTER (WHERE is_up IS NULL)
FROM websdr_status WHERE websdr_id = $1 AND at >= $2 AND at < $3 GROUP BY 1 ORDER BY 1`

	countFailures = `
SELECT failure_class, count(*) AS times, max(at), (array_agg(reason ORDER BY at DESC, id DESC))[1]
FROM websdr_status WHERE websdr_id = $1 AND at >= $2 AND at < $3 AND NOT ok
GROUP BY failure_class ORDER BY times DESC, failure_class COLLATE "C"`
)

// History returns what the observations of a WebSDR amount to.
func (s *Store) History(ctx context.Context, f heimdall.HistoryFilter) (h heimdall.History, err error) {
	const do = "count observations"
	if err := f.Validate(); err != nil {
		return h, failed(ctx, do, err)
	}
	h = heimdall.NewHistory(f)
	err = s.read(ctx, do, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, countParts, f.WebSDRID, h.From, h.To, f.Parts, h.To.Sub(h.From).Microseconds())
		_, err = all(rows, err, func(r row) (i int, err error) {
			var p heimdall.HistoryPart
			if err = r.Scan(&i, &p.Up, &p.Down, &p.Unknown); err == nil {
				h.Parts[i].Up, h.Parts[i].Down, h.Parts[i].Unknown = p.Up, p.Down, p.Unknown
			}
			return i, err
		})
		if err != nil {
			return err
		}
		rows, err = tx.Query(ctx, countFailures, f.WebSDRID, h.From, h.To)
		h.Failures, err = all(rows, err, func(r row) (t heimdall.FailureTimes, err error) {
			err = r.Scan(&t.Class, &t.Times, micros{&t.LastAt}, &t.LastReason)
			return t, err
		})
		return err
	})
	return h, err
}
