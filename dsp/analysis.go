package dsp

import (
	"math"
	"slices"
)

// maxRateError is how far the true rate may be from the nominal one before it is not believed.
const maxRateError = 0.05

// An analysis turns what a Meter has gathered into Metrics, step by step; each step has its own file.
type analysis struct {
	config  Config
	rateHz  float64 // the true rate
	seconds float64
	quality *quality
	head    *head
	gaps    *gapFloor
	spec    *spectrum
	channel *channel
	metrics Metrics
	flags   []string

	noise      noiseFloor
	noiseRel   float64 // one sigma of noise.density by chance, relative
	noiseDoubt float64 // the same by what may have been taken for noise
	signal     signal
}

func (m *Meter) measure(e End) (Metrics, *Spectrogram) {
	a := &analysis{config: m.config, rateHz: e.SampleRateHz, quality: m.quality, head: m.head, gaps: m.gaps, channel: m.channel}
	if nominal := m.config.SampleRateHz; math.Abs(a.rateHz/nominal-1) > maxRateError {
		a.flag(a.rateHz != 0, FlagRateFitBad)
		a.rateHz = nominal
	}
	a.seconds = float64(m.quality.n) / a.rateHz
	a.metrics = Metrics{AlgorithmVersion: Version, SNRBandwidthHz: m.config.ChannelBandwidthHz, NoiseSource: NoiseNone}
	a.incidents(e, m.partialBytes > 0)
	a.flags = append(a.flags, m.quality.report(&a.metrics)...)
	var spectrogram *Spectrogram
	if m.welch != nil && m.quality.peak > 0 {
		if a.spec = m.welch.finish(a.rateHz); a.spec != nil {
			a.measureSpectrum()
			spectrogram = a.spec.spectrogram(a.seconds)
		}
	}
	a.calibrate(e.Calibration)
	stepHz := 0.0
	if a.spec != nil {
		stepHz = a.spec.stepHz
	}
	a.metrics.round(stepHz)
	slices.Sort(a.flags)
	a.metrics.Flags = slices.Compact(a.flags)
	if a.metrics.Flags == nil {
		a.metrics.Flags = []string{}
	}
	return a.metrics, spectrogram
}

func (a *analysis) measureSpectrum() {
	a.metrics.SegmentLength, a.metrics.SegmentAverages = a.spec.length, a.spec.averages
	a.findNoise()
	a.measureChannel()
}

func (a *analysis) flag(raised bool, name string) {
	if raised {
		a.flags = append(a.flags, name)
	}
}

// incidents raises the flags of what happened to the stream as a whole.
func (a *analysis) incidents(e End, oddBytes bool) {
	expected := e.ExpectedSamples
	if expected == 0 {
		expected = a.config.ExpectedSamples
	}
	a.flag(float64(a.quality.n) < 0.995*float64(expected), FlagShortRead)
	a.flag(oddBytes, FlagOddBytes)
	a.flag(e.Gaps > 0 || e.GapSamples > 0, FlagGap)
	a.flag(e.Overloads > 0, FlagADCOverload)
	a.flag(e.TimestampOutliers > 0, FlagTimestampOutlier)
	a.flag(e.RateFitBad, FlagRateFitBad)
	a.flag(a.config.AGC, FlagAGCOn)
	if a.config.RadioFrequencyHz > 0 && a.config.ClockSigmaPPM > 0 {
		a.metrics.ClockSigmaHz = finite(a.config.ClockSigmaPPM * 1e-6 * a.config.RadioFrequencyHz)
	}
}

// calibrate adds the dBm columns. Gain control voids absolute power, whatever calibration there is.
func (a *analysis) calibrate(c *Calibration) {
	if c == nil || a.config.AGC {
		return
	}
	m := &a.metrics
	add := func(p *float64) *float64 {
		if p == nil {
			return nil
		}
		return finite(*p + c.DB)
	}
	m.CalibrationDB, m.CalibrationSigmaDB, m.CalibrationSource = finite(c.DB), finite(c.SigmaDB), new(c.Source)
	m.PowerDBM, m.SignalDBM, m.NoiseDBMHz = add(m.PowerDBFS), add(m.SignalDBFS), add(m.NoiseDBFSHz)
}

// decibels is 10 log10 p, or nil where that is not finite.
func decibels(p float64) *float64 {
	if v := 10 * math.Log10(p); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return &v
	}
	return nil
}

// finite returns a pointer to v, or nil where v is not finite.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
