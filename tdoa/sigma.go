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
	step, lobeS := f.stepS(), 1/bandwidthHz
	n := int(f.m.reachS / step)
	var modulus []float64
	for i := -n; i <= n; i++ {
		delayS := float64(i) * step
		modulus = append(modulus, f.modulus(delayS))
		if math.Abs(delayS-f.shiftS) > lobeS && f.likelihood(delayS) > f.peak-contrastMin {
			return refuse(Ambiguous, "a delay of %.1f us explains the records as well as one of %.1f us",
				(f.m.delayS+delayS)*1e6, f.delayS()*1e6)
		}
	}
	f.toFloor = f.modulus(f.shiftS) / median(modulus)
	return nil
}

// modulus is that of the correlation at a delay, over all pieces.
func (f *fit) modulus(shiftS float64) float64 {
	f.steer(shiftS)
	sum := 0.0
	for p := range f.m.pieces {
		sum += cmplx.Abs(f.correlation(p))
	}
	return sum
}

// result is everything that the fit tells.
func (f *fit) result() Result {
	information := f.information()
	r := Result{DelayS: f.delayS(), BandwidthHz: f.bandwidthHz(), BoundS: 1 / math.Sqrt(information)}
	r.EffectiveSNRdB = 10 * math.Log10(f.energy()/(r.BandwidthHz*f.m.totalS()))
	r.CorrelationSigmaS = r.BoundS * f.scatter(&r)
	r.OffsetHz, r.PeakToFloor = f.offsetHz(), f.toFloor
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
	if n > 2 && spread > 0 {
		sigma := excess / math.Sqrt(spread)
		r.DriftSPerS, r.DriftSigmaSPerS = moment/spread, &sigma
	}
	return excess
}

// slope is the derivative of a piece's log likelihood at the delay steered to, and the information expected of it.
func (f *fit) slope(p int, centerHz float64) (score, info float64) {
	var r, d complex128
	cross := f.m.pieces[p].cross
	for _, c := range f.active {
		v := cross[c] * f.turn[c]
		r += v
		d += v * complex(0, 2*math.Pi*(f.m.hz[c]-centerHz))
	}
	scale := 2 * f.m.pieces[p].timeS * f.m.widthHz * f.level[p]
	x := cmplx.Abs(r) * scale
	if x == 0 {
		return 0, 0
	}
	_, rmsHz, _ := f.width(func(g float64) float64 { return g / (1 - g) })
	slope := x / math.Hypot(2, x) // of the log likelihood by x
	score = slope * scale * real(cmplx.Conj(unit(r))*d)
	return score, slope * x * 4 * math.Pi * math.Pi * rmsHz * rmsHz
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
