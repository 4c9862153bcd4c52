package dsp

import (
	"math"
	"slices"
)

const (
	maxEnvelope   = 8192 // blocks kept; then neighbours are merged
	minEnvelope   = 32
	onTopFraction = 50 // the strongest 1/50 of the blocks give the level of "on"
)

// An envelope is the channel's power over time, in blocks of at least 8/B.
type envelope struct {
	size  int     // samples of a block
	gain  float64 // of white noise through the channel's filter
	sum   float64 // of the block being filled
	fill  int
	power []float32
}

func (e *envelope) add(re, im []float32) {
	for len(re) > 0 {
		n := min(len(re), e.size-e.fill)
		e.sum += sumOfPowers(re[:n], im[:n])
		re, im = re[n:], im[n:]
		if e.fill += n; e.fill == e.size {
			e.power = append(e.power, float32(e.sum/float64(e.size)))
			e.sum, e.fill = 0, 0
			if len(e.power) == maxEnvelope {
				e.mergePairs()
			}
		}
	}
}

// sumOfPowers adds up fours in float32 before it goes to float64, where an addition waits for the one before.
func sumOfPowers(re, im []float32) (sum float64) {
	im = im[:len(re)]
	for len(re) >= 4 && len(im) >= 4 {
		sum += float64((re[0]*re[0] + im[0]*im[0] + re[1]*re[1] + im[1]*im[1]) +
			(re[2]*re[2] + im[2]*im[2] + re[3]*re[3] + im[3]*im[3]))
		re, im = re[4:], im[4:]
	}
	for k, r := range re {
		sum += float64(r*r + im[k]*im[k])
	}
	return sum
}

func (e *envelope) mergePairs() {
	for k := range len(e.power) / 2 {
		e.power[k] = (e.power[2*k] + e.power[2*k+1]) / 2
	}
	e.power = e.power[:len(e.power)/2]
	e.size *= 2
}

// measureDuty finds the share of time in which the signal is on, when it is clearly on at times: on-level 9 dB over
// the noise, threshold half way down in decibels, at most 10 dB.
func (a *analysis) measureDuty() {
	e := &a.channel.envelope
	if len(e.power) < minEnvelope {
		return
	}
	off := a.noise.density * a.rateHz * e.gain
	sorted := slices.Clone(e.power)
	slices.Sort(sorted)
	strongest := sorted[len(sorted)-max(3, len(sorted)/onTopFraction):]
	var top float64
	for _, p := range strongest {
		top += float64(p) / float64(len(strongest))
	}
	if top <= 8*off {
		return
	}
	threshold := max(math.Sqrt(top*off), top/10)
	var on, sum float64
	for _, p := range e.power {
		if float64(p) > threshold {
			on++
			sum += float64(p)
		}
	}
	a.metrics.Duty = finite(on / float64(len(e.power)))
	if on > 0 {
		a.metrics.OnSNRdB = decibels((sum/on - off) / (a.noise.density * a.config.ChannelBandwidthHz))
	}
}
