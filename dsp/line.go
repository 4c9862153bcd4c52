package dsp

import "math"

const (
	lineSums   = 1024 // coherent partial sums on which a line is refined
	coherent   = 0.8  // partial sums in step: a line without doubt
	unrestSums = 16
	lineLobes  = 8 // bins on both sides that belong to the strongest line
)

// A line is the strongest coherent component of a chapter, at the middle of the chapter.
type line struct {
	frequency float64 // cycles per sample of the record, relative to its 0 Hz
	drift     float64 // cycles per sample squared
	phase     float64 // cycles, of the record's own oscillation
	power     float64 // amplitude squared, noise included
	second    float64 // power of the second strongest line over its own
	secondTop float64 // highest density of the second strongest line, as a chapter's peak
	unrest    float64 // mean square of what the fit leaves of the phases, in cycles
	stepwise  stepwise
	found     bool
}

// findLine searches the chapter for its strongest line: first without drift, then, unless that was beyond doubt or
// drift is ruled out, with it. s.power holds the periodogram without drift.
func (c *channel) findLine(p *chapter, s *scratch, mayDrift bool) line {
	best, strength := c.lineAt(s, 0)
	if !best.found {
		return line{}
	}
	c.drifting = c.drifting && mayDrift && !best.sure
	for _, rows := range [][]int{{4}, {16, 4}, {64, 16, 4}} {
		if !mayDrift || best.sure && best.power > 0.2*p.power || len(c.re)/rows[0] < minDriftRow {
			break
		}
		drift := 0.0
		for _, r := range rows {
			drift += c.searchDrift(s, drift, r)
		}
		if drift == 0 {
			continue
		}
		c.windowed(s, drift)
		if l, p := c.lineAt(s, drift); l.found && p > 1.03*strength {
			best, strength = l, p
			c.drifting = true
		}
	}
	d := float64(c.factor)
	best.frequency = best.frequency/d + c.shift
	best.stepwise.frequency = best.stepwise.frequency/d + c.shift
	best.stepwise.sigma /= d
	best.phase += math.Mod(c.shift*p.middle, 1) // what the shift took away
	best.drift /= d * d
	return best.line
}

// A candidate is a line in cycles per channel sample; sure when its partial sums are in step.
type candidate struct {
	line
	sure bool
}

// lineAt refines the strongest bin of s.power, which was made with this drift taken out, and returns its strength.
func (c *channel) lineAt(s *scratch, drift float64) (candidate, float32) {
	k := c.strongest(s)
	if k < 0 {
		return candidate{}, 0
	}
	n := len(s.z)
	first, _ := c.bins(n)
	l := candidate{line: line{frequency: float64(first+k) / float64(n), drift: drift, found: true}}
	strength := s.power[k]
	width := lineLobes*n/len(c.re) + 1
	var second float32
	for i, p := range s.power {
		if p > second && (i < k-width || i > k+width) {
			second = p
		}
	}
	l.second = float64(second) / float64(strength)
	l.secondTop = float64(second) / (float64(len(c.re)) * blackmanHarrisEnergy) * float64(c.factor)
	c.refine(&l, s)
	return l, strength
}

// refine improves frequency and drift by a weighted fit of the phases of 8, then 16 coherent sums, and frequency once
// more by interpolation between two points of the transform (Aboutanios and Mulgrew, IEEE SP 53, 2005). It works in
// float64 on up to 1024 partial sums, for the phases of a strong carrier are good to 1e-6 cycle.
func (c *channel) refine(l *candidate, s *scratch) {
	sums := c.partialSums(l.frequency, l.drift, s)
	power := sums.power()
	for _, m := range []int{8, 8, 16, 16, 16} {
		fit, ok := sums.fitPhase(m)
		if !ok {
			break
		}
		if l.sure = fit.coherence > coherent; fit.coherence < 0.5 {
			break
		}
		sums.rotate(fit.frequency, fit.drift)
		better := sums.power()
		if better < power { // a turn was miscounted
			sums.rotate(-fit.frequency, -fit.drift)
			break
		}
		power = better
		l.frequency, l.drift = l.frequency+fit.frequency, l.drift+fit.drift
	}
	for range 2 {
		f := sums.interpolate()
		l.frequency += f
		sums.rotate(f, 0)
	}
	re, im := sums.total(0, len(sums.re))
	n := float64(len(c.re))
	l.power = (re*re + im*im) / (n * n)
	l.phase = math.Atan2(im, re) / (2 * math.Pi)
	l.unrest = sums.unrest()
	l.stepwise = sums.stepwise(c.step)
	l.stepwise.frequency += l.frequency
}

// A partial is a run of sums over neighbouring samples.
type partial struct {
	re, im []float64
	t      []float64 // middle of each, from the middle of the chapter
	n      float64   // samples
}

// partialSums takes a frequency and a drift out of the chapter and sums runs of it, in s.sums.
func (c *channel) partialSums(frequency, drift float64, s *scratch) partial {
	n := len(c.re)
	size := (n + lineSums - 1) / lineSums
	count := (n + size - 1) / size
	p := partial{s.sums[0][:count], s.sums[1][:count], s.sums[2][:count], float64(n)}
	clear(p.re)
	clear(p.im)
	mid := float64(n-1) / 2
	for j := range count {
		from, to := j*size, min(j*size+size, n)
		p.t[j] = float64(from+to-1)/2 - mid
		for ; from < to; from += phasorRun {
			run := min(phasorRun, to-from)
			s.phasors.fill(frequency, drift, float64(from)-mid)
			re, im := c.re[from:from+run], c.im[from:from+run]
			for k, r := range re {
				a, b := s.phasors.re[k], s.phasors.im[k]
				p.re[j] += float64(r)*a - float64(im[k])*b
				p.im[j] += float64(r)*b + float64(im[k])*a
			}
		}
	}
	return p
}

