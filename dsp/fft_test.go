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
	if want := float64(1 + (n-length)/(length/4)); math.Abs(s.averages/want-0.701) > 0.002 {
		t.Errorf("%v averages of %v segments, want 0.701 each", s.averages, want)
	}
}

func TestOverlapLeavesLittleOfTheSamplesUnused(t *testing.T) {
	w := make([]float32, 512)
	blackmanHarris(w)
	for hop, want := range map[int]struct{ averages, excess float64 }{
		128: {0.7013, 1.0018}, 256: {0.9972, 1.3866}, 512: {1, 2.7632}, // as computed in float64 by another library
	} {
		averages, excess := averagesPerSegment(w, hop), noiseExcess(w, hop)
		if math.Abs(averages/want.averages-1) > 1e-3 || math.Abs(excess/want.excess-1) > 1e-3 {
			t.Errorf("hop %d: %.4f averages per segment, excess %.4f, want %v", hop, averages, excess, want)
		}
	}
	for samples, want := range map[int64]int{512: 128, 512 * 100: 128, 512 * 200: 256, 512 * 600: 512} {
		if hop := hopOf(512, samples); hop != want {
			t.Errorf("segments of %d samples are %d apart, want %d", samples, hop, want)
		}
	}
}

func TestVeryManySegmentsNeedNotOverlap(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	const length, n = 64, 64 * 2000
	re, im, power := make([]float32, n), make([]float32, n), 0.0
	for k := range re {
		re[k], im[k] = float32(r.NormFloat64()), float32(r.NormFloat64())
		power += float64(re[k]*re[k]+im[k]*im[k]) / n
	}
	w := newWelch(length, n, n)
	w.push(re, im)
	s := w.finish(1)
	var sum float64
	for _, v := range s.mean {
		sum += v * s.stepHz
	}
	// The window weights the middle of each segment more, so that the integral scatters by a percent.
	if math.Abs(sum/power-1) > 0.03 || s.averages != 2000 {
		t.Errorf("integral %v of %v, %v averages; want 2000", sum, power, s.averages)
	}
	total := 0
	for _, c := range s.counts {
		total += c
	}
	if total != 2000 || len(s.blocks) != maxBlocks {
		t.Errorf("%d blocks hold %d segments, want %d and 2000", len(s.blocks), total, maxBlocks)
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
		if sum != segments || segments != int(segmentsOf(int64(samples), 512, w.hop)) || len(s.blocks) > maxBlocks {
			t.Errorf("%d samples: %d blocks hold %d of %d segments", samples, len(s.blocks), sum, segments)
		}
	}
}
