package postgres

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The old table is read day by day: a day is what is copied again after a kill, and what its chunks hold.

// ordinaryDay is one whose bounds are times, too.
var ordinaryDay = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)

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

// duringDay is the condition that a time is in an ordinary day, $1, as an index and the chunks understand it.
func duringDay(at string) string {
	return at + ` >= $1::text::date::timestamp AT TIME ZONE 'UTC' AND ` + at + ` < ($1::text::date + 1)::timestamp AT TIME ZONE 'UTC'`
}

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
	if ordinaryDay.MatchString(day) {
		where = duringDay(at)
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
