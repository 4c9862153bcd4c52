package dsp

import (
	"github.com/heimdall-sdr/heimdall/iq"
)

const (
	absurd       = 1 << 20         // times full scale: such a sample is not a sample
	wrapJump     = 40000.0 / 32768 // between neighbours: int16 overflowed without clipping
	zeroRunFlag  = 32
	stuckRunFlag = 64
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

// count takes in the next samples and returns the power of the strongest of them.
func (q *quality) count(re, im []float32) (peak float32) {
	if len(re) == 0 {
		return 0
	}
	if q.n == 0 {
		q.lastRe, q.lastIm = re[0], im[0]
	}
	peak = q.sum(re, im)
	lastPower := q.lastRe*q.lastRe + q.lastIm*q.lastIm
	if max(peak, lastPower) >= loud/2 {
		q.findLoud(re, im, lastPower)
	}
	q.findRepeats(re, im)
	q.peak = max(q.peak, peak)
	q.n += int64(len(re))
	q.lastRe, q.lastIm = re[len(re)-1], im[len(im)-1]
	return peak
}

// sum adds up fours in float32, which is exact for integers, before it goes to float64: that is where the time goes.
func (q *quality) sum(re, im []float32) (peak float32) {
	var sumRe, sumIm, power float64
	im = im[:len(re)]
	for len(re) >= 4 && len(im) >= 4 {
		p0, p1 := re[0]*re[0]+im[0]*im[0], re[1]*re[1]+im[1]*im[1]
		p2, p3 := re[2]*re[2]+im[2]*im[2], re[3]*re[3]+im[3]*im[3]
		if p0 > peak || p1 > peak || p2 > peak || p3 > peak {
			peak = max(peak, p0, p1, p2, p3)
		}
		sumRe += float64((re[0] + re[1]) + (re[2] + re[3]))
		sumIm += float64((im[0] + im[1]) + (im[2] + im[3]))
		power += float64((p0 + p1) + (p2 + p3))
		re, im = re[4:], im[4:]
	}
	for k, r := range re {
		p := r*r + im[k]*im[k]
		peak = max(peak, p)
		sumRe, sumIm, power = sumRe+float64(r), sumIm+float64(im[k]), power+float64(p)
	}
	q.sumRe, q.sumIm, q.power = q.sumRe+sumRe, q.sumIm+sumIm, q.power+power
	return peak
}

// findRepeats seeks samples equal to the one before.
func (q *quality) findRepeats(re, im []float32) {
	lastRe, lastIm, repeats := q.lastRe, q.lastIm, q.repeats
	im = im[:len(re)]
	for k, r := range re {
		i := im[k]
		if r == lastRe && i == lastIm {
			repeats++
			if r == 0 && i == 0 {
				q.zeroRun = max(q.zeroRun, repeats+1)
			} else {
				q.stuckRun = max(q.stuckRun, repeats+1)
			}
		} else if repeats != 0 {
			repeats = 0
		}
		lastRe, lastIm = r, i
	}
	q.repeats = repeats
}

// findLoud seeks pairs of neighbours that are loud together.
func (q *quality) findLoud(re, im []float32, lastPower float32) {
	lastRe, lastIm := q.lastRe, q.lastIm
	im = im[:len(re)]
	for k, r := range re {
		i := im[k]
		p := r*r + i*i
		if p+lastPower >= loud {
			q.countLoud(lastRe, lastIm, r, i)
		}
		lastRe, lastIm, lastPower = r, i, p
	}
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
