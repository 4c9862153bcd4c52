package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

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
	r.Remarks = d.seed.remarks
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
