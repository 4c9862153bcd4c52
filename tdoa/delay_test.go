package tdoa_test

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// A chorus is an emission that is known at every instant: many tones of random phase from -width/2 to width/2.
type chorus struct {
	widthHz float64
	tones   int
	seed    uint64
}

// A receiver hears it.
type receiver struct {
	delayS   float64
	rateHz   float64
	startS   float64 // of sample 0, after the epoch
	offsetHz float64 // by which its oscillator is low
	tunedHz  float64 // relative to the emission
	samples  int
	noise    uint64 // stream of its noise
	noiseDB  float64
	gaps     []heimdall.Gap
}

func (c chorus) heard(r receiver) tdoa.Record {
	source, noise := siggen.NewSource(c.seed, 50), siggen.NewSource(c.seed, 60+r.noise)
	clock := stamp.Clock{Start: epoch.Add(time.Duration(math.Round(r.startS * 1e9))), RateHz: r.rateHz,
		Quality: heimdall.TimeGPS, StartSigmaS: 1e-9, Gaps: r.gaps}
	z := make([]complex128, r.samples)
	times := make([]float64, r.samples)
	for k := range z {
		times[k] = clock.At(int64(k)).Sub(epoch).Seconds()
		z[k] = noise.Gauss(uint64(k)) * complex(math.Pow(10, r.noiseDB/20), 0)
	}
	amplitude := 0.3 / math.Sqrt(float64(c.tones))
	for m := range c.tones {
		hz := c.widthHz * (source.Uniform(uint64(2*m)) - 0.5)
		phase := 2 * math.Pi * source.Uniform(uint64(2*m+1))
		baseHz := hz - r.tunedHz + r.offsetHz
		turn := cmplx.Rect(1, 2*math.Pi*baseHz/r.rateHz)
		var v complex128
		for k := range z {
			gap := k > 0 && times[k]-times[k-1] > 1.5/r.rateHz
			if k%64 == 0 || gap {
				v = cmplx.Rect(amplitude, 2*math.Pi*(hz*(times[k]-r.delayS)-(r.tunedHz-r.offsetHz)*times[k])+phase)
			}
			z[k] += v
			v *= turn
		}
	}
	rec := record(z, r.rateHz)
	rec.Clock, rec.CenterHz = clock, 7.1e6+r.tunedHz
	return rec
}

// The receivers differ in everything in which receivers differ.
func TestReceiversNeedNotBeAlike(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: one thread's sums, of which it can say nothing")
	}
	const delayS = 234.5e-6
	emission := chorus{widthHz: 3000, tones: 300, seed: 8}
	plain := receiver{rateHz: 12000, samples: 48000, noiseDB: -25}
	later := plain
	later.delayS, later.noise = delayS, 1
	with := func(change func(*receiver)) receiver {
		r := later
		change(&r)
		return r
	}
	for _, c := range []struct {
		promise string
		b       receiver
	}{
		{"alike", later},
		{"b starts between two samples of a, 0.4 s later", with(func(r *receiver) { r.startS = 0.4000313 })},
		{"b samples 90 ppm faster", with(func(r *receiver) { r.rateHz = 12001.08 })},
		{"b samples 90 ppm slower", with(func(r *receiver) { r.rateHz = 11998.92 })},
		{"b samples four times as fast", with(func(r *receiver) { r.rateHz, r.samples, r.noiseDB = 48003, 192000, -19 })},
		{"b samples more slowly", with(func(r *receiver) { r.rateHz, r.samples = 8000.7, 32000 })},
		{"the oscillator of b is 1.7 Hz low", with(func(r *receiver) { r.offsetHz = 1.7 })},
		{"b is tuned 700 Hz higher", with(func(r *receiver) { r.tunedHz = 700 })},
		{"b lost samples twice", with(func(r *receiver) {
			r.gaps = []heimdall.Gap{{Sample: 9000, Missing: 3001}, {Sample: 30000, Missing: 512}}
		})},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			a, b := emission.heard(plain), emission.heard(c.b)
			r, err := tdoa.Delay(t.Context(), a, b, tdoa.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("off by %.0f ns, bound %.0f ns", (r.DelayS-delayS)*1e9, r.BoundS*1e9)
			if off := math.Abs(r.DelayS - delayS); off > 4*r.SigmaS || r.SigmaS > 1e-6 {
				t.Errorf("off by %.3g s, sigma %.3g s: want at most 4 sigma, and sigma at most 1 us", off, r.SigmaS)
			}
			if want := c.b.offsetHz; math.Abs(r.OffsetHz-want) > 0.01 {
				t.Errorf("b is %.3f Hz from a, want %.3f", r.OffsetHz, want)
			}
			back, err := tdoa.Delay(t.Context(), b, a, tdoa.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(back.DelayS+r.DelayS) > r.SigmaS {
				t.Errorf("the other way round it is %.3g s, not %.3g s", back.DelayS, -r.DelayS)
			}
		})
	}
}

