package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/heimdall-sdr/heimdall"
)

const (
	selectDaysCounted = `SELECT COALESCE(array_agg(day), '{}'), COALESCE(array_agg(rows), '{}') FROM seed_adoption_days WHERE done`

	selectOldViews = `SELECT view_names, view_kinds FROM seed_adoption`
)

// DropSeed drops the old tables of a database that was adopted, and returns how many rows of measurements went with them.
// It refuses, with ErrConflict, unless every row that is in them now was counted as adopted, as a duplicate or as rejected,
// and no more of them are missing among the measurements than were rejected, or deleted since. What it finds amiss is
// copied by the next AdoptSeed.
func DropSeed(ctx context.Context, url string) (rows int64, err error) {
	err = withConn(ctx, url, func(conn *pgx.Conn) error {
		d := &adopting{conn: conn, url: url}
		if err := d.lock(ctx); err != nil {
			return err
		}
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			if _, err := tx.Exec(ctx, readExactly); err != nil {
				return err
			}
			if d.seed, err = findSeed(ctx, tx, nil); err != nil {
				return err
			}
			switch d.seed.stage {
			case stageDropped:
				return nil
			case stageDone:
			default:
				return fmt.Errorf("not every row is adopted yet: run heimdall migrate adopt-seed first: %w", heimdall.ErrConflict)
			}
			rows, err = d.drop(ctx, tx)
			return err
		})
		if lost, ok := errors.AsType[*lostError](err); ok {
			_, reopenErr := conn.Exec(ctx, reopenDay, lost.day)
			return errors.Join(err, reopenErr)
		}
		return err
	})
	return rows, failed(ctx, "drop the old tables", err)
}

func (d *adopting) drop(ctx context.Context, tx pgx.Tx) (total int64, err error) {
	if _, err := tx.Exec(ctx, limitWait, millis(waitForTables)); err != nil {
		return 0, err
	}
	if t := d.seed.measurements; t != nil {
		if _, err := tx.Exec(ctx, `LOCK TABLE `+d.seed.quoted(t.name)+` IN ACCESS EXCLUSIVE MODE`); err != nil {
			return 0, err
		}
		if total, err = d.allCounted(ctx, tx); err != nil {
			return 0, err
		}
	}
	if err := d.dropAll(ctx, tx); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, setStage, stageDropped)
	return total, err
}

// allCounted compares what is there with what was counted, day by day.
func (d *adopting) allCounted(ctx context.Context, tx pgx.Tx) (total int64, err error) {
	var days []string
	var rows []int64
	if err := tx.QueryRow(ctx, selectDaysCounted).Scan(&days, &rows); err != nil {
		return 0, err
	}
	counted := map[string]int64{}
	for i, day := range days {
		counted[day] = rows[i]
	}
	if days, rows, err = d.seed.countDays(ctx, tx); err != nil {
		return 0, err
	}
	for i, day := range days {
		if rows[i] != counted[day] {
			return 0, fmt.Errorf("%s has %d rows of %s, of which %d were adopted or reported: run heimdall migrate adopt-seed again: %w",
				d.seed.measurements.name, rows[i], wordsOf(day), counted[day], heimdall.ErrConflict)
		}
		total += rows[i]
	}
	for _, day := range days {
		if err := d.allThere(ctx, tx, day); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// A lostError says of which day rows are neither here nor accounted for.
type lostError struct {
	day     string
	missing int64
}

func (e *lostError) Error() string {
	return fmt.Sprintf("%d rows of %s are not among the measurements, and nobody has deleted them: run heimdall migrate adopt-seed again, which copies that day anew", e.missing, e.day)
}

func (e *lostError) Unwrap() error { return heimdall.ErrConflict }

// allThere looks for each row of a day. Days that no measurement can be of were rejected as a whole.
func (d *adopting) allThere(ctx context.Context, tx pgx.Tx, day string) error {
	if !ordinaryDay.MatchString(day) {
		return nil
	}
	at := d.seed.measurements.expression("timestamp_utc", "timestamptz")
	var missing, accounted int64
	err := tx.QueryRow(ctx, `
SELECT (SELECT count(*) FROM (SELECT `+at+` AS at, websdr_id AS websdr, task_id::text AS name FROM `+d.seed.quoted(d.seed.measurements.name)+` WHERE `+duringDay(at)+`) AS o
        WHERE NOT EXISTS (
            SELECT 1 FROM measurement_rows AS m JOIN imported_acquisitions AS i ON i.task_id = m.task_id
            WHERE m.timestamp_utc = o.at AND m.websdr_id = o.websdr AND (i.source_task_id = o.name OR m.task_id::text = lower(o.name))
              AND `+duringDay("m.timestamp_utc")+`)),
       (SELECT rejected FROM seed_adoption_days WHERE day = $1)
       + (SELECT COALESCE(sum(d.rows), 0)::bigint FROM deletions AS d, seed_adoption AS a WHERE d.planned_at >= a.since)`, day).Scan(&missing, &accounted)
	if err == nil && missing > accounted {
		err = &lostError{day, missing - accounted}
	}
	return err
}

const reopenDay = `UPDATE seed_adoption_days SET adopted = 0, duplicates = 0, rejected = 0, done = false WHERE day = $1`

// dropAll drops what was renamed. What else depends on it is an error that names it.
func (d *adopting) dropAll(ctx context.Context, tx pgx.Tx) error {
	var names, kinds []string
	if err := tx.QueryRow(ctx, selectOldViews).Scan(&names, &kinds); err != nil {
		return err
	}
	for i, name := range names {
		if _, err := tx.Exec(ctx, `DROP `+kindWords[kinds[i]]+` IF EXISTS `+d.seed.quoted(name)); err != nil {
			return dependents(err, name)
		}
	}
	for _, t := range []*seedTable{d.seed.measurements, d.seed.websdrs} {
		if t == nil {
			continue
		}
		if _, err := tx.Exec(ctx, `DROP TABLE `+d.seed.quoted(t.name)); err != nil {
			return dependents(err, t.name)
		}
	}
	return nil
}

// dependents says what to do when something else needs what is to be dropped: PostgreSQL says in its detail what.
func dependents(err error, name string) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == dependentObjects {
		return fmt.Errorf("%s is in use, drop first what reads it: %s: %w", name, e.Detail, err)
	}
	return fmt.Errorf("drop %s: %w", name, err)
}

const dependentObjects = "2BP01"
