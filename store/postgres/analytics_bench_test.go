package postgres_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

var benchRows = flag.Int("rows", 1_000_000, "captures in the month that the benchmarks ask about")

// month begins that of the benchmarks, which has 30 days.
var month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

const benchWebSDRs = 50

// aMonth is of fifty WebSDRs on twenty frequencies that change every half an hour, under four labels; one capture in a
// hundred failed.
func aMonth(b *testing.B) (*postgres.Store, *pgx.Conn) {
	b.Helper()
	url := pgtest.Private(b, false).URL("postgres")
	s, conn := openWith(b, url, postgres.Options{}), pgtest.Connect(b, url)
	createWebSDRs(b, s, benchWebSDRs)
	acquisitions := *benchRows / benchWebSDRs
	period := (30 * 24 * time.Hour / time.Duration(acquisitions)).Truncate(time.Microsecond)
	exec(b, conn, `SELECT heimdall_create_partitions('2026-10-01', 30)`)
	exec(b, conn, `SET session_replication_role = replica`) // no checks of foreign keys, which take most of the time
	exec(b, conn, `
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, started_at, ended_at, claims, fence)
SELECT ('019ab000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'label ' || slot % 4, 7000000 + slot % 20 * 1000, 10, 0, 0, 0,
    20, 'partial', false, '', at, at + INTERVAL '1 second', at + INTERVAL '20 seconds', 1, 1
FROM (SELECT i, $2::timestamptz + i * $3::interval AS at, (i * extract(epoch FROM $3::interval) / 1800)::int AS slot
      FROM generate_series(0, $1::int - 1) AS i) AS a`, acquisitions, month, period)
	exec(b, conn, `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds,
    started_at, ended_at, s3_path, sample_rate_hz, samples_count, bytes, start_unix_ns)
SELECT task_id, w, 0, CASE WHEN good THEN 'success' ELSE 'failed' END, 'done', 1, CASE WHEN good THEN '' ELSE 'busy' END, '', 0, 10,
    started_at, ended_at, CASE WHEN good THEN 'sessions/' || task_id || '/websdr_' || w || '.sigmf-data' END,
    12000, 120000, 480000, CASE WHEN good THEN (extract(epoch FROM started_at) * 1000000)::bigint * 1000 END
FROM (SELECT a.*, w, hashint4(w * 7919 + extract(epoch FROM started_at)::int) % 100 <> 0 AS good FROM acquisitions AS a, generate_series(1, $1::int) AS w) AS c`, benchWebSDRs)
	exec(b, conn, `
INSERT INTO measurement_rows (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, time_quality, time_uncertainty_s,
    snr_db, snr_bandwidth_hz, detected, noise_source, clip_fraction, frequency_method, frequency_offset_hz, noise_dbfs_hz, power_dbfs, obw_valid,
    flags, algorithm_version, welch_l, welch_k)
SELECT task_id, websdr_id, TIMESTAMPTZ 'epoch' + c.start_unix_ns / 1000 * INTERVAL '1 microsecond', a.frequency_hz, 12000, 120000, 'gps', 1e-6,
    random() * 40, 2500, random() > 0.5, 'off_channel', 0, 'carrier', random(), -120, -30, false,
    '[]', '1', 1024, 100 FROM captures AS c JOIN acquisitions AS a USING (task_id) WHERE c.state = 'success' ORDER BY 3, 2`)
	for _, query := range postgres.FillRollups {
		exec(b, conn, query)
	}
	exec(b, conn, `INSERT INTO recorded_changes SELECT sum(bytes) FROM captures`) // what the triggers would have done
	exec(b, conn, `RESET session_replication_role`)
	exec(b, conn, `VACUUM ANALYZE`)
	b.Logf("%d measurements, %d rollups of hours", get[int](b, conn, `SELECT count(*) FROM measurement_rows`), get[int](b, conn, `SELECT count(*) FROM captures_hourly`))
	return s, conn
}

// BenchmarkMonth is about a month of a million rows, or as many as -rows says.
//
//	go test -run '^$' -bench Month -benchtime 10x ./store/postgres [-rows 10000000 -timeout 60m]
func BenchmarkMonth(b *testing.B) {
	s, conn := aMonth(b)
	b.Run("ask", func(b *testing.B) { benchmarkAnalytics(b, s, conn) })
	b.Run("delete days", func(b *testing.B) { benchmarkRetention(b, s, conn) })
}

