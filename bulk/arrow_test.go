package bulk_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/bulk"
)

var words = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}

// othersColumns are of the types that pandas and Polars choose.
var othersColumns = []arrow.Field{
	{Name: "task_id", Type: arrow.BinaryTypes.StringView},
	{Name: "websdr_id", Type: arrow.PrimitiveTypes.Int32},
	{Name: "timestamp_utc", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}},
	{Name: "frequency_mhz", Type: arrow.PrimitiveTypes.Float32},
	{Name: "sample_rate_khz", Type: &arrow.Decimal128Type{Precision: 10, Scale: 3}},
	{Name: "samples_count", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "time_quality", Type: words},
	{Name: "snr_db", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "power_dbm", Type: arrow.Null, Nullable: true},
	{Name: "detected", Type: arrow.FixedWidthTypes.Boolean},
	{Name: "flags", Type: arrow.LargeListOf(words)},
	{Name: "id", Type: arrow.FixedWidthTypes.Date32},
}

// others are two rows in two batches: one with a value in every column, one with as few as there can be.
func others(t testing.TB, at time.Time) (schema *arrow.Schema, batches []arrow.RecordBatch) {
	t.Helper()
	schema = arrow.NewSchema(othersColumns, nil)
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	for i := range 2 {
		b.Field(0).(*array.StringViewBuilder).Append("a name that is longer than twelve bytes")
		b.Field(1).(*array.Int32Builder).Append(int32(i + 1))
		b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixNano()))
		b.Field(3).(*array.Float32Builder).Append(145.35)
		b.Field(4).(*array.Decimal128Builder).Append(decimal128.FromI64(12_001))
		b.Field(5).(*array.Uint64Builder).Append(120_011)
		must(t, b.Field(6).(*array.BinaryDictionaryBuilder).AppendString("gps"))
		list := b.Field(10).(*array.LargeListBuilder)
		list.Append(true)
		if i == 0 {
			b.Field(7).(*array.Float64Builder).Append(1 / 3.0)
			for _, flag := range []string{"clipped", "gaps"} {
				must(t, list.ValueBuilder().(*array.BinaryDictionaryBuilder).AppendString(flag))
			}
		} else {
			b.Field(7).AppendNull()
		}
		b.Field(8).AppendNull()
		b.Field(9).(*array.BooleanBuilder).Append(i == 0)
		b.Field(11).(*array.Date32Builder).Append(1)
		batches = append(batches, b.NewRecordBatch())
	}
	return schema, batches
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A batchWriter is of a stream or a file.
type batchWriter interface {
	Write(arrow.RecordBatch) error
	Close() error
}

func arrowBytes(t testing.TB, schema *arrow.Schema, batches []arrow.RecordBatch, open func(w io.Writer) (batchWriter, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	must(t, err)
	for _, batch := range batches {
		must(t, w.Write(batch))
	}
	must(t, w.Close())
	return b.Bytes()
}

// arrowForms are the two forms, plain and compressed.
func arrowForms(schema *arrow.Schema) map[string]func(w io.Writer) (batchWriter, error) {
	is := ipc.WithSchema(schema)
	return map[string]func(w io.Writer) (batchWriter, error){
		"stream":                   func(w io.Writer) (batchWriter, error) { return ipc.NewWriter(w, is), nil },
		"stream through Zstandard": func(w io.Writer) (batchWriter, error) { return ipc.NewWriter(w, is, ipc.WithZstd()), nil },
		"file":                     func(w io.Writer) (batchWriter, error) { return ipc.NewFileWriter(w, is) },
		"Feather":                  func(w io.Writer) (batchWriter, error) { return ipc.NewFileWriter(w, is, ipc.WithLZ4()) },
	}
}

func TestArrowOfOtherProgramsIsUnderstood(t *testing.T) {
	at := time.Date(2025, 3, 1, 12, 0, 0, 250_000_000, time.UTC)
	schema, batches := others(t, at)
	for name, form := range arrowForms(schema) {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			var done []float64
			report, _ := load(t, s, write(t, "some.arrow", string(arrowBytes(t, schema, batches, form))),
				bulk.Options{Batch: 1, Progress: func(r bulk.Report) { done = append(done, r.Done) }})
			want(t, report, 2, 0, 0)
			m := heimdall.Measurement{TaskID: heimdall.TaskIDOf("a name that is longer than twelve bytes"), FrequencyHz: 145_350_000, SampleRateHz: 12_001,
				SamplesCount: 120_011, TimeQuality: heimdall.TimeGPS, Timestamp: at, Metrics: heimdall.Metrics{Flags: []string{}}}
			first, second := m, m
			first.WebSDRID, second.WebSDRID = 1, 2
			first.SNRdB, first.Detected, first.Flags = new(1/3.0), true, []string{"clipped", "gaps"}
			if diff := cmp.Diff([]heimdall.Measurement{second, first}, rows(t, s)); diff != "" {
				t.Errorf("the rows (-want +got):\n%s", diff)
			}
			if len(done) != 2 || done[0] >= done[1] || done[1] > 1 {
				t.Errorf("progress is %v", done)
			}
		})
	}
}

func TestAnArrowStreamThatBrokeOffIsRefused(t *testing.T) {
	schema, batches := others(t, time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC))
	whole := arrowBytes(t, schema, batches, arrowForms(schema)["stream"])
	for _, size := range []int{4, len(whole) / 2, len(whole) - 8, len(whole) - 1} {
		_, err := bulk.Import(t.Context(), newStore(t), write(t, "some.arrow", string(whole[:size])), bulk.Options{})
		if err == nil || !strings.Contains(err.Error(), "breaks off") {
			t.Errorf("%d of %d bytes: got error %v", size, len(whole), err)
		}
	}
}

func TestArrowColumnsThatCannotBeReadAreNamed(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "task_id", Type: arrow.BinaryTypes.String}, {Name: "websdr_id", Type: arrow.PrimitiveTypes.Int64}, {Name: "frequency_mhz", Type: arrow.PrimitiveTypes.Float64},
		{Name: "timestamp_utc", Type: arrow.FixedWidthTypes.Date32}, {Name: "snr_db", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)},
	}, nil)
	_, err := bulk.Import(t.Context(), newStore(t), write(t, "some.arrow", string(arrowBytes(t, schema, nil, arrowForms(schema)["file"]))), bulk.Options{})
	for _, column := range []string{`"timestamp_utc"`, `"snr_db"`} {
		if err == nil || !strings.Contains(err.Error(), column) {
			t.Errorf("got error %v, want one that names %s", err, column)
		}
	}
}

func TestABadRowOfArrowIsRejectedWithItsNumber(t *testing.T) {
	schema, batches := others(t, time.Date(1980, 3, 1, 12, 0, 0, 0, time.UTC))
	report, rejects := load(t, newStore(t), write(t, "some.arrow", string(arrowBytes(t, schema, batches[:1], arrowForms(schema)["stream"]))), bulk.Options{})
	want(t, report, 0, 0, 1)
	if got := strings.Join(rejects[1], "|"); !strings.HasPrefix(got, "1|timestamp_utc|") || !strings.Contains(got, "|145.35|12.001|120011|gps|0.3333333333333333||true|clipped gaps|") {
		t.Errorf("the reject is %s", got)
	}
}

func FuzzArrow(f *testing.F) {
	schema, batches := others(f, time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC))
	for _, form := range arrowForms(schema) {
		b := arrowBytes(f, schema, batches, form)
		f.Add(b)
		f.Add(append(bytes.Clone(b[:200]), b[208:]...))
	}
	f.Fuzz(fuzzed)
}
