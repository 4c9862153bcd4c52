package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// BenchmarkFinishCapture ends the seven captures of an acquisition at once, durably: a pass is all seven. They are
// made outside the clock.
//
//	go test -run '^$' -bench FinishCapture ./store/postgres
func BenchmarkFinishCapture(b *testing.B) {
	s := openWith(b, pgtest.Private(b, true).URL("postgres"), postgres.Options{})
	ids := createWebSDRs(b, s, 7)
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		job := runningJob(b, s, ids)
		b.StartTimer()
		began := time.Now()
		finishAtOnce(b, s, job)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func finishAtOnce(b *testing.B, s *postgres.Store, jobs ...*acquire.Job) {
	var group sync.WaitGroup
	for _, job := range jobs {
		for _, c := range job.Captures {
			group.Go(func() {
				c, m := success(c, time.Now())
				if err := s.FinishCapture(b.Context(), job.Lease, c, m); err != nil {
					b.Error(err)
				}
			})
		}
	}
	group.Wait()
}

// BenchmarkManyAcquisitionsEndAtOnce ends a thousand captures of fifty acquisitions.
func BenchmarkManyAcquisitionsEndAtOnce(b *testing.B) {
	s := openWith(b, pgtest.Private(b, true).URL("postgres"), postgres.Options{})
	ids := createWebSDRs(b, s, 20)
	rows := 0
	for b.Loop() {
		b.StopTimer()
		var jobs []*acquire.Job
		for range 50 {
			jobs = append(jobs, runningJob(b, s, ids))
		}
		b.StartTimer()
		finishAtOnce(b, s, jobs...)
		rows += len(jobs) * len(ids)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkInsertThousand stores batches of a thousand measurements as the writer does and, for a limit, by COPY in
// its binary form into a table without any index.
func BenchmarkInsertThousand(b *testing.B) {
	url := pgtest.Private(b, true).URL("postgres")
	s := openWith(b, url, postgres.Options{})
	exec(b, pgtest.Connect(b, url), `CREATE TABLE bare (LIKE measurement_rows)`)
	start, n := time.Now(), 0
	batch := func() []heimdall.Measurement {
		ms := make([]heimdall.Measurement, 1000)
		taskID := fmt.Sprintf("019ab000-0000-7000-8000-%012x", n)
		for i := range ms {
			_, m := success(heimdall.Capture{TaskID: taskID, WebSDRID: int64(i + 1)}, start.Add(time.Duration(n)*time.Second))
			for _, p := range []**float64{&m.SNRSigmaDB, &m.SNRUpperDB, &m.CN0dBHz, &m.SignalDBFS, &m.ChannelPowerDBFS, &m.NoiseDBFSHz, &m.PowerDBFS, &m.PeakDBFS, &m.PAPRdB, &m.OBWHz} {
				*p = new(float64(i) + 0.1)
			}
			ms[i] = *m
		}
		n++
		return ms
	}
	for name, insert := range map[string]func([]heimdall.Measurement){
		"unnest": func(ms []heimdall.Measurement) { postgres.InsertMeasurements(b, s, ms) },
		"copy":   func(ms []heimdall.Measurement) { postgres.CopyMeasurements(b, s, "bare", ms) },
	} {
		b.Run(name, func(b *testing.B) {
			rows := 0
			for b.Loop() {
				b.StopTimer()
				ms := batch()
				b.StartTimer()
				insert(ms)
				rows += len(ms)
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
