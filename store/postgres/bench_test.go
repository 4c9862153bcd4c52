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

// seedTable is that of the system that Heimdall grew from, with its indexes; the last is one that its TimescaleDB adds.
const seedTable = `
CREATE TABLE seed (id BIGSERIAL, task_id TEXT, websdr_id INTEGER, frequency_mhz DOUBLE PRECISION, sample_rate_khz DOUBLE PRECISION,
    samples_count INTEGER, timestamp_utc TIMESTAMPTZ, snr_db DOUBLE PRECISION, frequency_offset_hz DOUBLE PRECISION,
    power_dbm DOUBLE PRECISION, s3_path TEXT, PRIMARY KEY (task_id, websdr_id, timestamp_utc));
CREATE INDEX ON seed (websdr_id, timestamp_utc DESC);
CREATE INDEX ON seed (task_id, timestamp_utc DESC);
CREATE INDEX ON seed (frequency_mhz, timestamp_utc DESC);
CREATE INDEX seed_timestamp_utc_idx ON seed (timestamp_utc DESC)`

// BenchmarkInsertThousand stores batches of a thousand measurements in turn by COPY in its binary form into a table
// without any index, which nothing can be faster than; as the writer does, keyed and partitioned; the same with their
// rollups; and one by one, each a transaction, into the table that the system had from which Heimdall grew.
//
//	go test -run '^$' -bench InsertThousand -benchtime 20x ./store/postgres
func BenchmarkInsertThousand(b *testing.B) {
	url := pgtest.Private(b, true).URL("postgres")
	s, conn := openWith(b, url, postgres.Options{}), pgtest.Connect(b, url)
	exec(b, conn, `CREATE TABLE bare (LIKE measurement_rows)`)
	exec(b, conn, seedTable)
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
	var took [4]time.Duration // for a row
	for b.Loop() {
		for way, insert := range []func([]heimdall.Measurement){
			func(ms []heimdall.Measurement) { postgres.CopyMeasurements(b, s, "bare", ms) },
			func(ms []heimdall.Measurement) { postgres.InsertMeasurements(b, s, ms) },
			func(ms []heimdall.Measurement) {
				postgres.InsertMeasurements(b, s, ms)
				postgres.RollMeasurements(b, s, ms)
			},
			func(ms []heimdall.Measurement) {
				for _, m := range ms {
					exec(b, conn, `INSERT INTO seed (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db,
						frequency_offset_hz, power_dbm, s3_path) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
						m.TaskID, m.WebSDRID, float64(m.FrequencyHz)/1e6, m.SampleRateHz/1e3, m.SamplesCount, m.Timestamp, m.SNRdB,
						m.FrequencyOffsetHz, m.PowerDBM, m.S3Path)
				}
			},
		} {
			ms := batch()
			if way == 3 {
				ms = ms[:100]
			}
			began := time.Now()
			insert(ms)
			took[way] += time.Since(began) / time.Duration(len(ms))
		}
	}
	for way, name := range []string{"copy", "keyed", "keyed+rollups", "one-by-one"} {
		b.ReportMetric(float64(b.N)/took[way].Seconds(), "rows/s-"+name)
	}
	b.ReportMetric(float64(took[0])/float64(took[1]), "keyed/copy")
	b.ReportMetric(float64(took[3])/float64(took[2]), "rollups/one-by-one")
}
