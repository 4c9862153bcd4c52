package postgres_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// BenchmarkSize keeps a day of fifty WebSDRs, measured every minute, on full TimescaleDB, in chunks that are compressed and in
// chunks that are not: in the table, with the indexes, segments and chunks of the system that Heimdall grew from, and
// in ours, once with what that table has columns for and once with everything that is measured. Bytes are those of a
// row with its indexes.
//
// steady is a month of each under its own policies, theirs over ours: that system compresses chunks of 7 days when they
// are 7 days old and drops them after 30, so on average 10.5 of 33.5 days are raw; ours does so with days that are 2
// days old, so 2.5 of 30.5 are.
//
//	HEIMDALL_TEST_TIMESCALE_URL=... go test -run '^$' -bench Size -benchtime 1x ./store/postgres
func BenchmarkSize(b *testing.B) {
	server := pgtest.Timescale(b)
	measured := someMetrics(b, 1000)
	var seed [2]float64
	for _, set := range []struct {
		name    string
		metrics func(i int) heimdall.Metrics
	}{
		{"seed's columns", func(i int) heimdall.Metrics {
			m := measured[i%len(measured)]
			return heimdall.Metrics{SNRdB: m.SNRdB, FrequencyOffsetHz: m.FrequencyOffsetHz, PowerDBM: m.PowerDBM}
		}},
		{"all columns", func(i int) heimdall.Metrics { return measured[i%len(measured)] }},
	} {
		b.Run(set.name, func(b *testing.B) {
			for b.Loop() {
				ours, theirs := sizes(b, server, set.metrics)
				if seed[0] == 0 {
					seed = theirs
				}
				b.ReportMetric(ours[0], "B/row")
				b.ReportMetric(ours[1], "B/row-compressed")
				b.ReportMetric(seed[0], "B/row-seed")
				b.ReportMetric(seed[1], "B/row-seed-compressed")
				b.ReportMetric((10.5*seed[0]+23*seed[1])/(2.5*ours[0]+28*ours[1]), "steady")
			}
		})
	}
}

// sizes are the bytes of a row, raw and compressed.
func sizes(b *testing.B, server *pgtest.Server, metrics func(i int) heimdall.Metrics) (ours, theirs [2]float64) {
	url := server.Database(b)
	s, conn := openWith(b, url, postgres.Options{}), pgtest.Connect(b, url)
	exec(b, conn, `SELECT remove_compression_policy('measurement_rows')`) // which would come too early here
	exec(b, conn, seedTable)
	exec(b, conn, `SELECT create_hypertable('seed', 'timestamp_utc', chunk_time_interval => INTERVAL '7 days')`)
	exec(b, conn, `ALTER TABLE seed SET (timescaledb.compress, timescaledb.compress_segmentby = 'websdr_id,task_id',
		timescaledb.compress_orderby = 'timestamp_utc DESC')`)
	noon := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	data, rows := siggen.NewSource(1, 1), 0
	for minute := range 24 * 60 {
		ms := make([]heimdall.Measurement, benchWebSDRs)
		for w := range ms {
			at := noon.Add(time.Duration(minute)*time.Minute + time.Duration(data.Word(uint64(rows))%84)*time.Microsecond) // within a sample of each other
			_, m := success(heimdall.Capture{TaskID: fmt.Sprintf("019ab000-0000-7000-8000-%04x%08x", data.Word(uint64(minute))&0xffff, minute), WebSDRID: int64(w + 1)}, at)
			m.FrequencyHz, m.SampleRateHz, m.SamplesCount = 7_000_000+int64(minute/30%20)*100_000, 12_000, 120_000
			m.Metrics = metrics(int(data.Word(uint64(rows)) % 1000))
			if m.SNRSigmaDB != nil { // the rate as it was measured
				m.SampleRateHz, m.TimeQuality, m.TimeUncertaintyS = 12_000+float64(data.Word(uint64(rows))%1000)/1e5, heimdall.TimeGPS, 1.5e-6
			}
			ms[w] = *m
			rows++
		}
		postgres.InsertMeasurements(b, s, ms)
	}
	exec(b, conn, `INSERT INTO seed (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db, frequency_offset_hz, power_dbm, s3_path)
		SELECT task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db, frequency_offset_hz, power_dbm, s3_path
		FROM measurements ORDER BY timestamp_utc`)
	for i, do := range []string{`SELECT 1`, `SELECT count(compress_chunk(c)) FROM unnest(ARRAY['seed', 'measurement_rows']) AS t, show_chunks(t::regclass) AS c`} {
		exec(b, conn, do)
		ours[i] = get[float64](b, conn, `SELECT hypertable_size('measurement_rows')::float8 / $1::int`, rows)
		theirs[i] = get[float64](b, conn, `SELECT hypertable_size('seed')::float8 / $1::int`, rows)
	}
	return ours, theirs
}

// someMetrics are those of n records of 1 s with tones of all strengths in noise, as a calibrated receiver gives them.
func someMetrics(b *testing.B, n int) []heimdall.Metrics {
	b.Helper()
	out := make([]heimdall.Metrics, n)
	for i := range out {
		data, noise := siggen.NewSource(uint64(i), 7), -110.0
		v := siggen.Vector{SampleRateHz: 12_000, Samples: 12_000, Seed: uint64(i), NoiseDBFSHz: &noise,
			Signals: []siggen.Signal{{Kind: "tone", FreqHz: 300*data.Uniform(0) - 150, LevelDBFS: -70 + 30*data.Uniform(1)}}}
		z, err := v.Build()
		if err != nil {
			b.Fatal(err)
		}
		samples, err := siggen.Quantise(z, "ci16")
		if err != nil {
			b.Fatal(err)
		}
		meter, err := dsp.NewMeter(dsp.Config{Format: iq.CI16LE, SampleRateHz: 12_000, ChannelBandwidthHz: 3_000, ClockSigmaPPM: 0.1, RadioFrequencyHz: 7e6})
		if err == nil {
			_, err = meter.Write(samples)
		}
		if err != nil {
			b.Fatal(err)
		}
		m, err := meter.Finish(dsp.End{Calibration: &dsp.Calibration{DB: -10, SigmaDB: 1, Source: "table"}})
		if err != nil || m.SNRdB == nil || math.IsNaN(*m.SNRdB) {
			b.Fatalf("metrics %+v: %v", m, err)
		}
		out[i] = heimdall.Metrics(m)
	}
	return out
}
