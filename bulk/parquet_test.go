package bulk_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/bulk"
)

// parquetOf is rows as a file, in groups of two.
func parquetOf[T any](t testing.TB, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.MaxRowsPerRowGroup(2))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, "some.parquet", b.String())
}

type seedRow struct {
	TaskID      string    `parquet:"task_id"`
	WebSDRID    int32     `parquet:"websdr_id"`
	MHz         float64   `parquet:"frequency_mhz"`
	KHz         *float64  `parquet:"sample_rate_khz,optional"`
	Samples     int64     `parquet:"samples_count"`
	At          time.Time `parquet:"timestamp_utc,timestamp(microsecond)"`
	SNRdB       *float64  `parquet:"snr_db,optional"`
	OffsetHz    *float64  `parquet:"frequency_offset_hz,optional"`
	PowerDBM    *float64  `parquet:"power_dbm,optional"`
	S3Path      string    `parquet:"s3_path"`
	Detected    bool      `parquet:"detected"`
	Flags       []string  `parquet:"flags,list"`
	Unimportant int64     `parquet:"id"`
}

func TestAParquetFileSaysTheSameAsCSV(t *testing.T) {
	s := newStore(t)
	at := time.Date(2025, 3, 1, 12, 0, 0, 250_000_000, time.UTC)
	report, rejects := load(t, s, parquetOf(t,
		seedRow{"task-1", 1, 100, new(12.5), 125_000, at, new(12.5), new(-3.25), new(-80.5), "sessions/task-1/websdr_1.npy", true, []string{"a", "b"}, 1},
		seedRow{"task-1", 2, 100, nil, 0, at, nil, nil, nil, "", false, nil, 2},
		seedRow{"task-1", 2, 100, nil, 0, at.Add(time.Second), new(math.NaN()), nil, nil, "", false, nil, 3},
		seedRow{"task-1", 9, 100, nil, 0, at, new(1.5), nil, nil, "p", true, []string{"a", "b"}, 4},
		seedRow{"task-1", 2, 100, nil, 0, at, nil, nil, nil, "", false, nil, 5},
	), bulk.Options{})
	want(t, report, 2, 1, 2)
	task := heimdall.TaskIDOf("task-1")
	diff := cmp.Diff([]heimdall.Measurement{
		{TaskID: task, WebSDRID: 2, FrequencyHz: 100_000_000, TimeQuality: heimdall.TimeNone, Timestamp: at, Metrics: heimdall.Metrics{Flags: []string{}}},
		{TaskID: task, WebSDRID: 1, FrequencyHz: 100_000_000, SampleRateHz: 12_500, SamplesCount: 125_000, TimeQuality: heimdall.TimeNone,
			Timestamp: at, S3Path: "sessions/task-1/websdr_1.npy",
			Metrics: heimdall.Metrics{SNRdB: new(12.5), FrequencyOffsetHz: new(-3.25), PowerDBM: new(-80.5), Detected: true, Flags: []string{"a", "b"}}},
	}, rows(t, s))
	if diff != "" {
		t.Errorf("the rows (-want +got):\n%s", diff)
	}
	var got []string
	for _, r := range rejects {
		got = append(got, strings.Join(append(r[:2:2], r[3:]...), ","))
	}
	diff = cmp.Diff([]string{
		"rejected_line,rejected_column,task_id,websdr_id,frequency_mhz,sample_rate_khz,samples_count,timestamp_utc,snr_db,frequency_offset_hz,power_dbm,s3_path,detected,flags,id",
		"3,snr_db,task-1,2,100,,0,2025-03-01T12:00:01.25Z,NaN,,,,false,,3",
		"4,websdr_id,task-1,9,100,0,0,2025-03-01T12:00:00.25Z,1.5,,,p,true,a b,",
	}, got)
	if diff != "" {
		t.Errorf("the rejects (-want +got):\n%s", diff)
	}
}

