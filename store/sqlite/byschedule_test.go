package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

// insertRuns are acquisitions of one WebSDR by turns of schedules 1 and 2 and by hand, a success each, and of
// schedule 3 one in a hundred.
const insertRuns = `
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, claims, fence, origin)
SELECT printf('task-%%08d', i), '', 7000000, 1.0, 0, 0.0, 0.0, 20.0, 'running', 0, '', i, 1, 1,
       CASE WHEN i %% 100 = 99 THEN 'schedule/3' WHEN i %% 3 = 2 THEN '' ELSE 'schedule/' || (i %% 3 + 1) END
FROM (WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d) SELECT i FROM n);
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
SELECT task_id, 1, 0, 'pending', 'waiting', 0, '', '', 0, 0.0 FROM acquisitions;
INSERT INTO measurements (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path,
    time_quality, time_uncertainty_s, snr_db, snr_bandwidth_hz, detected, noise_source, clip_fraction, frequency_method,
    obw_valid, cal_source, flags, algorithm_version, welch_l, welch_k)
SELECT task_id, 1, created_at, 7000000, 12000.0, 12000, task_id, 'gps', 1e-6, 3.0, 2500.0, 1, 'off_channel', 0.0, 'carrier', 0, '', '[]', '1',
       1024, 100.0 FROM acquisitions`

// The two ways of finding rows by schedule are chosen by how much there is to look up. Both give the same rows.
func TestSchedulesOfFewAndOfManyAcquisitionsAreFoundAlike(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s := open(t, path)
	if _, err := s.CreateWebSDR(t.Context(), aWebSDR("kiwi")); err != nil {
		t.Fatal(err)
	}
	const runs = 7000 // so that schedules 1 and 2 have more than are looked up one by one
	exec(t, openRaw(t, path), fmt.Sprintf(insertRuns, runs-1))
	for _, ids := range [][]int64{{3}, {1}, {2, 1}, {3, 1}, {9}} {
		var want []string
		for i := runs - 1; i >= 0; i-- {
			of := int64(i%3 + 1)
			if i%100 == 99 {
				of = 3
			} else if of == 3 {
				continue
			}
			for _, id := range ids {
				if id == of {
					want = append(want, fmt.Sprintf("task-%08d", i))
				}
			}
		}
		n := 0
		for m, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{ScheduleIDs: ids}) {
			if err != nil {
				t.Fatal(err)
			}
			if n >= len(want) || m.TaskID != want[n] {
				t.Fatalf("of schedules %v, row %d of %d is %s", ids, n, len(want), m.TaskID)
			}
			n++
		}
		if n != len(want) {
			t.Errorf("of schedules %v, %d rows are found, want %d", ids, n, len(want))
		}
		page, err := s.Captures(t.Context(), heimdall.CaptureFilter{ScheduleIDs: ids, Limit: heimdall.MaxPage})
		if err != nil || len(page) != min(len(want), heimdall.MaxPage) || len(page) > 0 && page[len(page)-1].TaskID != want[len(page)-1] {
			t.Errorf("of schedules %v, the page of captures has %d rows (%v)", ids, len(page), err)
		}
	}
}
