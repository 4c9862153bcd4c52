package dsp

import (
	"math"
	"slices"
)

const (
	falseAlarm   = 1e-3 // of a record of noise, over all tests
	tests        = 3    // that share it; lines in both resolutions count once
	unevenness   = 0.02 // relative: how flat a receiver's noise is taken to be (0.09 dB)
	upperSigmas  = 3.09 // one-sided 99.9 %
	lineCaution  = 1.02 // margins for what the distributions leave out
	peakCaution  = 1.05
	burstCaution = 1.1
	pureShare    = 0.98 // of the signal in its carrier
	boundRatio   = 3162 // 35 dB: above it, a floor found among a signal's skirts is too high
)

// A signal is what the channel holds besides noise.
type signal struct {
	channelPower float64
	widthHz      float64 // of the channel, as it was integrated: without what was excluded
	noise        float64 // power of the noise in the stated bandwidth
	power        float64 // S
	ratio        float64 // S over noise
	sigma        float64 // one sigma of ratio
	chance       float64 // the part of sigma that is chance
	zeroSigma    float64 // the same if there were no signal
}

// measureChannel is the part of the analysis that looks at the channel.
func (a *analysis) measureChannel() {
	a.channel.finish()
	overlap := a.channelOverlap()
	s := &a.signal
	s.channelPower, s.widthHz = a.channelPower(overlap)
	a.metrics.ChannelPowerDBFS = decibels(s.channelPower)
	a.measureTexture(overlap)
	if a.noise.density > 0 && s.widthHz > 0 {
		a.measureSignal(overlap)
	}
	a.channel.findLastLine(false)
}

// measureSignal decides whether there is a signal over the noise and describes it.
func (a *analysis) measureSignal(overlap []float64) {
	s := &a.signal
	s.noise = a.noise.density * a.config.ChannelBandwidthHz
	s.power = s.channelPower - a.noise.density*s.widthHz
	s.ratio = s.power / s.noise
	share := s.widthHz / a.config.ChannelBandwidthHz
	perCell := 1 / (a.config.ChannelBandwidthHz * a.seconds)
	excess := max(s.ratio, 0)
	s.zeroSigma = math.Sqrt(share*perCell + share*share*(a.noiseRel*a.noiseRel+unevenness*unevenness))
	s.chance = math.Hypot(math.Sqrt(perCell*(2*excess+share)), (share+excess)*a.noiseRel)
	s.sigma = math.Hypot(s.chance, (share+excess)*a.noiseDoubt)
	blind := slices.Contains(a.flags, FlagNoiseUnobservable)
	a.metrics.Detected = a.hasLine(overlap) || !blind && (a.hasEnergy() || a.hasBurst(overlap))
	if !blind {
		a.metrics.SNRUpperDB = decibels(excess + upperSigmas*s.zeroSigma)
	}
	if !a.metrics.Detected {
		return
	}
	a.channel.findLastLine(true)
	if s.power <= 0 { // a line was seen although the energy excess is within its own noise
		s.power = 0.1 * s.noise * s.sigma
		s.ratio = s.power / s.noise
	}
	if !blind {
		a.reportSignal(s.sigma / s.ratio)
	}
	centroid := a.measureOccupied(overlap)
	a.measureOffset(centroid, blind)
	a.flag(!a.noise.beside() && s.ratio > boundRatio && (a.noise.used < mostlyNoise || !a.isPure()), FlagSNRLowerBound)
	if !blind {
		a.measureDuty()
	}
}

// isPure reports whether the signal is all carrier, and so without skirts that could hide the noise.
func (a *analysis) isPure() bool {
	return a.metrics.LineFraction != nil && *a.metrics.LineFraction > pureShare
}

// reportSignal writes SNR, signal power and C/N0; relative is one sigma of the SNR over itself.
func (a *analysis) reportSignal(relative float64) {
	m, s := &a.metrics, &a.signal
	m.SNRdB, m.SignalDBFS, m.CN0dBHz = decibels(s.ratio), decibels(s.power), decibels(s.power/a.noise.density)
	m.SNRSigmaDB = finite(10 / math.Ln10 * relative)
}

// channelOverlap is the share of every Welch bin that lies in the channel.
func (a *analysis) channelOverlap() []float64 {
	s, ch := a.spec, a.config.channel()
	overlap := make([]float64, s.length)
	excluded := a.channel.leaking
	a.flag(excluded, FlagDCExcluded)
	for k := range overlap {
		f := s.frequency(k)
		if excluded && math.Abs(f) <= dcHalfBins*s.stepHz {
			continue
		}
		bin := band{f - s.stepHz/2, f + s.stepHz/2}.intersect(ch)
		overlap[k] = max(0, bin.width()/s.stepHz)
	}
	return overlap
}

// channelPower is P_ch and the width it was integrated over, from the chapters' own transforms, which weight all time
// alike; from the Welch spectrum only when the channel is too short for one.
func (a *analysis) channelPower(overlap []float64) (power, widthHz float64) {
	var samples float64
	for _, c := range a.channel.chapters {
		power += c.power * c.samples
		widthHz += c.width * c.samples * a.rateHz
		samples += c.samples
	}
	if samples > 0 {
		return power / samples, widthHz / samples
	}
	for k, share := range overlap {
		power += a.spec.mean[k] * share * a.spec.stepHz
		widthHz += share * a.spec.stepHz
	}
	return power, widthHz
}

// hasEnergy: the channel holds more power than noise would.
func (a *analysis) hasEnergy() bool {
	return a.signal.ratio/a.signal.zeroSigma > normalQuantile(falseAlarm/tests)
}

// hasLine: one bin stands out, in the Welch spectrum or in the full-length periodogram of the channel.
func (a *analysis) hasLine(overlap []float64) bool {
	bins, tallest := 0, 0.0
	for k, share := range overlap {
		if share > 0.5 {
			bins++
			tallest = max(tallest, a.spec.mean[k])
		}
	}
	if bins > 0 && tallest > a.noise.density*lineCaution*meanGammaQuantile(a.spec.averages, falseAlarm/tests/float64(bins)) {
		return true
	}
	peak, cells := 0.0, 0
	for _, c := range a.channel.chapters {
		peak = max(peak, c.peak/a.rateHz)
		cells += c.cells
	}
	return cells > 0 && peak > a.noise.density*highestCell(cells)
}

// highestCell is what the highest of so many cells of a periodogram of noise exceeds once in three thousand records, over
// the noise density. The window makes neighbouring cells alike: half as many count.
func highestCell(cells int) float64 {
	return -math.Log(falseAlarm/tests/(max(float64(cells), 2)/2)) * peakCaution
}

// hasBurst: one block of time holds more power than noise would.
func (a *analysis) hasBurst(overlap []float64) bool {
	blocks, total, widthHz := len(a.spec.blocks), 0, 0.0
	for _, share := range overlap {
		widthHz += share * a.spec.stepHz
	}
	if widthHz == 0 {
		return false
	}
	for _, c := range a.spec.counts {
		total += c
	}
	limit := normalQuantile(falseAlarm/tests/float64(blocks)) * burstCaution
	for i, b := range a.spec.blocks {
		power := 0.0
		for k, share := range overlap {
			power += float64(b[k]) * share * a.spec.stepHz
		}
		seconds := a.seconds * float64(a.spec.counts[i]) / float64(total)
		sigma := math.Sqrt(1/(widthHz*seconds) + a.noiseRel*a.noiseRel + unevenness*unevenness)
		if power/(a.noise.density*widthHz)-1 > limit*sigma {
			return true
		}
	}
	return false
}
