package bulk

import "github.com/heimdall-sdr/heimdall"

// A typedTable is what Parquet and Arrow have in common, whose columns have types.
type typedTable struct {
	header []string
	fields []column
	values []cell // of the row at hand
}

func newTypedTable(header, ignore []string) (t typedTable, err error) {
	t.header, t.values = header, make([]cell, len(header))
	t.fields, err = columnsOf(header, ignore)
	return t, err
}

func (t *typedTable) columns() []string { return t.header }

// row makes a row of the values. What they held is written down only where it cannot be read: of the others the
// measurement tells, and a cell takes ten times the room.
func (t *typedTable) row(line int64) row {
	r := row{line: line, m: begin()}
	var bad heimdall.InvalidError
	for i := range t.values {
		t.fields[i].put(&r.m, &t.values[i], &bad)
	}
	if bad.Err() == nil {
		return r
	}
	r.bad = &bad
	for i := range t.values {
		r.unread = append(r.unread, t.values[i].String())
	}
	return r
}

// cells are what the file says of r.
func (t *typedTable) cells(r *row) []string {
	if r.unread != nil {
		return r.unread
	}
	m := r.m
	m.WebSDRID = r.websdrID
	out := make([]string, len(t.fields))
	for i, c := range t.fields {
		if c.field != nil {
			out[i] = show(c.field(&m))
		}
	}
	return out
}
