package dsp

import "math"

// restless is how much more than noise the phases of a line may scatter and still be those of one oscillation.
const restless = 3

// A sighting is the line of one chapter.
type sighting struct {
	carrier
	middle  float64 // seconds from the middle of the record to that of the chapter
	samples float64 // of the chapter
}

// combineLines joins the chapters' lines. One chapter is its own answer.
func (a *analysis) combineLines() carrier {
	middle := float64(a.quality.n-1) / 2
	var seen []sighting
	var total float64
	for _, c := range a.channel.chapters {
		seen = append(seen, sighting{a.lineOf(c), (c.middle - middle) / a.rateHz, c.samples})
		total += c.samples
	}
	switch len(seen) {
	case 0:
		return carrier{}
	case 1: // carry the frequency over to the middle of the record
		seen[0].frequencyHz -= seen[0].driftHzS * seen[0].middle
		return seen[0].carrier
	}
	seen = agreeing(seen)
	c := fitFrequencies(seen, total)
	if steady, ok := fitPhases(seen, c); ok {
		return steady
	}
	return c
}

// lineOf gives a chapter's line in hertz and seconds, noise taken off its power.
func (a *analysis) lineOf(c chapter) carrier {
	if !c.line.found {
		return carrier{}
	}
	t := c.samples / a.rateHz
	power := c.line.power - a.noise.density/t
	if power <= 0 {
		return carrier{}
	}
	cn0 := power / a.noise.density
	l := carrier{
		frequencyHz: c.line.frequency * a.rateHz, sigmaHz: frequencyBound(cn0, t),
		driftHzS: c.line.drift * a.rateHz * a.rateHz, driftSigma: driftBound(cn0, t),
		phase: c.line.phase, power: power, second: c.line.second, seconds: t, energy: cn0 * t, found: true,
	}
	if c.line.secondTop/a.rateHz < a.noise.density*highestCell(c.cells) {
		l.second = 0 // it may be the strongest of so many cells of noise
	}
	// Noise alone leaves this much of the phases of 16 sums after a fit of three unknowns.
	const unknowns = 3
	if excess := math.Sqrt(c.line.unrest * 2 * l.energy * 4 * math.Pi * math.Pi / (unrestSums - unknowns)); excess > 1 {
		l.sigmaHz *= excess
		l.driftSigma *= excess
		if step := c.line.stepwise; excess > restless && !math.IsInf(step.sigma, 0) {
			l.frequencyHz, l.sigmaHz = step.frequency*a.rateHz, step.sigma*a.rateHz
		}
	}
	return l
}

// agreeing keeps the sightings of the carrier that the most power speaks for.
func agreeing(seen []sighting) []sighting {
	anchor, most := -1, 0.0
	for i, l := range seen {
		if !l.trusted() {
			continue
		}
		var power float64
		for _, o := range seen {
			if o.agrees(l) {
				power += o.power * o.seconds
			}
		}
		if power > most {
			anchor, most = i, power
		}
		if i > 64 && anchor >= 0 { // enough candidates: a carrier shows in most chapters
			break
		}
	}
	var kept []sighting
	for _, o := range seen {
		if anchor >= 0 && o.agrees(seen[anchor]) {
			kept = append(kept, o)
		}
	}
	return kept
}

// fitFrequencies fits a straight line through the frequencies of the sightings, phases left aside: the oscillators on
// both sides may wander over minutes. The sigmas are those of this estimator, widened by the scatter. total is the
// number of samples of all chapters, most of which must have seen the carrier.
func fitFrequencies(seen []sighting, total float64) carrier {
	var taken, power, second, seconds float64
	var sw, swt, swtt, swf, swtf float64
	for _, l := range seen {
		taken += l.samples
		power += l.power * l.samples
		second += l.second * l.samples
		seconds += l.seconds
		w, t := 1/(l.sigmaHz*l.sigmaHz), l.middle
		sw, swt, swtt, swf, swtf = sw+w, swt+w*t, swtt+w*t*t, swf+w*l.frequencyHz, swtf+w*t*l.frequencyHz
		v := 1 / (l.driftSigma * l.driftSigma) // its own drift is a second observation
		swtt, swtf = swtt+v, swtf+v*l.driftHzS
	}
	det := sw*swtt - swt*swt
	if taken < total/2 || det <= 0 {
		return carrier{}
	}
	f, drift := (swf*swtt-swtf*swt)/det, (sw*swtf-swt*swf)/det
	var chi float64
	for _, l := range seen {
		e := (l.frequencyHz - f - drift*l.middle) / l.sigmaHz
		chi += e * e
	}
	scatter := math.Sqrt(max(1, chi/max(1, float64(len(seen)-2))))
	return carrier{
		frequencyHz: f, sigmaHz: scatter * math.Sqrt(swtt/det), driftHzS: drift, driftSigma: scatter * math.Sqrt(sw/det),
		power: power / total, second: second / taken, seconds: seconds, found: true,
	}
}

// trusted: strong enough that it is not the highest peak of noise.
func (l carrier) trusted() bool { return l.found && l.energy > carrierCN0T }

// agrees reports whether l can be the same carrier as anchor.
func (l sighting) agrees(anchor sighting) bool {
	if !l.trusted() {
		return false
	}
	dt := l.middle - anchor.middle
	sigma := math.Hypot(l.sigmaHz, math.Hypot(anchor.sigmaHz, anchor.driftSigma*dt))
	return math.Abs(l.frequencyHz-anchor.frequencyHz-anchor.driftHzS*dt) < 6*sigma+2/l.seconds
}
