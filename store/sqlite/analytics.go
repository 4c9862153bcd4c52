package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// source is the FROM of a question in steps of bucket: the rollups of whole days, where the steps are as wide, and of
// whole hours, and the rows of the ragged ends made into rollups of their own.
func source(f heimdall.AnalyticsFilter, b heimdall.Basis, bucket heimdall.Bucket, only string) (from string, args []any, err error) {
	var arms []string
	arm := func(query string, first, end time.Time) {
		arms = append(arms, query)
		args = append(args, ceilMicros(first), ceilMicros(end))
	}
	const hours = `
SELECT * FROM captures_hourly WHERE bucket >= ? AND bucket < ?`
	first := b.RollupFrom
	if from, to := b.WholeDays(); bucket == heimdall.Daily && from.Before(to) {
		if first.Before(from) {
			arm(hours, first, from)
		}
		arm(daily(hours), from, to)
		first = to
	}
	if first.Before(b.RollupTo) {
		arm(hours, first, b.RollupTo)
	}
	for _, end := range b.Ends() {
		arm(tallyMeasurements+` AND m.timestamp_utc >= ? AND m.timestamp_utc < ?`+tallyGroups, end[0], end[1])
		arm(tallyFailures+` AND c.ended_at >= ? AND c.ended_at < ?`+tallyGroups, end[0], end[1])
	}
	w, err := rollupsWhere(f)
	if only != "" {
		w.add(only)
	}
	return " FROM (" + strings.Join(arms, "\nUNION ALL") + ")" + w.String(), append(args, w.args...), err
}

