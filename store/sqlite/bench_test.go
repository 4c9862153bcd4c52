package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// BenchmarkFinishCapture stores one capture and its measurement, durably. The captures it ends are made outside
// the clock, an acquisition of seven at a time.
//
//	go test -run '^$' -bench FinishCapture ./store/sqlite
//
// 2 cores of an Intel Xeon that were busy with other work (load 15), ext4 on a virtual disk, 21 Nov 2026: 1.8 ms.
func BenchmarkFinishCapture(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "heimdall.db"))
	var ids []int64
	for i := range 7 {
		w, err := s.CreateWebSDR(b.Context(), aWebSDR(fmt.Sprint("kiwi ", i)))
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	job := &acquire.Job{}
	for n := 0; b.Loop(); n++ {
		if n%len(ids) == 0 {
			b.StopTimer()
			job = runningJob(b, s, ids)
			b.StartTimer()
		}
		c, m := success(job.Captures[n%len(ids)])
		if err := s.FinishCapture(b.Context(), job.Lease, c, m); err != nil {
			b.Fatal(err)
		}
	}
}

func runningJob(t testing.TB, s *sqlite.Store, ids []int64) *acquire.Job {
	t.Helper()
	_, _, err := s.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	job, err := s.Claim(t.Context(), "worker", time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range job.Captures {
		job.Captures[i].State = heimdall.Running
	}
	if err := s.SaveProgress(t.Context(), job.Lease, job.Captures); err != nil {
		t.Fatal(err)
	}
	return job
}

func success(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
	snr := 12.5
	c.State = heimdall.Success
	c.Recording = &heimdall.Recording{S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID),
		Datatype: "ci16_le", SampleRateHz: 12_000.01, FrequencyHz: 7_074_000, SamplesCount: 12_000, Bytes: 48_000,
		SHA256: strings.Repeat("0f", 32), Start: start}
	return c, &heimdall.Measurement{TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: start, FrequencyHz: 7_074_000,
		SampleRateHz: 12_000.01, SamplesCount: 12_000, S3Path: c.Recording.S3Path,
		Metrics: heimdall.Metrics{SNRdB: &snr, Detected: true, AlgorithmVersion: "1"}}
}

// insertMillion is a million measurements of ten WebSDRs on twenty frequencies, one second apart.
const insertMillion = `
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
INSERT INTO measurements (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path,
    time_quality, time_uncertainty_s, snr_db, snr_bandwidth_hz, detected, noise_source, clip_fraction, frequency_method,
    obw_valid, cal_source, flags, algorithm_version, welch_l, welch_k)
SELECT printf('task-%08d', i / 10), i % 10 + 1, (1700000000 + i) * 1000000, 7000000 + i % 20 * 1000, 12000.0, 12000, printf('key-%08d', i),
    'gps', 1e-6, i % 40, 2500.0, i % 2, 'off_channel', 0.0, 'carrier', 0, '', '[]', '1', 1024, 100.0 FROM n`

// BenchmarkPageOf100OutOfAMillion reads the newest 100 rows that match, and 100 from the middle.
//
//	go test -run '^$' -bench PageOf100 ./store/sqlite
//
// The same machine and day: 2.4 to 10 ms, of which 2 ms are the reading of 100 rows of 51 columns.
func BenchmarkPageOf100OutOfAMillion(b *testing.B) {
	path := filepath.Join(b.TempDir(), "heimdall.db")
	s := open(b, path)
	exec(b, openRaw(b, path), insertMillion)
	middle := &heimdall.MeasurementKey{Timestamp: time.Unix(1_700_500_000, 0)}
	snr := 35.0
	for _, bench := range []struct {
		name   string
		filter heimdall.MeasurementFilter
	}{
		{"newest", heimdall.MeasurementFilter{}},
		{"middle", heimdall.MeasurementFilter{After: middle}},
		{"one WebSDR", heimdall.MeasurementFilter{WebSDRIDs: []int64{3}, After: middle}},
		{"three WebSDRs", heimdall.MeasurementFilter{WebSDRIDs: []int64{3, 5, 7}, After: middle}},
		{"one frequency", heimdall.MeasurementFilter{FrequencyMinHz: 7_004_000, FrequencyMaxHz: 7_004_000, After: middle}},
		{"frequency window", heimdall.MeasurementFilter{FrequencyMinHz: 7_004_000, FrequencyMaxHz: 7_006_000, After: middle}},
		{"one day, SNR above 35 dB", heimdall.MeasurementFilter{SNRMinDB: &snr, From: time.Unix(1_700_400_000, 0), To: time.Unix(1_700_486_400, 0)}},
		{"one WebSDR and frequency", heimdall.MeasurementFilter{WebSDRIDs: []int64{5}, FrequencyMinHz: 7_004_000, FrequencyMaxHz: 7_004_000}},
		{"one acquisition", heimdall.MeasurementFilter{TaskID: "task-00050000"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bench.filter.Limit = 100
			for b.Loop() {
				page, err := s.Measurements(b.Context(), bench.filter)
				if err != nil || len(page) == 0 {
					b.Fatalf("%d rows (%v)", len(page), err)
				}
			}
		})
	}
}
