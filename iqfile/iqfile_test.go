package iqfile_test

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
)

// captures finds the real recordings that are no part of the project, or skips the test.
func captures(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("HEIMDALL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	dir := filepath.Join(shared, "captures")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: the real recordings are not here (%v): set HEIMDALL_SHARED to check against them", err)
	}
	return dir
}

func TestRealKiwiWAVsAreReadWholeWithTheirStamps(t *testing.T) {
	dir := captures(t)
	for _, want := range []struct {
		station  string
		blocks   int
		thirdSec float64 // GPS second of week of block 2; the first two stamps are stale
		rateHz   float64
	}{
		{"DF0KL", 687, 124934.2146, 12001.145},
		{"F1JEK", 680, 124934.4472, 12001.202},
		{"HB9RYZ", 691, 124934.0381, 12001.132},
	} {
		t.Run(want.station, func(t *testing.T) {
			f, err := iqfile.Open(filepath.Join(dir, "20171127T104156Z_77500_"+want.station+"_iq.wav"), iqfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.Kind != iqfile.KiwiWAV || f.Format != iq.CI16LE || f.SampleRateHz != 12001 ||
				f.Samples != int64(512*want.blocks) || len(f.Notes) != 0 || f.Damage != nil {
				t.Errorf("opened as %+v", f)
			}
			var stamps []iq.KiwiStamp
			var samples int64
			buf := make([]byte, 3000*4) // not a multiple of a block
			for {
				n, err := f.Read(buf)
				samples += int64(n / 4)
				stamps = append(stamps, f.Stamps()...)
				if err == io.EOF {
					break
				}
				if err != nil || n%4 != 0 {
					t.Fatalf("read %d bytes: %v", n, err)
				}
			}
			if samples != f.Samples || len(stamps) != want.blocks {
				t.Fatalf("read %d samples and %d stamps", samples, len(stamps))
			}
			for k, s := range stamps {
				if s.Sample != int64(512*k) {
					t.Fatalf("stamp %d belongs to sample %d", k, s.Sample)
				}
			}
			at := func(k int) float64 { return float64(stamps[k].GPSSec) + float64(stamps[k].GPSNsec)/1e9 }
			if got := fmt.Sprintf("%.4f", at(2)); got != fmt.Sprintf("%.4f", want.thirdSec) {
				t.Errorf("stamp 2 is %s, want %.4f", got, want.thirdSec)
			}
			clock, ok := f.Clock()
			inWeek := clock.Start.Add(18 * time.Second).Sub(time.Date(2017, 11, 26, 0, 0, 0, 0, time.UTC)).Seconds()
			if fitted := inWeek + 1024/clock.RateHz; !ok || clock.Quality != heimdall.TimeGPS || math.Abs(fitted-at(2)) > 1e-6 || len(clock.Gaps) != 0 {
				t.Errorf("the clock gives %.7f for stamp 2 (%.7f): %+v", fitted, at(2), clock)
			}
			if math.Abs(clock.RateHz-want.rateHz) > 0.02 {
				t.Errorf("the clock has %.4f Hz, want %.3f", clock.RateHz, want.rateHz)
			}
			last := len(stamps) - 1
			rate := float64(512*(last-2)) / (at(last) - at(2))
			if math.Abs(rate-want.rateHz) > 0.02 {
				t.Errorf("the stamps give %.3f Hz, want %.3f", rate, want.rateHz)
			}
		})
	}
}
