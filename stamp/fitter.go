package stamp

import (
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const (
	confirmBlocks = 3   // stamps in a row that must agree before a jump, or the first line, is believed
	resetBlocks   = 48  // and before a jump that cannot be a gap is believed: 2 s of KiwiSDR blocks
	youngBlocks   = 24  // a line with fewer stamps is too young to rule out that it was stale
	steadyBlocks  = 16  // stamps after which the fitted rate predicts better than the nominal one
	maxSegments   = 512 // gaps whose size is still open to revision

	maxGapS      = 600.0 // a longer jump is a clock set anew: no connection survives such a loss
	maxYoungGapS = 1.0   // after a young line a longer jump means that the line was stale
	nominalTol   = 500e-6
	steadyTol    = 5e-6
	finestTolS   = 2e-6   // GPS receivers correct their clock by tenths of a microsecond
	priorSigmaS  = 100e-9 // what stamps of GPS receivers scatter by, before there is evidence
	priorWeight  = 4
)

// A Fitter fits a line through the stamps that a receiver puts on its blocks of samples, made for stamps that
// scatter by less than a sample, as GPS stamps do. Stamps without such a line give a clock of TimeNone.
//
// It judges each stamp once, as it comes: one that continues the line is used; others
// wait until the next ones show whether they were wrong or samples are missing. What it uses goes into sums,
// one set for each run between gaps, so memory does not grow with the number of stamps, and Clock costs
// microseconds. The size of a gap stays open: all runs share one rate, and each new stamp sharpens the size.
type Fitter struct {
	nominalHz float64
	refHz     float64   // residuals are kept relative to a line of this rate, for the sake of precision
	refined   bool      // refHz has been set to the fitted rate
	origin    time.Time // times are kept in seconds after it

	runs     []run
	fixed    []heimdall.Gap // gaps before the first run, no longer open to revision
	base     int64          // samples missing in them
	declared []heimdall.Gap // told by Lost since the last stamp used
	pending  []Block        // the latest stamps, agreeing with each other but not with the line
	last     int64          // greatest index seen
	seen     bool

	blocks, outliers int64
	gpsAgeMaxS       int
}

// NewFitter returns a fitter for a receiver that claims nominalRateHz; the true rate must be within 500 ppm.
func NewFitter(nominalRateHz float64) *Fitter {
	return &Fitter{nominalHz: nominalRateHz, refHz: nominalRateHz, gpsAgeMaxS: -1}
}

// Add takes the stamp of the next block. Blocks come in order.
func (f *Fitter) Add(b Block) {
	if b.At.IsZero() || !(f.nominalHz > 0) {
		return
	}
	if f.seen && b.Sample <= f.last {
		f.outliers++ // the same block twice, or one from the past
		return
	}
	f.last, f.seen = b.Sample, true
	if f.origin.IsZero() {
		f.origin = b.At
	}
	if len(f.runs) > 0 && f.continueLine(b) {
		return
	}
	f.suspect(b)
}

// Lost notes that missing samples were lost before the sample with that index, as sequence numbers tell.
// Stamps have the last word: where they show a loss of another size, the last gap told is corrected.
func (f *Fitter) Lost(sample, missing int64) {
	if missing <= 0 {
		return
	}
	f.declared = append(f.declared, heimdall.Gap{Sample: sample, Missing: missing})
	f.outliers += int64(len(f.pending)) // what waited before the loss says nothing about what comes after
	f.pending = f.pending[:0]
}

// continueLine uses b if it lies on the line, and reports whether it does.
func (f *Fitter) continueLine(b Block) bool {
	r := &f.runs[len(f.runs)-1]
	x, y := f.point(b)
	missing := missingIn(f.declared)
	missingS := float64(missing) / f.rate()
	offS := f.offLine(r, x, y)
	tolS := f.toleranceS(x - r.lastX + float64(missing))
	switch {
	case missing > 0 && math.Abs(offS-missingS) <= tolS:
		f.outliers += int64(len(f.pending))
		f.open(f.declared)
		r = &f.runs[len(f.runs)-1]
	case math.Abs(offS) <= tolS: // if Lost told of a loss, there was none
		f.outliers += int64(len(f.pending))
		f.declared = nil
	default:
		return false
	}
	f.pending = f.pending[:0]
	f.use(r, b)
	return true
}

// suspect keeps b until the next stamps decide what it means.
func (f *Fitter) suspect(b Block) {
	if n := len(f.pending); n > 0 && !f.agree(f.pending[n-1], b) {
		f.outliers += int64(n)
		f.pending = f.pending[:0]
	}
	f.pending = append(f.pending, b)
	if len(f.pending) < confirmBlocks {
		return
	}
	if len(f.runs) == 0 {
		f.open(f.declared)
		f.usePending()
		return
	}
	r := f.runs[len(f.runs)-1]
	x, y := f.point(f.pending[0])
	jumpS := f.offLine(&r, x, y)
	young := f.blocks < youngBlocks
	switch {
	case len(f.declared) == 0 && math.Abs(jumpS) <= 0.5/f.nominalHz: // the receiver corrected its clock a little
		f.usePending()
	case f.undoesLastGap(jumpS):
		f.outliers += r.n
		f.blocks -= r.n
		f.runs = f.runs[:len(f.runs)-1]
		f.usePending()
	case jumpS > 0 && jumpS <= maxGapS && !(young && jumpS > maxYoungGapS):
		gaps := f.declared
		if len(gaps) == 0 {
			gaps = []heimdall.Gap{{Sample: f.pending[0].Sample}}
		}
		f.open(gaps)
		f.usePending()
	case len(f.pending) >= resetBlocks || young:
		f.reset()
	}
}

// undoesLastGap reports whether a jump back takes away exactly what the last gap added: then the stamps
// between were wrong, and nothing was missing.
func (f *Fitter) undoesLastGap(jumpS float64) bool {
	n := len(f.runs)
	if n < 2 || jumpS >= 0 {
		return false
	}
	before, r := &f.runs[n-2], &f.runs[n-1]
	gapS := f.offLine(before, r.firstX, r.firstY)
	return math.Abs(gapS+jumpS) <= f.toleranceS(f.point0(f.pending[0])-before.lastX)
}

// reset drops the line: the clock of the receiver was set anew, or its first stamps were stale.
func (f *Fitter) reset() {
	f.outliers += f.blocks
	f.blocks = 0
	f.gpsAgeMaxS = -1
	f.joined(&f.fixed) // losses stay true, although the clock that showed them was wrong
	f.base = missingIn(f.fixed)
	f.runs = f.runs[:0]
	f.open(f.declared)
	f.usePending()
}

func (f *Fitter) usePending() {
	r := &f.runs[len(f.runs)-1]
	for _, b := range f.pending {
		f.use(r, b)
	}
	f.pending = f.pending[:0]
}

// open begins a run behind gaps. Those before the first run no stamp can measure.
func (f *Fitter) open(gaps []heimdall.Gap) {
	if len(f.runs) == 0 {
		f.fixed = append(f.fixed, gaps...)
		f.base = missingIn(f.fixed)
		gaps = nil
	}
	if len(f.runs) >= maxSegments {
		f.fixFirstGap()
	}
	f.runs = append(f.runs, run{gaps: gaps})
	f.declared = nil
}

// use adds b to a run.
func (f *Fitter) use(r *run, b Block) {
	x, y := f.point(b)
	r.add(x, y)
	f.blocks++
	f.gpsAgeMaxS = max(f.gpsAgeMaxS, b.GPSAgeS)
	if f.blocks >= 64 && !f.refined {
		f.refined = true
		slope := f.slope()
		newHz := 1 / (1/f.refHz + slope)
		for i := range f.runs {
			f.runs[i].tilt(slope)
		}
		f.refHz = newHz
	}
}

// point is b as sample index and residual in seconds against a line of rate refHz.
func (f *Fitter) point(b Block) (x, y float64) {
	x = f.point0(b)
	return x, b.At.Sub(f.origin).Seconds() - x/f.refHz
}

func (f *Fitter) point0(b Block) float64 { return float64(b.Sample + f.base) }

// offLine is how far above the continuation of a run a point lies, in seconds.
func (f *Fitter) offLine(r *run, x, y float64) float64 {
	return y - r.lastY - f.steadySlope()*(x-r.lastX)
}

// agree reports whether two stamps in succession fit each other.
func (f *Fitter) agree(a, b Block) bool {
	ax, ay := f.point(a)
	bx, by := f.point(b)
	return math.Abs(by-ay-f.steadySlope()*(bx-ax)) <= f.toleranceS(bx-ax)
}

// toleranceS is how far off a stamp may be that many samples after the last one used: half a sample at first,
// then six times what the stamps scatter by, and what the uncertainty of the rate adds.
func (f *Fitter) toleranceS(samples float64) float64 {
	var d2 float64
	var n int64
	b := f.steadySlope()
	for i := range f.runs {
		d2 += f.runs[i].stepSquares(b)
		n += f.runs[i].n - 1
	}
	tol, rateTol := 0.5/f.nominalHz, nominalTol
	if f.blocks >= steadyBlocks {
		tol = max(min(tol, finestTolS), 6*math.Sqrt(d2/float64(2*max(n, 1))))
		rateTol = steadyTol
	}
	return tol + rateTol*math.Abs(samples)/f.nominalHz
}

// steadySlope is the slope of the residuals, once there are enough of them.
func (f *Fitter) steadySlope() float64 {
	if f.blocks < steadyBlocks {
		return 0
	}
	return f.slope()
}

// slope is the slope of the residuals that all runs share, in seconds a sample.
func (f *Fitter) slope() float64 {
	var xx, xy float64
	for i := range f.runs {
		xx += f.runs[i].xx
		xy += f.runs[i].xy
	}
	if xx <= 0 {
		return 0
	}
	return xy / xx
}

// rate is the rate as far as it can be told without knowing the gaps.
func (f *Fitter) rate() float64 { return 1 / (1/f.refHz + f.steadySlope()) }

func missingIn(gaps []heimdall.Gap) (n int64) {
	for _, g := range gaps {
		n += g.Missing
	}
	return n
}
