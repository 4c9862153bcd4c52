package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// adoptBatch is how many rows are stored in one transaction: as many as an import of a file.
const adoptBatch = 20_000

const (
	insertDays = `
INSERT INTO seed_adoption_days AS d (day, rows) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (day) DO UPDATE SET rows = excluded.rows, done = false WHERE d.rows <> excluded.rows`

	selectDaysLeft = `SELECT day FROM seed_adoption_days WHERE NOT done ORDER BY day`

	startDay = `DELETE FROM seed_adoption_rejects WHERE day = $1`

	finishDay = `UPDATE seed_adoption_days SET rows = $2, adopted = $3, duplicates = $4, rejected = $5, done = true WHERE day = $1`

	selectRejects = `SELECT id, "column", reason, cells FROM seed_adoption_rejects ORDER BY n`
)

// expression is a column as a type of SQL. A number of four bytes goes by way of its text: 145.3 must not
// become 145.30000305.
func (t *seedTable) expression(column, as string) string {
	name := pgx.Identifier{column}.Sanitize()
	for _, c := range t.columns {
		switch {
		case c.name != column:
		case c.dataType == "real":
			return name + "::text::" + as
		case c.dataType == "timestamp without time zone":
			return "(" + name + " AT TIME ZONE 'UTC')"
		}
	}
	return name + "::" + as
}

// dayOf is the day of a row as text, ” without a time.
const dayOf = `COALESCE((%s AT TIME ZONE 'UTC')::date::text, '')`

// countDays counts the rows of each day.
func (s *seed) countDays(ctx context.Context, q querier) (days []string, rows []int64, err error) {
	if s.measurements == nil {
		return nil, nil, nil
	}
	found, err := q.Query(ctx, `SELECT `+fmt.Sprintf(dayOf, s.measurements.expression("timestamp_utc", "timestamptz"))+`, count(*) FROM `+
		s.quoted(s.measurements.name)+` GROUP BY 1 ORDER BY 1`)
	_, err = all(found, err, func(r row) (none struct{}, err error) {
		var day string
		var n int64
		err = r.Scan(&day, &n)
		days, rows = append(days, day), append(rows, n)
		return none, err
	})
	return days, rows, err
}

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

// A seedBatch is rows that were read and not stored yet.
type seedBatch struct {
	good       []heimdall.ImportedMeasurement
	from       []seedRow // of each of good
	rejects    []SeedReject
	rows       int64
	duplicates int64
	seen       seenKeys
}

func (b *seedBatch) size() int { return len(b.good) + len(b.rejects) }

func (b *seedBatch) clear() {
	b.good, b.from, b.rejects, b.rows, b.duplicates = b.good[:0], b.from[:0], b.rejects[:0], 0, 0
}

// add sorts a row into those to be stored and those to be rejected.
func (b *seedBatch) add(r *seedRow) {
	b.rows++
	m, bad := r.measurement()
	if bad != nil {
		b.rejects = append(b.rejects, r.reject(bad))
		return
	}
	if first, twice := b.seen.add(r, m.TaskID); twice {
		var bad heimdall.InvalidError
		bad.Add("task_id", "has the key (task_id, websdr_id, timestamp_utc) of another row%s, which comes first", first)
		b.rejects = append(b.rejects, r.reject(&bad))
		b.duplicates++
		return
	}
	b.good, b.from = append(b.good, m), append(b.from, *r)
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
	columns := d.seed.columnNames()
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

// ordinaryDay is one whose bounds are times, too.
var ordinaryDay = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)

