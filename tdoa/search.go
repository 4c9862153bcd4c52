package tdoa

import (
	"cmp"
	"context"
	"math"
	"math/cmplx"
	"slices"
)

const (
	leastReachS   = 10e-3 // of delays, for a floor to compare with: the peak of 500 Hz is 2 ms wide
	searchPieces  = 12    // spread over the overlap: enough to find a peak that can be measured
	widestHz      = 3.0   // offsets searched: half of what one segment still holds together
	offsetStep    = 4     // offsets per resolution of a piece
	searchQuantum = 4.0   // a peak less likely than 3e-5 at any one delay and offset is worth a closer look
	mostFound     = 8     // closer looks
	closeSigmas   = 5.0   // standard errors by which the best must exceed another to be alone
)

// A found is a peak of the search.
type found struct {
	delayS, offsetHz float64
	power            float64 // over the mean of noise
}

// search finds the delays and offsets at which the records have most in common, the best first. Peaks that the map
// made at a better one covers are left to it.
//
// Each segment's cross-spectrum keeps its phases alone (PHAT), so that neither a carrier nor an impulse outshouts the
// rest, and goes back to delays. The segments of a piece are summed in phase for each offset, the pieces in power.
func (p *pair) search(ctx context.Context) ([]found, error) {
	all := p.cut(0)
	if len(all) == 0 {
		return nil, refuse(ShortOverlap, "no stretch between gaps is longer than %.2f s", float64(p.segment)/p.gridHz)
	}
	reach := int(math.Ceil(max(p.o.MaxDelayS, leastReachS) * p.gridHz))
	hopS := float64(p.hop()) / p.gridHz
	most := 0
	for _, c := range all {
		most = max(most, c.segments)
	}
	offsets := int(math.Floor(widestHz * hopS * float64(most) * offsetStep))
	stepHz := widestHz / float64(max(offsets, 1))
	sky := make([][]float64, 2*offsets+1) // power by offset and delay
	for i := range sky {
		sky[i] = make([]float64, 2*reach+1)
	}
	lags := make([][]complex64, most)
	n := min(len(all), searchPieces)
	for i := range n {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c := all[(2*i+1)*len(all)/(2*n)]
		gridA, gridB, err := p.read(c, 0, 0)
		if err != nil {
			return nil, err
		}
		for s := range c.segments {
			p.transformed(gridA[s*p.hop():], gridB[s*p.hop():])
			lags[s] = p.phat(lags[s], reach)
		}
		for j, row := range sky {
			accumulate(row, lags[:c.segments], float64(j-offsets)*stepHz*hopS)
		}
	}
	return p.peaks(sky, reach, stepHz, n)
}

// phat is the correlation of the segment at hand by its phases, for delays of -reach to reach samples.
func (p *pair) phat(lags []complex64, reach int) []complex64 {
	clear(p.windowed)
	for k := p.lowBin; k <= p.highBin; k++ {
		i := p.bin(k)
		x := cmplx.Conj(p.specA[i]) * p.specB[i]
		if m := cmplx.Abs(x); m > 0 {
			p.windowed[i] = x / complex(m, 0)
		}
	}
	p.fft.Sequence(p.specA, p.windowed)
	lags = lags[:0]
	for l := -reach; l <= reach; l++ {
		lags = append(lags, complex64(p.specA[p.bin(l)]))
	}
	return lags
}

// accumulate adds to row the power of the segments' sum after each has been turned back by cycles more than the last.
func accumulate(row []float64, lags [][]complex64, cycles float64) {
	turns := make([]complex128, len(lags))
	for s := range turns {
		turns[s] = cmplx.Rect(1, -2*math.Pi*cycles*float64(s))
	}
	for l := range row {
		var sum complex128
		for s, turn := range turns {
			sum += complex128(lags[s][l]) * turn
		}
		row[l] += real(sum)*real(sum) + imag(sum)*imag(sum)
	}
}

// peaks lists the greatest powers over their row's floor, or refuses where chance could have made them all.
func (p *pair) peaks(sky [][]float64, reach int, stepHz float64, pieces int) ([]found, error) {
	// The power of noise is a Gamma variable of as many exponentials as pieces; its quantiles after Wilson and Hilferty.
	n := float64(pieces)
	quantile := func(z float64) float64 { return math.Pow(1-1/(9*n)+z/(3*math.Sqrt(n)), 3) }
	type place struct {
		row, lag int
		power    float64
	}
	var places []place
	for j, row := range sky {
		sorted := slices.Clone(row)
		slices.Sort(sorted)
		floor := sorted[len(sorted)/2] / quantile(0)
		for l := range row {
			if row[l] > floor*quantile(searchQuantum) && math.Abs(float64(l-reach)) <= p.o.MaxDelayS*p.gridHz {
				places = append(places, place{j, l, row[l] / floor})
			}
		}
	}
	slices.SortFunc(places, func(x, y place) int { return cmp.Compare(y.power, x.power) })
	var list []found
	apartS := 0.5 * p.mapReachS()
	close := 0.0 // to the best, within what noise may do
	if len(places) > 0 {
		best := places[0].power
		close = best - closeSigmas*math.Sqrt(2*(2*best-1)/n)
	}
	for _, at := range places {
		f := found{power: at.power, delayS: (float64(at.lag-reach) + vertex(sky[at.row], at.lag)) / p.gridHz}
		column := make([]float64, len(sky))
		for j := range sky {
			column[j] = sky[j][at.lag]
		}
		f.offsetHz = (float64(at.row-len(sky)/2) + vertex(column, at.row)) * stepHz
		near := func(better found) bool { return math.Abs(f.delayS-better.delayS) < apartS }
		if f.power > close && len(list) < mostFound && !slices.ContainsFunc(list, near) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return nil, refuse(NothingCommon, "no delay within %g ms stands out: the records hold no common emission, it is too weak, or the receivers' frequencies differ by more than %g Hz",
			p.o.MaxDelayS*1e3, widestHz)
	}
	return list, nil
}

// vertex is how far beside its greatest value, at i, the parabola through the values' roots has its own.
func vertex(v []float64, i int) float64 {
	if i == 0 || i == len(v)-1 {
		return 0
	}
	y0, y1, y2 := math.Sqrt(v[i-1]), math.Sqrt(v[i]), math.Sqrt(v[i+1])
	d := y0 - 2*y1 + y2
	if !(d < 0) {
		return 0
	}
	return min(max(0.5*(y0-y2)/d, -0.5), 0.5)
}
