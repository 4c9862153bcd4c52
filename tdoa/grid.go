package tdoa

import (
	"fmt"
	"math"
	"math/cmplx"
)

const (
	kernelHalf   = 24  // grid samples on each side: flat up to flatFraction, rejecting 70 dB from 0.56 on
	kernelPhases = 512 // linear interpolation between them is good to -100 dB
)

// A kernel interpolates samples of a rate that is ratio >= 1 times that of the grid, and drops what the grid cannot
// hold: a sinc in a Blackman window. It is symmetric, so it delays nothing.
type kernel struct {
	half   int       // samples on each side
	values []float64 // from the centre to half+1, kernelPhases to a sample
}

func newKernel(ratio float64) *kernel {
	k := &kernel{half: int(math.Ceil(kernelHalf * ratio))}
	k.values = make([]float64, (k.half+1)*kernelPhases+2)
	for i := range k.values {
		u := float64(i) / kernelPhases / ratio // in grid samples
		if u >= kernelHalf {
			break
		}
		x := math.Pi * u / kernelHalf
		window := 0.42 + 0.5*math.Cos(x) + 0.08*math.Cos(2*x)
		sinc := 1.0
		if u != 0 {
			sinc = math.Sin(math.Pi*u) / (math.Pi * u)
		}
		k.values[i] = sinc * window / ratio
	}
	return k
}

// value is the kernel at a distance in samples.
func (k *kernel) value(distance float64) float64 {
	u := math.Abs(distance) * kernelPhases
	i := int(u)
	part := u - float64(i)
	return k.values[i]*(1-part) + k.values[i+1]*part
}

// at is the value of z at position x, which lies at least half samples from its ends.
func (k *kernel) at(z []complex64, x float64) complex128 {
	first := int(math.Floor(x)) - k.half + 1
	distance := x - float64(first)
	var re, im float64
	for _, v := range z[first : first+2*k.half] {
		h := k.value(distance)
		re += h * float64(real(v))
		im += h * float64(imag(v))
		distance--
	}
	return complex(re, im)
}

// taps are the weights of the samples around a position that lies so much after one of them.
func (k *kernel) taps(after float64) []float64 {
	h := make([]float64, 2*k.half)
	for i := range h {
		h[i] = k.value(after + float64(k.half-1-i))
	}
	return h
}

func dot(z []complex64, h []float64) complex128 {
	var re, im float64
	for i, v := range z {
		re += h[i] * float64(real(v))
		im += h[i] * float64(imag(v))
	}
	return complex(re, im)
}

// A reader brings a record to the grid.
type reader struct {
	source Source
	rateHz float64
	gridHz float64
	kernel *kernel
	mixHz  float64 // taken off every frequency of the record
	raw    []complex64
}

// position is the place of a time among the samples held of a run.
func (r *reader) position(run run, atS float64) float64 {
	return float64(run.from) + (atS-run.startS)*r.rateHz
}

// read fills grid with the record's values from the time atS on, all of them inside the run.
func (r *reader) read(grid []complex128, run run, atS float64) error {
	x, step := r.position(run, atS), r.rateHz/r.gridHz
	whole := math.Round(x)
	plain := step == 1 && math.Abs(x-whole) < 1e-6 // the grid is the record's own
	if plain {
		x = whole
	}
	first := int64(math.Floor(x)) - int64(r.kernel.half)
	last := int64(math.Ceil(x+step*float64(len(grid)))) + int64(r.kernel.half) + 1
	first, last = max(first, run.from), min(last, run.to)
	if n := int(last - first); cap(r.raw) < n {
		r.raw = make([]complex64, n)
	}
	raw := r.raw[:last-first]
	if err := r.source.ReadSamples(raw, first); err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	for _, v := range raw {
		if s := real(v) + imag(v); s-s != 0 {
			return fmt.Errorf("read samples: a sample after number %d is not a finite number", first)
		}
	}
	r.mix(raw, run.startS+float64(first-run.from)/r.rateHz)
	x -= float64(first)
	if plain {
		for i, v := range raw[int(x):][:len(grid)] {
			grid[i] = complex128(v)
		}
		return nil
	}
	if step == 1 { // then every sample lies alike between two of the record's
		taps := r.kernel.taps(x - math.Floor(x))
		for i := range grid {
			grid[i] = dot(raw[int(x)+i+1-r.kernel.half:][:len(taps)], taps)
		}
		return nil
	}
	for i := range grid {
		grid[i] = r.kernel.at(raw, x+float64(i)*step)
	}
	return nil
}

// mix takes mixHz off the frequencies of z, whose first sample is of the time atS. The phase is one of time alone, so
// that it runs on from piece to piece.
func (r *reader) mix(z []complex64, atS float64) {
	if r.mixHz == 0 {
		return
	}
	const afresh = 256 // samples after which rounding is forgotten
	turn := cmplx.Rect(1, -2*math.Pi*r.mixHz/r.rateHz)
	var phasor complex128
	for k := range z {
		if k%afresh == 0 {
			cycles := r.mixHz * (atS + float64(k)/r.rateHz)
			phasor = cmplx.Rect(1, -2*math.Pi*(cycles-math.Floor(cycles)))
		}
		z[k] = complex64(complex128(z[k]) * phasor)
		phasor *= turn
	}
}
