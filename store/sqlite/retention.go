package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/heimdall-sdr/heimdall"
)

// acquisitionRows counts what a deletion of acquisition a takes away.
const acquisitionRows = `1 + (SELECT count(*) FROM captures AS c WHERE c.task_id = a.task_id)
         + (SELECT count(*) FROM measurements AS m WHERE m.task_id = a.task_id)`

// Its measurements are sought only where ?5 asks for what was heard.
const selectExpired = `
SELECT task_id, '', ended_at, ` + acquisitionRows + `, 0, 0, NULL, NULL,
       max(ended_at, COALESCE((SELECT max(max(COALESCE(c.ended_at, a.ended_at), COALESCE(c.start_unix_ns / 1000, a.ended_at)))
           FROM captures AS c WHERE c.task_id = a.task_id), ended_at)),
       COALESCE((SELECT sum(bytes) FROM captures AS c WHERE c.task_id = a.task_id AND bytes IS NOT NULL), 0),
       CASE WHEN ?5 THEN EXISTS (SELECT 1` + ofRecordings + ` AND m.detected) ELSE 0 END,
       CASE WHEN ?5 THEN (SELECT max(m.snr_db)` + ofRecordings + `) END
FROM acquisitions AS a INDEXED BY acquisitions_by_end
WHERE ended_at < ?1 AND (ended_at, task_id) > (?2, ?3)
  AND NOT EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id AND (c.ended_at >= ?1 OR c.start_unix_ns / 1000 >= ?1))
  AND NOT EXISTS (SELECT 1 FROM deletions AS d WHERE d.task_id = a.task_id)
  AND NOT EXISTS (SELECT 1 FROM holds AS h WHERE h.task_id = a.task_id)
ORDER BY ended_at, task_id LIMIT ?4`

const ofRecordings = ` FROM measurements AS m JOIN captures AS c ON c.task_id = m.task_id AND c.websdr_id = m.websdr_id
           WHERE m.task_id = a.task_id AND c.start_unix_ns IS NOT NULL`

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
	facts := []any{micros{&d.LatestAt}, &d.RecordedBytes, &d.Heard, &d.BestSNRdB}
	err = r.Scan(append(fields(deletionColumns(&d)), facts...)...)
	return d, err
}

// ExpiredAcquisitions returns a page of the acquisitions that may go, oldest end first. Those that are held, or whose
// deletion is planned, are left out.
func (s *Store) ExpiredAcquisitions(ctx context.Context, f heimdall.ExpiredFilter) ([]heimdall.Deletion, error) {
	const do = "list expired acquisitions"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	after := int64(-1 << 62)
	if !f.AfterEnd.IsZero() {
		after = f.AfterEnd.UnixMicro()
	}
	before := int64(math.MaxInt64)
	if !f.Before.IsZero() {
		before = ceilMicros(f.Before)
	}
	rows, err := s.reader.QueryContext(ctx, selectExpired, before, after, f.AfterTaskID, f.Limit, f.Heard)
	list, err := all(rows, err, scanExpired)
	return list, failed(ctx, do, err)
}

const insertDeletion = `
INSERT INTO deletions (task_id, reason, ended_at, rows, objects, bytes, planned_at)
SELECT task_id, ?2, ended_at, ` + acquisitionRows + `, ?3, ?4, ?5 FROM acquisitions AS a WHERE task_id = ?1
ON CONFLICT DO NOTHING`

// PlanDeletion journals, all or none, that these acquisitions are going to be deleted, for the Reason and with as
// many Objects and Bytes as plans say; the rest of a plan is found out here. A plan that is there already, carried
// out or not, stays. An acquisition that has not ended, or is held, is ErrConflict, an unknown one ErrNotFound.
func (s *Store) PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error {
	return s.write(ctx, "plan deletion", func(tx *sql.Tx) error {
		now := s.moment()
		for _, p := range plans {
			if _, err := getDeletion(ctx, tx, p.TaskID); !errors.Is(err, heimdall.ErrNotFound) {
				if err != nil {
					return err
				}
				continue
			}
			a, err := getAcquisition(ctx, tx, p.TaskID)
			if err != nil {
				return err
			}
			if !a.State.Ended() {
				return fmt.Errorf("acquisition %s is %s, cancel it first: %w", p.TaskID, a.State, heimdall.ErrConflict)
			}
			if err := checkHold(a); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, insertDeletion, p.TaskID, p.Reason, p.Objects, p.Bytes, micros{&now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// reclaimPages is how much of the file is moved in one transaction: 4 MB, which keeps other writers waiting for
// some tens of milliseconds.
const reclaimPages = 1000

// Reclaim gives the room of deleted rows back to the file system. A file made before schema 3 keeps it for new
// rows instead, until somebody runs VACUUM on it: that needs as much room again, and minutes.
func (s *Store) Reclaim(ctx context.Context) error {
	const do = "reclaim room"
	var mode int
	if err := s.reader.QueryRowContext(ctx, `PRAGMA auto_vacuum`).Scan(&mode); err != nil || mode != incrementalVacuum {
		return failed(ctx, do, err)
	}
	for {
		var free int
		err := s.write(ctx, do, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, reclaimPages)); err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free)
		})
		if err != nil {
			return err
		}
		if free == 0 {
			break
		}
	}
	// The file shrinks when the log is written back to it. Where somebody is reading, that comes later by itself.
	_, err := s.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return failed(ctx, do, err)
}