// rollupsWhere is f but for the range.
func rollupsWhere(f heimdall.AnalyticsFilter) (w where, err error) {
	if len(f.WebSDRIDs) == 1 {
		w.add("websdr_id = ?", f.WebSDRIDs[0])
	} else if f.WebSDRIDs != nil {
		ids, err := asJSON(f.WebSDRIDs)
		if err != nil {
			return w, err
		}
		// Several make it worth reading in the order of time, which the index by WebSDR would not: hence the plus.
		w.add("+websdr_id IN (SELECT value FROM json_each(?))", ids)
	}
	if f.FrequencyMinHz != 0 {
		w.add("frequency_hz >= ?", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("frequency_hz <= ?", f.FrequencyMaxHz)
	}
	if f.Label != "" {
		w.add("label = ?", f.Label)
	}
	return w, nil
}

// ask checks a question, and runs answer on one state of the database with what the answer is made from.
func (s *Store) ask(ctx context.Context, do string, f heimdall.AnalyticsFilter, bucket heimdall.Bucket, answer func(*sql.Tx, heimdall.Basis) error) error {
	if err := f.Validate(bucket); err != nil {
		return failed(ctx, do, err)
	}
	return s.read(ctx, do, func(tx *sql.Tx) (err error) {
		b := f.Basis()
		if b.RowsDeleted, err = endsLackRows(ctx, tx, f, b); err != nil {
			return err
		}
		return answer(tx, b)
	})
}

func endsLackRows(ctx context.Context, tx *sql.Tx, f heimdall.AnalyticsFilter, b heimdall.Basis) (lack bool, err error) {
	for _, end := range b.Ends() {
		w, err := rollupsWhere(f)
		if err != nil {
			return false, err
		}
		w.add("bucket > ? AND bucket < ? AND deleted > 0", ceilMicros(end[0].Add(-time.Hour)), ceilMicros(end[1]))
		var found bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM captures_hourly`+w.String()+`)`, w.args...).Scan(&found); err != nil {
			return false, err
		}
		lack = lack || found
	}
	return lack, nil
}

// A question is what is selected from its source, grouped and ordered.
type question struct {
	bucket heimdall.Bucket
	list   string
	only   string // a further condition, or ""
	groups string
}

// each asks q and scans every row of the answer.
func each(ctx context.Context, tx *sql.Tx, f heimdall.AnalyticsFilter, b heimdall.Basis, q question, scan func(row) error) error {
	from, args, err := source(f, b, q.bucket, q.only)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+q.list+from+"\n"+q.groups, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

const (
	ofSuccesses = `state = 'success'`
	snrSums     = `sum(snr_count), total(snr_sum_db), total(snr_sumsq_db2), min(snr_min_db), max(snr_max_db)`
	offsetSums  = `sum(offset_count), total(offset_sum_hz), total(offset_sumsq_hz2), min(offset_min_hz), max(offset_max_hz)`
)

// sums are the five columns of one number.
func sums(s *heimdall.Sums) []any {
	return []any{&s.Count, &s.Sum, &s.SumOfSquares, orZero[float64]{&s.Min}, orZero[float64]{&s.Max}}
}

// step is the SQL of the bucket that an hour falls into. Hours themselves come in the order of the table.
func step(b heimdall.Bucket) string {
	if b == heimdall.Hourly {
		return "bucket"
	}
	us := b.Width().Microseconds()
	return fmt.Sprintf("bucket - (bucket %% %d + %d) %% %d", us, us, us)
}

// SNRTrend returns how the SNR of each WebSDR went.
func (s *Store) SNRTrend(ctx context.Context, f heimdall.AnalyticsFilter, bucket heimdall.Bucket) (t heimdall.Trend, err error) {
	q := question{bucket, step(bucket) + ", websdr_id, sum(captures), sum(detected), " + snrSums, ofSuccesses, "GROUP BY 1, 2 ORDER BY 1, 2"}
	err = s.ask(ctx, "ask for SNR trend", f, bucket, func(tx *sql.Tx, b heimdall.Basis) error {
		t = heimdall.Trend{Basis: b, Bucket: bucket, Points: []heimdall.TrendPoint{}}
		return each(ctx, tx, f, b, q, func(r row) error {
			var p heimdall.TrendPoint
			var snr heimdall.Sums
			err := r.Scan(append([]any{micros{&p.Start}, &p.WebSDRID, &p.Rows, &p.Detected}, sums(&snr)...)...)
			p.SNR = snr.Stat()
			t.Points = append(t.Points, p)
			return err
		})
	})
	return t, err
}

const (
	tallyFields = `websdr_id, label, state, failure_class, sum(captures), sum(attempts), sum(bytes), max(last_at), sum(detected), total(recorded_s), sum(centroid_count), ` + snrSums + ", " + offsetSums
	tallyGroup  = `GROUP BY websdr_id, label, state, failure_class`
)

// A groupTally is the tally of one WebSDR and label.
type groupTally struct {
	websdrID int64
	label    string
	heimdall.Tally
}

func tallies(ctx context.Context, tx *sql.Tx, f heimdall.AnalyticsFilter, b heimdall.Basis) (list []groupTally, err error) {
	err = each(ctx, tx, f, b, question{heimdall.Daily, tallyFields, "", tallyGroup}, func(r row) error {
		var g groupTally
		dest := []any{&g.websdrID, &g.label, &g.State, &g.FailureClass, &g.Captures, &g.Attempts, &g.Bytes, micros{&g.Last},
			&g.Detected, &g.RecordedS, &g.Centroids}
		err := r.Scan(append(append(dest, sums(&g.SNR)...), sums(&g.Offset)...)...)
		list = append(list, g)
		return err
	})
	return list, err
}

// by collects tallies under a key of theirs, in order of it.
func by[K cmp.Ordered](list []groupTally, key func(groupTally) K) (keys []K, groups map[K][]heimdall.Tally) {
	groups = make(map[K][]heimdall.Tally)
	for _, g := range list {
		groups[key(g)] = append(groups[key(g)], g.Tally)
	}
	return slices.Sorted(maps.Keys(groups)), groups
}

// PerformanceReport returns how captures fared, by WebSDR and by label.
func (s *Store) PerformanceReport(ctx context.Context, f heimdall.AnalyticsFilter) (p heimdall.PerformanceReport, err error) {
	err = s.ask(ctx, "ask for performance report", f, heimdall.Daily, func(tx *sql.Tx, b heimdall.Basis) error {
		p = heimdall.PerformanceReport{Basis: b, WebSDRs: []heimdall.WebSDRPerformance{}, Labels: []heimdall.LabelPerformance{}}
		list, err := tallies(ctx, tx, f, b)
		ids, byID := by(list, func(g groupTally) int64 { return g.websdrID })
		for _, id := range ids {
			p.WebSDRs = append(p.WebSDRs, heimdall.WebSDRPerformance{WebSDRID: id, Performance: heimdall.NewPerformance(byID[id])})
		}
		labels, byLabel := by(list, func(g groupTally) string { return g.label })
		for _, label := range labels {
			p.Labels = append(p.Labels, heimdall.LabelPerformance{Label: label, Performance: heimdall.NewPerformance(byLabel[label])})
		}
		return err
	})
	return p, err
}

// Coverage returns how much of each day there are data of each WebSDR.
func (s *Store) Coverage(ctx context.Context, f heimdall.AnalyticsFilter) (c heimdall.Coverage, err error) {
	q := question{heimdall.Daily, step(heimdall.Daily) + `, websdr_id, sum(captures), sum(iif(state = 'success', captures, 0)),
       sum(iif(state = 'cancelled', captures, 0)), total(recorded_s)`, "", "GROUP BY 1, 2 ORDER BY 1, 2"}
	err = s.ask(ctx, "ask for coverage", f, heimdall.Daily, func(tx *sql.Tx, b heimdall.Basis) error {
		c = heimdall.Coverage{Basis: b, Days: []heimdall.CoverageDay{}}
		return each(ctx, tx, f, b, q, func(r row) error {
			var d heimdall.CoverageDay
			err := r.Scan(micros{&d.Start}, &d.WebSDRID, &d.Captures, &d.Successes, &d.Cancelled, &d.RecordedS)
			c.Days = append(c.Days, heimdall.NewCoverageDay(b, d.Start, d.WebSDRID, d.Captures, d.Successes, d.Cancelled, d.RecordedS))
			return err
		})
	})
	return c, err
}
