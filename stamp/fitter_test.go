package stamp_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/stamp"
)

const block = 512

// A receiver stamps blocks of a stream that began at start, with white jitter of 30 ns rms, as in case pS1.
type receiver struct {
	start  time.Time
	rateHz float64
	noise  siggen.Source
	held   int64 // samples delivered
	taken  int64 // samples taken, lost ones included
}

func newReceiver(rateHz float64) *receiver {
	return &receiver{start: time.Date(2026, 5, 7, 10, 39, 0, 123_456_789, time.UTC), rateHz: rateHz, noise: siggen.NewSource(11, 3)}
}

func (r *receiver) block() stamp.Block {
	t := float64(r.taken) / r.rateHz
	whole, frac := math.Modf(t)
	jitter := 30 * math.Sqrt2 * real(r.noise.Gauss(uint64(r.taken)))
	b := stamp.Block{Sample: r.held, At: r.start.Add(time.Duration(whole)*time.Second + time.Duration(math.Round(frac*1e9+jitter))), GPSAgeS: int(t) % 7}
	r.held += block
	r.taken += block
	return b
}

func (r *receiver) lose(n int64) { r.taken += n }

func (r *receiver) feed(f *stamp.Fitter, blocks int) {
	for range blocks {
		f.Add(r.block())
	}
}

// checkClock compares c with the truth: within 20 ns and 0.02 ppm after 700 blocks, and always within five
// of its own sigmas.
func checkClock(t *testing.T, c stamp.Clock, r *receiver, wantGaps []heimdall.Gap, wantOutliers int64) {
	t.Helper()
	if c.Quality != heimdall.TimeGPS {
		t.Fatalf("quality %q, clock %+v", c.Quality, c)
	}
	if d := c.Start.Sub(r.start); d.Abs() > 20*time.Nanosecond || math.Abs(d.Seconds()) > 5*c.StartSigmaS {
		t.Errorf("start is off by %v, sigma %g s", d, c.StartSigmaS)
	}
	if d := c.RateHz - r.rateHz; math.Abs(d/r.rateHz) > 0.02e-6 || math.Abs(d) > 5*c.RateSigmaHz {
		t.Errorf("rate is off by %g ppm, sigma %g Hz", d/r.rateHz*1e6, c.RateSigmaHz)
	}
	if c.ResidualRMSS < 25e-9 || c.ResidualRMSS > 35e-9 {
		t.Errorf("residual %g s, want about 30 ns", c.ResidualRMSS)
	}
	if diff := cmp.Diff(wantGaps, c.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if c.Outliers != wantOutliers || c.Blocks+c.Outliers != r.held/block {
		t.Errorf("%d outliers, %d used of %d; want %d outliers", c.Outliers, c.Blocks, r.held/block, wantOutliers)
	}
}

func TestTheLineThroughGoodStampsIsTheTruth(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 700)
	c := f.Clock()
	checkClock(t, c, r, nil, 0)
	if c.GPSAgeMaxS != 6 {
		t.Errorf("oldest fix %d s, want 6", c.GPSAgeMaxS)
	}
	if c.StartSigmaS > 5e-9 {
		t.Errorf("sigma of the start %g s, want 30 ns * 2/sqrt(700)", c.StartSigmaS)
	}
}

func TestStaleFirstStampsAreDropped(t *testing.T) {
	for _, stale := range []int{1, 2, 3, 10} {
		r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
		for k := range stale {
			b := r.block()
			// One line of their own, or each its own time.
			if stale > 2 {
				b.At = b.At.Add(-227 * time.Second)
			} else {
				b.At = b.At.Add(-time.Duration(k+1) * 227 * time.Second)
			}
			f.Add(b)
		}
		r.feed(f, 700)
		checkClock(t, f.Clock(), r, nil, int64(stale))
	}
}