// Where raw is given, x-raw is how many times as long the same question takes of the rows.
func benchmarkAnalytics(b *testing.B, s *postgres.Store, conn *pgx.Conn) {
	whole := heimdall.AnalyticsFilter{From: month, To: month.AddDate(0, 0, 30)}
	ragged, one, week := whole, whole, whole
	ragged.From, ragged.To = whole.From.Add(20*time.Minute), whole.To.Add(-20*time.Minute)
	one.WebSDRIDs = []int64{7}
	week.From = whole.To.AddDate(0, 0, -7)
	trend := func(bucket heimdall.Bucket) func(context.Context, heimdall.AnalyticsFilter) error {
		return func(ctx context.Context, f heimdall.AnalyticsFilter) error {
			_, err := s.SNRTrend(ctx, f, bucket)
			return err
		}
	}
	report := func(ctx context.Context, f heimdall.AnalyticsFilter) error {
		_, err := s.PerformanceReport(ctx, f)
		return err
	}
	const rawTrend = `SELECT time_bucket('1 hour', timestamp_utc) AS hour, websdr_id, count(*), avg(snr_db), min(snr_db), max(snr_db)
		FROM measurements WHERE timestamp_utc >= $1 AND timestamp_utc < $2 GROUP BY 1, 2`
	const rawReport = `SELECT websdr_id, count(*), avg(snr_db), min(snr_db), max(snr_db), avg(frequency_offset_hz)
		FROM measurements WHERE timestamp_utc >= $1 AND timestamp_utc < $2 GROUP BY 1`
	for _, q := range []struct {
		name   string
		ask    func(context.Context, heimdall.AnalyticsFilter) error
		filter heimdall.AnalyticsFilter
		raw    string
	}{
		{"SNRTrend by hour, 30 days", trend(heimdall.Hourly), whole, rawTrend},
		{"SNRTrend by hour, 30 days ragged", trend(heimdall.Hourly), ragged, ""},
		{"SNRTrend by hour, one WebSDR", trend(heimdall.Hourly), one, ""},
		{"SNRTrend by day, 30 days", trend(heimdall.Daily), whole, ""},
		{"FrequencyDrift by day, 30 days", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
			_, err := s.FrequencyDrift(ctx, f, heimdall.Daily)
			return err
		}, whole, ""},
		{"PerformanceReport, 7 days", report, week, rawReport},
		{"PerformanceReport, 30 days", report, whole, ""},
		{"Coverage, 30 days", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
			_, err := s.Coverage(ctx, f)
			return err
		}, whole, ""},
		{"SessionStatistics, 30 days", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
			_, err := s.SessionStatistics(ctx, f)
			return err
		}, whole, ""},
		{"LatestPerWebSDR", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
			_, err := s.LatestPerWebSDR(ctx, nil)
			return err
		}, whole, ""},
		{"recent rows of a WebSDR, 100", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
			_, err := s.Measurements(ctx, heimdall.MeasurementFilter{WebSDRIDs: []int64{7}, From: f.To.AddDate(0, 0, -1), Limit: 100})
			return err
		}, whole, ""},
	} {
		b.Run(q.name, func(b *testing.B) {
			var raw, asked time.Duration
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if err := q.ask(b.Context(), q.filter); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				asked += took[len(took)-1]
				if q.raw == "" || len(took) > 10 { // the rows are asked ten times
					continue
				}
				b.StopTimer()
				began = time.Now()
				rows, err := conn.Query(b.Context(), q.raw, q.filter.From, q.filter.To)
				if err == nil {
					rows.Close()
					err = rows.Err()
				}
				if err != nil {
					b.Fatal(err)
				}
				raw += time.Since(began)
				b.StartTimer()
			}
			if q.raw != "" {
				b.ReportMetric(raw.Seconds()/float64(min(len(took), 10))/(asked.Seconds()/float64(len(took))), "x-raw")
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1e3, "p99-ms")
		})
	}
}

// The measurements of a day, once at one stroke and once row by row, on two days of the same month. Vacuum is what DELETE
// leaves to be done.
func benchmarkRetention(b *testing.B, s *postgres.Store, conn *pgx.Conn) {
	var dropped, deleted, vacuumed time.Duration
	rows := 0
	for d := 0; d+1 < 30 && b.Loop(); d += 2 {
		first, second := month.AddDate(0, 0, d), month.AddDate(0, 0, d+1)
		rows += get[int](b, conn, `SELECT count(*) FROM measurement_rows WHERE timestamp_utc >= $1 AND timestamp_utc < $2`, first, second)
		dropped += postgres.DeleteDay(b, s, first)
		reader := pgtest.Connect(b, conn.Config().ConnString()) // who is in the way of the stroke
		exec(b, reader, `BEGIN`)
		exec(b, reader, fmt.Sprintf(`SELECT 1 FROM measurement_rows_%s LIMIT 1`, second.Format("20060102")))
		deleted += postgres.DeleteDay(b, s, second) - postgres.Patience
		exec(b, reader, `COMMIT`)
		began := time.Now()
		exec(b, conn, `VACUUM measurement_rows_`+second.Format("20060102"))
		vacuumed += time.Since(began)
		reader.Close(b.Context())
	}
	b.ReportMetric(float64(rows)/float64(b.N), "rows/day")
	b.ReportMetric(dropped.Seconds()*1e3/float64(b.N), "ms-drop")
	b.ReportMetric(deleted.Seconds()*1e3/float64(b.N), "ms-delete")
	b.ReportMetric(vacuumed.Seconds()*1e3/float64(b.N), "ms-vacuum")
	b.ReportMetric((deleted+vacuumed).Seconds()/dropped.Seconds(), "x-drop")
}
