package stamp_test

import (
	"math"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// arrive feeds packets of 512 samples of a stream that began at start and runs at trueHz. late is the delay
// of packet k.
func arrive(f *stamp.HostFitter, start time.Time, trueHz float64, packets int, late func(k int) time.Duration) {
	for k := 1; k <= packets; k++ {
		taken := time.Duration(float64(k*512) / trueHz * 1e9)
		f.Add(int64(k*512), start.Add(taken+late(k)))
	}
}

// jitter is a delay of 15 ms plus an exponential tail of 40 ms, as of a busy path.
func jitter(k int) time.Duration {
	u := siggen.NewSource(7, 1).Uniform(uint64(k))
	return 15*time.Millisecond + time.Duration(-math.Log(1-u)*40e6)
}

func TestTheEarliestArrivalTimesTheStream(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f := stamp.NewHostFitter(12000)
	arrive(f, start, 12000, 700, jitter)
	c := f.Clock()
	if c.Quality != heimdall.TimeHostArrival || c.RateHz != 12000 || c.GPSAgeMaxS != -1 || c.Blocks != 700 {
		t.Errorf("clock %+v", c)
	}
	late := c.Start.Sub(start)
	if late < 15*time.Millisecond || late > 17*time.Millisecond {
		t.Errorf("start is %v late, want the least delay of the path, 15 ms", late)
	}
	if c.StartSigmaS < 0.010 || c.StartSigmaS > 0.05 {
		t.Errorf("start sigma %g s", c.StartSigmaS)
	}
	if f.Lossy() {
		t.Error("jitter alone was taken for loss")
	}
}

func TestTheSigmaOfArrivalIsNeverBelowTenMilliseconds(t *testing.T) {
	f := stamp.NewHostFitter(48000)
	arrive(f, time.Unix(1e9, 0), 48000, 100, func(int) time.Duration { return 0 })
	if c := f.Clock(); c.StartSigmaS != 0.010 {
		t.Errorf("sigma %g s", c.StartSigmaS)
	}
}

func TestNoArrivalIsNoTime(t *testing.T) {
	f := stamp.NewHostFitter(12000)
	if c := f.Clock(); c.Quality != heimdall.TimeNone || c.GPSAgeMaxS != -1 {
		t.Errorf("clock %+v", c)
	}
}

func TestAStreamThatLosesSamplesIsLossy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		trueHz float64
		want   bool
	}{
		{"as claimed", 250_000, false},
		{"a crystal off by 100 ppm", 250_025, false},
		{"one sample in fifty lost", 245_000, true},
		{"a quarter of the claimed rate", 62_500, true},
		{"faster than claimed", 256_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := stamp.NewHostFitter(250_000)
			packets := int(5 * tt.trueHz / 512)
			arrive(f, time.Unix(1e9, 0), tt.trueHz, packets, func(k int) time.Duration { return jitter(k) / 10 })
			ratio, known := f.RateRatio()
			if !known || math.Abs(ratio-tt.trueHz/250_000) > 0.005 {
				t.Errorf("rate ratio %g (known %v), want %g", ratio, known, tt.trueHz/250_000)
			}
			if f.Lossy() != tt.want {
				t.Errorf("lossy: %v, want %v", f.Lossy(), tt.want)
			}
		})
	}
}

func TestLessThanTwoSecondsSayNothingAboutTheRate(t *testing.T) {
	f := stamp.NewHostFitter(12000)
	arrive(f, time.Unix(1e9, 0), 6000, 22, func(int) time.Duration { return 0 }) // 1.9 s
	if _, known := f.RateRatio(); known || f.Lossy() {
		t.Error("a rate was claimed after 1.9 s")
	}
}

func TestALossToldToTheHostFitterIsAGapAndNotLateness(t *testing.T) {
	start := time.Unix(1e9, 0)
	f := stamp.NewHostFitter(12000)
	for k := 1; k <= 100; k++ {
		held := int64(k * 512)
		if k > 50 {
			held -= 10 * 512 // packets 41 to 50 were lost
		}
		if k == 51 {
			f.Lost(held-512, 10*512)
		}
		if k <= 40 || k > 50 {
			f.Add(held, start.Add(time.Duration(float64(k*512)/12000*1e9)))
		}
	}
	c := f.Clock()
	if d := c.Start.Sub(start).Abs(); d > time.Microsecond {
		t.Errorf("start is off by %v", d)
	}
	if len(c.Gaps) != 1 || c.Gaps[0] != (heimdall.Gap{Sample: 40 * 512, Missing: 5120}) {
		t.Errorf("gaps %v", c.Gaps)
	}
}

func TestTheMemoryOfArrivalsIsBoundedAndTheLineStays(t *testing.T) {
	start := time.Unix(1e9, 0)
	f := stamp.NewHostFitter(12000)
	arrive(f, start, 12000, 84_000, jitter) // an hour
	if late := f.Clock().Start.Sub(start); late < 15*time.Millisecond || late > 16*time.Millisecond {
		t.Errorf("start is %v late", late)
	}
	if f.Lossy() {
		t.Error("jitter was taken for loss")
	}
}
