package dsp

import (
	"math"

	"github.com/heimdall-sdr/heimdall/iq"
)

const (
	absurd       = 1 << 20         // times full scale: such a sample is not a sample
	wrapJump     = 40000.0 / 32768 // between neighbours: int16 overflowed without clipping
	zeroRunFlag  = 32
	stuckRunFlag = 64
	impulseRatio = 16 // over the mean power of noise of the same median
	impulseMax   = 4  // samples
)

// A quality counts what can be told from single samples and their neighbours.
type quality struct {
	format    iq.Format
	clipLevel float32

	n              int64
	sumRe, sumIm   float64
	power          float64
	peak           float32
	clipped        int64
	nonfinite      int64
	wraps          int64
	lastRe, lastIm float32
	repeats        int64 // samples in a row equal to the one before
	zeroRun        int64 // longest run of zeros, and of any other value
	stuckRun       int64

	impulses impulses
}

func newQuality(f iq.Format) *quality {
	lsb := f.LSB()
	if lsb == 0 {
		lsb = 1.0 / 32768
	}
	return &quality{format: f, clipLevel: float32(1 - 1.5*lsb), repeats: -1}
}

// clean replaces samples that are not finite, or absurdly large, by zero. Only floats can hold them.
func (q *quality) clean(re, im []float32) {
	if q.format.LSB() != 0 {
		return
	}
	for k, r := range re {
		// The comparison is false for NaN.
		if !(r < absurd && r > -absurd && im[k] < absurd && im[k] > -absurd) {
			re[k], im[k] = 0, 0
			q.nonfinite++
		}
	}
}

// count takes in the next samples.
func (q *quality) count(re, im []float32) {
	if len(re) == 0 {
		return
	}
	if q.n == 0 {
		q.lastRe, q.lastIm = re[0], im[0]
	}
	im = im[:len(re)]
	lastRe, lastIm, peak := q.lastRe, q.lastIm, q.peak
	lastPower := lastRe*lastRe + lastIm*lastIm
	var sumRe, sumIm, power float64
	for k, r := range re {
		i := im[k]
		p := r*r + i*i
		if r == lastRe && i == lastIm {
			q.repeat(r == 0 && i == 0)
		} else {
			q.repeats = 0
		}
		if p+lastPower >= loud {
			q.countLoud(lastRe, lastIm, r, i)
		}
		if p > peak {
			peak = p
		}
		sumRe += float64(r)
		sumIm += float64(i)
		power += float64(p)
		lastRe, lastIm, lastPower = r, i, p
	}
	q.n += int64(len(re))
	q.lastRe, q.lastIm, q.peak = lastRe, lastIm, peak
	q.sumRe, q.sumIm, q.power = q.sumRe+sumRe, q.sumIm+sumIm, q.power+power
}

// loud is the least power of two neighbours together of which one can be at full scale or wrapped.
const loud = wrapJump * wrapJump / 4

// countLoud counts a sample that may be at full scale, or not where its neighbour lets it be.
func (q *quality) countLoud(lastRe, lastIm, r, i float32) {
	clip := q.clipLevel
	if r >= clip || r <= -clip || i >= clip || i <= -clip {
		q.clipped++
	}
	if wrapped(lastRe, r, clip) || wrapped(lastIm, i, clip) {
		q.wraps++
	}
}

// wrapped reports whether a step is more than a receiver's filter lets through, other than from rail to rail, which
// is clipping.
func wrapped(from, to, clip float32) bool {
	d := to - from
	return (d > wrapJump || d < -wrapJump) && !(from >= clip && to <= -clip) && !(from <= -clip && to >= clip)
}

func (q *quality) repeat(zero bool) {
	q.repeats++
	if zero {
		q.zeroRun = max(q.zeroRun, q.repeats+1)
	} else {
		q.stuckRun = max(q.stuckRun, q.repeats+1)
	}
}

// report writes what was counted into m and returns the flags it raises.
func (q *quality) report(m *Metrics) (flags []string) {
	flag := func(raised bool, name string) {
		if raised {
			flags = append(flags, name)
		}
	}
	flag(q.nonfinite > 0, FlagNonfinite)
	if q.n == 0 {
		return flags
	}
	n := float64(q.n)
	flag(q.peak == 0, FlagAllZero)
	flag(q.zeroRun >= zeroRunFlag, FlagZeroRun)
	flag(q.stuckRun >= stuckRunFlag, FlagStuck)
	m.ClipFraction = float64(q.clipped) / n
	flag(m.ClipFraction > 1e-5 && q.clipped >= 3, FlagClipped)
	int16s := q.format == iq.CI16LE || q.format == iq.CI16BE
	flag(int16s && q.wraps > 0, FlagIQWrap)
	flag(q.impulses.found(q.n), FlagImpulsive)
	m.PowerDBFS = decibels(q.power / n)
	m.PeakDBFS = decibels(float64(q.peak))
	if q.power > 0 {
		m.PAPRdB = decibels(float64(q.peak) * n / q.power)
	}
	re, im := q.sumRe/n, q.sumIm/n
	m.DCdBFS = decibels(re*re + im*im)
	return flags
}

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

func (p *impulses) count(re, im []float32) {
	if p.level == 0 {
		return
	}
	im = im[:len(re)]
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