// selectDay is the query of all rows of a day, $1, so that those with one key are neighbours, the first of them first.
func (s *seed) selectDay(day string) string {
	t := s.measurements
	var expressions []string
	for _, f := range seedFields {
		if t.has(f.name) {
			expressions = append(expressions, t.expression(f.name, f.as))
		} else {
			expressions = append(expressions, "NULL::"+f.as)
		}
	}
	at := t.expression("timestamp_utc", "timestamptz")
	where := fmt.Sprintf(dayOf, at) + ` = $1`
	if ordinaryDay.MatchString(day) { // which an index and the chunks understand
		where = fmt.Sprintf(`%s >= $1::text::date::timestamp AT TIME ZONE 'UTC' AND %[1]s < ($1::text::date + 1)::timestamp AT TIME ZONE 'UTC'`, at)
	}
	order := `timestamp_utc, websdr_id, lower(task_id::text) COLLATE "C"`
	if t.has("id") {
		order += ", id"
	}
	return `SELECT ` + strings.Join(expressions, ", ") + ` FROM ` + s.quoted(t.name) + ` WHERE ` + where + ` ORDER BY ` + order
}

// Rows are read as they are, whatever the database's settings are.
const readExactly = `SELECT set_config('statement_timeout', '0', true), set_config('extra_float_digits', '1', true), set_config('DateStyle', 'ISO, YMD', true)`

func (s *seed) eachRow(ctx context.Context, tx pgx.Tx, day string, fn func(*seedRow) error) error {
	if _, err := tx.Exec(ctx, readExactly); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, s.selectDay(day), day)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r := seedRow{table: s.measurements}
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		if err := fn(&r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// dryRun looks at every row and changes nothing.
func (d *adopting) dryRun(ctx context.Context) error {
	return pgx.BeginTxFunc(ctx, d.conn, snapshot, func(tx pgx.Tx) (err error) {
		if _, err := tx.Exec(ctx, readExactly); err != nil {
			return err
		}
		if d.seed, err = findSeed(ctx, tx, d.opt.Ignore); err != nil {
			return err
		}
		if d.seed.stage != "" && d.seed.stage != stageRenamed {
			return errors.Join(d.readReport(ctx), d.sendRejects(ctx))
		}
		return d.survey(ctx, tx)
	})
}

// survey is what adopting would do.
func (d *adopting) survey(ctx context.Context, tx pgx.Tx) error {
	r := &d.report
	r.Odd = d.seed.odd
	list, standIns, err := d.listWebSDRs(ctx)
	if err != nil {
		return err
	}
	r.WebSDRs, r.StandIns = int64(len(list)), int64(len(standIns))
	if d.seed.measurements == nil {
		return nil
	}
	if r.BytesBefore, err = d.seed.size(ctx, tx); err != nil {
		return err
	}
	days, rows, err := d.seed.countDays(ctx, tx)
	if err != nil {
		return err
	}
	known := map[int64]bool{}
	for _, w := range append(list, standIns...) {
		known[w.ID] = true
	}
	r.Days = int64(len(days))
	for _, n := range rows {
		r.Rows += n
	}
	for _, day := range days {
		if err := d.surveyDay(ctx, tx, day, known); err != nil {
			return fmt.Errorf("look at the rows of %s: %w", wordsOf(day), err)
		}
		r.DaysDone++
		d.opt.Progress(*r)
	}
	return nil
}

func (d *adopting) surveyDay(ctx context.Context, tx pgx.Tx, day string, known map[int64]bool) error {
	b := &seedBatch{}
	tell := func() error {
		r := &d.report
		for i, m := range b.good {
			if !known[m.WebSDRID] {
				var bad heimdall.InvalidError
				bad.Add("websdr_id", "%d would be none of the WebSDRs here", m.WebSDRID)
				b.rejects = append(b.rejects, b.from[i].reject(&bad))
			}
		}
		refused := int64(len(b.rejects))
		r.Seen, r.Adopted = r.Seen+b.rows, r.Adopted+b.rows-refused
		r.Duplicates, r.Rejected = r.Duplicates+b.duplicates, r.Rejected+refused-b.duplicates
		for _, reject := range b.rejects {
			if d.opt.Rejected == nil {
				break
			}
			if err := d.opt.Rejected(d.seed.columnNames(), reject); err != nil {
				return err
			}
		}
		b.clear()
		return nil
	}
	err := d.seed.eachRow(ctx, tx, day, func(r *seedRow) error {
		b.add(r)
		if b.size() < d.opt.Batch {
			return nil
		}
		return tell()
	})
	if err != nil {
		return err
	}
	return tell()
}
