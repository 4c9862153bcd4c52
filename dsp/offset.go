package dsp

import "math"

const (
	carrierCN0T   = 20   // 13 dB of energy over noise density: below, the strongest peak may be noise
	carrierShare  = 0.2  // of the signal's power
	centralShare  = 0.03 // the same, of a line in the middle of the spectrum
	centralWidth  = 0.03 // of the occupied bandwidth: how far from the centroid the middle reaches
	clearlyBetter = 1.15 // of two sigmas
	secondLine    = 0.37 // ratio of the second line's power to the first's
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
	strong := l.found && cn0*l.seconds > carrierCN0T && (share > carrierShare || share > centralShare && c.symmetric(l))
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

// symmetric reports whether a line lies in the middle of the spectrum, as the carrier of two equal sidebands does: the
// strongest tone of a single sideband, and either tone of a shift-keyed signal, lie far from it.
func (c centroid) symmetric(l carrier) bool {
	return c.found && math.Abs(l.frequencyHz-c.frequencyHz) < centralWidth*c.widthHz
}

// preferCarrierPower takes the line's power for S when all the excess energy can be the line and that tells S clearly
// better: at -20 dB in 10 kHz it makes 0.3 dB out of 3.
func (a *analysis) preferCarrierPower(power, cn0 float64) {
	s := &a.signal
	energy := s.chance / s.ratio
	line := math.Sqrt(2/(cn0*a.seconds) + a.noiseRel*a.noiseRel)
	if s.power-power < 3*s.chance*s.noise && energy > clearlyBetter*line {
		s.power, s.ratio = power, power/s.noise
		a.reportSignal(math.Hypot(line, a.noiseDoubt))
	}
}

// A carrier is the line of all chapters together, at the middle of the record.
type carrier struct {
	frequencyHz, sigmaHz float64
	driftHzS, driftSigma float64
	phase                float64 // cycles
	power                float64 // amplitude squared, averaged over the record
	second               float64
	seconds              float64 // of coherent observation behind it
	energy               float64 // C/N0 T, linear
	found                bool
}

// Cramér-Rao bounds of a complex tone of unknown phase and amplitude observed for t seconds (Rife and Boorstyn, IEEE
// IT 20, 1974): frequency alone of a tone that may drift is the same at the middle of the record.
func frequencyBound(cn0, t float64) float64 { return math.Sqrt(6/(cn0*t)) / (2 * math.Pi * t) }
func driftBound(cn0, t float64) float64     { return math.Sqrt(90/(cn0*t)) / (math.Pi * t * t) }
