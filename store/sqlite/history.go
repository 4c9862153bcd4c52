package sqlite

import (
	"context"
	"database/sql"

	"github.com/heimdall-sdr/heimdall"
)

const (
	countParts = `
SELECT (at - ?2) * ?4 / (?3 - ?2), COALESCE(sum(is_up), 0), COALESCE(sum(1 - is_up), 0), sum(is_up IS NULL)
FROM websdr_status WHERE websdr_id = ?1 AND at >= ?2 AND at < ?3 GROUP BY 1 ORDER BY 1`

	countFailures = `
SELECT failure_class, count(*), max(at),
       (SELECT n.reason FROM websdr_status AS n
        WHERE n.websdr_id = ?1 AND n.at >= ?2 AND n.at < ?3 AND n.ok = 0 AND n.failure_class = s.failure_class
        ORDER BY n.at DESC, n.id DESC LIMIT 1)
FROM websdr_status AS s WHERE websdr_id = ?1 AND at >= ?2 AND at < ?3 AND ok = 0
GROUP BY failure_class ORDER BY 2 DESC, failure_class`
)

// History returns what the observations of a WebSDR amount to.
func (s *Store) History(ctx context.Context, f heimdall.HistoryFilter) (h heimdall.History, err error) {
	const do = "count observations"
	if err := f.Validate(); err != nil {
		return h, failed(ctx, do, err)
	}
	h = heimdall.NewHistory(f)
	from, to := h.From.UnixMicro(), h.To.UnixMicro()
	err = s.read(ctx, do, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, countParts, f.WebSDRID, from, to, f.Parts)
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
		rows, err = tx.QueryContext(ctx, countFailures, f.WebSDRID, from, to)
		h.Failures, err = all(rows, err, func(r row) (t heimdall.FailureTimes, err error) {
			err = r.Scan(&t.Class, &t.Times, micros{&t.LastAt}, &t.LastReason)
			return t, err
		})
		return err
	})
	return h, err
}
