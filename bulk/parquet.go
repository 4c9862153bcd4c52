package bulk

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/heimdall-sdr/heimdall"
)

// parquetMagic is what a file begins and ends with.
const parquetMagic = "PAR1"

// A parquetFile is a table in Apache Parquet. Its columns are plain; only flags may be a list.
type parquetFile struct {
	file   io.Closer
	header []string
	leaves []leaf // by the column index of values
	groups []parquet.RowGroup
	rows   parquet.Rows // of the first of groups; nil before it is opened
	buffer []parquet.Row
	values []cell // of the row at hand
	total  int64
	at     int64 // rows read
}

// A leaf says how the values of one column become cells.
type leaf struct {
	column  column
	convert func(parquet.Value) cell
	list    bool
}

func openParquet(file *os.File, size int64, ignore []string) (*parquetFile, error) {
	f := &parquetFile{file: file, buffer: make([]parquet.Row, 1000)}
	return f, guard(func() error { return f.open(file, size, ignore) })
}

// guard makes an error of a panic: the decoders of package parquet trust what a damaged file says.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the Parquet file is damaged: %v", p)
		}
	}()
	return do()
}

func (f *parquetFile) open(file io.ReaderAt, size int64, ignore []string) error {
	opened, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("open Parquet: %w", err)
	}
	f.groups, f.total = opened.RowGroups(), opened.NumRows()
	var paths [][]string
	for _, path := range opened.Schema().Columns() {
		paths = append(paths, path)
		f.header = append(f.header, path[0])
	}
	columns, err := columnsOf(f.header, ignore)
	if err != nil {
		return err
	}
	var bad heimdall.InvalidError
	for i, path := range paths {
		found, _ := opened.Schema().Lookup(path...)
		l := leaf{column: columns[i], list: found.MaxRepetitionLevel > 0}
		if l.convert, err = converter(found.Node.Type()); err != nil && l.column.field != nil {
			bad.Add("file", "has the column %q as %v, which cannot be read: write it as a plain number, text or time", path[0], found.Node.Type())
		}
		if l.column.field != nil && (len(path) > 1 || l.list) && l.column.name != "flags" {
			bad.Add("file", "has the column %q nested: write it as plain values", path[0])
		}
		f.leaves = append(f.leaves, l)
	}
	f.values = make([]cell, len(f.leaves))
	return bad.Err()
}

// converter is how values of a type become cells.
func converter(t parquet.Type) (func(parquet.Value) cell, error) {
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch logical := logical.(type) {
	case *format.TimestampType:
		unit := logical.Unit.Value.Duration()
		return func(v parquet.Value) cell { return cell{kind: moment, moment: since1970(v.Int64(), unit)} }, nil
	case *format.DecimalType:
		if kind := t.Kind(); kind != parquet.Int32 && kind != parquet.Int64 {
			return nil, errors.ErrUnsupported
		}
		scale := "e-" + strconv.Itoa(int(logical.Scale))
		return func(v parquet.Value) cell { return cell{kind: text, text: strconv.FormatInt(asInt64(v), 10) + scale} }, nil
	case *format.UUIDType:
		return func(v parquet.Value) cell {
			id, err := uuid.FromBytes(v.ByteArray())
			if err != nil {
				return cell{kind: text, text: string(v.ByteArray())}
			}
			return cell{kind: text, text: id.String()}
		}, nil
	case *format.IntType:
		if !logical.IsSigned {
			return func(v parquet.Value) cell { return cell{kind: text, text: strconv.FormatUint(asUint64(v), 10)} }, nil
		}
	case *format.DateType, *format.Float16Type, *format.TimeType, *format.BsonType:
		return nil, errors.ErrUnsupported
	}
	return physical(t.Kind())
}

