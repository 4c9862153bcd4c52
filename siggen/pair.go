package siggen

import (
	"fmt"
	"math"
	"math/cmplx"
)

// A Pair is one emission as two receivers hear it: with a difference in time, and with noise of their own each.
//
// The record is periodic, so that any delay is exact: the end of the emission comes round to the beginning. Receiver
// a's record is that of the [Vector] with the same seed, signal and noise.
type Pair struct {
	SampleRateHz float64
	Samples      int
	Seed         uint64
	Signal       Signal
	NoiseDBFSHz  float64 // density of the noise of each receiver
	DelayS       float64 // by how much b hears the emission later than a
	CarrierHz    float64 // radio frequency of 0 Hz, which sets the phase that the delay gives the signal
}

// secondNoiseStream is the noise of receiver b; that of a is noiseStream.
const secondNoiseStream = 2

// Build computes the samples of both records; |z| = 1 is full scale.
func (p Pair) Build() (a, b []complex128, err error) {
	clean := Vector{SampleRateHz: p.SampleRateHz, Samples: p.Samples, Seed: p.Seed, Signals: []Signal{p.Signal}}
	if a, err = clean.Build(); err != nil {
		return nil, nil, fmt.Errorf("build pair: %w", err)
	}
	b = p.delayed(a)
	gain := complex(math.Sqrt(math.Pow(10, p.NoiseDBFSHz/10)*p.SampleRateHz), 0)
	noiseA, noiseB := NewSource(p.Seed, noiseStream), NewSource(p.Seed, secondNoiseStream)
	for k := range a {
		a[k] += noiseA.Gauss(uint64(k)) * gain
		b[k] += noiseB.Gauss(uint64(k)) * gain
	}
	return a, b, nil
}

// delayed turns each frequency of z by the phase that it loses in DelayS.
func (p Pair) delayed(z []complex128) []complex128 {
	n := len(z)
	x := make([]complex128, n)
	for k, v := range z {
		x[k] = cmplx.Conj(v)
	}
	x = inverseDFT(x) // the conjugate of the spectrum
	for k := range x {
		bin := k
		if 2*k >= n {
			bin -= n
		}
		cycles := (float64(bin)*p.SampleRateHz/float64(n) + p.CarrierHz) * p.DelayS
		x[k] = cmplx.Conj(x[k]) * cmplx.Rect(1/float64(n), -2*math.Pi*(cycles-math.Round(cycles)))
	}
	return inverseDFT(x)
}
