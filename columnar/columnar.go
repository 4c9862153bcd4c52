// Package columnar writes measurements as columns: Apache Parquet files, which pandas, Polars, DuckDB and Spark read
// without being told what is in them.
//
// Columns have the names of the JSON API, in its order, and its units. What each of them means goes along as the entry
// heimdall.columns of the file's metadata. A file is written from front to back, and a row group is held and no more,
// whatever the length. It leaves out reading, which is package bulk's.
//
// The surprising part: nothing here names a column. They are read from wire.Measurement, so that a metric that is added
// there is written here.
package columnar

import (
	"reflect"
	"strings"
	"time"

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
	index    []int // of the field of wire.Measurement
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
)

// Columns are those of a measurement, in order.
func Columns() []Column {
	metrics := map[string]dsp.Definition{}
	for _, d := range dsp.Definitions().Metrics {
		metrics[d.Name] = d
	}
	return columnsOf(reflect.TypeFor[wire.Measurement](), nil, metrics)
}

func columnsOf(t reflect.Type, at []int, metrics map[string]dsp.Definition) (list []Column) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), at...), i)
		if f.Anonymous {
			list = append(list, columnsOf(f.Type, index, metrics)...)
			continue
		}
		c := Column{Name: f.Tag.Get("json"), Meaning: f.Tag.Get("doc"), index: index, nullable: f.Type.Kind() == reflect.Pointer}
		c.Unit = edgeUnits[c.Name]
		if m, ok := metrics[c.Name]; ok {
			c.Unit, c.Meaning = m.Unit, m.Meaning
		}
		c.kind = kindOf(f.Type)
		list = append(list, c)
	}
	return list
}

// edgeUnits are those of the columns that are no metrics.
var edgeUnits = map[string]string{"frequency_mhz": "MHz", "sample_rate_khz": "kHz", "time_uncertainty_s": "s"}

func kindOf(t reflect.Type) kind {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return moment
	case t.Kind() == reflect.Slice:
		return texts
	case t.Kind() == reflect.Float64:
		return number
	case t.Kind() == reflect.Bool:
		return truth
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return whole
	}
	return text
}

// value is the column's field of a measurement; not ok when that is null.
func (c *Column) value(m reflect.Value) (v reflect.Value, ok bool) {
	v = m.FieldByIndex(c.index)
	if !c.nullable {
		return v, true
	}
	if v.IsNil() {
		return v, false
	}
	return v.Elem(), true
}

// micros is a time as Parquet keeps it: exactly what a measurement has.
func micros(v reflect.Value) int64 { return v.Interface().(time.Time).UnixMicro() }

// exported is a name of a Go field for any column.
func exported(name string) string { return "C_" + strings.ToUpper(name[:1]) + name[1:] }
