package dsp

import "math"

const (
	stepPart    = 32   // of the record: how far apart the sums are that are compared
	stepSeconds = 0.02 // at least: longer than a period of speech, shorter than its pauses
	stepParts   = 8    // of the record, whose scatter tells the sigma
)

// A stepwise is a line's frequency by the phase steps between sums a little apart. A carrier that is
// modulated in between, such as that of FM in the pauses of speech, starts each time with another phase: steps within
// a pause do not mind, where a phase fitted through all would be led astray. Sums count by the square of their power,
// for what modulation leaves of the carrier is weak.
type stepwise struct{ frequency, sigma float64 }

// stepwise compares the sums of p that are at least so many samples apart. The frequency is relative to what was taken
// out of them.
func (p *partial) stepwise(apart float64) stepwise {
	n := len(p.re)
	lag := max(n/stepPart, int(math.Ceil(apart*float64(n)/p.n)))
	if n < stepPart || n < 4*lag {
		return stepwise{sigma: math.Inf(1)}
	}
	var re, im [stepParts]float64
	var sumRe, sumIm float64
	for k := range n - lag {
		a, b := complex(p.re[k], p.im[k]), complex(p.re[k+lag], p.im[k+lag])
		r := real(a)*real(b) + imag(a)*imag(b)
		i := real(a)*imag(b) - imag(a)*real(b)
		w := math.Hypot(r, i)
		part := k * stepParts / (n - lag)
		re[part], im[part] = re[part]+w*r, im[part]+w*i
		sumRe, sumIm = sumRe+w*r, sumIm+w*i
	}
	cycles := 2 * math.Pi * (p.t[lag] - p.t[0])
	mean := math.Atan2(sumIm, sumRe)
	var scatter float64
	for j := range re { // leaving each part out in turn
		e := math.Remainder(math.Atan2(sumIm-im[j], sumRe-re[j])-mean, 2*math.Pi)
		scatter += e * e
	}
	const jackknife = float64(stepParts-1) / stepParts
	return stepwise{mean / cycles, math.Sqrt(jackknife*scatter) / cycles}
}
