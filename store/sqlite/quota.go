package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/heimdall-sdr/heimdall"
)

// The bytes of a capture are those of its recording's data, and NULL without one.
// Few are held, and few about to be deleted: they lead (that is what CROSS says), and their captures are looked up.
const selectRecorded = `
SELECT (SELECT bytes FROM recorded_total),
       COALESCE((SELECT sum(c.bytes) FROM holds CROSS JOIN captures AS c USING (task_id) WHERE c.bytes IS NOT NULL), 0),
       COALESCE((SELECT sum(c.bytes) FROM deletions AS d CROSS JOIN captures AS c USING (task_id)
                 WHERE d.done_at IS NULL AND c.bytes IS NOT NULL), 0)`

// Recorded is how much all recordings hold at one moment.
func (s *Store) Recorded(ctx context.Context) (heimdall.Recorded, error) {
	r, err := recordedIn(ctx, s.reader)
	return r, failed(ctx, "sum up recordings", err)
}

func recordedIn(ctx context.Context, q querier) (r heimdall.Recorded, err error) {
	err = q.QueryRowContext(ctx, selectRecorded).Scan(&r.Bytes, &r.HeldBytes, &r.PlannedBytes)
	r.Bytes -= r.PlannedBytes
	return r, err
}

const selectRecordedOf = `SELECT COALESCE(sum(bytes), 0) FROM captures WHERE task_id = ? AND bytes IS NOT NULL`

// PlanExcess journals plans as PlanDeletion does, in the order given, and only as long as the recordings whose deletion
// is not planned hold more than maxBytes; it returns those. Left out is what is held, has not ended, has no recordings,
// is planned already or is not there. It is one transaction: of several programs at once, each reckons with what the
// others have planned.
func (s *Store) PlanExcess(ctx context.Context, plans []heimdall.Deletion, maxBytes int64) (planned []heimdall.Deletion, err error) {
	err = s.write(ctx, "plan deletion of what is too much", func(tx *sql.Tx) error {
		planned = nil // of a try before
		total, err := recordedIn(ctx, tx)
		if err != nil {
			return err
		}
		now := s.moment()
		for _, p := range plans {
			if total.Bytes <= maxBytes {
				return nil
			}
			bytes, err := excessOf(ctx, tx, p.TaskID)
			if err != nil {
				return err
			}
			if bytes == 0 {
				continue
			}
			if _, err := tx.ExecContext(ctx, insertDeletion, p.TaskID, p.Reason, p.Objects, p.Bytes, micros{&now}); err != nil {
				return err
			}
			total.Bytes -= bytes
			planned = append(planned, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return planned, nil
}

// excessOf is how many bytes of recordings may go with an acquisition; 0 when it may not go.
func excessOf(ctx context.Context, tx *sql.Tx, taskID string) (bytes int64, err error) {
	if _, err := getDeletion(ctx, tx, taskID); !errors.Is(err, heimdall.ErrNotFound) {
		return 0, err
	}
	a, err := getAcquisition(ctx, tx, taskID)
	if errors.Is(err, heimdall.ErrNotFound) {
		return 0, nil
	}
	if err != nil || !a.State.Ended() || !a.Hold.IsZero() {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, selectRecordedOf, taskID).Scan(&bytes)
	return bytes, err
}