// total is the sum of those from one index up to another.
func (p *partial) total(from, to int) (re, im float64) {
	for k := from; k < to; k++ {
		re, im = re+p.re[k], im+p.im[k]
	}
	return re, im
}

// power is that of all sums together.
func (p *partial) power() float64 {
	re, im := p.total(0, len(p.re))
	return re*re + im*im
}

// rotate takes a further frequency and drift out.
func (p *partial) rotate(frequency, drift float64) {
	for k, t := range p.t {
		sin, cos := math.Sincos(-2 * math.Pi * t * (frequency + drift*t/2))
		p.re[k], p.im[k] = p.re[k]*cos-p.im[k]*sin, p.re[k]*sin+p.im[k]*cos
	}
}

// at is the transform of the sums at frequency f, times counted from the first sample.
func (p *partial) at(f float64) (re, im float64) {
	for k, t := range p.t {
		sin, cos := math.Sincos(-2 * math.Pi * f * (t + (p.n-1)/2))
		re += p.re[k]*cos - p.im[k]*sin
		im += p.re[k]*sin + p.im[k]*cos
	}
	return re, im
}

// interpolate estimates how far the line is from frequency 0, at most a bin.
func (p *partial) interpolate() float64 {
	ar, ai := p.at(0.5 / p.n)
	br, bi := p.at(-0.5 / p.n)
	ratio := complex(ar+br, ai+bi) / complex(ar-br, ai-bi)
	d := 0.5 * real(ratio)
	if math.IsNaN(d) {
		return 0
	}
	return min(max(d, -1), 1) / p.n
}

// A phaseFit is what the phases of a few sums say about the rest of a line's frequency and drift.
type phaseFit struct {
	frequency, drift float64
	coherence        float64 // 1: every sum lies where the fit says
}

// fitPhase fits phase, frequency and drift to m sums, weighted by their power.
func (p *partial) fitPhase(m int) (phaseFit, bool) {
	if int(p.n) < 4*m || len(p.t) < m {
		return phaseFit{}, false
	}
	var re, im, t, phase [16]float64
	var a [3][4]float64
	var total float64
	for j := range m {
		from, to := j*len(p.t)/m, (j+1)*len(p.t)/m
		for k := from; k < to; k++ {
			re[j], im[j], t[j] = re[j]+p.re[k], im[j]+p.im[k], t[j]+p.t[k]/float64(to-from)
		}
		phase[j] = math.Atan2(im[j], re[j]) / (2 * math.Pi) // cycles
		if j > 0 {
			phase[j] -= math.Round(phase[j] - phase[j-1])
		}
		weight := re[j]*re[j] + im[j]*im[j]
		u := t[j] / p.n // keeps the equations well scaled
		basis := [3]float64{1, u, u * u / 2}
		for r := range 3 {
			for c := range 3 {
				a[r][c] += weight * basis[r] * basis[c]
			}
			a[r][3] += weight * basis[r] * phase[j]
		}
		total += math.Sqrt(weight)
	}
	x, ok := solve3(a)
	if !ok || total == 0 {
		return phaseFit{}, false
	}
	var sr, si float64
	for j := range m {
		u := t[j] / p.n
		sin, cos := math.Sincos(-2 * math.Pi * (x[0] + x[1]*u + x[2]*u*u/2))
		sr += re[j]*cos - im[j]*sin
		si += re[j]*sin + im[j]*cos
	}
	return phaseFit{x[1] / p.n, x[2] / (p.n * p.n), math.Hypot(sr, si) / total}, true
}

// unrest is the mean square of the phases of 16 sums about that of all, in cycles, weighted by their power.
func (p *partial) unrest() (square float64) {
	var all float64
	re, im := p.total(0, len(p.re))
	mean := math.Atan2(im, re)
	for j := range unrestSums {
		re, im = p.total(j*len(p.re)/unrestSums, (j+1)*len(p.re)/unrestSums)
		e := math.Remainder(math.Atan2(im, re)-mean, 2*math.Pi) / (2 * math.Pi)
		square += (re*re + im*im) * e * e
		all += re*re + im*im
	}
	if all == 0 {
		return 0
	}
	return square / all
}

// solve3 solves three linear equations, the right-hand side in the last column, by elimination with pivoting.
func solve3(a [3][4]float64) (x [3]float64, ok bool) {
	for c := range 3 {
		pivot := c
		for r := c + 1; r < 3; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		a[c], a[pivot] = a[pivot], a[c]
		if a[c][c] == 0 || math.IsNaN(a[c][c]) {
			return x, false
		}
		for r := c + 1; r < 3; r++ {
			f := a[r][c] / a[c][c]
			for k := c; k < 4; k++ {
				a[r][k] -= f * a[c][k]
			}
		}
	}
	for r := 2; r >= 0; r-- {
		x[r] = a[r][3]
		for k := r + 1; k < 3; k++ {
			x[r] -= a[r][k] * x[k]
		}
		x[r] /= a[r][r]
	}
	return x, !math.IsNaN(x[0] + x[1] + x[2])
}
