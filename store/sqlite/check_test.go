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
	if problems, err := measured(t, path, heimdall.Measurement{}).Check(t.Context()); err != nil || len(problems) > 0 {
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
