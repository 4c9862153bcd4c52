package simnet

import "math"

// A wave is a complex envelope of unit mean power: a closed form of absolute time, so that evaluating it at
// t-delay is the delayed signal itself, with nothing interpolated.
type wave interface {
	// fill evaluates the envelope at t0 + i/rateHz for every i of re and im.
	fill(re, im []float64, t0 instant, rateHz float64)

	// widthHz is the bandwidth outside of which less than about 1e-4 of the power lies.
	widthHz() float64

	// centroidHz is where the power is centred, relative to the carrier.
	centroidHz() float64
}

type carrierWave struct{}

func (carrierWave) fill(re, im []float64, _ instant, _ float64) {
	for i := range re {
		re[i], im[i] = 1, 0
	}
}
func (carrierWave) widthHz() float64    { return 0 }
func (carrierWave) centroidHz() float64 { return 0 }

// A phasor turns by the same angle every step. Rounding lets its length drift by 1e-16 a step, so it is
// started anew for every block.
type phasor struct{ c, s, dc, ds float64 }

// newPhasor starts at angle radians and turns by step radians.
func newPhasor(angle, step float64) phasor {
	s, c := math.Sincos(angle)
	ds, dc := math.Sincos(step)
	return phasor{c, s, dc, ds}
}

// step returns cosine and sine of the angle, then turns.
func (p *phasor) step() (c, s float64) {
	c, s = p.c, p.s
	p.c, p.s = c*p.dc-s*p.ds, c*p.ds+s*p.dc
	return c, s
}
