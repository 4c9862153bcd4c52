package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store"
)

// Imported measurements have no recording here, and a capture of theirs has any number of them.
const notImported = ` AND task_id NOT IN (SELECT task_id FROM imported_acquisitions)`

// Each query yields task_id, websdr_id and what was found, for every row that breaks the promise.
var checks = []struct{ kind, query string }{
	{store.DatabaseDamaged, `
SELECT '', 0, quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'`},

	{store.DatabaseDamaged, `
SELECT '', 0, 'row ' || rowid || ' of ' || "table" || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check`},

	{store.AcquisitionWithoutCapture, `
SELECT task_id, 0, 'it has no captures' FROM acquisitions AS a
WHERE NOT EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id)`},

	{store.AcquisitionOpen, `
SELECT task_id, c.websdr_id, 'the acquisition is ' || a.state || ', the capture is ' || c.state
FROM acquisitions AS a JOIN captures AS c USING (task_id)
WHERE a.state NOT IN ('pending', 'running') AND c.state IN ('pending', 'running')`},

	{store.CaptureWithoutWorker, `
SELECT task_id, c.websdr_id, 'the capture is running, the acquisition is ' || a.state
FROM acquisitions AS a JOIN captures AS c USING (task_id)
WHERE a.state = 'pending' AND c.state = 'running'`},

	{store.LeaseDiffers, `
SELECT task_id, 0, 'it is ' || state || ', worker is ' || COALESCE(worker, 'NULL') || ', lease_until ' || COALESCE(lease_until, 'NULL')
FROM acquisitions
WHERE (state = 'running') <> (worker IS NOT NULL) OR (state = 'running') <> (lease_until IS NOT NULL)`},

	{store.TimesDiffer, `
SELECT task_id, 0, 'it is ' || state || ', ended_at is ' || COALESCE(ended_at, 'NULL')
FROM acquisitions WHERE (state NOT IN ('pending', 'running')) <> (ended_at IS NOT NULL)
UNION ALL
SELECT task_id, websdr_id, 'it is ' || state || ', ended_at is ' || COALESCE(ended_at, 'NULL')
FROM captures WHERE (state NOT IN ('pending', 'running')) <> (ended_at IS NOT NULL)`},

	{store.RecordingMissing, `
SELECT task_id, websdr_id, 'it succeeded, its s3_path is ' || COALESCE(s3_path, 'NULL')
FROM captures WHERE state = 'success' AND (s3_path IS NULL OR datatype IS NULL OR sample_rate_hz IS NULL
    OR frequency_hz IS NULL OR samples_count IS NULL OR start_unix_ns IS NULL OR gaps IS NULL)` + notImported},

	{store.RecordingUnexpected, `
SELECT task_id, websdr_id, 'it is ' || state || ', its s3_path is ' || s3_path
FROM captures WHERE state <> 'success' AND s3_path IS NOT NULL
UNION ALL
SELECT task_id, websdr_id, 'it was imported, its s3_path is ' || s3_path
FROM captures JOIN imported_acquisitions USING (task_id) WHERE s3_path IS NOT NULL`},

	{store.CountsDiffer, `
SELECT task_id, websdr_id, printf('samples_count %s, bytes %s, sha256 %s', samples_count, bytes, sha256)
FROM captures WHERE s3_path IS NOT NULL
    AND (COALESCE(samples_count, 0) <= 0 OR COALESCE(bytes, 0) <= 0 OR length(COALESCE(sha256, '')) <> 64)`},

	{store.MeasurementMissing, `
SELECT task_id, websdr_id, 'it succeeded and has ' || count(m.id) || ' measurements'
FROM captures AS c LEFT JOIN measurements AS m USING (task_id, websdr_id)
WHERE c.state = 'success' GROUP BY task_id, websdr_id HAVING count(m.id) = 0 OR count(m.id) > 1` + notImported},

	{store.MeasurementUnexpected, `
SELECT task_id, websdr_id, 'a measurement, of a capture that is ' || COALESCE(c.state, 'missing')
FROM measurements AS m LEFT JOIN captures AS c USING (task_id, websdr_id)
WHERE c.state IS NOT 'success'`},

	{store.MeasurementDiffers, `
SELECT task_id, websdr_id, printf('capture: %s, %s samples from %s us; measurement: %s, %s samples from %s us',
    c.s3_path, c.samples_count, c.start_unix_ns / 1000, m.s3_path, m.samples_count, m.timestamp_utc)
FROM measurements AS m JOIN captures AS c USING (task_id, websdr_id)
WHERE c.state = 'success' AND (m.s3_path IS NOT c.s3_path OR m.samples_count IS NOT c.samples_count
    OR m.timestamp_utc IS NOT c.start_unix_ns / 1000)` + notImported},

	{store.RollupDiffers, hoursDiffer},
	{store.RollupDiffers, `
SELECT '', 0, printf('recordings hold %d bytes, recorded_total says %s', stored, COALESCE(said, 'nothing'))
FROM (SELECT COALESCE(sum(bytes), 0) AS stored, (SELECT bytes FROM recorded_total) AS said FROM captures WHERE bytes IS NOT NULL)
WHERE stored IS NOT said`},

	{store.RollupDiffers, daysDiffer + strings.NewReplacer("captures_hourly", "captures_daily", "hour of", "day of", "the rows make", "the hours make").Replace(hoursDifferFromT)},

	{store.HealthDiffers, `
SELECT '', 0, 'WebSDR ' || websdr_id || ': its breaker is ' || breaker || ' after ' || failures || ' failures, opened_at is ' || COALESCE(opened_at, 'NULL')
FROM websdr_health
WHERE (breaker = 'closed') <> (opened_at IS NULL) OR breaker <> 'closed' AND failures < 3
UNION ALL
SELECT DISTINCT '', 0, 'WebSDR ' || websdr_id || ' has observations, but no health'
FROM websdr_status WHERE websdr_id NOT IN (SELECT websdr_id FROM websdr_health)`},

	{store.DeletionDiffers, `
SELECT task_id, 0, 'its deletion is planned, it is ' || COALESCE(state, 'gone')
FROM deletions AS d LEFT JOIN acquisitions AS a USING (task_id)
WHERE done_at IS NULL AND COALESCE(state, 'pending') IN ('pending', 'running')
UNION ALL
SELECT task_id, 0, 'its deletion is done, its rows are still there'
FROM deletions AS d JOIN acquisitions AS a USING (task_id) WHERE done_at IS NOT NULL`},

	{store.ScheduleDiffers, schedulesDiffer},
	{store.DeliveryDiffers, `
SELECT '', 0, printf('of event %d to webhook %d: it is %s, next_attempt_at is %s, ended_at is %s', event_id, webhook_id, state,
    COALESCE(next_attempt_at, 'NULL'), COALESCE(ended_at, 'NULL'))
FROM deliveries WHERE (state = 'pending') <> (next_attempt_at IS NOT NULL) OR (state = 'pending') <> (ended_at IS NULL)`},
}

