package columnar

import (
	"bufio"
	"fmt"
	"io"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// recordRows is how many rows go into a record batch: enough for readers to gain from columns, and 6 MB.
const recordRows = 8_192

// Keys of the metadata of an Arrow field.
const (
	UnitKey    = "unit" // absent for what is no quantity
	MeaningKey = "meaning"
)

// An Arrow writes one Arrow IPC stream of rows of type T, uncompressed: not every reader knows Zstandard. Times are
// timestamp[us, UTC], lists are list<utf8>.
type Arrow[T any] struct {
	columns []Column
	record  *array.RecordBuilder
	append  []func(v reflect.Value) // a value that is not null to the builder of each column
	rows    int                     // in record
	buffer  *bufio.Writer
	writer  *ipc.Writer
}

// NewArrow returns a writer of one stream into w. The caller closes it: a stream that was not closed has no end, but a
// reader that sees where it breaks off cannot tell that from a stream that just ends. So whoever sends it has to break what
// it is sent by.
func NewArrow[T any](w io.Writer) (*Arrow[T], error) {
	return newArrow[T](w, memory.NewGoAllocator()) // whose memory the collector takes back from streams that broke off
}

func newArrow[T any](w io.Writer, memory memory.Allocator) (*Arrow[T], error) {
	columns, err := ColumnsOf[T]()
	if err != nil {
		return nil, err
	}
	schema := arrowSchema(columns)
	a := &Arrow[T]{columns: columns, record: array.NewRecordBuilder(memory, schema), buffer: bufio.NewWriterSize(w, 64<<10)}
	for _, f := range a.record.Fields() {
		a.append = append(a.append, appender(f))
	}
	a.writer = ipc.NewWriter(a.buffer, ipc.WithSchema(schema), ipc.WithAllocator(memory))
	return a, nil
}

func arrowSchema(columns []Column) *arrow.Schema {
	var fields []arrow.Field
	for _, c := range columns {
		about := map[string]string{MeaningKey: c.Meaning}
		if c.Unit != "" {
			about[UnitKey] = c.Unit
		}
		fields = append(fields, arrow.Field{Name: c.Name, Type: arrowType(c.kind), Nullable: c.nullable, Metadata: arrow.MetadataFrom(about)})
	}
	return arrow.NewSchema(fields, nil)
}

func arrowType(k kind) arrow.DataType {
	switch k {
	case texts:
		return arrow.ListOfNonNullable(arrow.BinaryTypes.String)
	case whole:
		return arrow.PrimitiveTypes.Int64
	case number:
		return arrow.PrimitiveTypes.Float64
	case truth:
		return arrow.FixedWidthTypes.Boolean
	case moment:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	}
	return arrow.BinaryTypes.String
}

// appender adds values to the builder of a column.
func appender(to array.Builder) func(v reflect.Value) {
	switch to := to.(type) {
	case *array.ListBuilder:
		items := to.ValueBuilder().(*array.StringBuilder)
		return func(v reflect.Value) {
			to.Append(true)
			items.AppendValues(v.Interface().([]string), nil)
		}
	case *array.Int64Builder:
		return func(v reflect.Value) { to.Append(v.Int()) }
	case *array.Float64Builder:
		return func(v reflect.Value) { to.Append(v.Float()) }
	case *array.BooleanBuilder:
		return func(v reflect.Value) { to.Append(v.Bool()) }
	case *array.TimestampBuilder:
		return func(v reflect.Value) { to.Append(arrow.Timestamp(micros(v))) }
	case *array.StringBuilder:
		return func(v reflect.Value) { to.Append(textOf(v)) }
	}
	return nil
}

// Write adds a row.
func (a *Arrow[T]) Write(row T) error {
	v := reflect.ValueOf(&row).Elem()
	for i := range a.columns {
		if f, ok := a.columns[i].value(v); ok {
			a.append[i](f)
		} else {
			a.record.Field(i).AppendNull()
		}
	}
	if a.rows++; a.rows < recordRows {
		return nil
	}
	return a.flush()
}

func (a *Arrow[T]) flush() error {
	batch := a.record.NewRecordBatch()
	defer batch.Release()
	a.rows = 0
	if err := a.writer.Write(batch); err != nil {
		return fmt.Errorf("write Arrow: %w", err)
	}
	return nil
}

// Close writes what is held and the end. It does not close the writer below.
func (a *Arrow[T]) Close() error {
	defer a.record.Release()
	if a.rows > 0 {
		if err := a.flush(); err != nil {
			return err
		}
	}
	if err := a.writer.Close(); err != nil {
		return fmt.Errorf("end Arrow: %w", err)
	}
	if err := a.buffer.Flush(); err != nil {
		return fmt.Errorf("end Arrow: %w", err)
	}
	return nil
}
