package columnar_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/columnar"
)

func openArrow(t testing.TB, stream []byte) *ipc.Reader {
	t.Helper()
	r, err := ipc.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	return r
}

// readArrow reads what is to be a whole stream.
func readArrow(t *testing.T, stream []byte) (read table) {
	t.Helper()
	r := openArrow(t, stream)
	for _, f := range r.Schema().Fields() {
		read.names = append(read.names, f.Name)
	}
	for r.Next() {
		batch := r.RecordBatch()
		for i := range int(batch.NumRows()) {
			row := map[string]any{}
			for k, name := range read.names {
				row[name] = valueAt(t, batch.Column(k), i)
			}
			read.rows = append(read.rows, row)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return read
}

func valueAt(t *testing.T, a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.Timestamp:
		return int64(a.Value(i))
	case *array.List:
		list := []any{}
		for from, to := a.ValueOffsets(i); from < to; from++ {
			list = append(list, valueAt(t, a.ListValues(), int(from)))
		}
		return list
	}
	t.Fatalf("a column is %v", a.DataType())
	return nil
}

func arrowOf(t testing.TB, rows int) []byte {
	t.Helper()
	var list []wire.Measurement
	for i := range rows {
		list = append(list, aMeasurement(i))
	}
	var stream bytes.Buffer
	w, err := columnar.NewArrow[wire.Measurement](&stream)
	writeRows(t, w, err, list)
	return stream.Bytes()
}

func TestAStreamOfManyBatchesHoldsEveryRowInOrder(t *testing.T) {
	const rows = 10_000
	r, n, batches := openArrow(t, arrowOf(t, rows)), int64(0), 0
	for r.Next() {
		ids := r.RecordBatch().Column(0).(*array.String)
		for i := range ids.Len() {
			if want := fmt.Sprintf("01890000-0000-7000-8000-%012d", n); ids.Value(i) != want {
				t.Fatalf("row %d is of %s, want %s", n, ids.Value(i), want)
			}
			n++
		}
		batches++
	}
	if r.Err() != nil || n != rows || batches < 2 {
		t.Errorf("%d rows in %d batches: %v", n, batches, r.Err())
	}
}

func TestAStreamSaysWhatItsColumnsAre(t *testing.T) {
	schema := openArrow(t, arrowOf(t, 1)).Schema()
	for _, c := range []struct{ name, kind, unit string }{
		{"task_id", "utf8", ""}, {"timestamp_utc", "timestamp[us, tz=UTC]", ""}, {"frequency_mhz", "float64", "MHz"}, {"websdr_id", "int64", ""},
		{"snr_db", "float64", "dB"}, {"clip_fraction", "float64", "1"}, {"flags", "list<item: utf8>", ""}, {"detected", "bool", ""},
	} {
		f, ok := schema.FieldsByName(c.name)
		if !ok || f[0].Type.String() != c.kind {
			t.Errorf("%s is %v, want %s", c.name, f, c.kind)
			continue
		}
		if unit, _ := f[0].Metadata.GetValue(columnar.UnitKey); unit != c.unit {
			t.Errorf("%s is in %q, want %q", c.name, unit, c.unit)
		}
		if meaning, _ := f[0].Metadata.GetValue(columnar.MeaningKey); meaning == "" {
			t.Errorf("%s is not explained", c.name)
		}
	}
	if snr, _ := schema.FieldsByName("snr_db"); !snr[0].Nullable {
		t.Error("snr_db may not be null")
	}
	if id, _ := schema.FieldsByName("task_id"); id[0].Nullable {
		t.Error("task_id may be null")
	}
}

func TestAStreamOfNothingHasColumnsAndNoBatch(t *testing.T) {
	r := openArrow(t, arrowOf(t, 0))
	if r.Next() || r.Err() != nil || r.Schema().NumFields() != len(wire.Columns[wire.Measurement]()) {
		t.Errorf("%d columns, %v", r.Schema().NumFields(), r.Err())
	}
}

func TestAStreamGivesAllMemoryBack(t *testing.T) {
	held := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer held.AssertSize(t, 0)
	w, err := columnar.NewArrowIn[wire.Measurement](io.Discard, held)
	var rows []wire.Measurement
	for i := range 10_000 {
		rows = append(rows, aMeasurement(i%10))
	}
	writeRows(t, w, err, rows)
}

// A failing writer takes some bytes and no more.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAStreamThatCannotBeWrittenSaysSo(t *testing.T) {
	for _, left := range []int{0, 100_000} {
		w, err := columnar.NewArrow[wire.Measurement](&failing{left})
		for i := 0; i < 10_000 && err == nil; i++ {
			err = w.Write(aMeasurement(i))
		}
		if err == nil {
			err = w.Close()
		}
		if err == nil {
			t.Errorf("after %d bytes nothing was amiss", left)
		}
	}
}

func BenchmarkArrowRow(b *testing.B) {
	w, err := columnar.NewArrow[wire.Measurement](io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	rows := []wire.Measurement{aMeasurement(0), aMeasurement(1), aMeasurement(2)}
	for i := 0; b.Loop(); i++ {
		if err := w.Write(rows[i%3]); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func TestPythonReadsTheSameStream(t *testing.T) {
	path := filepath.Join(t.TempDir(), "measurements.arrow")
	if err := os.WriteFile(path, arrowOf(t, 6), 0o600); err != nil {
		t.Fatal(err)
	}
	sameInPython(t, "import pyarrow as pa; t = pa.ipc.open_stream(sys.argv[1]).read_all(); assert t.schema.field('snr_db').metadata[b'unit'] == b'dB'", path)
}

// python is an interpreter that has pyarrow.
func python(t *testing.T) string {
	name := os.Getenv("HEIMDALL_PYTHON")
	if name == "" {
		name = "python3"
	}
	if err := exec.Command(name, "-c", "import pyarrow.parquet").Run(); err != nil {
		t.Skip("SKIPPED: no Python with pyarrow here; HEIMDALL_PYTHON names one")
	}
	return name
}
