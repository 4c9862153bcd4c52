package sqlite

import (
	"context"
	"database/sql"
	"fmt"
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
		w.add("websdr_id IN (SELECT value FROM json_each(?))", ids)
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

// Counted in one pass: to group a hundred thousand acquisitions by state would be to sort them.
const selectSessions = `
SELECT COALESCE(sum(state = 'pending'), 0), COALESCE(sum(state = 'running'), 0), COALESCE(sum(state = 'success'), 0),
       COALESCE(sum(state = 'partial'), 0), COALESCE(sum(state = 'failed'), 0), COALESCE(sum(state = 'cancelled'), 0),
       count(wait_s), total(wait_s), total(wait_s * wait_s), min(wait_s), max(wait_s),
       count(run_s), total(run_s), total(run_s * run_s), min(run_s), max(run_s)
FROM (SELECT state, (started_at - created_at) / 1e6 AS wait_s, (ended_at - started_at) / 1e6 AS run_s FROM acquisitions AS a`

// sessionStates are in the order of selectSessions.
var sessionStates = [...]heimdall.State{heimdall.Pending, heimdall.Running, heimdall.Success, heimdall.Partial, heimdall.Failed, heimdall.Cancelled}

// SessionStatistics returns what was asked for and what came of it.
func (s *Store) SessionStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (st heimdall.SessionStatistics, err error) {
	err = s.ask(ctx, "ask for session statistics", f, heimdall.Daily, func(tx *sql.Tx, b heimdall.Basis) error {
		st = heimdall.SessionStatistics{Basis: b, AcquisitionsByState: map[heimdall.State]int64{}}
		w, err := sessionsWhere(f)
		if err != nil {
			return err
		}
		var counts [len(sessionStates)]int64
		var dest []any
		for i := range counts {
			dest = append(dest, &counts[i])
		}
		var wait, run heimdall.Sums
		dest = append(append(dest, sums(&wait)...), sums(&run)...)
		if err := tx.QueryRowContext(ctx, selectSessions+w.String()+")", w.args...).Scan(dest...); err != nil {
			return err
		}
		for i, state := range sessionStates {
			if counts[i] > 0 {
				st.Acquisitions += counts[i]
				st.AcquisitionsByState[state] = counts[i]
			}
		}
		st.WaitS, st.RunS = wait.Stat(), run.Stat()
		list, err := tallies(ctx, tx, f, b)
		_, one := by(list, func(groupTally) int { return 0 })
		st.Captures = heimdall.NewPerformance(one[0])
		return err
	})
	return st, err
}

func sessionsWhere(f heimdall.AnalyticsFilter) (where, error) {
	w, err := rollupsWhere(heimdall.AnalyticsFilter{FrequencyMinHz: f.FrequencyMinHz, FrequencyMaxHz: f.FrequencyMaxHz, Label: f.Label})
	w.add("created_at >= ? AND created_at < ?", ceilMicros(f.From), ceilMicros(f.To))
	if len(f.WebSDRIDs) == 1 {
		w.add(`EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id AND c.websdr_id = ?)`, f.WebSDRIDs[0])
	} else if f.WebSDRIDs != nil && err == nil {
		var ids any
		ids, err = asJSON(f.WebSDRIDs)
		w.add(`EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id AND c.websdr_id IN (SELECT value FROM json_each(?)))`, ids)
	}
	return w, err
}

const latestPerWebSDR = selectMeasurements + `
WHERE id IN (SELECT (SELECT m.id FROM measurements AS m WHERE m.websdr_id = w.websdr_id ORDER BY m.timestamp_utc DESC, m.task_id DESC LIMIT 1)
             FROM websdrs AS w WHERE ?1 IS NULL OR w.websdr_id IN (SELECT value FROM json_each(?1)))
ORDER BY websdr_id`

// LatestPerWebSDR returns the newest measurement of each WebSDR of ids, nil meaning any, in order of websdr_id. One
// that has none is left out.
func (s *Store) LatestPerWebSDR(ctx context.Context, ids []int64) ([]heimdall.Measurement, error) {
	const do = "ask for latest measurements"
	chosen, err := asJSON(ids)
	if err != nil {
		return nil, failed(ctx, do, err)
	}
	rows, err := s.reader.QueryContext(ctx, latestPerWebSDR, chosen)
	list, err := all(rows, err, scanMeasurement)
	return list, failed(ctx, do, err)
}
