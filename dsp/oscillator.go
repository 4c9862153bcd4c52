package dsp

import "math"

const (
	dcHalfBins = 4.5 // of a transform through the Blackman-Harris window that a line at 0 Hz fills to either side
	dcSkirtHz  = 5   // what noise of phase and slow wandering add to that
)

// removeOscillator takes a steady line at 0 Hz of the record out of the chapter. What is left of a zero-IF
// receiver's own oscillator then lies within few bins, which excluded tells, and neither reaches the rest of the
// channel over the side lobes of a flat window nor turns into a chirp when a drift is taken out.
func (c *channel) removeOscillator(s *scratch) {
	n, f := len(c.re), -c.shift*float64(c.factor)
	var sumRe, sumIm, weight float64
	var window phasors
	for from := 0; from < n; from += phasorRun {
		re, im := c.re[from:min(from+phasorRun, n)], c.im[from:]
		window.fill(1/float64(n), 0, float64(from))
		s.phasors.fill(f, 0, float64(from))
		for k, r := range re {
			w, a, b := blackmanHarrisOf(window.re[k]), s.phasors.re[k], s.phasors.im[k]
			sumRe += w * (float64(r)*a - float64(im[k])*b)
			sumIm += w * (float64(r)*b + float64(im[k])*a)
			weight += w
		}
	}
	sumRe, sumIm = sumRe/weight, sumIm/weight
	for from := 0; from < n; from += phasorRun {
		re, im := c.re[from:min(from+phasorRun, n)], c.im[from:]
		s.phasors.fill(-f, 0, float64(from))
		for k := range re {
			a, b := s.phasors.re[k], s.phasors.im[k]
			re[k] -= float32(sumRe*a - sumIm*b)
			im[k] -= float32(sumRe*b + sumIm*a)
		}
	}
}

// excluded reports whether bin k of a transform of length n over some samples of the channel lies where a zero-IF
// receiver shows its own oscillator.
func (c *channel) excluded(k, n, samples int) bool {
	return c.leaking && math.Abs(float64(k)/float64(n)+c.shift*float64(c.factor)) <= dcHalfBins/float64(samples)+c.skirt
}

// blank takes the excluded bins out of s.power.
func (c *channel) blank(s *scratch) {
	if !c.leaking {
		return
	}
	first, _ := c.bins(len(s.z))
	for j := range s.power {
		if c.excluded(first+j, len(s.z), len(c.re)) {
			s.power[j] = 0
		}
	}
}
