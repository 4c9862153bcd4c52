// Package columnar writes rows as columns: Apache Parquet files and Arrow IPC streams, which pandas, Polars, DuckDB and
// JavaScript read without being told what is in them.
//
// A row is a flat struct of package wire. Columns have the names of the JSON API, in its order, and its units, the same as
// in CSV. What each of them means goes along: in Parquet as the entry heimdall.columns of the file's metadata, in Arrow as
// metadata of each field. Both are written from front to back, and some thousands of rows are held and no more, whatever
// the length. It leaves out reading, which is package bulk's.
//
// The surprising part: nothing here names a column. They are read from the struct, so that a metric that is added to
// wire.Measurement is written here.
package columnar

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/dsp"
)

// A Column is what a reader is told of one.
type Column struct {
	Name    string `json:"name"`
	Unit    string `json:"unit,omitempty"` // "1" for a ratio, "" for what is no quantity
	Meaning string `json:"meaning"`

	kind     kind
	nullable bool
	index    []int // of the field of the row
}

// A kind is how the values of a column are stored.
type kind int

const (
	text kind = iota
	texts
	whole
	number
	truth
	moment
	counts // by name; stored as text
)

// ColumnsOf are those of rows of type T, in order. An error names a field that can be no column.
func ColumnsOf[T any]() ([]Column, error) { return columnsOf(reflect.TypeFor[T](), nil) }

func columnsOf(t reflect.Type, at []int) (list []Column, err error) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), at...), i)
		if f.Anonymous {
			inner, err := columnsOf(f.Type, index)
			if err != nil {
				return nil, err
			}
			list = append(list, inner...)
			continue
		}
		c := Column{Meaning: f.Tag.Get("doc"), index: index, nullable: f.Type.Kind() == reflect.Pointer}
		c.Name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		if c.kind, err = kindOf(f.Type); err != nil {
			return nil, fmt.Errorf("make a column of %s: %w", c.Name, err)
		}
		c.Unit = unitOf(c.Name)
		list = append(list, c)
	}
	if t == reflect.TypeFor[heimdall.Metrics]() {
		define(list)
	}
	return list, nil
}

// define gives metrics the words of the package that computes them. Only these: another table may have a column of the
// same name, such as detected, that counts them.
func define(metrics []Column) {
	for _, d := range dsp.Definitions().Metrics {
		for i := range metrics {
			if metrics[i].Name == d.Name {
				metrics[i].Unit, metrics[i].Meaning = d.Unit, d.Meaning
			}
		}
	}
}

func kindOf(t reflect.Type) (kind, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return moment, nil
	case reflect.TypeFor[[]string]():
		return texts, nil
	case reflect.TypeFor[map[string]int64]():
		return counts, nil
	}
	switch t.Kind() {
	case reflect.String:
		return text, nil
	case reflect.Float64:
		return number, nil
	case reflect.Bool:
		return truth, nil
	case reflect.Int, reflect.Int64:
		return whole, nil
	}
	return 0, fmt.Errorf("no column holds values of type %v", t)
}

// unitsByEnd are the units that names end in, longer ends first.
var unitsByEnd = []struct{ end, unit string }{
	{"_hz_per_day", "Hz/day"}, {"_mhz", "MHz"}, {"_khz", "kHz"}, {"_hz", "Hz"}, {"_db", "dB"}, {"_ppm", "ppm"},
	{"_seconds", "s"}, {"_s", "s"}, {"_m", "m"}, {"latitude", "deg"}, {"longitude", "deg"}, {"bytes", "B"},
	{"_share", "1"}, {"_share_low", "1"}, {"_share_high", "1"},
}

func unitOf(name string) string {
	for _, u := range unitsByEnd {
		if strings.HasSuffix(name, u.end) {
			return u.unit
		}
	}
	return ""
}

// value is the column's field of a row; not ok when that is null.
func (c *Column) value(row reflect.Value) (v reflect.Value, ok bool) {
	v = row.FieldByIndex(c.index)
	if !c.nullable {
		return v, true
	}
	if v.IsNil() {
		return v, false
	}
	return v.Elem(), true
}

// micros is a time as both formats keep it: exactly what a measurement has.
func micros(v reflect.Value) int64 { return v.Interface().(time.Time).UnixMicro() }

// textOf is a value of kind text or counts, the latter as CSV has it.
func textOf(v reflect.Value) string {
	if c, ok := v.Interface().(map[string]int64); ok {
		return wire.Counts(c)
	}
	return v.String()
}

// exported is a name of a Go field for any column.
func exported(name string) string { return "C_" + strings.ToUpper(name[:1]) + name[1:] }
