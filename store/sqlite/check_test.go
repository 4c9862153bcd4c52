package sqlite_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store"
)

// A check that cannot fail proves nothing: each promise is broken by hand, and must be found broken.
func TestCheckFindsEveryBrokenPromise(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "whole.db")
	metrics := heimdall.Metrics{SNRdB: new(12.5), FrequencyOffsetHz: new(-3.5), FrequencyMethod: new("carrier"),
		NoiseDBFSHz: new(-120.25), PowerDBFS: new(-30.5)}
	if problems, err := measured(t, path, heimdall.Measurement{Metrics: metrics}).Check(t.Context()); err != nil || len(problems) > 0 {
		t.Fatalf("before anything is broken: %v (%v)", problems, err)
	}
	exec(t, openRaw(t, path), `PRAGMA wal_checkpoint(TRUNCATE)`)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []struct{ kind, by string }{
		{store.DatabaseDamaged, `DELETE FROM websdrs WHERE websdr_id = 1`},
		{store.DatabaseDamaged, `UPDATE acquisitions SET state = 'lost'`},
		{store.AcquisitionWithoutCapture, `DELETE FROM captures`},
		{store.AcquisitionOpen, `UPDATE captures SET state = 'running', ended_at = NULL WHERE websdr_id = 2`},
		{store.CaptureWithoutWorker, `UPDATE acquisitions SET state = 'pending'; UPDATE captures SET state = 'running' WHERE websdr_id = 2`},
		{store.OutcomeDiffers, `UPDATE acquisitions SET state = 'success'`},
		{store.LeaseDiffers, `UPDATE acquisitions SET state = 'running', ended_at = NULL`},
		{store.LeaseDiffers, `UPDATE acquisitions SET lease_until = 1`},
		{store.TimesDiffer, `UPDATE acquisitions SET ended_at = NULL`},
		{store.TimesDiffer, `UPDATE captures SET ended_at = NULL`},
		{store.RecordingMissing, `UPDATE captures SET s3_path = NULL`},
		{store.RecordingMissing, `UPDATE captures SET start_unix_ns = NULL`},
		{store.RecordingUnexpected, `UPDATE captures SET state = 'failed'`},
		{store.CountsDiffer, `UPDATE captures SET samples_count = 0`},
		{store.CountsDiffer, `UPDATE captures SET sha256 = ''`},
		{store.MeasurementMissing, `DELETE FROM measurements`},
		{store.MeasurementMissing, `UPDATE captures SET state = 'success', s3_path = 'other' WHERE websdr_id = 2`},
		{store.MeasurementUnexpected, `UPDATE measurements SET websdr_id = 2`},
		{store.MeasurementUnexpected, `DELETE FROM captures WHERE websdr_id = 1`},
		{store.MeasurementDiffers, `UPDATE measurements SET s3_path = 'other'`},
		{store.MeasurementDiffers, `UPDATE measurements SET samples_count = samples_count + 1`},
		{store.MeasurementDiffers, `UPDATE measurements SET timestamp_utc = timestamp_utc + 1`},
		{store.RollupDiffers, `DELETE FROM captures_hourly WHERE state = 'failed'`},
		{store.RollupDiffers, `UPDATE captures_hourly SET captures = captures + 1`},
		{store.RollupDiffers, `UPDATE recorded_total SET bytes = bytes - 1`},
		{store.RollupDiffers, `DELETE FROM recorded_total`},
		{store.RollupDiffers, `UPDATE captures_hourly SET deleted = captures`},
		{store.RollupDiffers, `UPDATE captures_hourly SET attempts = attempts + 1`},
		{store.RollupDiffers, `UPDATE captures_hourly SET recorded_s = recorded_s * 1.00000001`},
		{store.RollupDiffers, `UPDATE captures_hourly SET snr_sum_db = snr_sum_db * 1.00000001`},
		{store.RollupDiffers, `UPDATE captures_hourly SET snr_sumsq_db2 = snr_sumsq_db2 * 1.00000001`},
		{store.RollupDiffers, `UPDATE captures_hourly SET snr_min_db = NULL`},
		{store.RollupDiffers, `UPDATE captures_hourly SET offset_sum_hz = offset_sum_hz * 1.00000001`},
		{store.RollupDiffers, `UPDATE captures_hourly SET offset_max_hz = 0`},
		{store.RollupDiffers, `UPDATE captures_hourly SET noise_count = 2`},
		{store.RollupDiffers, `UPDATE captures_hourly SET power_sumsq_db2 = power_sumsq_db2 * 1.00000001`},
		{store.RollupDiffers, `UPDATE captures_hourly SET last_at = last_at + 1`},
		{store.RollupDiffers, `UPDATE captures_hourly SET bucket = bucket + 3600000000`},
		{store.RollupDiffers, `UPDATE measurements SET snr_db = snr_db + 1`},
		{store.RollupDiffers, `UPDATE measurements SET frequency_hz = frequency_hz + 1`},
		{store.RollupDiffers, `INSERT INTO captures_hourly SELECT bucket - 3600000000, websdr_id, frequency_hz, label, state, failure_class,
    1, 0, 1, 0, last_at - 3600000000, 0, 0.0, 0, 0.0, 0.0, NULL, NULL, 0, 0.0, 0.0, NULL, NULL, 0, 0, 0.0, 0.0, NULL, NULL, 0, 0.0, 0.0, NULL, NULL FROM captures_hourly LIMIT 1`},
		{store.DeletionDiffers, `INSERT INTO deletions SELECT task_id, '', 1, 1, 0, 0, 1, 2 FROM acquisitions`},
		{store.DeletionDiffers, `INSERT INTO deletions VALUES ('gone', '', 1, 1, 0, 0, 1, NULL)`},
		{store.DeletionDiffers, `INSERT INTO deletions SELECT task_id, '', 1, 1, 0, 0, 1, NULL FROM acquisitions; UPDATE acquisitions SET state = 'pending'`},
	} {
		t.Run(broken.by, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "broken.db")
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			exec(t, openRaw(t, path), `PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; `+broken.by)
			problems, err := open(t, path).Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(problems, func(p store.Problem) bool { return p.Kind == broken.kind && p.Detail != "" }) {
				t.Errorf("found %v, want a problem of kind %s", problems, broken.kind)
			}
		})
	}
}
