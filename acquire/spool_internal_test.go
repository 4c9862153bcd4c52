package acquire

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

// A worker that stopped before an upgrade may have left a sealed entry behind.
func TestASealOfVersion010KeepsItsMetrics(t *testing.T) {
	spool, err := OpenSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	entry := spool.entry("task", 7)
	if err := os.MkdirAll(entry.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var want sealed
	want.Acquisition.Label = `his {"drift_sigma": 1} and "obw_lo":`
	want.Measurement.DriftSigmaHzS, want.Measurement.OBWLowHz, want.Measurement.OBWHighHz = new(0.25), new(-50.5), new(75.0)
	if err := entry.seal(want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(entry.dir, "sealed.json")
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := now
	for before, now := range heimdall.RenamedMetrics {
		old = bytes.Replace(old, []byte(`"`+now+`":`), []byte(`"`+before+`":`), 1)
	}
	if bytes.Equal(old, now) {
		t.Fatal("the seal has none of the new names")
	}
	if err := os.WriteFile(path, old, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := entry.loadSealed()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sealed entry (-written +read):\n%s", diff)
	}
}
