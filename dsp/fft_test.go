package dsp

import (
	"math"
	"math/rand"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

func TestTheTransformAgreesWithAnotherImplementation(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for n := 1; n <= 1<<17; n *= 2 {
		x, z := make([]complex64, n), make([]complex128, n)
		for k := range z {
			x[k] = complex(float32(r.NormFloat64()), float32(r.NormFloat64()))
			z[k] = complex128(x[k])
		}
		want := fourier.NewCmplxFFT(n).Coefficients(nil, z)
		x = fftOf(n).transform(x, make([]complex64, n))
		var miss, power float64
		for k, w := range want {
			dr, di := float64(real(x[k]))-real(w), float64(imag(x[k]))-imag(w)
			miss += dr*dr + di*di
			power += real(w)*real(w) + imag(w)*imag(w)
		}
		if rms := math.Sqrt(miss / power); rms > 4e-7 {
			t.Errorf("n = %d: rms error %v of the rms value, want at most 4e-7", n, rms)
		}
	}
}

func TestTheSpectrumIntegratesToTheMeanPower(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	const n, length, rate = 40000, 512, 12000.0
	re, im, power := make([]float32, n), make([]float32, n), 0.0
	for k := range re {
		re[k], im[k] = float32(r.NormFloat64()), float32(r.NormFloat64())
		power += float64(re[k]*re[k]+im[k]*im[k]) / n
	}
	w := newWelch(length, n, n)
	w.push(re, im)
	s := w.finish(rate)
	var sum float64
	for _, v := range s.mean {
		sum += v * s.stepHz
	}
	if math.Abs(sum/power-1) > 0.01 {
		t.Errorf("integral of the spectrum = %v, want the mean power %v", sum, power)
	}
	if want := float64(1 + (n-length)/(length/2)); math.Abs(s.averages/want-0.997) > 0.002 {
		t.Errorf("%v averages of %v segments, want 0.997 each", s.averages, want)
	}
}

func TestBlocksOfTimeHoldEverySegmentHoweverLongTheRecord(t *testing.T) {
	for _, samples := range []int{512, 20000, 300000, 1500000} {
		w := newWelch(512, 0, 1)
		w.push(make([]float32, samples), make([]float32, samples))
		segments := w.segments
		s := w.finish(1)
		sum := 0
		for _, c := range s.counts {
			sum += c
		}
		if sum != segments || segments != int(segmentsOf(int64(samples), 512)) || len(s.blocks) > maxBlocks {
			t.Errorf("%d samples: %d blocks hold %d of %d segments", samples, len(s.blocks), sum, segments)
		}
	}
}

func TestTheDecimatorKeepsTheChannelAndNothingElse(t *testing.T) {
	const bw, center = 0.03, 0.123
	factor := decimation(bw)
	level := func(f float64) float64 {
		d := newDecimator(factor, center)
		d.skip(2 * d.delay())
		p := new(phasors)
		var power float64
		n := 0
		for k := 0; k < 1<<16; k += phasorRun {
			p.fill(-f, 0, float64(k))
			var re, im [phasorRun]float32
			for i := range re {
				re[i], im[i] = float32(p.re[i]), float32(p.im[i])
			}
			d.push(re[:], im[:], func(re, im []float32) {
				for i := range re {
					power += float64(re[i])*float64(re[i]) + float64(im[i])*float64(im[i])
					n++
				}
			})
		}
		return 10 * math.Log10(power/float64(n))
	}
	for _, f := range []float64{0, 0.2, -0.4, 0.499, -0.499} {
		if got := level(center + f*bw); math.Abs(got) > 1e-3 {
			t.Errorf("%v of the channel from its centre: %v dB, want 0", f, got)
		}
	}
	// What the new rate folds into the channel.
	for alias := 1; alias < 3; alias++ {
		f := center + float64(alias)/float64(factor) + 0.49*bw
		if got := level(f - math.Round(f)); got > -95 {
			t.Errorf("alias %d: %v dB, want below -95", alias, got)
		}
	}
}
