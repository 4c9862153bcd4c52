package dsp

import (
	"math"
	"slices"
)

// A noiseFloor is an estimate of the noise density.
type noiseFloor struct {
	density float64 // N0, power per hertz; 0 when there is none
	used    float64 // share of the candidate bins taken for noise
	bins    int     // how many that is
	source  string
}

// censoredMean estimates the mean of the noise bins of an averaged periodogram of k averages, among which there
// may be bins with signal. It starts at the lowest tenth, keeps what noise of the present estimate could be, drops
// the neighbourhood of what it could not be, takes the mean of the rest and undoes the truncation; until it stays.
// guard is the half-width of a signal's skirt in bins.
func censoredMean(p []float64, k float64, guard int) (mean, used float64, bins int) {
	m := len(p)
	if m < 8 || k <= 0 {
		return 0, 0, 0
	}
	const tail = 1e-3 // of the noise bins lie above the limit
	limit := meanGammaQuantile(k, tail)
	strong := max(meanGammaQuantile(k, tail/float64(m)), limit)
	truncated := truncatedGammaMean(k, limit)
	r := borrowRanking(m)
	defer r.giveBack()
	order, drop := r.order, r.drop
	copy(order, p)
	mean = quantileOf(order, 0.10) / meanGammaQuantile(k, 0.90)
	for range 12 {
		if mean <= 0 {
			return 0, 0, 0
		}
		sum, kept := 0.0, 0
		markSignals(drop, p, mean*limit, mean*strong, guard)
		for i, v := range p {
			if !drop[i] && v <= mean*limit {
				sum += v
				kept++
			}
		}
		if float64(kept) < max(8, 0.02*float64(m)) {
			return lowestTwentieth(order)
		}
		next := sum / float64(kept) / truncated
		used, bins = float64(kept)/float64(m), kept
		settled := math.Abs(next/mean-1) < 1e-5
		if mean = next; settled {
			break
		}
	}
	return mean, used, bins
}

// markSignals marks, guard bins around, every bin over strong and every bin over limit that has a neighbour over it.
// A single bin over limit is what noise does now and then.
func markSignals(drop []bool, p []float64, limit, strong float64, guard int) {
	clear(drop)
	for i, v := range p {
		if v <= limit {
			continue
		}
		pair := i > 0 && p[i-1] > limit || i+1 < len(p) && p[i+1] > limit
		if pair || v > strong {
			for j := max(0, i-guard); j <= min(len(p)-1, i+guard); j++ {
				drop[j] = true
			}
		}
	}
}

// lowestTwentieth is the last resort: an estimate that is too low on noise alone, and used so that it shows.
// It reorders p.
func lowestTwentieth(p []float64) (mean, used float64, bins int) {
	bins = max(1, len(p)/20)
	lowest(p, bins)
	for _, v := range p[:bins] {
		mean += v
	}
	return mean / float64(bins), float64(bins) / float64(len(p)), bins
}

// quantileOf is the quantile of values in any order, interpolated. It reorders them.
func quantileOf(p []float64, q float64) float64 {
	x := q * float64(len(p)-1)
	k := int(x)
	lowest(p, k+1)
	at := slices.Max(p[:k+1])
	if k+1 >= len(p) {
		return at
	}
	return at + (x-float64(k))*(slices.Min(p[k+1:])-at)
}

// lowest moves the n lowest values to the front (C. A. R. Hoare's find, CACM 4, 1961): sorting all would take ten
// times as long.
func lowest(p []float64, n int) {
	for n > 0 && n < len(p) {
		a, b, c := p[0], p[len(p)/2], p[len(p)-1]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := 0, len(p)-1
		for i <= j {
			for p[i] < pivot {
				i++
			}
			for p[j] > pivot {
				j--
			}
			if i <= j {
				p[i], p[j] = p[j], p[i]
				i++
				j--
			}
		}
		switch { // p[:j+1] <= pivot = between <= p[i:]
		case n <= j:
			p = p[:j+1]
		case n >= i:
			p, n = p[i:], n-i
		default:
			return
		}
	}
}
