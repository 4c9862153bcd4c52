package bulk_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/bulk"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
)

// newStore is a database with WebSDRs 1 and 2.
func newStore(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i := range 2 {
		_, err := s.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: fmt.Sprint("sim ", i), Kind: "sim", URL: "sim:///", Active: true, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load imports a file and returns what became of it and what was rejected.
func load(t testing.TB, s bulk.Store, path string, opt bulk.Options) (bulk.Report, [][]string) {
	t.Helper()
	opt.Rejects = filepath.Join(t.TempDir(), "rejected.csv")
	report, err := bulk.Import(t.Context(), s, path, opt)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(opt.Rejects)
	if os.IsNotExist(err) {
		return report, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.FieldsPerRecord = -1
	rejects, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return report, rejects
}

func rows(t testing.TB, s *sqlite.Store) (list []heimdall.Measurement) {
	t.Helper()
	for m, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func want(t testing.TB, got bulk.Report, stored, present, rejected int64) {
	t.Helper()
	if got.Rows != stored+present+rejected || got.Stored != stored || got.Present != present || got.Rejected != rejected {
		t.Errorf("the report is %+v, want %d stored, %d present, %d rejected", got, stored, present, rejected)
	}
}

const seed = `id,task_id,websdr_id,frequency_mhz,sample_rate_khz,samples_count,timestamp_utc,snr_db,frequency_offset_hz,power_dbm,s3_path
1,task-1,1,100.0,12.5,125000,2025-03-01 12:00:00.25+00,12.5,-3.25,-80.5,sessions/task-1/websdr_1.npy
2,task-1,2,100.0,12.5,125000,2025-03-01 12:00:00+00,,,,
`

func TestTheTenColumnsOfThePythonSystemAreEnough(t *testing.T) {
	s := newStore(t)
	report, rejects := load(t, s, write(t, "seed.csv", seed), bulk.Options{})
	want(t, report, 2, 0, 0)
	if rejects != nil {
		t.Errorf("rejected: %v", rejects)
	}
	got := rows(t, s)
	task := heimdall.TaskIDOf("task-1")
	diff := cmp.Diff([]heimdall.Measurement{
		{TaskID: task, WebSDRID: 1, FrequencyHz: 100_000_000, SampleRateHz: 12_500, SamplesCount: 125_000, TimeQuality: heimdall.TimeNone,
			Timestamp: time.Date(2025, 3, 1, 12, 0, 0, 250_000_000, time.UTC), S3Path: "sessions/task-1/websdr_1.npy",
			Metrics: heimdall.Metrics{SNRdB: new(12.5), FrequencyOffsetHz: new(-3.25), PowerDBM: new(-80.5), Flags: []string{}}},
		{TaskID: task, WebSDRID: 2, FrequencyHz: 100_000_000, SampleRateHz: 12_500, SamplesCount: 125_000, TimeQuality: heimdall.TimeNone,
			Timestamp: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC), Metrics: heimdall.Metrics{Flags: []string{}}},
	}, got)
	if diff != "" {
		t.Errorf("the rows (-want +got):\n%s", diff)
	}
	report, _ = load(t, s, write(t, "seed.csv", seed), bulk.Options{})
	want(t, report, 0, 2, 0)
}

// full has a value of its own in every column.
func full(at time.Time) heimdall.Measurement {
	m := heimdall.Measurement{TaskID: "019ab000-0000-7000-8000-00000000000f", WebSDRID: 2, Timestamp: at, FrequencyHz: 7_074_001,
		SampleRateHz: 12_001.135, SamplesCount: 120_011, S3Path: `sessions/a, "quoted" path`, TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 1e-6}
	for _, v := range reflect.ValueOf(&m.Metrics).Elem().Fields() {
		switch p := v.Addr().Interface().(type) {
		case *float64:
			*p = 0.1
		case **float64:
			*p = new(1 / 3.0)
		case *string:
			*p = "text"
		case **string:
			*p = new("carrier")
		case *bool:
			*p = true
		case *int:
			*p = 4096
		case *[]string:
			*p = []string{"clipped", "gaps"}
		}
	}
	return m
}

func csvOf(t testing.TB, ms ...heimdall.Measurement) string {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	records := [][]string{wire.Columns[wire.Measurement]()}
	for _, m := range ms {
		records = append(records, wire.Cells(wire.MeasurementOf(m)))
	}
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatMeasurementsCSVPrintsComesBackToTheLastDigit(t *testing.T) {
	s := newStore(t)
	m := full(time.Date(2025, 3, 1, 12, 0, 0, 123_456_000, time.UTC))
	report, rejects := load(t, s, write(t, "export.csv", csvOf(t, m)), bulk.Options{})
	want(t, report, 1, 0, 0)
	if diff := cmp.Diff([]heimdall.Measurement{m}, rows(t, s)); diff != "" {
		t.Errorf("the row (-want +got):\n%s\n%v", diff, rejects)
	}
}

func TestColumnsComeInAnyOrderAndUnderTheirOldNames(t *testing.T) {
	s := newStore(t)
	text := "\ufefffrequency_mhz,drift_sigma,welch_l,timestamp_utc,noise,websdr_id,task_id\r\n" +
		"\r\n145.5,0.25,512,2025-03-01T12:00:00,1,1.0,019AB000-0000-7000-8000-00000000000F" // no line end
	report, _ := load(t, s, write(t, "some.csv", text), bulk.Options{Ignore: []string{"noise"}})
	want(t, report, 1, 0, 0)
	got := rows(t, s)[0]
	if got.DriftSigmaHzS == nil || *got.DriftSigmaHzS != 0.25 || got.SegmentLength != 512 || got.TaskID != "019ab000-0000-7000-8000-00000000000f" {
		t.Errorf("the row is %+v", got)
	}
}

func TestABadRowIsRejectedAloneWithItsLineColumnAndReason(t *testing.T) {
	const header = "task_id,websdr_id,timestamp_utc,frequency_mhz,snr_db,detected,samples_count,flags\n"
	const good = "t,1,2025-03-01T12:00:00Z,100,1,true,5,a b\n"
	s := newStore(t)
	for _, test := range []struct{ name, row, column string }{
		{"NaN", "t,1,2025-03-01T12:00:01Z,100,NaN,,,", "snr_db"},
		{"an infinity", "t,1,2025-03-01T12:00:01Z,100,-Inf,,,", "snr_db"},
		{"a number too large for any", "t,1,2025-03-01T12:00:01Z,100,1e999,,,", "snr_db"},
		{"out of range", "t,1,2025-03-01T12:00:01Z,100,401,,,", "snr_db"},
		{"a frequency of NaN", "t,1,2025-03-01T12:00:01Z,nan,1,,,", "frequency_mhz"},
		{"a frequency beyond all", "t,1,2025-03-01T12:00:01Z,1e30,1,,,", "frequency_mhz"},
		{"no frequency", "t,1,2025-03-01T12:00:01Z,,1,,,", "frequency_mhz"},
		{"no id", ",1,2025-03-01T12:00:01Z,100,1,,,", "task_id"},
		{"a time of no sense", "t,1,yesterday,100,1,,,", "timestamp_utc"},
		{"the time 0", "t,1,1970-01-01T00:00:00Z,100,1,,,", "timestamp_utc"},
		{"a WebSDR that is none", "t,99,2025-03-01T12:00:01Z,100,1,,,", "websdr_id"},
		{"a WebSDR that is no number", "t,kiwi,2025-03-01T12:00:01Z,100,1,,,", "websdr_id"},
		{"no truth", "t,1,2025-03-01T12:00:01Z,100,1,perhaps,,", "detected"},
		{"half a sample", "t,1,2025-03-01T12:00:01Z,100,1,,0.5,", "samples_count"},
		{"too few cells", "t,1,2025-03-01T12:00:01Z", "line"},
		{"too many cells", "t,1,2025-03-01T12:00:01Z,100,1,,,,,", "line"},
		{"a quote that nobody closes", `t,1,"2025-03-01T12:00:01Z,100,1,,,`, "line"},
		{"a line beyond all length", "t,1,2025-03-01T12:00:01Z,100,1,,," + strings.Repeat("x", 3<<20), "line"},
	} {
		t.Run(test.name+" is refused", func(t *testing.T) {
			other := strings.Replace(good, "t,", test.name+",", 1) // a task of its own, and one more
			text := header + other + test.row + "\n" + strings.Replace(other, ":00Z", ":02Z", 1)
			report, rejects := load(t, s, write(t, "some.csv", text), bulk.Options{})
			want(t, report, 2, 0, 1)
			if len(rejects) != 2 || rejects[1][0] != "3" || rejects[1][1] != test.column || !strings.Contains(rejects[1][2], test.column) {
				t.Fatalf("rejected: %.300v, want line 3 for its %s", rejects, test.column)
			}
			if got := strings.Join(rejects[1][3:], ","); len(test.row) < 100 && got != test.row {
				t.Errorf("the reject says of the row %q, want %q", got, test.row)
			}
		})
	}
}

func TestRejectsCanBeMendedAndImported(t *testing.T) {
	s := newStore(t)
	rejected := filepath.Join(t.TempDir(), "rejected.csv")
	text := strings.Replace(seed, "12.5,-3.25", "NaN,-3.25", 1)
	if _, err := bulk.Import(t.Context(), s, write(t, "seed.csv", text), bulk.Options{Rejects: rejected}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(rejected)
	if err != nil {
		t.Fatal(err)
	}
	report, _ := load(t, s, write(t, "mended.csv", strings.ReplaceAll(string(b), "NaN,-3.25", "12.5,-3.25")), bulk.Options{})
	want(t, report, 1, 0, 0)
	if n := len(rows(t, s)); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestAFileOfNoUseIsRefusedAsAWhole(t *testing.T) {
	s := newStore(t)
	for name, test := range map[string]struct{ text, want string }{
		"an empty file":          {"", "empty"},
		"an unknown column":      {"task_id,websdr_id,timestamp_utc,frequency_mhz,nose_dbfs_hz\n", `"nose_dbfs_hz"`},
		"a column twice":         {"task_id,websdr_id,timestamp_utc,frequency_mhz,snr_db,snr_db\n", "twice"},
		"a column that is vital": {"task_id,websdr_id,timestamp_utc,snr_db\n", "frequency_mhz"},
		"half a Parquet file":    {"PAR1 and nothing more", "Parquet"},
		"an Arrow file":          {"ARROW1\x00\x00\xff\xff\xff\xff", "as Parquet or CSV"},
		"an Arrow stream":        {"\xff\xff\xff\xff\x00\x00\x00\x00", "as Parquet or CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bulk.Import(t.Context(), s, write(t, "some.csv", test.text), bulk.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that says %s", err, test.want)
			}
		})
	}
}

func TestIDsOfWebSDRsAreTranslated(t *testing.T) {
	s := newStore(t)
	report, rejects := load(t, s, write(t, "seed.csv", strings.ReplaceAll(seed, "task-1,2", "task-1,77")), bulk.Options{WebSDRs: map[int64]int64{77: 2, 1: 9}})
	want(t, report, 1, 0, 1)
	if len(rejects) != 2 || rejects[1][5] != "1" {
		t.Errorf("rejected: %v, want the row of WebSDR 1, as the file calls it", rejects)
	}
	if got := rows(t, s); len(got) != 1 || got[0].WebSDRID != 2 {
		t.Errorf("the rows are %+v, want one of WebSDR 2", got)
	}
}

// A failing store fails at the second call.
type failing struct {
	bulk.Store
	calls int
}

func (f *failing) ImportMeasurements(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) (heimdall.ImportResult, error) {
	if f.calls++; f.calls == 2 {
		return heimdall.ImportResult{}, os.ErrDeadlineExceeded
	}
	return f.Store.ImportMeasurements(ctx, rows, opt)
}

func TestAnImportThatBrokeOffGoesOnWhereItWas(t *testing.T) {
	s := newStore(t)
	var b strings.Builder
	b.WriteString("task_id,websdr_id,timestamp_utc,frequency_mhz\n")
	const n, batch = 1_200, 500
	at := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "task %d,%d,%s,100\n", i/170, i%2+1, at.Add(time.Duration(i)*time.Second).Format(time.RFC3339))
	}
	path := write(t, "many.csv", b.String())
	report, err := bulk.Import(t.Context(), &failing{Store: s}, path, bulk.Options{Batch: batch})
	if err == nil || report.Stored != batch {
		t.Fatalf("the first run stored %+v (%v)", report, err)
	}
	var shares []float64
	report, _ = load(t, s, path, bulk.Options{Batch: batch, Progress: func(r bulk.Report) { shares = append(shares, r.Done) }})
	want(t, report, n-batch, batch, 0)
	if !slices.IsSorted(shares) || len(shares) != 3 || shares[2] != 1 {
		t.Errorf("progress was %v", shares)
	}
	report, _ = load(t, s, path, bulk.Options{ImportOptions: heimdall.ImportOptions{DryRun: true}})
	want(t, report, 0, n, 0)
	if problems, err := s.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("afterwards: %v %v", problems, err)
	}
}