func TestASingleWrongStampIsAnOutlier(t *testing.T) {
	for _, wrong := range []time.Duration{3 * time.Second, -3 * time.Second, 3*time.Hour + 12*time.Minute, -3 * time.Hour, 5 * 24 * time.Hour, 20 * time.Microsecond} {
		for _, at := range []int{20, 123, 698} {
			r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
			r.feed(f, at)
			b := r.block()
			b.At = b.At.Add(wrong)
			f.Add(b)
			r.feed(f, 699-at)
			c := f.Clock()
			want := int64(1)
			checkClock(t, c, r, nil, want)
		}
	}
}

func TestAPersistentJumpIsAGap(t *testing.T) {
	for _, missing := range []int64{1, 3, 512, 1536, 24_000, 700_000} {
		r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
		r.feed(f, 400)
		r.lose(missing)
		r.feed(f, 300)
		checkClock(t, f.Clock(), r, []heimdall.Gap{{Sample: 400 * block, Missing: missing}}, 0)
	}
}

func TestGapsAndOutliersTogether(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 100)
	r.lose(5 * block)
	r.feed(f, 23)
	b := r.block()
	b.At = b.At.Add(time.Hour)
	f.Add(b)
	r.feed(f, 276)
	r.lose(3 * block)
	r.feed(f, 300)
	checkClock(t, f.Clock(), r, []heimdall.Gap{{Sample: 100 * block, Missing: 5 * block}, {Sample: 400 * block, Missing: 3 * block}}, 1)
}

func TestTwoOppositeJumpsAreOutliersAndNoGap(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 300)
	for range 10 {
		b := r.block()
		b.At = b.At.Add(5 * time.Second)
		f.Add(b)
	}
	if c := f.Clock(); len(c.Gaps) != 1 {
		t.Errorf("before the jump back, gaps %v, want one", c.Gaps)
	}
	r.feed(f, 400)
	checkClock(t, f.Clock(), r, nil, 10)
}

func TestAClockSetAnewIsBelievedAfterTwoSeconds(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	for range 100 {
		b := r.block()
		b.At = b.At.Add(2 * time.Hour)
		f.Add(b)
	}
	r.feed(f, 700)
	checkClock(t, f.Clock(), r, nil, 100)
}

func TestALossToldBySequenceNumbersIsOneGap(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 10)
	f.Lost(r.held, 200*block) // while the rate is still young
	r.lose(200 * block)
	if c := f.Clock(); len(c.Gaps) != 1 || c.Gaps[0] != (heimdall.Gap{Sample: 10 * block, Missing: 200 * block}) {
		t.Errorf("gaps %v before any stamp, want what was told", c.Gaps)
	}
	r.feed(f, 1)
	if c := f.Clock(); len(c.Gaps) != 1 || c.Gaps[0].Missing != 200*block {
		t.Errorf("gaps %v after one stamp", c.Gaps)
	}
	r.feed(f, 689)
	checkClock(t, f.Clock(), r, []heimdall.Gap{{Sample: 10 * block, Missing: 200 * block}}, 0)
}

func TestStampsCorrectWhatSequenceNumbersSay(t *testing.T) {
	t.Run("nothing was lost", func(t *testing.T) {
		r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
		r.feed(f, 100)
		f.Lost(r.held, 7*block)
		r.feed(f, 600)
		checkClock(t, f.Clock(), r, nil, 0)
	})
	t.Run("more was lost", func(t *testing.T) {
		r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
		r.feed(f, 100)
		f.Lost(r.held, 7*block)
		r.lose(9 * block)
		r.feed(f, 600)
		checkClock(t, f.Clock(), r, []heimdall.Gap{{Sample: 100 * block, Missing: 9 * block}}, 0)
	})
}

func TestALossBeforeTheFirstGoodStampCounts(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.block() // not stamped
	f.Lost(r.held, 2*block)
	r.lose(2 * block)
	r.feed(f, 699)
	c := f.Clock()
	c.Blocks++ // the one without a stamp
	checkClock(t, c, r, []heimdall.Gap{{Sample: block, Missing: 2 * block}}, 0)
}

