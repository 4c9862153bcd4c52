package postgres

import (
	"context"

	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/jackc/pgx/v5"
)

// Occupancy returns how often something was heard on each frequency measured.
func (s *Store) Occupancy(ctx context.Context, f heimdall.AnalyticsFilter, bucket heimdall.Bucket) (o heimdall.Occupancy, err error) {
	q := question{bucket, "frequency_hz, " + step(bucket) + ", sum(captures::float8)::bigint, sum(detected::float8)::bigint", ofSuccesses, "GROUP BY 1, 2 ORDER BY 1, 2"}
	err = s.ask(ctx, "ask for occupancy", f, bucket, func(tx pgx.Tx, b heimdall.Basis) error {
		o = heimdall.Occupancy{Basis: b, Bucket: bucket, Channels: []heimdall.OccupancyChannel{}}
		return each(ctx, tx, f, b, q, func(r row) error {
			var hz, measurements, detected int64
			var start time.Time
			err := r.Scan(&hz, micros{&start}, &measurements, &detected)
			if err == nil {
				o.Add(hz, start, measurements, detected)
			}
			return err
		})
	})
	return o, err
}
