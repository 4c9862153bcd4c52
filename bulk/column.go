package bulk

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A column says where the cells of one column go: a pointer into m, or one of the types below around a pointer.
type column struct {
	name  string
	field func(m *heimdall.ImportedMeasurement) any
}

type (
	taskID    struct{ m *heimdall.ImportedMeasurement }
	megahertz struct{ hz *int64 }
	kilohertz struct{ hz *float64 }
)

// required must be there, and filled.
var required = []string{"task_id", "websdr_id", "timestamp_utc", "frequency_mhz"}

// known are all columns, under the names of heimdall measurements --csv.
func known() []column {
	list := []column{
		{"task_id", func(m *heimdall.ImportedMeasurement) any { return taskID{m} }},
		{"websdr_id", func(m *heimdall.ImportedMeasurement) any { return &m.WebSDRID }},
		{"timestamp_utc", func(m *heimdall.ImportedMeasurement) any { return &m.Timestamp }},
		{"frequency_mhz", func(m *heimdall.ImportedMeasurement) any { return megahertz{&m.FrequencyHz} }},
		{"sample_rate_khz", func(m *heimdall.ImportedMeasurement) any { return kilohertz{&m.SampleRateHz} }},
		{"samples_count", func(m *heimdall.ImportedMeasurement) any { return &m.SamplesCount }},
		{"s3_path", func(m *heimdall.ImportedMeasurement) any { return &m.S3Path }},
		{"time_quality", func(m *heimdall.ImportedMeasurement) any { return &m.TimeQuality }},
		{"time_uncertainty_s", func(m *heimdall.ImportedMeasurement) any { return &m.TimeUncertaintyS }},
	}
	metrics := reflect.TypeFor[heimdall.Metrics]()
	for i := range metrics.NumField() {
		list = append(list, column{metrics.Field(i).Tag.Get("json"), func(m *heimdall.ImportedMeasurement) any {
			return reflect.ValueOf(&m.Metrics).Elem().Field(i).Addr().Interface()
		}})
	}
	return list
}

// Names that a column has elsewhere: in the tables of the databases, in version 0.1.0.
var otherNames = map[string]string{"welch_l": "L", "welch_k": "K"}

// Columns that say what another one says, or that number the rows, here and in the Python system.
var redundant = []string{"id", "frequency_hz", "sample_rate_hz", rejectedLine, rejectedColumn, rejectedReason}

// columnsOf finds the columns of a header; those that are passed over are without a field.
func columnsOf(header, ignore []string) ([]column, error) {
	byName := map[string]column{}
	var names []string
	for _, c := range known() {
		byName[c.name] = c
		names = append(names, c.name)
	}
	var bad heimdall.InvalidError
	seen := map[string]bool{}
	out := make([]column, len(header))
	for i, name := range header {
		if other, ok := heimdall.RenamedMetrics[name]; ok {
			name = other
		} else if other, ok := otherNames[name]; ok {
			name = other
		}
		c, found := byName[name]
		switch {
		case slices.Contains(ignore, header[i]) || slices.Contains(redundant, name):
			out[i] = column{name: header[i]}
			continue
		case !found:
			bad.Add("file", "has an unknown column %q: rename it to one of %s, or pass over it with --ignore %[1]s", header[i], strings.Join(names, ", "))
		case seen[name]:
			bad.Add("file", "has the column %q twice", name)
		}
		seen[name] = true
		out[i] = c
	}
	for _, name := range required {
		if !seen[name] {
			bad.Add("file", "lacks the column %q: a file has at least %s", name, strings.Join(required, ", "))
		}
	}
	return out, bad.Err()
}

// begin is what a row is before its cells: what is not said is not known.
func begin() heimdall.ImportedMeasurement {
	return heimdall.ImportedMeasurement{Measurement: heimdall.Measurement{TimeQuality: heimdall.TimeNone}}
}

// put puts c where it belongs in m, and notes in bad what is wrong with it.
func (col column) put(m *heimdall.ImportedMeasurement, c *cell, bad *heimdall.InvalidError) {
	if col.field == nil {
		return
	}
	if c.kind == null || c.kind == text && c.text == "" {
		if slices.Contains(required, col.name) {
			bad.Add(col.name, "must not be empty")
		}
		return
	}
	if err := set(col.field(m), c); err != nil {
		bad.Add(col.name, "%s", err)
	}
}

func set(field any, c *cell) (err error) {
	switch f := field.(type) {
	case *int64:
		*f, err = c.asWhole()
	case *int:
		var n int64
		n, err = c.asWhole()
		*f = int(n)
	case *float64:
		*f, err = c.asNumber()
	case **float64:
		var v float64
		v, err = c.asNumber()
		*f = &v
	case megahertz:
		var v float64
		v, err = c.asNumber()
		if err == nil && (v < 0 || v > 1e9) { // what can be no int64 of hertz
			return fmt.Errorf("must be above 0 and at most %d, not %v", heimdall.MaxFrequencyHz/1_000_000, v)
		}
		*f.hz = int64(math.Round(v * 1e6))
	case kilohertz:
		var v float64
		v, err = c.asNumber()
		*f.hz = thousandfold(v)
	case *time.Time:
		*f, err = c.asTime()
	case *bool:
		*f, err = c.asTruth()
	case *[]string:
		*f = c.texts
		if c.kind != texts {
			*f = strings.Fields(c.String())
		}
	case taskID:
		f.m.TaskID, f.m.SourceTaskID = heimdall.TaskIDOf(c.String()), ""
		if !strings.EqualFold(f.m.TaskID, c.String()) {
			f.m.SourceTaskID = c.String()
		}
	case *heimdall.TimeQuality:
		*f = heimdall.TimeQuality(c.String())
	case *string:
		*f = c.String()
	case **string:
		*f = new(c.String())
	}
	return err
}

// show is a field as CSV has it.
func show(field any) string {
	switch f := field.(type) {
	case *int64:
		return strconv.FormatInt(*f, 10)
	case *int:
		return strconv.Itoa(*f)
	case *float64:
		return (&cell{kind: number, number: *f}).String()
	case **float64:
		if *f != nil {
			return show(*f)
		}
	case megahertz:
		return strconv.FormatFloat(float64(*f.hz)/1e6, 'f', -1, 64)
	case kilohertz:
		return strconv.FormatFloat(*f.hz/1e3, 'f', -1, 64)
	case *time.Time:
		return (&cell{kind: moment, moment: *f}).String()
	case *bool:
		return strconv.FormatBool(*f)
	case *[]string:
		return strings.Join(*f, " ")
	case taskID:
		return cmp.Or(f.m.SourceTaskID, f.m.TaskID)
	case *heimdall.TimeQuality:
		return string(*f)
	case *string:
		return *f
	case **string:
		if *f != nil {
			return **f
		}
	}
	return ""
}
