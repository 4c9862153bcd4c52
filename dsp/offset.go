package dsp

import "math"

const (
	carrierCN0T  = 20  // 13 dB of energy over noise density: below, the strongest peak may be noise
	carrierShare = 0.2 // of the signal's power
	secondLine   = 0.5 // squared ratio of the second line to the first
)

// measureOffset reports the frequency offset: of the carrier where there is one, else of the centroid.
func (a *analysis) measureOffset(c centroid, blind bool) {
	l := a.combineLines()
	m, s := &a.metrics, &a.signal
	cn0 := l.power / a.noise.density
	share := l.power / s.power
	if l.found {
		m.LineFraction = finite(min(share, 9.99))
	}
	strong := l.found && cn0*l.seconds > carrierCN0T && share > carrierShare
	a.flag(strong && l.second >= secondLine, FlagMultiLine)
	switch {
	case strong && l.second < secondLine:
		m.FrequencyMethod = new(MethodCarrier)
		m.FrequencyOffsetHz, m.DriftHzS = finite(l.frequencyHz-a.config.ChannelCenterHz), finite(l.driftHzS)
		if blind { // a sigma would need the noise
			return
		}
		m.FrequencySigmaHz, m.DriftSigmaHzS = finite(l.sigmaHz), finite(l.driftSigma)
		a.preferCarrierPower(l.power, cn0)
	case c.found:
		m.FrequencyMethod = new(MethodCentroid)
		m.FrequencyOffsetHz = finite(c.frequencyHz - a.config.ChannelCenterHz)
		if !blind {
			m.FrequencySigmaHz = finite(c.sigmaHz)
		}
	}
}

// preferCarrierPower takes the line's power for S when all the excess energy can be the line and the energy tells it
// less well: at -20 dB in 10 kHz that makes 0.3 dB out of 3.
func (a *analysis) preferCarrierPower(power, cn0 float64) {
	s := &a.signal
	sigma := s.sigma * s.noise
	if math.Abs(s.power-power) < 3*sigma && sigma > 0.05*power {
		s.power, s.ratio = power, power/s.noise
		a.reportSignal(math.Sqrt(2/(cn0*a.seconds) + a.noiseRel*a.noiseRel))
	}
}

// A carrier is the line of all chapters together, at the middle of the record.
type carrier struct {
	frequencyHz, sigmaHz float64
	driftHzS, driftSigma float64
	power                float64 // amplitude squared, averaged over the record
	second               float64
	seconds              float64 // of coherent observation behind it
	found                bool
}

// Cramér-Rao bounds of a complex tone of unknown phase and amplitude observed for t seconds (Rife and Boorstyn, IEEE
// IT 20, 1974): frequency alone of a tone that may drift is the same at the middle of the record.
func frequencyBound(cn0, t float64) float64 { return math.Sqrt(6/(cn0*t)) / (2 * math.Pi * t) }
func driftBound(cn0, t float64) float64     { return math.Sqrt(90/(cn0*t)) / (math.Pi * t * t) }

// combineLines joins the chapters' lines. One chapter is its own answer.
func (a *analysis) combineLines() carrier {
	middle := float64(a.quality.n-1) / 2
	var lines []carrier
	var times, samples []float64
	for _, c := range a.channel.chapters {
		l := a.lineOf(c)
		// Where the middle of the chapter is not that of the record, carry the frequency over.
		times = append(times, (c.middle-middle)/a.rateHz)
		samples = append(samples, c.samples)
		lines = append(lines, l)
	}
	switch len(lines) {
	case 0:
		return carrier{}
	case 1:
		lines[0].frequencyHz -= lines[0].driftHzS * times[0]
		return lines[0]
	}
	return fitChapters(lines, times, samples)
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
	return carrier{
		frequencyHz: c.line.frequency * a.rateHz, sigmaHz: frequencyBound(cn0, t),
		driftHzS: c.line.drift * a.rateHz * a.rateHz, driftSigma: driftBound(cn0, t),
		power: power, second: c.line.second, seconds: t, found: true,
	}
}

// fitChapters fits a straight line through the frequencies of those chapters that agree, phases left aside: the
// oscillators on both sides wander over minutes. The sigmas are those of this estimator, widened by the scatter.
func fitChapters(lines []carrier, times, samples []float64) carrier {
	anchor := mostAgreed(lines, times)
	if anchor < 0 {
		return carrier{}
	}
	var total, taken, power, second, seconds float64
	var sw, swt, swtt, swf, swtf float64
	n := 0
	for k, l := range lines {
		total += samples[k]
		if !l.agrees(lines[anchor], times[k]-times[anchor]) {
			continue
		}
		n++
		taken += samples[k]
		power += l.power * samples[k]
		second += l.second * samples[k]
		seconds += l.seconds
		w, t := 1/(l.sigmaHz*l.sigmaHz), times[k]
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
	for k, l := range lines {
		if l.agrees(lines[anchor], times[k]-times[anchor]) {
			e := (l.frequencyHz - f - drift*times[k]) / l.sigmaHz
			chi += e * e
		}
	}
	scatter := math.Sqrt(max(1, chi/max(1, float64(n-2))))
	return carrier{
		frequencyHz: f, sigmaHz: scatter * math.Sqrt(swtt/det), driftHzS: drift, driftSigma: scatter * math.Sqrt(sw/det),
		power: power / total, second: second / taken, seconds: seconds, found: true,
	}
}

// mostAgreed is the chapter with whose line the most power agrees; -1 when no chapter has a line worth trusting.
func mostAgreed(lines []carrier, times []float64) int {
	best, most := -1, 0.0
	for i, l := range lines {
		if !l.trusted() {
			continue
		}
		var power float64
		for k, o := range lines {
			if o.agrees(l, times[k]-times[i]) {
				power += o.power * o.seconds
			}
		}
		if power > most {
			best, most = i, power
		}
		if i > 64 && best >= 0 { // enough candidates: a carrier shows in most chapters
			break
		}
	}
	return best
}

// trusted: strong enough that it is not the highest peak of noise.
func (l carrier) trusted() bool {
	return l.found && l.sigmaHz < frequencyBound(carrierCN0T/l.seconds, l.seconds)
}

// agrees reports whether l, dt seconds after anchor, can be the same carrier.
func (l carrier) agrees(anchor carrier, dt float64) bool {
	if !l.trusted() {
		return false
	}
	sigma := math.Hypot(l.sigmaHz, math.Hypot(anchor.sigmaHz, anchor.driftSigma*dt))
	return math.Abs(l.frequencyHz-anchor.frequencyHz-anchor.driftHzS*dt) < 6*sigma+2/l.seconds
}
