package tdoa_test

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// Three real recordings of DCF77 (77.5 kHz, 50.0152 N 9.0112 E) by KiwiSDRs with GPS, and the distance of each to the
// transmitter on the ellipsoid. The errors left are those of the receivers' firmware of 2017 and of the sky wave.
var captures = []struct {
	file      string
	distanceM float64
}{
	{"20171127T104156Z_77500_DF0KL_iq.wav", 422_900},
	{"20171127T104156Z_77500_F1JEK_iq.wav", 782_600},
	{"20171127T104156Z_77500_HB9RYZ_iq.wav", 319_000},
}

func TestRealRecordingsAgreeWithGeometry(t *testing.T) {
	root := os.Getenv("HEIMDALL_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	var records []tdoa.Record
	for _, c := range captures {
		path := filepath.Join(root, "captures", c.file)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("SKIPPED: %s is absent; set HEIMDALL_SHARED to the folder of real recordings", path)
		}
		records = append(records, capture(t, path))
	}
	const limitS = 30e-6 // 20 us are reached
	sum := 0.0
	for _, pair := range [][2]int{{0, 1}, {1, 2}, {2, 0}} {
		a, b := pair[0], pair[1]
		r, err := tdoa.Delay(t.Context(), records[a], records[b], tdoa.Options{})
		if err != nil {
			t.Fatal(err)
		}
		offS := r.DelayS - (captures[b].distanceM-captures[a].distanceM)/299_792_458
		t.Logf("%s to %s: %.1f us from geometry, sigma %.1f us, %.0f Hz", captures[a].file, captures[b].file, offS*1e6, r.SigmaS*1e6, r.BandwidthHz)
		if math.Abs(offS) > limitS {
			t.Errorf("pair %d-%d is %.1f us from geometry, want at most %g us", a+1, b+1, offS*1e6, limitS*1e6)
		}
		sum += r.DelayS
	}
	t.Logf("closure %.2f us", sum*1e6)
}

// capture loads a Kiwi WAV.
func capture(t testing.TB, path string) tdoa.Record {
	t.Helper()
	f, err := iqfile.Open(path, iqfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.ScanStamps(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock, ok := f.Clock()
	if !ok {
		t.Fatal("no stamps")
	}
	raw, err := io.ReadAll(f)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	z := make(samples, len(raw)/f.Format.Size())
	iq.Decode(z, raw, f.Format)
	return tdoa.Record{Source: z, Samples: int64(len(z)), Clock: clock}
}
