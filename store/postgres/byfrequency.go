package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// Measurements have no index by frequency: every writer would pay for it, and days that are compressed have none. The
// rollups tell in which hours a frequency was recorded; these are read, newest first, and no others.
const (
	hoursRecorded = `
SELECT bucket FROM (
    SELECT bucket, sum(measurements) OVER (ORDER BY bucket DESC) - measurements AS newer
    FROM (SELECT bucket, sum(captures - deleted) AS measurements FROM captures_hourly`

	newestHours = ` GROUP BY bucket ORDER BY bucket DESC`

	holdingEnough = `) AS hours) AS counted WHERE newer < $ ORDER BY bucket DESC`

	eachOfHours = `
SELECT m.* FROM unnest($::timestamptz[]) AS hours (hour) CROSS JOIN LATERAL (`
)

// hoursHolding are at most n of the newest hours before a time that hold as many measurements on the frequencies of f,
// newest first.
func hoursHolding(ctx context.Context, q querier, f heimdall.MeasurementFilter, before time.Time, n, measurements int) ([]time.Time, error) {
	var w where
	w.addRollups(heimdall.AnalyticsFilter{WebSDRIDs: f.WebSDRIDs, FrequencyMinHz: f.FrequencyMinHz, FrequencyMaxHz: f.FrequencyMaxHz})
	w.terms = append(w.terms, ofSuccesses, "captures > deleted")
	if !before.IsZero() {
		w.add("bucket < $", ceilMicros(before))
	}
	if !f.From.IsZero() {
		w.add("bucket > $", ceilMicros(f.From.Add(-time.Hour)))
	}
	query := hoursRecorded + w.String() + newestHours + w.limit(n) + w.number(holdingEnough, measurements)
	rows, err := q.Query(ctx, query, w.args...)
	return all(rows, err, func(r row) (hour time.Time, err error) {
		err = r.Scan(micros{&hour})
		return hour, err
	})
}

// measurementsInHours is a page of what w chooses, of which the frequencies are in f. Where other conditions leave too
// little of the hours that would have held a page, more are read.
func measurementsInHours(ctx context.Context, q querier, f heimdall.MeasurementFilter, w where) ([]heimdall.Measurement, error) {
	page := []heimdall.Measurement{}
	before := f.To
	if f.After != nil && (before.IsZero() || f.After.Timestamp.Before(before)) {
		before = f.After.Timestamp.Add(time.Microsecond)
	}
	for some, enough := 10, f.Limit; len(page) < f.Limit; some, enough = 4*some, 4*enough {
		hours, err := hoursHolding(ctx, q, f, before, some, enough)
		if err != nil || len(hours) == 0 {
			return page, err
		}
		before = hours[len(hours)-1]
		more, err := measurementsOfHours(ctx, q, hours, w, f.Limit-len(page))
		if err != nil {
			return nil, err
		}
		page = append(page, more...)
	}
	return page, nil
}

// measurementsOfHours are the newest that w chooses of hours, newest first, at most limit. The span of them all is said,
// too: no other days are planned for.
func measurementsOfHours(ctx context.Context, q querier, hours []time.Time, w where, limit int) ([]heimdall.Measurement, error) {
	part := where{terms: slices.Clone(w.terms), args: slices.Clone(w.args)}
	part.terms = append(part.terms, "timestamp_utc >= hour AND timestamp_utc < hour + INTERVAL '1 hour'")
	part.add("timestamp_utc >= $ AND timestamp_utc < $", hours[len(hours)-1], hours[0].Add(time.Hour))
	newest := measurementsOrder + part.limit(limit)
	query := part.number(eachOfHours, hours) + selectMeasurements + part.String() + newest + `) AS m` + newest
	rows, err := q.Query(ctx, query, part.args...)
	return all(rows, err, scanMeasurement)
}