// A wrong rate is seen as a drift, and makes the uncertainty cover it.
func TestAWrongRateIsSeenAsADrift(t *testing.T) {
	emission := chorus{widthHz: 3000, tones: 300, seed: 9}
	a := emission.heard(receiver{rateHz: 12000, samples: 96000, noiseDB: -25})
	b := emission.heard(receiver{rateHz: 12000.06, samples: 96000, noiseDB: -25, noise: 1})
	b.Clock.RateHz = 12000 // so that its times run 5 us/s late
	r, err := tdoa.Delay(t.Context(), a, b, tdoa.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := 5e-6; r.DriftSigmaSPerS == nil || math.Abs(r.DriftSPerS-want) > 0.3e-6 || *r.DriftSigmaSPerS > 1e-6 {
		t.Errorf("drift %v s/s, want %v", r.DriftSPerS, want)
	}
	if r.CorrelationSigmaS < 3*r.BoundS {
		t.Errorf("sigma %.3g s does not show that the pieces scatter; the bound is %.3g s", r.CorrelationSigmaS, r.BoundS)
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	voice := chorus{widthHz: 3000, tones: 300, seed: 10}
	good := receiver{rateHz: 12000, samples: 36000, noiseDB: -25, noise: 1, delayS: 1e-4}
	heard := func(c chorus, change func(*receiver)) tdoa.Record {
		r := good
		change(&r)
		return c.heard(r)
	}
	same := func(*receiver) {}
	other := func(r *receiver) { r.noise = 0 }
	clocked := func(change func(*stamp.Clock)) tdoa.Record {
		r := heard(voice, other)
		change(&r.Clock)
		return r
	}
	a := heard(voice, same)
	const anyReason = tdoa.Reason("any") // chance decides which
	repeating := chorus{widthHz: 3000, tones: 300, seed: 10}.periodic(0.008)
	for _, c := range []struct {
		promise string
		a, b    tdoa.Record
		o       tdoa.Options
		want    tdoa.Reason
	}{
		{"a recording timed by arrival", a, clocked(func(c *stamp.Clock) { c.Quality = heimdall.TimeHostArrival }), tdoa.Options{}, tdoa.ClockUnfit},
		{"times of unknown uncertainty", a, clocked(func(c *stamp.Clock) { c.StartSigmaS = 0 }), tdoa.Options{}, tdoa.ClockUnfit},
		{"times that are too uncertain", a, clocked(func(c *stamp.Clock) { c.StartSigmaS = 1e-4 }), tdoa.Options{}, tdoa.ClockUnfit},
		{"times more uncertain than asked for", a, clocked(func(c *stamp.Clock) { c.StartSigmaS = 1e-6 }), tdoa.Options{MaxClockSigmaS: 1e-7}, tdoa.ClockUnfit},
		{"no start", a, clocked(func(c *stamp.Clock) { c.Start = time.Time{} }), tdoa.Options{AnyClock: true}, tdoa.ClockUnfit},
		{"an overlap of half a second", a, heard(voice, func(r *receiver) { r.startS = 2.5 }), tdoa.Options{}, tdoa.ShortOverlap},
		{"no overlap", a, heard(voice, func(r *receiver) { r.startS = 99 }), tdoa.Options{}, tdoa.ShortOverlap},
		{"no common band", a, heard(voice, func(r *receiver) { r.tunedHz = 10500 }), tdoa.Options{}, tdoa.NoCommonBand},
		{"rates too far apart", a, tdoa.Record{Source: samples{}, Clock: stamp.Clock{Start: epoch, RateHz: 2.4e6}}, tdoa.Options{AnyClock: true}, tdoa.NoCommonBand},
		{"another emission", a, heard(chorus{widthHz: 3000, tones: 300, seed: 11}, other), tdoa.Options{}, anyReason},
		{"a carrier", heard(chorus{widthHz: 1, tones: 1, seed: 3}, same), heard(chorus{widthHz: 1, tones: 1, seed: 3}, other), tdoa.Options{}, tdoa.NothingCommon},
		{"300 Hz", heard(chorus{widthHz: 300, tones: 60, seed: 3}, same), heard(chorus{widthHz: 300, tones: 60, seed: 3}, other), tdoa.Options{}, tdoa.NarrowBand},
		{"an emission that repeats itself every 8 ms", repeating(good), repeating(receiver{rateHz: 12000, samples: 36000, noiseDB: -25}), tdoa.Options{}, tdoa.Ambiguous},
		{"a search without end", a, a, tdoa.Options{MaxDelayS: 5}, tdoa.BadRequest},
		{"a band upside down", a, a, tdoa.Options{LowHz: 1, HighHz: -1}, tdoa.BadRequest},
		{"a record without samples", a, tdoa.Record{}, tdoa.Options{}, tdoa.BadRequest},
	} {
		t.Run(c.promise, func(t *testing.T) {
			r, err := tdoa.Delay(t.Context(), c.a, c.b, c.o)
			refusal, ok := errors.AsType[*tdoa.Refusal](err)
			if !ok || c.want != anyReason && refusal.Reason != c.want || refusal.Detail == "" {
				t.Errorf("error is %v, result %+v; want a refusal for %q", err, r, c.want)
			}
		})
	}
}

// periodic makes the emission repeat itself.
func (c chorus) periodic(periodS float64) func(receiver) tdoa.Record {
	return func(r receiver) tdoa.Record {
		source, noise := siggen.NewSource(c.seed, 50), siggen.NewSource(c.seed, 70+r.noise)
		z := make([]complex128, r.samples)
		for k := range z {
			z[k] = noise.Gauss(uint64(k)) * complex(math.Pow(10, r.noiseDB/20), 0)
			for m := -12; m <= 12; m++ {
				cycles := float64(m)/periodS*(float64(k)/r.rateHz-r.delayS) + source.Uniform(uint64(m+12))
				z[k] += cmplx.Rect(0.06, 2*math.Pi*cycles)
			}
		}
		return record(z, r.rateHz)
	}
}

// Whatever the seed, noise of two receivers is not taken for an emission.
func TestUnrelatedNoiseIsNeverMeasured(t *testing.T) {
	n := 2 * *seeds
	if raceEnabled {
		n = 4
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			source := siggen.NewSource(uint64(seed), 77)
			z := make([]complex128, 2*24000)
			for k := range z {
				z[k] = source.Gauss(uint64(k)) * 0.01
			}
			r, err := tdoa.Delay(t.Context(), record(z[:24000], 12000), record(z[24000:], 12000), tdoa.Options{})
			if _, ok := errors.AsType[*tdoa.Refusal](err); !ok {
				t.Errorf("error is %v, result %+v: want a refusal", err, r)
			}
		})
	}
}

