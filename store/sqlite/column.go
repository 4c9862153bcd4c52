package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

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

// checkFinite refuses NaN and infinities, naming every column that holds one: SQLite would keep a NaN as NULL.
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

// micros keeps a time as microseconds since 1970, cut to them; the zero time is NULL.
type micros struct{ t *time.Time }

func (m micros) Value() (driver.Value, error) {
	if m.t.IsZero() {
		return nil, nil
	}
	return m.t.UnixMicro(), nil
}

func (m micros) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.t = time.Time{}
	case int64:
		*m.t = time.UnixMicro(v).UTC()
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
	b, err := json.Marshal(*l.p)
	return string(b), err
}

func (l list[T]) Scan(v any) error {
	*l.p = []T{}
	switch v := v.(type) {
	case nil:
		return nil
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

// ceilMicros is the first whole microsecond not before t: the bound for which "at or after t" and "before t" are
// exact on times kept in microseconds.
func ceilMicros(t time.Time) int64 {
	return t.Add(time.Microsecond - time.Nanosecond).UnixMicro()
}

// where collects conditions that must all hold. Conditions are constants; values only ever go into args.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

func (w *where) String() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}

// addAmong asks for some, and nothing when ids is nil, meaning all: with an "or all" in the condition SQLite would look at
// every row.
func (w *where) addAmong(column string, ids []int64) error {
	if ids == nil {
		return nil
	}
	chosen, err := asJSON(ids)
	w.add(column+" IN (SELECT value FROM json_each(?))", chosen)
	return err
}

// A row is one result: *sql.Row or *sql.Rows.
type row interface{ Scan(dest ...any) error }

// all reads every row of a query.
func all[T any](rows *sql.Rows, err error, scan func(row) (T, error)) ([]T, error) {
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

// asJSON is a list as one SQL argument, for IN (SELECT value FROM json_each(?)); nil is NULL.
func asJSON[T any](values []T) (any, error) {
	if values == nil {
		return nil, nil
	}
	b, err := json.Marshal(values)
	return string(b), err
}

// checkLimit refuses a page that is not from 1 to MaxPage rows.
func checkLimit(limit int) error {
	var bad heimdall.InvalidError
	if limit < 1 || limit > heimdall.MaxPage {
		bad.Add("limit", "must be from 1 to %d", heimdall.MaxPage)
	}
	return bad.Err()
}
