package sqlite

import (
	"context"
	"database/sql"

	"github.com/heimdall-sdr/heimdall"
)

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
