package columnar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/bulk"
	"github.com/heimdall-sdr/heimdall/columnar"
)

func write(t testing.TB, w io.Writer, n int) {
	t.Helper()
	p, err := columnar.NewParquet[wire.Measurement](w)
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

// readParquet reads what is to be a whole file.
func readParquet(t *testing.T, file []byte) (read table) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range f.Schema().Fields() {
		read.names = append(read.names, field.Name())
	}
	reader := parquet.NewReader(f)
	for range f.NumRows() {
		row := map[string]any{}
		if err := reader.Read(&row); err != nil {
			t.Fatal(err)
		}
		read.rows = append(read.rows, row)
	}
	return read
}

func TestAFileOfManyBatchesHoldsEveryRowInOrder(t *testing.T) {
	var file bytes.Buffer
	const rows = 1203 // not a whole number of batches
	write(t, &file, rows)
	var want []wire.Measurement
	for i := range rows {
		want = append(want, aMeasurement(i))
	}
	compareJSON(t, want, readParquet(t, file.Bytes()))
}

func TestTimesOfAFileAreOfUTC(t *testing.T) {
	var file bytes.Buffer
	write(t, &file, 1)
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	stamp, _ := f.Schema().Lookup("timestamp_utc")
	if got := stamp.Node.Type().String(); got != "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)" {
		t.Errorf("timestamp_utc is %s", got)
	}
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

func BenchmarkParquetRow(b *testing.B) {
	p, err := columnar.NewParquet[wire.Measurement](io.Discard)
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
	path := filepath.Join(t.TempDir(), "measurements.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, 6)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	sameInPython(t, "import pyarrow.parquet as pq; t = pq.read_table(sys.argv[1])", path)
}

// sameInPython compares the six measurements of a file with what Python opens as t.
func sameInPython(t *testing.T, open, path string) {
	t.Helper()
	script := "import json, sys\n" + open + `
assert str(t.schema.field("timestamp_utc").type) == "timestamp[us, tz=UTC]", t.schema
assert str(t.schema.field("flags").type).startswith("list<"), t.schema
rows = t.to_pylist()
for r in rows: r["timestamp_utc"] = r["timestamp_utc"].isoformat()
print(json.dumps(rows))`
	out, err := exec.Command(python(t), "-c", script, path).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %s", err, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
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
