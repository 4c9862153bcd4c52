package columnar

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
)

// rowGroup is how many rows are held until they are written: enough for readers to gain from columns, and 10 MB.
const rowGroup = 20_000

// batch is how many rows go to the encoder at once.
const batch = 500

// ColumnsKey is the metadata of a Parquet file under which it says what its columns mean, as JSON.
const ColumnsKey = "heimdall.columns"

// A Parquet writes one Parquet file of rows of type T. Lists are three-level LISTs, times are TIMESTAMP(MICROS) in UTC,
// pages are Zstandard.
type Parquet[T any] struct {
	columns []Column
	writer  *parquet.GenericWriter[any]
	rows    []parquet.Row
}

// NewParquet returns a writer of one file into w, which is written from front to back. The caller closes it: a file that
// was not closed has no footer, and every reader refuses it.
func NewParquet[T any](w io.Writer) (*Parquet[T], error) {
	columns, err := ColumnsOf[T]()
	if err != nil {
		return nil, err
	}
	p := &Parquet[T]{columns: columns}
	about, err := json.Marshal(p.columns)
	if err != nil {
		return nil, fmt.Errorf("describe columns: %w", err)
	}
	p.writer = parquet.NewGenericWriter[any](w, schemaOf(p.columns), parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.KeyValueMetadata(ColumnsKey, string(about)), parquet.CreatedBy("heimdall", "", ""))
	return p, nil
}

// schemaOf is by way of a struct, because that keeps the order of the columns.
func schemaOf(columns []Column) *parquet.Schema {
	var fields []reflect.StructField
	for _, c := range columns {
		tag, t := c.Name, reflect.Type(nil)
		switch c.kind {
		case text, counts:
			t = reflect.TypeFor[string]()
		case texts:
			t, tag = reflect.TypeFor[[]string](), tag+",list"
		case whole:
			t = reflect.TypeFor[int64]()
		case number:
			t = reflect.TypeFor[float64]()
		case truth:
			t = reflect.TypeFor[bool]()
		case moment:
			t, tag = reflect.TypeFor[int64](), tag+",timestamp(microsecond:utc)"
		}
		if c.nullable {
			tag += ",optional"
		}
		fields = append(fields, reflect.StructField{Name: exported(c.Name), Type: t, Tag: reflect.StructTag(`parquet:"` + tag + `"`)})
	}
	return parquet.NewSchema("heimdall", parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()))
}

// Write adds a row.
func (p *Parquet[T]) Write(row T) error {
	p.rows = append(p.rows, p.rowOf(&row))
	if len(p.rows) < batch {
		return nil
	}
	return p.flush()
}

func (p *Parquet[T]) flush() error {
	_, err := p.writer.WriteRows(p.rows)
	p.rows = p.rows[:0]
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// Close writes what is held and the footer. It does not close the writer below.
func (p *Parquet[T]) Close() error {
	if err := p.flush(); err != nil {
		return err
	}
	if err := p.writer.Close(); err != nil {
		return fmt.Errorf("end Parquet: %w", err)
	}
	return nil
}

// rowOf sets the levels that the format asks for (parquet-format, Nested Encoding): a null is of definition level 0, a
// value of an optional column of level 1, and all items of a list but the first are of repetition level 1.
func (p *Parquet[T]) rowOf(of *T) parquet.Row {
	row := make(parquet.Row, 0, len(p.columns)+2)
	v := reflect.ValueOf(of).Elem()
	for i := range p.columns {
		c := &p.columns[i]
		f, ok := c.value(v)
		level := 0
		if c.nullable && ok {
			level = 1
		}
		switch {
		case !ok:
			row = append(row, parquet.NullValue().Level(0, 0, i))
		case c.kind == texts:
			row = append(row, listOf(f.Interface().([]string), i)...)
		case c.kind == whole:
			row = append(row, parquet.Int64Value(f.Int()).Level(0, level, i))
		case c.kind == number:
			row = append(row, parquet.DoubleValue(f.Float()).Level(0, level, i))
		case c.kind == truth:
			row = append(row, parquet.BooleanValue(f.Bool()).Level(0, level, i))
		case c.kind == moment:
			row = append(row, parquet.Int64Value(micros(f)).Level(0, level, i))
		default:
			row = append(row, parquet.ByteArrayValue([]byte(textOf(f))).Level(0, level, i))
		}
	}
	return row
}

func listOf(items []string, column int) (values []parquet.Value) {
	if len(items) == 0 {
		return []parquet.Value{parquet.NullValue().Level(0, 0, column)}
	}
	for i, item := range items {
		values = append(values, parquet.ByteArrayValue([]byte(item)).Level(min(i, 1), 1, column))
	}
	return values
}
