package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const noiseSums = `sum(noise_count::float8)::bigint, sum(noise_sum_dbfs_hz), sum(noise_sumsq_db2), min(noise_min_dbfs_hz), max(noise_max_dbfs_hz)`

// NoiseTrend returns how the noise density of each WebSDR went.
func (s *Store) NoiseTrend(ctx context.Context, f heimdall.AnalyticsFilter, bucket heimdall.Bucket) (t heimdall.NoiseTrend, err error) {
	q := question{bucket, step(bucket) + ", websdr_id, sum(captures::float8)::bigint, " + noiseSums, ofSuccesses, "GROUP BY 1, 2 ORDER BY 1, 2"}
	err = s.ask(ctx, "ask for noise trend", f, bucket, func(tx pgx.Tx, b heimdall.Basis) error {
		t = heimdall.NoiseTrend{Basis: b, Bucket: bucket, Points: []heimdall.NoisePoint{}}
		return each(ctx, tx, f, b, q, func(r row) error {
			var p heimdall.NoisePoint
			var noise heimdall.Sums
			err := r.Scan(append([]any{micros{&p.Start}, &p.WebSDRID, &p.Rows}, sums(&noise)...)...)
			p.Noise = noise.Stat()
			t.Points = append(t.Points, p)
			return err
		})
	})
	return t, err
}
