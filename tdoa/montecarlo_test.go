package tdoa_test

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

var seeds = flag.Int("seeds", 8, "trials for each signal and SNR")

// An emission is one signal without noise, as both receivers hear it.
type emission struct {
	a, b   []complex128
	delayS float64
	powerW []float64 // of each bin, of the whole record
}

func emit(t testing.TB, p siggen.Pair) emission {
	t.Helper()
	p.NoiseDBFSHz = -600
	a, b, err := p.Build()
	if err != nil {
		t.Fatal(err)
	}
	e := emission{a: a, b: b, delayS: p.DelayS}
	n := float64(len(a))
	for _, v := range fourier.NewCmplxFFT(len(a)).Coefficients(nil, a) {
		e.powerW = append(e.powerW, (real(v)*real(v)+imag(v)*imag(v))/(n*n))
	}
	return e
}

// boundS is the Cramér-Rao bound of the delay with noise of that density at both receivers: one over the root of
// 8 pi² times the sum over all bins of g²/(1+2g) (f-f0)², with g the signal-to-noise ratio of a bin.
func (e emission) boundS(rateHz, noiseDBFSHz float64) float64 {
	n := len(e.powerW)
	durationS := float64(n) / rateHz
	density := math.Pow(10, noiseDBFSHz/10)
	var sum, first, second float64
	for k, power := range e.powerW {
		f := float64(k)
		if 2*k >= n {
			f -= float64(n)
		}
		f /= durationS
		g := power * durationS / density
		w := g * g / (1 + 2*g)
		sum, first, second = sum+w, first+w*f, second+w*f*f
	}
	return 1 / math.Sqrt(8*math.Pi*math.Pi*(second-first*first/sum))
}

// hear adds the noise of two receivers.
func (e emission) hear(rateHz, noiseDBFSHz float64, seed uint64) (a, b tdoa.Record) {
	gain := complex(math.Sqrt(math.Pow(10, noiseDBFSHz/10)*rateHz), 0)
	noiseA, noiseB := siggen.NewSource(seed, 1), siggen.NewSource(seed, 2)
	x, y := slices.Clone(e.a), slices.Clone(e.b)
	for k := range x {
		x[k] += noiseA.Gauss(uint64(k)) * gain
		y[k] += noiseB.Gauss(uint64(k)) * gain
	}
	return record(x, rateHz), record(y, rateHz)
}

// Over many noises, the error is near the bound and as large as it says.
func TestTheErrorIsNearTheBoundAndAsLargeAsSaid(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: one thread's sums of a minute, of which it can say nothing")
	}
	for _, s := range []struct {
		name        string
		signal      siggen.Signal
		bandwidthHz float64
		delayS      float64
	}{
		{"a flat band", bandnoise, 9000, -412.75e-6},
		{"a voice in single side band", usb, 2700, 137.3e-6},
		{"narrow-band FM", nbfm, 10000, 55.5e-6},
	} {
		for _, snrDB := range []float64{0, 10, 20} {
			t.Run(fmt.Sprintf("%s at %g dB", s.name, snrDB), func(t *testing.T) {
				t.Parallel()
				p := pairOf(s.signal, s.bandwidthHz, snrDB, s.delayS, 900)
				if snrDB > 0 {
					p.Samples = 24000 // 2 s: the bound is reached sooner
				}
				e := emit(t, p)
				boundS := e.boundS(p.SampleRateHz, p.NoiseDBFSHz)
				var squares, said, n float64
				for seed := range *seeds {
					a, b := e.hear(p.SampleRateHz, p.NoiseDBFSHz, uint64(1000+seed))
					r, err := tdoa.Delay(t.Context(), a, b, tdoa.Options{MaxDelayS: 10e-3})
					if err != nil {
						t.Logf("seed %d: %v", seed, err)
						continue
					}
					squares += (r.DelayS - p.DelayS) * (r.DelayS - p.DelayS)
					said += r.SigmaS
					n++
				}
				if refused := float64(*seeds) - n; refused > max(1, 0.02*float64(*seeds)) {
					t.Fatalf("%.0f of %d trials were refused", refused, *seeds)
				}
				rmsS := math.Sqrt(squares / n)
				said /= n
				t.Logf("bound %.0f ns, rms %.2f bounds, sigma said %.2f rms", boundS*1e9, rmsS/boundS, said/rmsS)
				// The rms of n trials is itself uncertain, by a share of 1/sqrt(2n): two of that are allowed on top.
				chance := 1 + 2/math.Sqrt(2*n)
				if rmsS > 1.3*chance*boundS {
					t.Errorf("rms error is %.2f bounds, want at most %.2f", rmsS/boundS, 1.3*chance)
				}
				if ratio := said / rmsS; ratio < 0.6/chance || ratio > 1.7*chance {
					t.Errorf("sigma is said to be %.2f of the rms error, want %.2f to %.2f", ratio, 0.6/chance, 1.7*chance)
				}
			})
		}
	}
}
