package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// adoptBatch is how many rows are stored in one transaction: as many as an import of a file.
const adoptBatch = 20_000

const (
	insertDays = `
INSERT INTO seed_adoption_days AS d (day, rows) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (day) DO UPDATE SET rows = excluded.rows, adopted = 0, duplicates = 0, rejected = 0, done = false WHERE d.rows <> excluded.rows`

	selectDaysLeft = `SELECT day FROM seed_adoption_days WHERE NOT done ORDER BY day`

	startDay = `DELETE FROM seed_adoption_rejects WHERE day = $1`

	finishDay = `UPDATE seed_adoption_days SET rows = $2, adopted = $3, duplicates = $4, rejected = $5, done = true WHERE day = $1`

	// The old table itself may be gone.
	selectAdoptedColumns = `SELECT columns FROM seed_adoption`

	selectRejects = `SELECT id, "column", reason, cells FROM seed_adoption_rejects ORDER BY n`
)

// copyRows copies every day that is not done. Days whose rows are no longer those that were counted are not done.
func (d *adopting) copyRows(ctx context.Context) error {
	if d.seed.stage == stageDropped {
		return nil
	}
	days, rows, err := d.seed.countDays(ctx, d.conn)
	if err != nil {
		return err
	}
	if _, err := d.conn.Exec(ctx, insertDays, days, rows); err != nil {
		return err
	}
	if err := d.readReport(ctx); err != nil {
		return err
	}
	found, err := d.conn.Query(ctx, selectDaysLeft)
	left, err := all(found, err, func(r row) (day string, err error) {
		err = r.Scan(&day)
		return day, err
	})
	if err != nil {
		return err
	}
	for _, day := range left {
		if err := d.copyDay(ctx, day); err != nil {
			return fmt.Errorf("adopt the rows of %s: %w", wordsOf(day), err)
		}
	}
	return nil
}

func wordsOf(day string) string {
	if day == "" {
		return "no time"
	}
	return day
}

// A dayCount is what became of the rows of a day.
type dayCount struct{ rows, adopted, duplicates, rejected int64 }

// copyDay copies all rows of a day, those that are there already included: an earlier run may have broken off in its midst.
// What it notes goes over the connection that holds the lock, so that nobody notes anything who has lost it.
func (d *adopting) copyDay(ctx context.Context, day string) error {
	if _, err := d.conn.Exec(ctx, startDay, day); err != nil {
		return err
	}
	before := d.report
	var n dayCount
	b := &seedBatch{}
	store := func() error {
		if err := d.storeBatch(ctx, day, b, &n); err != nil {
			return err
		}
		r := before
		r.Adopted, r.Duplicates, r.Rejected, r.Seen = r.Adopted+n.adopted, r.Duplicates+n.duplicates, r.Rejected+n.rejected, r.Seen+n.rows
		d.report = r
		d.opt.Progress(r)
		return nil
	}
	err := pgx.BeginTxFunc(ctx, d.store.pool, snapshot, func(tx pgx.Tx) error {
		err := d.seed.eachRow(ctx, tx, day, func(r *seedRow) error {
			b.add(r)
			if b.size() < d.opt.Batch {
				return nil
			}
			return store()
		})
		if err != nil {
			return err
		}
		return store()
	})
	if err != nil {
		return err
	}
	if _, err := d.conn.Exec(ctx, finishDay, day, n.rows, n.adopted, n.duplicates, n.rejected); err != nil {
		return err
	}
	d.report.DaysDone++
	d.compressDay(ctx, day)
	return nil
}

func (d *adopting) storeBatch(ctx context.Context, day string, b *seedBatch, n *dayCount) error {
	result, err := d.store.ImportMeasurements(ctx, b.good, heimdall.ImportOptions{Label: d.opt.Label})
	if err != nil {
		return err
	}
	for _, refused := range result.Refused {
		b.rejects = append(b.rejects, b.from[refused.Row].reject(refused.Err))
	}
	if len(b.rejects) > 0 {
		_, err := d.conn.CopyFrom(ctx, pgx.Identifier{"seed_adoption_rejects"}, []string{"day", "id", "column", "reason", "cells"},
			pgx.CopyFromSlice(len(b.rejects), func(i int) ([]any, error) {
				r := &b.rejects[i]
				return []any{day, r.ID, r.Column, r.Reason, r.Cells}, nil
			}))
		if err != nil {
			return fmt.Errorf("keep what was refused: %w", err)
		}
	}
	n.rows += b.rows
	n.adopted += int64(result.Stored + result.Present)
	n.duplicates += b.duplicates
	n.rejected += int64(len(b.rejects)) - b.duplicates
	b.clear()
	return nil
}

// sendRejects tells all that was not copied, in order of days.
func (d *adopting) sendRejects(ctx context.Context) error {
	if d.opt.Rejected == nil {
		return nil
	}
	var columns []string
	if err := d.conn.QueryRow(ctx, selectAdoptedColumns).Scan(&columns); err != nil {
		return err
	}
	rows, err := d.conn.Query(ctx, selectRejects)
	if err != nil {
		return err
	}
	var r SeedReject
	_, err = pgx.ForEachRow(rows, []any{&r.ID, &r.Column, &r.Reason, &r.Cells}, func() error { return d.opt.Rejected(columns, r) })
	return err
}

func (s *seed) columnNames() (names []string) {
	if s.measurements != nil {
		for _, c := range s.measurements.columns {
			names = append(names, c.name)
		}
	}
	return names
}

const compressDay = `
SELECT compress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass, if_not_compressed => true) FROM timescaledb_information.chunks
WHERE hypertable_schema = current_schema() AND hypertable_name = 'measurement_rows' AND NOT is_compressed
  AND range_start < ($1::text::date + 1)::timestamp AT TIME ZONE 'UTC' AND range_end > $1::text::date::timestamp AT TIME ZONE 'UTC'
  AND range_end < clock_timestamp() - $2::interval`

// compressDay compresses what the policy would compress later, so that the rows are never twice on the disk in full. When
// the policy is at it in the same moment one of them fails, and it is of no matter which.
func (d *adopting) compressDay(ctx context.Context, day string) {
	after := d.store.can.CompressAfter
	if after == 0 || !ordinaryDay.MatchString(day) {
		return
	}
	if _, err := d.conn.Exec(ctx, compressDay, day, after); err != nil && ctx.Err() == nil {
		d.opt.Log.Warn("a day could not be compressed: the policy does it later", "day", day, "err", err)
	}
}