func TestParquetTypesOfOtherProgramsAreUnderstood(t *testing.T) {
	type row struct {
		TaskID   uuid.UUID        `parquet:"task_id,uuid"`
		WebSDRID float64          `parquet:"websdr_id"` // pandas, of a column with gaps
		MHz      float32          `parquet:"frequency_mhz"`
		KHz      int64            `parquet:"sample_rate_khz,decimal(3:18)"`
		At       deprecated.Int96 `parquet:"timestamp_utc"` // Spark
		Samples  uint32           `parquet:"samples_count"`
		SNRdB    int32            `parquet:"snr_db"`
		Detected int32            `parquet:"detected"`
		Quality  []byte           `parquet:"time_quality"`
	}
	at := time.Date(2025, 3, 1, 12, 0, 0, 250_000_000, time.UTC)
	nanos := uint64(at.Sub(at.Truncate(24 * time.Hour)))
	id := uuid.MustParse("019ab000-0000-7000-8000-00000000000f")
	s := newStore(t)
	report, rejects := load(t, s, parquetOf(t, row{id, 2, 145.35, 12_001, // 12.001 kHz
		deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(at.Unix()/86400 + 2440588)}, 3_000_000_000, -7, 1, []byte("gps")}), bulk.Options{})
	want(t, report, 1, 0, 0)
	if rejects != nil {
		t.Fatal(rejects)
	}
	diff := cmp.Diff([]heimdall.Measurement{{TaskID: id.String(), WebSDRID: 2, FrequencyHz: 145_350_000, SampleRateHz: 12_001, SamplesCount: 3_000_000_000,
		Timestamp: at, TimeQuality: heimdall.TimeGPS, Metrics: heimdall.Metrics{SNRdB: new(-7.0), Detected: true, Flags: []string{}}}}, rows(t, s))
	if diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
}

func TestParquetColumnsThatCannotBeReadAreNamed(t *testing.T) {
	type row struct {
		TaskID   string    `parquet:"task_id"`
		WebSDRID int32     `parquet:"websdr_id"`
		MHz      float64   `parquet:"frequency_mhz"`
		At       int32     `parquet:"timestamp_utc,date"`
		SNRdB    []float64 `parquet:"snr_db,list"`
	}
	_, err := bulk.Import(t.Context(), newStore(t), parquetOf(t, row{}), bulk.Options{})
	for _, column := range []string{`"timestamp_utc"`, `"snr_db"`} {
		if err == nil || !strings.Contains(err.Error(), column) {
			t.Errorf("got error %v, want one that names %s", err, column)
		}
	}
}

// A taker takes everything.
type taker struct{ rows int64 }

func (s *taker) ImportMeasurements(_ context.Context, rows []heimdall.ImportedMeasurement, _ heimdall.ImportOptions) (heimdall.ImportResult, error) {
	s.rows += int64(len(rows))
	return heimdall.ImportResult{Stored: len(rows)}, nil
}

// Whatever is in a file, it ends in rows that add up, or in an error.
func fuzzed(t *testing.T, content []byte) {
	path := filepath.Join(t.TempDir(), "some")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &taker{}
	r, err := bulk.Import(t.Context(), s, path, bulk.Options{Rejects: path + ".rejected.csv"})
	if err == nil && (r.Rows != r.Stored+r.Rejected || r.Stored != s.rows) {
		t.Errorf("the rows do not add up: %+v, %d taken", r, s.rows)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(seed))
	f.Add([]byte("task_id,websdr_id,timestamp_utc,frequency_mhz\n\"a\"\",1\n,,,\nt,1,2025-03-01,1e400\n"))
	f.Add([]byte(csvOf(f, full(time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)))))
	f.Fuzz(fuzzed)
}

func FuzzParquet(f *testing.F) {
	at := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	b, err := os.ReadFile(parquetOf(f, seedRow{TaskID: "t", WebSDRID: 1, MHz: 100, At: at, Flags: []string{"a"}}, seedRow{}, seedRow{SNRdB: new(1.5)}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(append(bytes.Clone(b[:200]), b[210:]...))
	f.Fuzz(fuzzed)
}