func physical(k parquet.Kind) (func(parquet.Value) cell, error) {
	switch k {
	case parquet.Boolean:
		return func(v parquet.Value) cell { return cell{kind: truth, truth: v.Boolean()} }, nil
	case parquet.Int32, parquet.Int64:
		return func(v parquet.Value) cell { return cell{kind: whole, whole: asInt64(v)} }, nil
	case parquet.Int96:
		return func(v parquet.Value) cell { return cell{kind: moment, moment: julian(v)} }, nil
	case parquet.Float:
		// By way of its shortest decimal form: 145.35 was meant, not 145.35000610.
		return func(v parquet.Value) cell {
			return cell{kind: text, text: strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)}
		}, nil
	case parquet.Double:
		return func(v parquet.Value) cell { return cell{kind: number, number: v.Double()} }, nil
	case parquet.ByteArray:
		return func(v parquet.Value) cell { return cell{kind: text, text: string(v.ByteArray())} }, nil
	}
	return nil, errors.ErrUnsupported
}

func asInt64(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func asUint64(v parquet.Value) uint64 {
	if v.Kind() == parquet.Int32 {
		return uint64(v.Uint32())
	}
	return v.Uint64()
}

// since1970 is far outside of what is allowed where no time.Time can hold it.
func since1970(n int64, unit time.Duration) time.Time {
	perSecond := int64(time.Second / unit)
	return time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
}

// julian is a time as Spark and Hive wrote it: nanoseconds of the day, then the Julian day number (parquet-format,
// LogicalTypes.md). 2440588 is that of 1 January 1970.
func julian(v parquet.Value) time.Time {
	i := v.Int96()
	nanos := int64(uint64(i[1])<<32 | uint64(i[0]))
	return time.Unix((int64(i[2])-2440588)*86400, nanos).UTC()
}

func (f *parquetFile) read(rows []row) (n int, err error) {
	return n, guard(func() error {
		n, err = f.readRows(rows)
		return err
	})
}

func (f *parquetFile) readRows(rows []row) (n int, err error) {
	for n < len(rows) {
		if f.rows == nil {
			if len(f.groups) == 0 {
				return n, io.EOF
			}
			f.rows = f.groups[0].Rows()
		}
		want := min(len(f.buffer), len(rows)-n)
		got, err := f.rows.ReadRows(f.buffer[:want])
		for _, values := range f.buffer[:got] {
			f.at++
			rows[n] = f.parse(values)
			n++
		}
		switch {
		case errors.Is(err, io.EOF) || err == nil && got == 0:
			err = f.rows.Close()
			f.rows, f.groups = nil, f.groups[1:]
			if err != nil {
				return n, fmt.Errorf("read Parquet: %w", err)
			}
		case err != nil:
			return n, fmt.Errorf("read Parquet, after row %d: %w", f.at, err)
		}
	}
	return n, nil
}

// parse is one row of values. What they held is written down only where it cannot be read: of the others the
// measurement tells, and a cell takes ten times the room.
func (f *parquetFile) parse(values parquet.Row) row {
	r := row{line: f.at, m: begin()}
	clear(f.values)
	for _, v := range values {
		i := v.Column()
		switch {
		case i < 0 || i >= len(f.values) || v.IsNull() || f.leaves[i].convert == nil:
		case f.leaves[i].list:
			one := f.leaves[i].convert(v)
			f.values[i].kind, f.values[i].texts = texts, append(f.values[i].texts, one.String())
		default:
			f.values[i] = f.leaves[i].convert(v)
		}
	}
	var bad heimdall.InvalidError
	for i := range f.values {
		f.leaves[i].column.put(&r.m, &f.values[i], &bad)
	}
	if bad.Err() == nil {
		return r
	}
	r.bad = &bad
	for i := range f.values {
		r.unread = append(r.unread, f.values[i].String())
	}
	return r
}

// cells are what the file says of r.
func (f *parquetFile) cells(r *row) []string {
	if r.unread != nil {
		return r.unread
	}
	m := r.m
	m.WebSDRID = r.websdrID
	out := make([]string, len(f.leaves))
	for i, l := range f.leaves {
		if l.column.field != nil {
			out[i] = show(l.column.field(&m))
		}
	}
	return out
}

func (f *parquetFile) columns() []string { return f.header }

func (f *parquetFile) done() float64 { return float64(f.at) / math.Max(1, float64(f.total)) }

func (f *parquetFile) close() (err error) {
	if f.rows != nil {
		err = guard(f.rows.Close)
	}
	return errors.Join(err, f.file.Close())
}
