package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// monthOf is a month of so many WebSDRs on 20 frequencies that change every half an hour: a million captures, one in a
// hundred of which failed, of acquisitions under four labels.
func monthOf(websdrs int) []string {
	acquisitions := 1_008_000 / websdrs
	period := 30 * 86_400 / acquisitions
	halfHour := 1800 / period
	return []string{fmt.Sprintf(`
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, started_at, ended_at, claims, fence)
SELECT printf('task-%%08d', i), 'label ' || (i / %[2]d %% 4), 7000000 + i / %[2]d %% 20 * 1000, 10.0, 0, 0.0, 0.0, 20.0, 'partial', 0, '',
    (1700006400 + i * %[3]d) * 1000000, (1700006401 + i * %[3]d) * 1000000, (1700006420 + i * %[3]d) * 1000000, 1, 1 FROM n`,
		acquisitions-1, halfHour, period), fmt.Sprintf(`
WITH RECURSIVE w (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM w WHERE id < %d)
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds,
    started_at, ended_at, s3_path, sample_rate_hz, samples_count, bytes, start_unix_ns)
SELECT a.task_id, w.id, 0, iif((a.rowid + w.id) %% 100, 'success', 'failed'), 'done', 1, iif((a.rowid + w.id) %% 100, '', 'busy'), '', 0, 10.0,
    a.started_at, a.ended_at, iif((a.rowid + w.id) %% 100, 'sessions/' || a.task_id || '/websdr_' || w.id || '.sigmf-data', NULL),
    12000.0, 120000, 480000, a.started_at * 1000 FROM acquisitions AS a, w`, websdrs), `
INSERT INTO measurements (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path,
    time_quality, time_uncertainty_s, snr_db, snr_bandwidth_hz, detected, noise_source, clip_fraction, frequency_method, frequency_offset_hz,
    noise_dbfs_hz, power_dbfs, obw_valid, flags, algorithm_version, welch_l, welch_k)
SELECT c.task_id, c.websdr_id, c.start_unix_ns / 1000, a.frequency_hz, 12000.0, 120000, c.s3_path,
    'gps', 1e-6, c.rowid % 40, 2500.0, c.rowid % 2, 'off_channel', 0.0, 'carrier', c.rowid % 17 / 10.0,
    -120.0, -30.0, 0, '[]', '1', 1024, 100.0 FROM captures AS c JOIN acquisitions AS a USING (task_id) WHERE c.state = 'success'`,
		sqlite.FillRollups}
}

// BenchmarkAnalytics asks for 30 days of a million rows of 10 and of 50 WebSDRs: in whole hours, with ragged ends, of
// one WebSDR and of one label.
//
//	go test -run '^$' -bench Analytics -benchtime 10x ./store/sqlite
func BenchmarkAnalytics(b *testing.B) {
	for _, websdrs := range []int{10, 50} {
		b.Run(fmt.Sprint(websdrs), func(b *testing.B) { benchmarkAnalytics(b, websdrs) })
	}
}

func benchmarkAnalytics(b *testing.B, websdrs int) {
	path := filepath.Join(b.TempDir(), "heimdall.db")
	s, raw := open(b, path), openRaw(b, path)
	for i := range websdrs {
		if _, err := s.CreateWebSDR(b.Context(), aWebSDR(fmt.Sprint("kiwi ", i))); err != nil {
			b.Fatal(err)
		}
	}
	for _, query := range monthOf(websdrs) {
		exec(b, raw, query)
	}
	month := heimdall.AnalyticsFilter{From: time.Unix(1_700_006_400, 0), To: time.Unix(1_700_006_400+30*86_400, 0)}
	ragged, one, label := month, month, month
	ragged.From, ragged.To = month.From.Add(20*time.Minute), month.To.Add(-20*time.Minute)
	one.WebSDRIDs = []int64{7}
	label.Label = "label 2"
	for _, f := range []struct {
		name   string
		filter heimdall.AnalyticsFilter
	}{{"month", month}, {"ragged", ragged}, {"one WebSDR", one}, {"one label", label}} {
		for _, q := range []struct {
			name string
			ask  func(context.Context, heimdall.AnalyticsFilter) error
		}{
			{"SNRTrend by hour", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
				_, err := s.SNRTrend(ctx, f, heimdall.Hourly)
				return err
			}},
			{"SNRTrend by day", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
				_, err := s.SNRTrend(ctx, f, heimdall.Daily)
				return err
			}},
			{"FrequencyDrift by day", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
				_, err := s.FrequencyDrift(ctx, f, heimdall.Daily)
				return err
			}},
			{"PerformanceReport", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
				_, err := s.PerformanceReport(ctx, f)
				return err
			}},
			{"Coverage", func(ctx context.Context, f heimdall.AnalyticsFilter) error { _, err := s.Coverage(ctx, f); return err }},
			{"SessionStatistics", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
				_, err := s.SessionStatistics(ctx, f)
				return err
			}},
			{"LatestPerWebSDR", func(ctx context.Context, f heimdall.AnalyticsFilter) error {
				_, err := s.LatestPerWebSDR(ctx, f.WebSDRIDs)
				return err
			}},
		} {
			b.Run(q.name+", "+f.name, func(b *testing.B) {
				for b.Loop() {
					if err := q.ask(b.Context(), f.filter); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	for _, view := range []string{"measurements_hourly", "measurements_daily"} {
		b.Run("view "+view, func(b *testing.B) {
			for b.Loop() {
				var rows int64
				if err := raw.QueryRow(`SELECT sum(avg_snr_db) + sum(rows) FROM ` + view).Scan(&rows); err == nil && rows == 0 {
					b.Fatal("it is empty")
				}
			}
		})
	}
}
