package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// acquisitionRows counts what a deletion of acquisition a takes away: a success has one measurement, unless it was
// imported.
const acquisitionRows = `1 + (SELECT count(*) + count(c.start_unix_ns) FROM captures AS c WHERE c.task_id = a.task_id)
         + COALESCE((SELECT i.measurements FROM imported_acquisitions AS i WHERE i.task_id = a.task_id), 0)`

// In this form each acquisition is looked up by itself. Asked whether none EXISTS, the planner would read all captures
// and the whole journal for every page.
const selectExpired = `
SELECT a.task_id, '', a.ended_at, ` + acquisitionRows + `, 0::bigint, 0::bigint, NULL::timestamptz, NULL::timestamptz,
       GREATEST(a.ended_at, k.ended_at, TIMESTAMPTZ 'epoch' + k.start_us * INTERVAL '1 microsecond'), COALESCE(k.bytes, 0)
FROM acquisitions AS a
     LEFT JOIN LATERAL (SELECT max(c.ended_at) AS ended_at, max(c.start_unix_ns / 1000) AS start_us, sum(c.bytes)::bigint AS bytes
          FROM captures AS c WHERE c.task_id = a.task_id) AS k ON true
WHERE a.ended_at < $1 AND (a.ended_at, a.task_id) > ($2, $3::uuid)
  AND COALESCE(k.ended_at < $1, true) AND COALESCE(k.start_us < $4, true)
  AND (SELECT d.task_id FROM deletions AS d WHERE d.task_id = a.task_id) IS NULL
  AND (SELECT o.task_id FROM holds AS o WHERE o.task_id = a.task_id) IS NULL
ORDER BY a.ended_at, a.task_id LIMIT $5`

// deletionColumns are in the order of the queries of this file.
func deletionColumns(d *heimdall.Deletion) []column {
	return []column{
		{"task_id", &d.TaskID}, {"reason", &d.Reason}, {"ended_at", micros{&d.EndedAt}}, {"rows", &d.Rows},
		{"objects", &d.Objects}, {"bytes", &d.Bytes}, {"planned_at", micros{&d.PlannedAt}}, {"done_at", micros{&d.DoneAt}},
	}
}

func scanDeletion(r row) (d heimdall.Deletion, err error) {
	err = r.Scan(fields(deletionColumns(&d))...)
	return d, err
}

func scanExpired(r row) (d heimdall.Deletion, err error) {
	err = r.Scan(append(fields(deletionColumns(&d)), micros{&d.LatestAt}, &d.RecordedBytes)...)
	return d, err
}

// What was heard on recordings of acquisitions $1, whose measurements are from $2 to $3: so bound, few partitions are
// looked at.
const selectHeard = `
SELECT c.task_id::text, bool_or(m.detected), max(m.snr_db)
FROM captures AS c JOIN measurement_rows AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id
     AND m.timestamp_utc = TIMESTAMPTZ 'epoch' + c.start_unix_ns / 1000 * INTERVAL '1 microsecond'
WHERE c.task_id IN (SELECT unnest($1::uuid[])) AND m.timestamp_utc BETWEEN $2 AND $3
GROUP BY c.task_id`

// addHeard finds out what was heard on those of list that have recordings.
func addHeard(ctx context.Context, tx pgx.Tx, list []heimdall.Deletion) error {
	recorded := slices.DeleteFunc(slices.Clone(list), func(d heimdall.Deletion) bool { return d.RecordedBytes == 0 })
	ids, err := parseTaskIDs(recorded)
	if err != nil || len(ids) == 0 {
		return err
	}
	var w window
	if err := tx.QueryRow(ctx, selectWindowOf, ids).Scan(nanos{&w.first}, nanos{&w.last}); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, selectHeard, ids, micros{&w.first}, micros{&w.last})
	heard, err := all(rows, err, func(r row) (d heimdall.Deletion, err error) {
		err = r.Scan(&d.TaskID, &d.Heard, &d.BestSNRdB)
		return d, err
	})
	at := make(map[string]heimdall.Deletion, len(heard))
	for _, d := range heard {
		at[d.TaskID] = d
	}
	for i, d := range list {
		list[i].Heard, list[i].BestSNRdB = at[d.TaskID].Heard, at[d.TaskID].BestSNRdB
	}
	return err
}

