package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// BenchmarkImport imports 10,000 rows, seven of each acquisition: a pass is all of them.
//
//	go test -run '^$' -bench Import ./store/sqlite
func BenchmarkImport(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "heimdall.db"))
	for i := range 7 {
		if _, err := s.CreateWebSDR(b.Context(), aWebSDR(fmt.Sprint("kiwi ", i))); err != nil {
			b.Fatal(err)
		}
	}
	n, start := 0, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		b.StopTimer()
		rows := make([]heimdall.ImportedMeasurement, 10_000)
		for i := range rows {
			rows[i] = heimdall.ImportedMeasurement{Measurement: heimdall.Measurement{
				TaskID: heimdall.TaskIDOf(fmt.Sprint("task ", n/7)), WebSDRID: int64(n%7 + 1), Timestamp: start.Add(time.Duration(n/7) * 10 * time.Second),
				FrequencyHz: 7_074_000, SampleRateHz: 12_000, SamplesCount: 120_000, TimeQuality: heimdall.TimeNone,
				Metrics: heimdall.Metrics{SNRdB: new(float64(n%30) + 0.1), FrequencyOffsetHz: new(float64(n%7) - 3.3), PowerDBM: new(-80.5)}}}
			n++
		}
		b.StartTimer()
		r, err := s.ImportMeasurements(b.Context(), rows, heimdall.ImportOptions{})
		if err != nil || r.Stored != len(rows) {
			b.Fatal(r.Stored, err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}
