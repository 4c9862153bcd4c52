package dsp

import "math"

const (
	surePhase    = 0.15 // cycles: how well a phase must be foretold to tell its turns apart
	steadyExcess = 1.3  // chi square per degree of freedom, beside its own scatter, up to which phases belong together
)

// fitPhases fits one phase, frequency and drift to those of all sightings: what the record as a whole says of a
// carrier that is steady throughout, at the Cramér-Rao bound of its whole length. Given what the frequencies alone
// say, it reports false when turns cannot be counted from one sighting to the next, or when the phases do not lie on
// one parabola because an oscillator wandered or the stream lost samples.
func fitPhases(seen []sighting, rough carrier) (carrier, bool) {
	if !rough.found || len(seen) < 2 {
		return carrier{}, false
	}
	unit := seen[0].seconds // of time, so that the equations are well scaled
	var equations [3][4]float64
	rests := make([][3]float64, len(seen))
	last := 0.0
	for k, l := range seen {
		t := l.middle
		turns := rough.frequencyHz*t + rough.driftHzS*t*t/2
		phase := math.Mod(l.phase, 1) - math.Mod(turns, 1)
		if k > 0 {
			dt := t - seen[k-1].middle
			if rough.foretold(dt, max(math.Abs(t), math.Abs(seen[k-1].middle))) > surePhase {
				return carrier{}, false
			}
			phase -= math.Round(phase - last)
		}
		last = phase
		rests[k] = [3]float64{phase, (l.frequencyHz - rough.frequencyHz - rough.driftHzS*t) * unit, (l.driftHzS - rough.driftHzS) * unit * unit}
		l.addTo(&equations, rests[k], t/unit, unit)
	}
	x, ok := solve3(equations)
	if !ok {
		return carrier{}, false
	}
	var chi float64
	for k, l := range seen {
		chi += l.misfit(rests[k], x, l.middle/unit, unit)
	}
	freedom := float64(3*len(seen) - 3)
	if chi/freedom > steadyExcess+3*math.Sqrt(2/freedom) {
		return carrier{}, false
	}
	c, scatter := rough, math.Sqrt(max(1, chi/freedom))
	c.frequencyHz += x[1] / unit
	c.driftHzS += x[2] / (unit * unit)
	c.sigmaHz = scatter * sigmaOf(equations, 1) / unit
	c.driftSigma = scatter * sigmaOf(equations, 2) / (unit * unit)
	return c, true
}

// foretold is one sigma of the phase that frequency and drift foretell for dt seconds later, in cycles, as far as t
// from the middle of the record.
func (c carrier) foretold(dt, t float64) float64 {
	return dt * math.Hypot(c.sigmaHz, c.driftSigma*t)
}

// information is the Fisher information of a tone of energy C/N0 T over the polynomial p + f t + d t^2/2 of its phase
// in cycles, about its middle, for a length of t.
func information(energy, t float64) [3][3]float64 {
	scale := 2 * energy * 4 * math.Pi * math.Pi
	pd := scale * t * t / 24
	return [3][3]float64{{scale, 0, pd}, {0, scale * t * t / 12, 0}, {pd, 0, scale * t * t * t * t / 320}}
}

// weight is the information of a sighting. Time is in units of so many seconds.
func (l sighting) weight(unit float64) [3][3]float64 {
	t := l.seconds
	energy := 6 / (l.sigmaHz * l.sigmaHz * 4 * math.Pi * math.Pi * t * t) // C/N0 T, by the bound of the frequency
	return information(energy, t/unit)
}

// carried is how phase, frequency and drift of the record's middle show t units later.
func carried(t float64) [3][3]float64 { return [3][3]float64{{1, t, t * t / 2}, {0, 1, t}, {0, 0, 1}} }

// addTo adds what a sighting at time t says to the normal equations.
func (l sighting) addTo(equations *[3][4]float64, rest [3]float64, t, unit float64) {
	w, a := l.weight(unit), carried(t)
	for r := range 3 {
		for i := range 3 {
			var aw float64 // of A' W
			for k := range 3 {
				aw += a[k][r] * w[k][i]
			}
			for c := range 3 {
				equations[r][c] += aw * a[i][c]
			}
			equations[r][3] += aw * rest[i]
		}
	}
}

// misfit is the chi square of a sighting at time t against the solution x.
func (l sighting) misfit(rest, x [3]float64, t, unit float64) (chi float64) {
	w, a := l.weight(unit), carried(t)
	var e [3]float64
	for r := range 3 {
		e[r] = rest[r] - a[r][0]*x[0] - a[r][1]*x[1] - a[r][2]*x[2]
	}
	for r := range 3 {
		for c := range 3 {
			chi += e[r] * w[r][c] * e[c]
		}
	}
	return chi
}

// sigmaOf is one sigma of unknown k.
func sigmaOf(equations [3][4]float64, k int) float64 {
	for r := range 3 {
		equations[r][3] = 0
	}
	equations[k][3] = 1
	x, _ := solve3(equations)
	return math.Sqrt(max(0, x[k]))
}
