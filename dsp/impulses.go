package dsp

import "math"

const (
	impulseRatio = 16 // over the mean power of noise of the same median
	impulseMax   = 4  // samples
)

// impulses counts short runs of samples far over the median power: clicks. A click stands alone; the peaks of speech
// rise and fall over several samples.
type impulses struct {
	level         float32 // 0 until the median is known
	run           int     // length of the present run over level
	rising        bool    // it began with a step
	last          float32 // power of the sample before
	short, longer int64   // runs that were clicks, and others
}

// learn sets the level from the beginning of the record.
func (p *impulses) learn(re, im []float32) {
	// A histogram over the leading bits of float32: 16 bins per octave of power, without sorting.
	var bins [4096]int32
	for k, r := range re {
		bins[math.Float32bits(r*r+im[k]*im[k])>>19]++
	}
	half, seen := int32(len(re)/2), int32(0)
	for b, c := range bins {
		if seen += c; seen > half {
			low, high := math.Float32frombits(uint32(b)<<19), math.Float32frombits(uint32(b+1)<<19)
			median := low + (high-low)*(1-float32(seen-half)/float32(c))
			p.level = impulseRatio / math.Ln2 * median // the median of an exponential variable is ln 2
			return
		}
	}
}

// count takes in the next samples, of which none is stronger than peak.
func (p *impulses) count(re, im []float32, peak float32) {
	if p.level == 0 || len(re) == 0 {
		return
	}
	im = im[:len(re)]
	if end := len(re) - 1; peak <= p.level && p.run == 0 { // nearly always
		p.last = re[end]*re[end] + im[end]*im[end]
		return
	}
	level, last := p.level, p.last
	for k, r := range re {
		v := r*r + im[k]*im[k]
		if v > level {
			if p.run++; p.run == 1 {
				p.rising = last < level/2
			}
		} else if p.run > 0 {
			p.end(v)
		}
		last = v
	}
	p.last = last
}

// end counts the run before a sample of power next.
func (p *impulses) end(next float32) {
	if p.run <= impulseMax && p.rising && next < p.level/2 {
		p.short++
	} else {
		p.longer++
	}
	p.run = 0
}

// found reports whether a record of n samples is impulsive. Noise alone exceeds the level with probability
// exp(-16) a sample, which long records must not be blamed for.
func (p *impulses) found(n int64) bool {
	return float64(p.short) >= 5+1e-6*float64(n) && float64(p.short) > 0.8*float64(p.short+p.longer)
}
