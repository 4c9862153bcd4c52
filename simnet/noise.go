package simnet

import (
	"math"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// noiseWave is Gaussian noise of a given bandwidth as a function of continuous time: independent samples at
// that rate, joined by a windowed sinc. Whatever the kernel's shape, two receivers hear the same function.
type noiseWave struct {
	src         siggen.Source
	bandwidthHz float64
	kernel      []float64 // noisePhases steps a sample, 2*noiseReach samples long; scaled for unit power
}

const (
	noiseReach  = 8 // samples to either side
	noisePhases = 512
	noiseWindow = 8.0 // Kaiser's beta
)

func newNoiseWave(src siggen.Source, bandwidthHz float64) noiseWave {
	n := 2*noiseReach*noisePhases + 2 // one more, for interpolating at the last
	k := make([]float64, n)
	for i := range k {
		x := float64(i)/noisePhases - noiseReach
		k[i] = sinc(x) * kaiser(x/noiseReach, noiseWindow)
	}
	var energy float64
	for _, v := range k {
		energy += v * v / noisePhases
	}
	for i := range k {
		k[i] /= math.Sqrt(energy)
	}
	return noiseWave{src, bandwidthHz, k}
}

func (w noiseWave) fill(re, im []float64, t0 instant, rateHz float64) {
	n, x := t0.cycles(w.bandwidthHz)
	step := w.bandwidthHz / rateHz
	var zr, zi [2 * noiseReach]float64 // samples n-reach+1 .. n+reach
	for j := range zr {
		zr[j], zi[j] = w.sample(n + int64(j) - noiseReach + 1)
	}
	for i := range re {
		for x >= 1 {
			n, x = n+1, x-1
			copy(zr[:], zr[1:])
			copy(zi[:], zi[1:])
			zr[len(zr)-1], zi[len(zi)-1] = w.sample(n + noiseReach)
		}
		// Sample m = n-reach+1+j stands x-(m-n) = x+reach-1-j from here: kernel index (2 reach - 1 - j + x) phases.
		p := x * noisePhases
		q := int(p)
		f := p - float64(q)
		var sr, si float64
		for j := range zr {
			o := (2*noiseReach-1-j)*noisePhases + q
			h := w.kernel[o] + f*(w.kernel[o+1]-w.kernel[o])
			sr += h * zr[j]
			si += h * zi[j]
		}
		re[i], im[i] = sr, si
		x += step
	}
}

func (w noiseWave) sample(n int64) (re, im float64) {
	z := w.src.Gauss(uint64(n))
	return real(z), imag(z)
}

func (w noiseWave) widthHz() float64    { return 1.2 * w.bandwidthHz }
func (w noiseWave) centroidHz() float64 { return 0 }

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window of Kaiser and Kuo, 1966, for -1 <= x <= 1.
func kaiser(x, beta float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	return besselI0(beta*math.Sqrt(1-x*x)) / besselI0(beta)
}

// besselI0 is the modified Bessel function of the first kind and order 0, by its power series.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}
