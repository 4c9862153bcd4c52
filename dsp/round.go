package dsp

import "math"

// A number is stored for months, and digits that mean nothing cost most of that: a database compresses them badly, and
// a reader takes them for truth. So each is rounded to a power of two far below its own uncertainty.
const (
	decibelStep  = 1.0 / 256
	fractionStep = 1.0 / 4096
	sigmaBits    = 8  // of a sigma
	sigmaParts   = 16 // of a sigma: the coarsest step of what it is the sigma of
	binParts     = 64 // of a bin of the spectrum: the step of a band's edges
)

// round takes the digits off that mean nothing. stepHz is that of the spectrum, 0 when there is none.
func (m *Metrics) round(stepHz float64) {
	for _, v := range []*float64{
		m.SNRdB, m.SNRUpperDB, m.CN0dBHz, m.SignalDBFS, m.ChannelPowerDBFS, m.NoiseDBFSHz, m.PowerDBFS, m.PeakDBFS, m.PAPRdB, m.DCdBFS,
		m.FlatnessDB, m.OnSNRdB, m.PowerDBM, m.SignalDBM, m.NoiseDBMHz,
	} {
		roundTo(v, decibelStep)
	}
	for _, v := range []*float64{m.NoiseUsedFraction, m.LineFraction, m.SpectralKurtosis, m.Duty} {
		roundTo(v, fractionStep)
	}
	roundBelow(m.FrequencyOffsetHz, m.FrequencySigmaHz)
	roundBelow(m.DriftHzS, m.DriftSigmaHzS)
	for _, v := range []*float64{m.SNRSigmaDB, m.FrequencySigmaHz, m.DriftSigmaHzS} {
		if v != nil {
			roundTo(v, powerOfTwoUnder(*v)/(1<<(sigmaBits-1)))
		}
	}
	for _, v := range []*float64{m.OBWHz, m.OBWLowHz, m.OBWHighHz} {
		roundTo(v, powerOfTwoUnder(stepHz/binParts))
	}
}

// roundBelow rounds v to a step well below its sigma. Without a sigma it stays as it is.
func roundBelow(v, sigma *float64) {
	if sigma != nil {
		roundTo(v, powerOfTwoUnder(*sigma/sigmaParts))
	}
}

// roundTo rounds v, if there is one, to a multiple of step, a power of two.
func roundTo(v *float64, step float64) {
	if v != nil && step > 0 {
		*v = math.RoundToEven(*v/step) * step
	}
}

// powerOfTwoUnder is the greatest power of two that is not above v; 0 for what has none.
func powerOfTwoUnder(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 0
	}
	_, exponent := math.Frexp(v)
	return math.Ldexp(0.5, exponent)
}
