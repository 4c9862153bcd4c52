package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// The bytes of a capture are those of its recording's data, and NULL without one.
const selectRecorded = `
SELECT (SELECT sum(bytes) FROM recorded_changes)::bigint,
       COALESCE((SELECT sum(c.bytes) FROM holds JOIN captures AS c USING (task_id) WHERE c.bytes IS NOT NULL), 0)::bigint,
       COALESCE((SELECT sum(c.bytes) FROM deletions AS d JOIN captures AS c USING (task_id)
                 WHERE d.done_at IS NULL AND c.bytes IS NOT NULL), 0)::bigint`

// Recorded is how much all recordings hold at one moment.
func (s *Store) Recorded(ctx context.Context) (heimdall.Recorded, error) {
	var r heimdall.Recorded
	err := s.read(ctx, "sum up recordings", func(tx pgx.Tx) (err error) {
		if _, err := tx.Exec(ctx, noTimeout); err != nil {
			return err
		}
		r, err = recordedIn(ctx, tx)
		return err
	})
	return r, err
}

func recordedIn(ctx context.Context, tx pgx.Tx) (r heimdall.Recorded, err error) {
	err = tx.QueryRow(ctx, selectRecorded).Scan(&r.Bytes, &r.HeldBytes, &r.PlannedBytes)
	r.Bytes -= r.PlannedBytes
	return r, err
}

const (
	// Who plans waits for who is planning, so that each reckons with what the others have planned. It comes before
	// every other lock. The number is "retain" in ASCII.
	lockPlans = `SELECT pg_advisory_xact_lock(x'72657461696e'::bigint)`

	selectRecordedOf = `
SELECT task_id, sum(bytes)::bigint FROM captures WHERE task_id = ANY($1::uuid[]) AND bytes IS NOT NULL GROUP BY task_id`
)

// PlanExcess journals plans as PlanDeletion does, in the order given, and only as long as the recordings whose deletion
// is not planned hold more than maxBytes; it returns those. Left out is what is held, has not ended, has no recordings,
// is planned already or is not there. It is one transaction: of several programs at once, each reckons with what the
// others have planned.
func (s *Store) PlanExcess(ctx context.Context, plans []heimdall.Deletion, maxBytes int64) (planned []heimdall.Deletion, err error) {
	err = s.write(ctx, "plan deletion of what is too much", func(tx pgx.Tx) error {
		planned = nil // of a try before
		for _, query := range []string{noTimeout, lockPlans} {
			if _, err := tx.Exec(ctx, query); err != nil {
				return err
			}
		}
		total, err := recordedIn(ctx, tx)
		if err != nil {
			return err
		}
		bytes, err := excessOf(ctx, tx, plans)
		if err != nil {
			return err
		}
		for _, p := range plans {
			if total.Bytes <= maxBytes {
				break
			}
			if n := bytes[p.TaskID]; n > 0 {
				total.Bytes -= n
				planned = append(planned, p)
				delete(bytes, p.TaskID)
			}
		}
		return insertPlans(ctx, tx, planned)
	})
	if err != nil {
		return nil, err
	}
	return planned, nil
}

// excessOf locks acquisitions, and says of those that may go how many bytes of recordings go with each.
func excessOf(ctx context.Context, tx pgx.Tx, plans []heimdall.Deletion) (map[string]int64, error) {
	ids, err := parseTaskIDs(plans)
	if err != nil {
		return nil, err
	}
	states, err := statesOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	known, err := deletionsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	holds, err := holdsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, selectRecordedOf, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64, len(ids))
	var id uuid.UUID
	var bytes int64
	_, err = pgx.ForEachRow(rows, []any{&id, &bytes}, func() error {
		_, planned := known[id]
		_, held := holds[id]
		if states[id].Ended() && !planned && !held {
			out[id.String()] = bytes
		}
		return nil
	})
	return out, err
}

// insertPlans journals what has been found to be possible.
func insertPlans(ctx context.Context, tx pgx.Tx, plans []heimdall.Deletion) error {
	ids, err := parseTaskIDs(plans)
	if err != nil || len(ids) == 0 {
		return err
	}
	var reasons []string
	var objects, bytes []int64
	for _, p := range plans {
		reasons, objects, bytes = append(reasons, storable(p.Reason)), append(objects, p.Objects), append(bytes, p.Bytes)
	}
	_, err = tx.Exec(ctx, insertDeletions, ids, reasons, objects, bytes)
	return err
}
