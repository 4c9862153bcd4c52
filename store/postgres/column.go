package postgres

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// A column ties a column of a table to the field that holds it in Go. The field is a pointer, or one of the
// wrappers below around a pointer: it serves as an argument and as a target of Scan alike, so that one list per
// table says all, in the order in which the table's SQL names the columns.
type column struct {
	name  string
	field any
}

func fields(columns []column) []any {
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = c.field
	}
	return out
}

// checkFinite refuses NaN and infinities, naming every column that holds one: PostgreSQL would keep them, and
// every average over them would be lost.
func checkFinite(columns []column) error {
	var bad heimdall.InvalidError
	for _, c := range columns {
		var v float64
		switch f := c.field.(type) {
		case *float64:
			v = *f
		case orZero[float64]:
			v = *f.p
		case **float64:
			if *f != nil {
				v = **f
			}
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			bad.Add(c.name, "must be a finite number, but is %v", v)
		}
	}
	return bad.Err()
}

// micros keeps a time cut to microseconds; the zero time is NULL.
type micros struct{ t *time.Time }

func (m micros) Value() (driver.Value, error) {
	if m.t.IsZero() {
		return nil, nil
	}
	return m.t.UTC().Truncate(time.Microsecond), nil
}

func (m micros) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.t = time.Time{}
	case time.Time:
		*m.t = v.UTC()
	default:
		return fmt.Errorf("a time is kept as %T", v)
	}
	return nil
}

// nanos keeps a time to the nanosecond; the zero time is NULL.
type nanos struct{ t *time.Time }

func (n nanos) Value() (driver.Value, error) {
	if n.t.IsZero() {
		return nil, nil
	}
	return n.t.UnixNano(), nil
}

func (n nanos) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*n.t = time.Time{}
	case int64:
		*n.t = time.Unix(0, v).UTC()
	default:
		return fmt.Errorf("a time is kept as %T", v)
	}
	return nil
}

// seconds keeps a duration as a float64 of seconds, which is exact to the nanosecond up to 50 days.
type seconds struct{ d *time.Duration }

func (s seconds) Value() (driver.Value, error) { return s.d.Seconds(), nil }

func (s seconds) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s.d = 0
	case float64:
		*s.d = time.Duration(math.Round(v * 1e9))
	default:
		return fmt.Errorf("a duration is kept as %T", v)
	}
	return nil
}

// list keeps a slice as JSON. A nil slice comes back empty.
type list[T any] struct{ p *[]T }

func (l list[T]) Value() (driver.Value, error) {
	if len(*l.p) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(*l.p) // which makes invalid UTF-8 valid
	return strings.ReplaceAll(string(b), `\u0000`, `\ufffd`), err
}

func (l list[T]) Scan(v any) error {
	*l.p = []T{}
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return json.Unmarshal(v, l.p)
	case string:
		return json.Unmarshal([]byte(v), l.p)
	default:
		return fmt.Errorf("a list is kept as %T", v)
	}
}

// orNull keeps the empty text as NULL, so that it may repeat in a unique column.
type orNull struct{ p *string }

func (o orNull) Value() (driver.Value, error) {
	if *o.p == "" {
		return nil, nil
	}
	return *o.p, nil
}

func (o orNull) Scan(v any) error { return orZero[string](o).Scan(v) }

// orZero reads NULL as the zero value; it writes what is there.
type orZero[T any] struct{ p *T }

func (o orZero[T]) Value() (driver.Value, error) {
	return driver.DefaultParameterConverter.ConvertValue(*o.p)
}

func (o orZero[T]) Scan(v any) error {
	var n sql.Null[T]
	err := n.Scan(v)
	*o.p = n.V
	return err
}

// values are the columns as pgx sends them: nil or a number, text, truth or time of Go's own types.
func values(columns []column) ([]any, error) {
	out := make([]any, len(columns))
	for i, c := range columns {
		v, err := driver.DefaultParameterConverter.ConvertValue(c.field)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		if s, isText := v.(string); isText {
			v = storable(s)
		}
		out[i] = v
	}
	return out, nil
}

// storable is s with U+FFFD for what PostgreSQL cannot keep: NUL and what is no UTF-8. Receivers send any bytes as
// the reason of a failure, and that must not be the reason why the failure is not stored.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// ceilMicros is the first whole microsecond not before t: the bound for which "at or after t" and "before t" are
// exact on times kept in microseconds.
func ceilMicros(t time.Time) time.Time {
	return t.UTC().Add(time.Microsecond - time.Nanosecond).Truncate(time.Microsecond)
}

// where collects conditions that must all hold. Conditions are constants in which each $ is the next argument.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, args ...any) { w.terms = append(w.terms, w.number(term, args...)) }

// number is a text in which each $ is the next argument.
func (w *where) number(text string, args ...any) string {
	for _, arg := range args {
		w.args = append(w.args, arg)
		text = strings.Replace(text, "$", "\x00"+strconv.Itoa(len(w.args)), 1)
	}
	return strings.ReplaceAll(text, "\x00", "$")
}

// limit is the LIMIT clause, whose argument is the last.
func (w *where) limit(n int) string {
	w.args = append(w.args, n)
	return " LIMIT $" + strconv.Itoa(len(w.args))
}

func (w *where) String() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}

// A row is one result: pgx.Row or pgx.Rows.
type row interface{ Scan(dest ...any) error }

// all reads every row of a query.
func all[T any](rows pgx.Rows, err error, scan func(row) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// texts are strings of any kind as one argument of type text[].
func texts[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = storable(string(v))
	}
	return out
}

// checkLimit refuses a page that is not from 1 to MaxPage rows.
func checkLimit(limit int) error {
	var bad heimdall.InvalidError
	if limit < 1 || limit > heimdall.MaxPage {
		bad.Add("limit", "must be from 1 to %d", heimdall.MaxPage)
	}
	return bad.Err()
}
