package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// A goneGroup says how many captures of one rollup are being deleted.
type goneGroup struct {
	bucket       time.Time
	websdrID     int64
	frequencyHz  int64
	label        string
	state        string
	failureClass string
	captures     int64
}

const (
	// The keys and counts of tallyCaptures for acquisitions $1, with their measurements from $2 to $3: so bound,
	// TimescaleDB looks at few chunks.
	tallyGone = `
SELECT date_trunc('hour', moment, 'UTC'), websdr_id, frequency_hz, label, state, failure_class, count(*)
FROM (` + endedColumns + `
FROM captures AS c JOIN acquisitions AS a ON a.task_id = c.task_id
     LEFT JOIN measurement_rows AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id AND m.timestamp_utc BETWEEN $2 AND $3
       AND m.timestamp_utc = TIMESTAMPTZ 'epoch' + c.start_unix_ns / 1000 * INTERVAL '1 microsecond'` + ofEnded + `
  AND c.task_id IN (SELECT unnest($1::uuid[]))` + andImported + `
WHERE c.task_id IN (SELECT unnest($1::uuid[])) AND m.timestamp_utc BETWEEN $2 AND $3) AS gone
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6`

	goneGroups = `
unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[])
    AS t (bucket, websdr_id, frequency_hz, label, state, failure_class, captures)`

	lockGroups = `
SELECT 1 FROM ` + goneGroups + ` JOIN captures_hourly AS h ON ` + sameGroup + `
ORDER BY h.bucket, h.websdr_id, h.frequency_hz, h.label, h.state, h.failure_class FOR NO KEY UPDATE OF h`

	rollDeleted = `
UPDATE captures_hourly AS h SET deleted = h.deleted + t.captures
FROM ` + goneGroups + ` WHERE ` + sameGroup
)

// markDeleted notes in the rollups of acquisitions that are being deleted how many of their captures go: first in all
// hours, then in all days, each in order of their keys. It returns the hours; none if one of them had no rollup, so that
// what rollups say cannot be relied on.
func markDeleted(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, w window) (hours []goneGroup, err error) {
	rows, err := tx.Query(ctx, tallyGone, ids, micros{&w.first}, micros{&w.last})
	hours, err = all(rows, err, func(r row) (g goneGroup, err error) {
		err = r.Scan(micros{&g.bucket}, &g.websdrID, &g.frequencyHz, &g.label, &g.state, &g.failureClass, &g.captures)
		return g, err
	})
	if err != nil {
		return nil, err
	}
	whole := true
	for _, level := range []struct {
		groups []goneGroup
		named  func(string) string
	}{{hours, func(query string) string { return query }}, {daysOf(hours), daily}} {
		if len(level.groups) == 0 {
			continue
		}
		args := goneArguments(level.groups)
		if _, err := tx.Exec(ctx, level.named(lockGroups), args...); err != nil {
			return nil, err
		}
		tag, err := tx.Exec(ctx, level.named(rollDeleted), args...)
		if err != nil {
			return nil, err
		}
		whole = whole && tag.RowsAffected() == int64(len(level.groups))
	}
	if !whole {
		return nil, nil
	}
	return hours, nil
}

// measurementsIn counts those of groups in a day.
func measurementsIn(groups []goneGroup, d day) (n int64) {
	for _, g := range groups {
		if g.state == string(heimdall.Success) && !g.bucket.Before(d.from) && g.bucket.Before(d.to) {
			n += g.captures
		}
	}
	return n
}

// daysOf adds hours up, in the order in which each day comes first.
func daysOf(hours []goneGroup) []goneGroup {
	var days []goneGroup
	at := map[goneGroup]int{}
	for _, g := range hours {
		n := g.captures
		g.bucket, g.captures = g.bucket.Truncate(24*time.Hour), 0
		i, known := at[g]
		if !known {
			i = len(days)
			at[g] = i
			days = append(days, g)
		}
		days[i].captures += n
	}
	return days
}

func goneArguments(groups []goneGroup) []any {
	rows := make([][]any, len(groups))
	for i, g := range groups {
		rows[i] = []any{g.bucket, g.websdrID, g.frequencyHz, g.label, g.state, g.failureClass, g.captures}
	}
	return transposed(rows)
}
