package replay_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/replay"
)

// The times and rates are those that the stamps of block 2 and the last one give by themselves.
func TestRealRecordingsOfOneTransmitterHaveTheTimesOfTheirStamps(t *testing.T) {
	shared := os.Getenv("HEIMDALL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(shared, "captures")); err != nil {
		t.Skipf("SKIPPED: the real recordings are not here (%v): set HEIMDALL_SHARED to check against them", err)
	}
	sunday := time.Date(2017, 11, 26, 0, 0, 0, 0, time.UTC).Add(-18 * time.Second) // of GPS, as UTC
	for _, c := range []struct {
		station string
		gpsS    float64
		rateHz  float64
	}{
		{"DF0KL", 124934.2146, 12001.145},
		{"F1JEK", 124934.4472, 12001.202},
		{"HB9RYZ", 124934.0381, 12001.132},
	} {
		t.Run(c.station, func(t *testing.T) {
			path, err := filepath.Abs(filepath.Join(shared, "captures", "20171127T104156Z_77500_"+c.station+"_iq.wav"))
			if err != nil {
				t.Fatal(err)
			}
			w := of(path, "pace=fast")
			stream, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 77_500})
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			clock := stream.Clock()
			if clock.Quality != heimdall.TimeGPS || len(clock.Gaps) != 0 {
				t.Errorf("quality %s, gaps %v", clock.Quality, clock.Gaps)
			}
			// In these three only the very first stamp is stale, so what is played begins with block 1.
			if got := clock.At(iq.KiwiBlockSamples).Sub(sunday).Seconds(); math.Abs(got-c.gpsS) > 60e-6 {
				t.Errorf("block 2 is at GPS second %.6f, want %.4f", got, c.gpsS)
			}
			if math.Abs(clock.RateHz-c.rateHz) > 0.01 {
				t.Errorf("the rate is %.4f Hz, want %.3f", clock.RateHz, c.rateHz)
			}
		})
	}
}