func TestAnyClockSaysHowUncertainItIs(t *testing.T) {
	voice := chorus{widthHz: 3000, tones: 300, seed: 12}
	a := voice.heard(receiver{rateHz: 12000, samples: 24000, noiseDB: -25})
	b := voice.heard(receiver{rateHz: 12000, samples: 24000, noiseDB: -25, noise: 1})
	b.Clock.Quality, b.Clock.StartSigmaS = heimdall.TimeHostArrival, 0.05
	r, err := tdoa.Delay(t.Context(), a, b, tdoa.Options{AnyClock: true})
	if err != nil || math.Abs(r.SigmaS-0.05) > 1e-6 || r.CorrelationSigmaS > 1e-6 {
		t.Errorf("sigma %v s, correlation %v s, error %v; want 0.05 s in all", r.SigmaS, r.CorrelationSigmaS, err)
	}
	b.Clock.StartSigmaS = 0
	if r, err = tdoa.Delay(t.Context(), a, b, tdoa.Options{AnyClock: true}); err != nil || !math.IsNaN(r.SigmaS) {
		t.Errorf("sigma %v s, error %v; want an unknown sigma", r.SigmaS, err)
	}
}

func TestSamplesThatCannotBeReadAreAnError(t *testing.T) {
	voice := chorus{widthHz: 3000, tones: 30, seed: 13}
	a := voice.heard(receiver{rateHz: 12000, samples: 24000, noiseDB: -25})
	short := a
	short.Source = short.Source.(samples)[:100]
	if _, err := tdoa.Delay(t.Context(), a, short, tdoa.Options{}); err == nil {
		t.Error("samples that are not there were measured")
	}
	broken := a
	z := append(samples(nil), a.Source.(samples)...)
	z[12000] = complex(float32(math.NaN()), 0)
	broken.Source = z
	if _, err := tdoa.Delay(t.Context(), a, broken, tdoa.Options{}); err == nil {
		t.Error("a sample that is no number was measured")
	}
}
