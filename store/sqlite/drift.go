package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// CarrierOffsets returns what each WebSDR measured of carriers at each frequency, over the whole range.
func (s *Store) CarrierOffsets(ctx context.Context, f heimdall.AnalyticsFilter) (o heimdall.Offsets, err error) {
	q := question{heimdall.Daily, "websdr_id, frequency_hz, " + offsetSums, "offset_count > 0", "GROUP BY 1, 2 ORDER BY 1, 2"}
	err = s.ask(ctx, "ask for offsets of carriers", f, heimdall.Daily, func(tx *sql.Tx, b heimdall.Basis) error {
		o = heimdall.Offsets{Basis: b, Offsets: []heimdall.CarrierOffset{}}
		return each(ctx, tx, f, b, q, func(r row) error {
			var c heimdall.CarrierOffset
			var offset heimdall.Sums
			err := r.Scan(append([]any{&c.WebSDRID, &c.FrequencyHz}, sums(&offset)...)...)
			c.Offset = offset.Stat()
			o.Offsets = append(o.Offsets, c)
			return err
		})
	})
	return o, err
}

// FrequencyDrift returns how the offsets of carriers went, for each WebSDR and frequency.
func (s *Store) FrequencyDrift(ctx context.Context, f heimdall.AnalyticsFilter, bucket heimdall.Bucket) (d heimdall.Drift, err error) {
	q := question{bucket, "websdr_id, frequency_hz, " + step(bucket) + ", " + offsetSums, "offset_count > 0", "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"}
	err = s.ask(ctx, "ask for frequency drift", f, bucket, func(tx *sql.Tx, b heimdall.Basis) error {
		d = heimdall.Drift{Basis: b, Bucket: bucket, Series: []heimdall.DriftSeries{}}
		var websdrID, frequencyHz int64
		var starts []time.Time
		var offsets []heimdall.Sums
		flush := func() {
			if len(starts) > 0 {
				d.Series = append(d.Series, heimdall.NewDriftSeries(websdrID, frequencyHz, starts, offsets))
			}
			starts, offsets = starts[:0], offsets[:0]
		}
		err := each(ctx, tx, f, b, q, func(r row) error {
			var w, hz int64
			var start time.Time
			var offset heimdall.Sums
			if err := r.Scan(append([]any{&w, &hz, micros{&start}}, sums(&offset)...)...); err != nil {
				return err
			}
			if w != websdrID || hz != frequencyHz {
				flush()
			}
			websdrID, frequencyHz = w, hz
			starts, offsets = append(starts, start), append(offsets, offset)
			return nil
		})
		flush()
		return err
	})
	return d, err
}
