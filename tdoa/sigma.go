package tdoa

import (
	"math"
	"math/cmplx"
	"slices"
)

// width is the centre and the rms width of the coherent cells by their weights.
func (f *fit) width(weight func(coherence float64) float64) (centerHz, rmsHz, sum float64) {
	var first, second float64
	for c, g := range f.coherence {
		w := weight(g)
		sum += w
		first += w * f.m.hz[c]
		second += w * f.m.hz[c] * f.m.hz[c]
	}
	if !(sum > 0) {
		return 0, 0, 0
	}
	centerHz = first / sum
	return centerHz, math.Sqrt(max(0, second/sum-centerHz*centerHz)), sum
}

// bandwidthHz is that of the flat band as wide as the coherence. The coherence is at most 1, so that a carrier counts
// as the single line it is, however strong.
func (f *fit) bandwidthHz() float64 {
	_, rmsHz, _ := f.width(func(g float64) float64 { return g })
	return math.Sqrt(12) * rmsHz
}

// information is the Fisher information of the delay, in 1/s²: 8 pi² T times the integral of g/(1-g) (f-f0)², with
// g the squared coherence; g/(1-g) is g1 g2/(1+g1+g2) of the signal-to-noise ratios.
func (f *fit) information() float64 {
	_, rmsHz, sum := f.width(func(g float64) float64 { return g / (1 - g) })
	return 8 * math.Pi * math.Pi * f.m.totalS() * f.m.widthHz * sum * rmsHz * rmsHz
}

// energy is the effective signal-to-noise ratio times bandwidth times time: of a flat band, g B T. It says how far
// the bound is below the width of the correlation's peak.
func (f *fit) energy() float64 {
	b := f.bandwidthHz()
	if !(b > 0) {
		return 0
	}
	return 12 * f.information() / (8 * math.Pi * math.Pi * b * b)
}

// judge refuses what must not be called a measurement.
func (f *fit) judge() error {
	bandwidthHz, energy := f.bandwidthHz(), f.energy()
	switch {
	case bandwidthHz < minBandwidthHz:
		return refuse(NarrowBand, "the records have %.0f Hz in common, and %g Hz are needed: the delay of a carrier is lost in its phase", bandwidthHz, minBandwidthHz)
	case energy < minEnergy:
		return refuse(TooWeak, "effective SNR times bandwidth times time is %.1f, and %g is needed: record for longer", energy, minEnergy)
	}
	rival := scanned{likelihood: math.Inf(-1)}
	for _, s := range f.scan {
		if math.Abs(s.shiftS-f.shiftS) > 1/bandwidthHz && s.likelihood > rival.likelihood {
			rival = s
		}
	}
	if f.rivalled(rival.likelihood) {
		return refuse(Ambiguous, "a delay of %.1f us explains the records as well as one of %.1f us", (f.m.delayS+rival.shiftS)*1e6, f.delayS()*1e6)
	}
	return nil
}

// rivalled reports whether a delay of that likelihood explains the records as well as the peak does.
func (f *fit) rivalled(likelihood float64) bool {
	floor := f.floor(func(s scanned) float64 { return s.likelihood })
	return likelihood > f.peak.likelihood-contrastMin || likelihood-floor > mostRival*(f.peak.likelihood-floor)
}

// floor is the median over all delays.
func (f *fit) floor(of func(scanned) float64) float64 {
	v := make([]float64, len(f.scan))
	for i, s := range f.scan {
		v[i] = of(s)
	}
	return median(v)
}

// result is everything that the fit tells.
func (f *fit) result() Result {
	information := f.information()
	r := Result{DelayS: f.delayS(), BandwidthHz: f.bandwidthHz(), BoundS: 1 / math.Sqrt(information)}
	r.EffectiveSNRdB = 10 * math.Log10(f.energy()/(r.BandwidthHz*f.m.totalS()))
	r.CorrelationSigmaS = r.BoundS * f.scatter(&r)
	r.OffsetHz, r.PeakToFloor = f.offsetHz(), f.peak.modulus/f.floor(func(s scanned) float64 { return s.modulus })
	r.UsedS, r.Pieces = f.m.totalS(), len(f.m.pieces)
	r.SNRADB, r.SNRBDB = f.ratios()
	return r
}