// Check returns every promise that the rows break at one moment; none is what is promised. It reads everything,
// which takes seconds for each million measurements.
func (s *Store) Check(ctx context.Context) ([]store.Problem, error) {
	var problems []store.Problem
	err := s.read(ctx, "check database", func(tx *sql.Tx) error {
		for _, c := range checks {
			found, err := runCheck(ctx, tx, c.kind, c.query)
			if err != nil {
				return fmt.Errorf("%s: %w", c.kind, err)
			}
			problems = append(problems, found...)
		}
		found, err := checkOutcomes(ctx, tx)
		problems = append(problems, found...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return problems, nil
}

func runCheck(ctx context.Context, tx *sql.Tx, kind, query string) ([]store.Problem, error) {
	rows, err := tx.QueryContext(ctx, query)
	return all(rows, err, func(r row) (store.Problem, error) {
		p := store.Problem{Kind: kind}
		err := r.Scan(orZero[string]{&p.TaskID}, orZero[int64]{&p.WebSDRID}, orZero[string]{&p.Detail})
		return p, err
	})
}

const selectEndedStates = `
SELECT task_id, a.state, json_group_array(c.state)
FROM acquisitions AS a JOIN captures AS c USING (task_id)
WHERE a.state NOT IN ('pending', 'running')
GROUP BY task_id`

// checkOutcomes compares the states of ended acquisitions with heimdall.Outcome itself, so that there is one
// rule. Acquisitions with captures still open are another check's.
func checkOutcomes(ctx context.Context, tx *sql.Tx) ([]store.Problem, error) {
	rows, err := tx.QueryContext(ctx, selectEndedStates)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var problems []store.Problem
	for rows.Next() {
		var taskID string
		var state heimdall.State
		var states []heimdall.State
		if err := rows.Scan(&taskID, &state, list[heimdall.State]{&states}); err != nil {
			return nil, err
		}
		captures := make([]heimdall.Capture, len(states))
		open := false
		for i := range states {
			captures[i].State = states[i]
			open = open || !states[i].Ended()
		}
		if want := heimdall.Outcome(captures); want != state && !open {
			problems = append(problems, store.Problem{Kind: store.OutcomeDiffers, TaskID: taskID,
				Detail: fmt.Sprintf("it is %s, its captures make it %s", state, want)})
		}
	}
	return problems, rows.Err()
}
