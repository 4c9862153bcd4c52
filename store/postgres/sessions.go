package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// Counted in one pass: to group a hundred thousand acquisitions by state would be to sort them.
const selectSessions = `
SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'success'),
       count(*) FILTER (WHERE state = 'partial'), count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'cancelled'),
       count(wait_s), COALESCE(sum(wait_s), 0), COALESCE(sum(wait_s * wait_s), 0), min(wait_s), max(wait_s),
       count(run_s), COALESCE(sum(run_s), 0), COALESCE(sum(run_s * run_s), 0), min(run_s), max(run_s)
FROM (SELECT state, date_part('epoch', started_at - created_at) AS wait_s, date_part('epoch', ended_at - started_at) AS run_s
      FROM acquisitions AS a`

// sessionStates are in the order of selectSessions.
var sessionStates = [...]heimdall.State{heimdall.Pending, heimdall.Running, heimdall.Success, heimdall.Partial, heimdall.Failed, heimdall.Cancelled}

// SessionStatistics returns what was asked for and what came of it.
func (s *Store) SessionStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (st heimdall.SessionStatistics, err error) {
	err = s.ask(ctx, "ask for session statistics", f, heimdall.Daily, func(tx pgx.Tx, b heimdall.Basis) error {
		st = heimdall.SessionStatistics{Basis: b, AcquisitionsByState: map[heimdall.State]int64{}}
		w := sessionsWhere(f)
		var counts [len(sessionStates)]int64
		var dest []any
		for i := range counts {
			dest = append(dest, &counts[i])
		}
		var wait, run heimdall.Sums
		dest = append(append(dest, sums(&wait)...), sums(&run)...)
		if err := tx.QueryRow(ctx, selectSessions+w.String()+") AS a", w.args...).Scan(dest...); err != nil {
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

func sessionsWhere(f heimdall.AnalyticsFilter) (w where) {
	w.addRollups(heimdall.AnalyticsFilter{FrequencyMinHz: f.FrequencyMinHz, FrequencyMaxHz: f.FrequencyMaxHz, Label: f.Label})
	w.add("created_at >= $ AND created_at < $", ceilMicros(f.From), ceilMicros(f.To))
	if f.WebSDRIDs != nil {
		w.add("EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id AND c.websdr_id = ANY($::bigint[]))", f.WebSDRIDs)
	}
	return w
}

// One look into the index for each WebSDR.
const latestPerWebSDR = `
SELECT m.* FROM websdrs AS w CROSS JOIN LATERAL (` + selectMeasurements + ` AS m
    WHERE m.websdr_id = w.websdr_id ORDER BY timestamp_utc DESC, task_id DESC LIMIT 1) AS m
WHERE $1::bigint[] IS NULL OR w.websdr_id = ANY($1)
ORDER BY w.websdr_id`

// LatestPerWebSDR returns the newest measurement of each WebSDR of ids, nil meaning any, in order of websdr_id. One
// that has none is left out.
func (s *Store) LatestPerWebSDR(ctx context.Context, ids []int64) ([]heimdall.Measurement, error) {
	rows, err := s.pool.Query(ctx, latestPerWebSDR, ids)
	list, err := all(rows, err, scanMeasurement)
	return list, failed(ctx, "ask for latest measurements", err)
}