// scatter is by how much the pieces scatter more than the bound allows, at least 1, and adds the drift to r.
//
// A piece's score, the slope of its likelihood, has its information as variance if the model is right. Scores, not
// delays, because a weak piece alone may have no peak.
func (f *fit) scatter(r *Result) float64 {
	n := len(f.m.pieces)
	score, info := make([]float64, n), make([]float64, n)
	f.steer(f.shiftS)
	centerHz, _, _ := f.width(func(g float64) float64 { return g / (1 - g) })
	var squares, total, mid float64
	for p := range f.m.pieces {
		score[p], info[p] = f.slope(p, centerHz)
		squares += score[p] * score[p]
		total += info[p]
		mid += info[p] * f.m.pieces[p].midS
	}
	if n < 2 || !(total > 0) {
		return 1
	}
	mid /= total
	excess := max(1, math.Sqrt(squares/total*float64(n)/float64(n-1)))
	var moment, spread float64
	for p := range f.m.pieces {
		t := f.m.pieces[p].midS - mid
		moment += score[p] * t
		spread += info[p] * t * t
	}
	if n < 3 || !(spread > 0) {
		return excess
	}
	r.DriftSPerS = moment / spread
	squares = 0
	for p := range f.m.pieces { // what the drift does not explain
		rest := score[p] - info[p]*(f.m.pieces[p].midS-mid)*r.DriftSPerS
		squares += rest * rest
	}
	sigma := max(1, math.Sqrt(squares/total*float64(n)/float64(n-2))) / math.Sqrt(spread)
	r.DriftSigmaSPerS = &sigma
	return excess
}

// slope is the derivative of a piece's log likelihood at the delay steered to, and the information in it: how fast the
// slope falls.
func (f *fit) slope(p int, centerHz float64) (score, info float64) {
	var r, first, second complex128 // and its derivatives
	cross := f.m.pieces[p].cross
	for _, c := range f.active {
		v := cross[c] * f.turn[c]
		w := 2 * math.Pi * (f.m.hz[c] - centerHz)
		r += v
		first += v * complex(0, w)
		second -= v * complex(w*w, 0)
	}
	scale := 2 * f.m.pieces[p].timeS * f.m.widthHz * f.level[p]
	x := cmplx.Abs(r) * scale
	if x == 0 {
		return 0, 0
	}
	u := cmplx.Conj(unit(r)) * complex(scale, 0)
	slope := x / math.Hypot(2, x) // of the log likelihood by x
	across := imag(u * first)
	return slope * real(u*first), max(0, -slope*(real(u*second)+across*across/x))
}

// offsetHz is the frequency of b less that of a: the map's, and the mean turn from each piece to the next.
func (f *fit) offsetHz() float64 {
	f.steer(f.shiftS)
	var sum complex128
	var seconds, weight float64
	for p := 1; p < len(f.m.pieces); p++ {
		gapS := f.m.pieces[p].midS - f.m.pieces[p-1].midS
		if gapS > 2*pieceS {
			continue
		}
		turn := f.correlation(p) * cmplx.Conj(f.correlation(p-1))
		sum += turn
		seconds += cmplx.Abs(turn) * gapS
		weight += cmplx.Abs(turn)
	}
	if !(weight > 0) {
		return f.m.offsetHz
	}
	return f.m.offsetHz + cmplx.Phase(sum)/(2*math.Pi)*weight/seconds
}

const (
	leastNoiseCells = 24
	leastNoiseShare = 0.1 // of all cells
	credible        = 4.0 // factor by which SNRs from the floors may exceed what the coherence says
)

// ratios are the signal-to-noise ratios of both records where they have the emission, in decibels. Noise is what the
// cells without coherence hold; nil when there are too few of them, or when the coherence says that they lie about
// the noise elsewhere, as those outside a receive filter do.
func (f *fit) ratios() (a, b *float64) {
	_, powerA, powerB := f.means(nil)
	var noiseA, noiseB, excess []float64
	for c, g := range f.coherence {
		if g == 0 {
			noiseA, noiseB = append(noiseA, powerA[c]), append(noiseB, powerB[c])
		}
	}
	if len(noiseA) < leastNoiseCells || float64(len(noiseA)) < leastNoiseShare*float64(len(f.coherence)) {
		return nil, nil
	}
	nA, nB := median(noiseA), median(noiseB)
	var sumA, sumB, n float64
	for c, g := range f.coherence {
		if g == 0 {
			continue
		}
		gA, gB := max(powerA[c]/nA-1, 0), max(powerB[c]/nB-1, 0)
		sumA, sumB, n = sumA+gA, sumB+gB, n+1
		excess = append(excess, gA*gB/(1+gA+gB)/(g/(1-g)))
	}
	if !(sumA > 0 && sumB > 0) || median(excess) > credible {
		return nil, nil
	}
	return new(10 * math.Log10(sumA/n)), new(10 * math.Log10(sumB/n))
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