// farAhead is after everything that ends.
var farAhead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// ExpiredAcquisitions returns a page of the acquisitions that may go, oldest end first. Those that are held, or whose
// deletion is planned, are left out.
func (s *Store) ExpiredAcquisitions(ctx context.Context, f heimdall.ExpiredFilter) ([]heimdall.Deletion, error) {
	const do = "list expired acquisitions"
	err := checkLimit(f.Limit)
	var id uuid.UUID // of none: before all
	if err == nil && f.AfterTaskID != "" {
		id, err = parseCursor(f.AfterTaskID)
	}
	if err != nil {
		return nil, failed(ctx, do, err)
	}
	before := farAhead
	if !f.Before.IsZero() {
		before = ceilMicros(f.Before)
	}
	var list []heimdall.Deletion
	err = s.read(ctx, do, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectExpired, before, f.AfterEnd.UTC(), id, before.UnixMicro(), f.Limit)
		if list, err = all(rows, err, scanExpired); err != nil || !f.Heard {
			return err
		}
		return addHeard(ctx, tx, list)
	})
	return list, err
}

const (
	// Until the end of the transaction they neither go nor, which is more than is needed, change.
	lockAcquisitions = `
SELECT task_id::text, state FROM acquisitions WHERE task_id = ANY($1::uuid[]) ORDER BY task_id FOR NO KEY UPDATE`

	insertDeletions = `
INSERT INTO deletions (task_id, reason, ended_at, rows, objects, bytes, planned_at)
SELECT a.task_id, p.reason, a.ended_at, ` + acquisitionRows + `, p.objects, p.bytes, clock_timestamp()
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) AS p (task_id, reason, objects, bytes)
JOIN acquisitions AS a ON a.task_id = p.task_id
ORDER BY a.task_id
ON CONFLICT DO NOTHING`
)

// PlanDeletion journals, all or none, that these acquisitions are going to be deleted, for the Reason and with as
// many Objects and Bytes as plans say; the rest of a plan is found out here. A plan that is there already, carried
// out or not, stays. An acquisition that has not ended, or is held, is ErrConflict, an unknown one ErrNotFound.
func (s *Store) PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error {
	return s.write(ctx, "plan deletion", func(tx pgx.Tx) error {
		ids, err := parseTaskIDs(plans)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, lockPlans); err != nil {
			return err
		}
		states, err := statesOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		known, err := deletionsOf(ctx, tx, ids) // after the locks: whoever has just deleted one is done
		if err != nil {
			return err
		}
		holds, err := holdsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		for i, p := range plans {
			hold, held := holds[ids[i]]
			_, planned := known[ids[i]]
			switch state, exists := states[ids[i]]; {
			case !exists && !planned:
				return fmt.Errorf("acquisition %s: %w", p.TaskID, heimdall.ErrNotFound)
			case !planned && !state.Ended():
				return fmt.Errorf("acquisition %s is %s, cancel it first: %w", p.TaskID, state, heimdall.ErrConflict)
			case !planned && held:
				return fmt.Errorf("acquisition %s is %v: release it first: %w", p.TaskID, hold, heimdall.ErrConflict)
			}
		}
		return insertPlans(ctx, tx, plans)
	})
}

// parseTaskIDs is ErrNotFound when one is no id.
func parseTaskIDs(list []heimdall.Deletion) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, len(list))
	for i, d := range list {
		var err error
		if out[i], err = parseTaskID(d.TaskID); err != nil {
			return nil, notFound(err, "acquisition %s", d.TaskID)
		}
	}
	return out, nil
}

// statesOf locks the acquisitions that there are.
func statesOf(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (map[uuid.UUID]heimdall.State, error) {
	out := make(map[uuid.UUID]heimdall.State, len(ids))
	rows, err := tx.Query(ctx, lockAcquisitions, ids)
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	var state heimdall.State
	_, err = pgx.ForEachRow(rows, []any{&id, &state}, func() error {
		out[id] = state
		return nil
	})
	return out, err
}
