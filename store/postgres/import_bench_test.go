package postgres_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// importSeries makes rows that follow each other: every ten seconds one of each of seven WebSDRs.
type importSeries struct {
	n     int
	times int // of one acquisition
	full  bool
}

func (s *importSeries) next(count int) []heimdall.ImportedMeasurement {
	start := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := make([]heimdall.ImportedMeasurement, count)
	for i := range rows {
		at := s.n / 7
		m := heimdall.Measurement{TaskID: heimdall.TaskIDOf(fmt.Sprint("task ", at/s.times, s.times, s.full)), WebSDRID: int64(s.n%7 + 1),
			Timestamp: start.Add(time.Duration(at) * 10 * time.Second), FrequencyHz: 7_074_000, SampleRateHz: 12_000, SamplesCount: 120_000,
			TimeQuality: heimdall.TimeNone, Metrics: heimdall.Metrics{SNRdB: new(float64(s.n%300) / 10), FrequencyOffsetHz: new(float64(s.n%7) - 3.3), PowerDBM: new(-80.5)}}
		if s.full {
			for _, p := range []**float64{&m.SNRSigmaDB, &m.SNRUpperDB, &m.CN0dBHz, &m.SignalDBFS, &m.ChannelPowerDBFS, &m.NoiseDBFSHz, &m.NoiseUsedFraction,
				&m.PowerDBFS, &m.PeakDBFS, &m.PAPRdB, &m.DCdBFS, &m.FrequencySigmaHz, &m.ClockSigmaHz, &m.LineFraction, &m.DriftHzS, &m.DriftSigmaHzS,
				&m.OBWHz, &m.OBWLowHz, &m.OBWHighHz, &m.FlatnessDB, &m.SpectralKurtosis, &m.Duty, &m.OnSNRdB} {
				*p = new(float64(s.n%100) / 100)
			}
			m.FrequencyMethod, m.NoiseSource, m.AlgorithmVersion = new("carrier"), "quantile", "2"
		}
		rows[i] = heimdall.ImportedMeasurement{Measurement: m}
		s.n++
	}
	return rows
}

// BenchmarkImport compares an import with what nothing can be quicker than, COPY in its binary form into a table
// without any index, by turns in one run: calls of 20,000 rows, durable. of-copy is the ratio.
//
//	go test -run '^$' -bench Import ./store/postgres
func BenchmarkImport(b *testing.B) {
	for name, series := range map[string]importSeries{
		"seed columns, a capture for each row":   {times: 1},
		"seed columns, a capture for 1,000 rows": {times: 1000},
		"all columns, a capture for each row":    {times: 1, full: true},
		"all columns, a capture for 1,000 rows":  {times: 1000, full: true},
	} {
		b.Run(name, func(b *testing.B) {
			url := pgtest.Private(b, true).URL("postgres")
			s := openWith(b, url, postgres.Options{})
			createWebSDRs(b, s, 7)
			exec(b, pgtest.Connect(b, url), `CREATE TABLE bare (LIKE measurement_rows)`)
			ways := map[string]func([]heimdall.ImportedMeasurement){
				"copy":       func(rows []heimdall.ImportedMeasurement) { postgres.CopyImport(b, s, "bare", rows) },
				"no-rollups": func(rows []heimdall.ImportedMeasurement) { postgres.ImportWithoutRollups(b, s, rows) },
				"import": func(rows []heimdall.ImportedMeasurement) {
					if r, err := s.ImportMeasurements(b.Context(), rows, heimdall.ImportOptions{}); err != nil || r.Stored != len(rows) {
						b.Fatal(r.Stored, err)
					}
				},
			}
			took := map[string][]time.Duration{}
			const count = 20_000
			for b.Loop() {
				for _, way := range slices.Sorted(maps.Keys(ways)) {
					rows := series.next(count)
					began := time.Now()
					ways[way](rows)
					took[way] = append(took[way], time.Since(began))
				}
			}
			median := func(way string) float64 { slices.Sort(took[way]); return took[way][len(took[way])/2].Seconds() }
			b.ReportMetric(count/median("copy"), "copy-rows/s")
			b.ReportMetric(count/median("import"), "rows/s")
			b.ReportMetric(median("copy")/median("import"), "of-copy")
			b.ReportMetric(median("copy")/median("no-rollups"), "of-copy-without-rollups")
		})
	}
}
