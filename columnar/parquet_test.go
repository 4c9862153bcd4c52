package columnar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/bulk"
	"github.com/heimdall-sdr/heimdall/columnar"
)

// aMeasurement has a value of its own in every field; every third row has null wherever that may be, and no flags.
func aMeasurement(n int) wire.Measurement {
	var m wire.Measurement
	value := n * 100
	fill(reflect.ValueOf(&m).Elem(), &value, n%3 == 2)
	m.TaskID = fmt.Sprintf("01890000-0000-7000-8000-%012d", n)
	m.TimestampUTC = time.Date(2026, 3, 1, 12, 0, 0, 1000*(n%1000), time.UTC).Add(-time.Duration(n) * time.Second)
	m.TimeQuality = heimdall.TimeGPS
	m.Flags = [][]string{{"gaps"}, {"clipped", "gaps"}, {}}[n%3]
	return m
}

func fill(v reflect.Value, n *int, null bool) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, f := range v.Fields() {
			fill(f, n, null)
		}
	case reflect.Pointer:
		if !null {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), n, null)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(*n%2 == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	}
}

func write(t testing.TB, w io.Writer, n int) {
	t.Helper()
	p, err := columnar.NewParquet(w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := p.Write(aMeasurement(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFileHoldsEveryValueUnderItsNameInOrder(t *testing.T) {
	var file bytes.Buffer
	const rows = 1203 // not a whole number of batches
	write(t, &file, rows)
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, field := range f.Schema().Fields() {
		names = append(names, field.Name())
	}
	if diff := cmp.Diff(wire.MeasurementColumns(), names); diff != "" {
		t.Errorf("columns (-JSON +Parquet):\n%s", diff)
	}
	stamp, _ := f.Schema().Lookup("timestamp_utc")
	if got := stamp.Node.Type().String(); got != "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)" {
		t.Errorf("timestamp_utc is %s", got)
	}
	reader := parquet.NewReader(f)
	for i := range rows {
		row := map[string]any{}
		if err := reader.Read(&row); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain(t, aMeasurement(i)), row); diff != "" {
			t.Fatalf("row %d (-measurement +file):\n%s", i, diff)
		}
	}
}

// plain is a measurement as a generic reader of Parquet gives it.
func plain(t *testing.T, m wire.Measurement) map[string]any {
	row := map[string]any{}
	v := reflect.ValueOf(m)
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			f, about := v.Field(i), v.Type().Field(i)
			if about.Anonymous {
				walk(f)
				continue
			}
			if f.Kind() == reflect.Pointer {
				if f.IsNil() {
					row[about.Tag.Get("json")] = nil
					continue
				}
				f = f.Elem()
			}
			row[about.Tag.Get("json")] = asRead(f)
		}
	}
	walk(v)
	if len(row) != len(wire.MeasurementColumns()) {
		t.Fatalf("%d columns", len(row))
	}
	return row
}

func asRead(f reflect.Value) any {
	switch x := f.Interface().(type) {
	case time.Time:
		return x.UnixMicro()
	case []string:
		list := []any{}
		for _, s := range x {
			list = append(list, s)
		}
		return list
	case int:
		return int64(x)
	case heimdall.TimeQuality:
		return string(x)
	}
	return f.Interface()
}

func TestAFileSaysWhatItsColumnsMean(t *testing.T) {
	var file bytes.Buffer
	write(t, &file, 1)
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	text, ok := f.Lookup(columnar.ColumnsKey)
	var about []columnar.Column
	if err := json.Unmarshal([]byte(text), &about); err != nil || !ok {
		t.Fatalf("%s is %q: %v", columnar.ColumnsKey, text, err)
	}
	units := map[string]string{}
	for _, c := range about {
		if c.Meaning == "" {
			t.Errorf("%s is not explained", c.Name)
		}
		units[c.Name] = c.Unit
	}
	for name, unit := range map[string]string{"frequency_mhz": "MHz", "snr_db": "dB", "clip_fraction": "1", "task_id": ""} {
		if units[name] != unit {
			t.Errorf("%s is in %q, want %q", name, units[name], unit)
		}
	}
}

func TestAnExportIsAnImport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "measurements.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, 10)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var taken taker
	report, err := bulk.Import(t.Context(), &taken, path, bulk.Options{Rejects: path + ".rejects"})
	if err != nil || report.Stored != 10 || report.Rejected != 0 {
		t.Fatalf("the import says %+v: %v", report, err)
	}
	for i, got := range taken.rows {
		if diff := cmp.Diff(aMeasurement(i).Root(), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("row %d (-exported +imported):\n%s", i, diff)
		}
	}
}