func TestASmallCorrectionOfTheReceiversClockIsNeitherGapNorOutlier(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 400)
	r.start = r.start.Add(-10 * time.Microsecond)
	r.feed(f, 300)
	c := f.Clock()
	if len(c.Gaps) != 0 || c.Blocks != 700 || c.Outliers != 0 {
		t.Errorf("gaps %v, %d used, %d outliers", c.Gaps, c.Blocks, c.Outliers)
	}
	if c.ResidualRMSS < 1e-6 || c.StartSigmaS < 1e-6 {
		t.Errorf("residual %g, sigma %g: a step of 10 us is not visible", c.ResidualRMSS, c.StartSigmaS)
	}
}

func TestTheClockSharpensWhileStampsArrive(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	for k := range 2000 {
		f.Add(r.block())
		c := f.Clock()
		if k < 2 {
			if c.Quality != heimdall.TimeNone {
				t.Fatalf("quality %q after %d stamps", c.Quality, k+1)
			}
			continue
		}
		if d := math.Abs(c.Start.Sub(r.start).Seconds()); c.StartSigmaS == 0 || d > 5*c.StartSigmaS {
			t.Fatalf("after %d stamps the start is off by %g s, sigma %g", k+1, d, c.StartSigmaS)
		}
		if d := math.Abs(c.RateHz - r.rateHz); d > 5*c.RateSigmaHz {
			t.Fatalf("after %d stamps the rate is off by %g Hz, sigma %g", k+1, d, c.RateSigmaHz)
		}
	}
	if c := f.Clock(); c.RateSigmaHz > 1e-5 {
		t.Errorf("rate sigma %g Hz after 85 s", c.RateSigmaHz)
	}
}

func TestStampsThatDoNotAdvanceGiveNoTime(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	for range 700 {
		b := r.block()
		b.At = b.At.Truncate(time.Second) // as from receivers that write whole seconds only
		f.Add(b)
	}
	c := f.Clock()
	if c.Quality != heimdall.TimeNone || c.Blocks != 0 || c.GPSAgeMaxS != -1 {
		t.Errorf("clock %+v", c)
	}
}

func TestManyGapsKeepMemoryBoundedAndTheLineTrue(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	var want []heimdall.Gap
	for k := range 1500 {
		r.feed(f, 4)
		if k%2 == 0 {
			f.Lost(r.held, 2*block)
		}
		want = append(want, heimdall.Gap{Sample: r.held, Missing: 2 * block})
		r.lose(2 * block)
	}
	r.feed(f, 3)
	checkClock(t, f.Clock(), r, want, 0)
}

func TestAnHourOfStampsKeepsItsPrecision(t *testing.T) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 84_000)
	checkClock(t, f.Clock(), r, nil, 0)
}

func TestNoSequenceOfStampsBreaksTheFitter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := stamp.NewFitter(rapid.SampledFrom([]float64{0, -1, 12000, math.NaN(), math.Inf(1)}).Draw(t, "nominal"))
		at, sample, most := time.Unix(1e9, 0), int64(0), int64(0)
		for range rapid.IntRange(0, 200).Draw(t, "blocks") {
			sample += rapid.Int64Range(-1, 1000).Draw(t, "samples")
			at = at.Add(time.Duration(rapid.SampledFrom([]int64{0, 1, -1, 42666666, 42666667, 1e9, -1e9, 1e15}).Draw(t, "step")))
			if rapid.IntRange(0, 9).Draw(t, "lose") == 0 {
				most = max(most, sample)
				f.Lost(most, rapid.Int64Range(-1, 1e6).Draw(t, "missing"))
			}
			f.Add(stamp.Block{Sample: sample, At: at})
			c := f.Clock()
			for _, v := range []float64{c.StartSigmaS, c.RateSigmaHz, c.ResidualRMSS} {
				if math.IsNaN(v) || v < 0 {
					t.Fatalf("clock %+v", c)
				}
			}
			for i, g := range c.Gaps {
				if g.Missing <= 0 || i > 0 && g.Sample < c.Gaps[i-1].Sample {
					t.Fatalf("gaps %v", c.Gaps)
				}
			}
		}
	})
}

func BenchmarkClock(b *testing.B) {
	r, f := newReceiver(12001.0956), stamp.NewFitter(12000)
	r.feed(f, 700)
	for b.Loop() {
		f.Clock()
	}
}