// A taker keeps what is imported.
type taker struct{ rows []heimdall.Measurement }

func (k *taker) ImportMeasurements(_ context.Context, rows []heimdall.ImportedMeasurement, _ heimdall.ImportOptions) (heimdall.ImportResult, error) {
	for _, r := range rows {
		k.rows = append(k.rows, r.Measurement)
	}
	return heimdall.ImportResult{Stored: len(rows)}, nil
}

func TestAFileOfNothingIsAFile(t *testing.T) {
	var file bytes.Buffer
	write(t, &file, 0)
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil || f.NumRows() != 0 {
		t.Errorf("%v rows: %v", f, err)
	}
}

// TestMemoryDoesNotGrowWithTheRows compares what is live at the end of a long file with what is live early in it.
func TestMemoryDoesNotGrowWithTheRows(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 80,000 rows")
	}
	p, err := columnar.NewParquet(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	live := func() float64 {
		runtime.GC()
		runtime.GC() // pools give up what they hold at the second
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc) / (1 << 20)
	}
	row, early, most := aMeasurement(1), 0.0, 0.0
	for i := range 80_000 {
		row.SNRdB = new(math.Sin(float64(i))) // so that it does not all fold away
		row.WebSDRID = int64(i)
		if err := p.Write(row); err != nil {
			t.Fatal(err)
		}
		if i%20_000 == 19_000 {
			mb := live()
			if early == 0 {
				early = mb
			}
			most = max(most, mb)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if most > early+4 {
		t.Errorf("%.1f MB are live after 19,000 rows and %.1f MB later", early, most)
	}
}

func BenchmarkParquetRow(b *testing.B) {
	p, err := columnar.NewParquet(io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	rows := []wire.Measurement{aMeasurement(0), aMeasurement(1), aMeasurement(2)}
	for i := 0; b.Loop(); i++ {
		if err := p.Write(rows[i%3]); err != nil {
			b.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		b.Fatal(err)
	}
}

// pandas is how most people open such a file; HEIMDALL_PYTHON names an interpreter that has pyarrow.
func TestPythonReadsTheSameValues(t *testing.T) {
	python := os.Getenv("HEIMDALL_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import pyarrow.parquet").Run(); err != nil {
		t.Skip("SKIPPED: no Python with pyarrow here; HEIMDALL_PYTHON names one")
	}
	path := filepath.Join(t.TempDir(), "measurements.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, 6)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	script := `
import json, sys, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
assert str(t.schema.field("timestamp_utc").type) == "timestamp[us, tz=UTC]", t.schema
assert str(t.schema.field("flags").type).startswith("list<"), t.schema
rows = t.to_pylist()
for r in rows: r["timestamp_utc"] = r["timestamp_utc"].isoformat()
print(json.dumps(rows))`
	out, err := exec.Command(python, "-c", script, path).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var rows []wire.Measurement
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	for i, got := range rows {
		got.TimestampUTC = got.TimestampUTC.UTC()
		if diff := cmp.Diff(aMeasurement(i), got); diff != "" {
			t.Errorf("row %d (-written +read by Python):\n%s", i, diff)
		}
	}
	if len(rows) != 6 {
		t.Errorf("%d rows", len(rows))
	}
}
