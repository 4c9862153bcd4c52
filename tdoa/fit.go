package tdoa

import (
	"cmp"
	"context"
	"math"
	"math/cmplx"
	"slices"
)

const (
	nearSteps   = 8.0  // searched in between: a quarter of the band's inverse each
	falseCells  = 0.02 // cells of a map that chance may add: one at its edge costs more than weak ones that are lost
	trialMaps   = 3
	trialPieces = 16
	nearSample  = 0.5 // of a map to where its fit ends up, in samples and in hertz: cells are that narrow
	nearHz      = 0.02
	rounds      = 3    // of weights and delay, each from the other: they no longer change then
	mostShare   = 1e-4 // least incoherence of a cell: no receivers agree better than that
	contrastMin = 10.0 // log likelihood by which the peak must exceed every other one, and
	mostRival   = 0.9  // how near another may come to it, counted from the median of all: repetitions come nearer
)

// A fit is the likelihood of a map over delays, counted from the map's own.
type fit struct {
	m         *crossMap
	coherence []float64 // squared, of each cell, without what chance gives; 0 where it is no more than chance
	weight    []float64 // of each cell
	level     []float64 // of each piece
	active    []int     // the cells with a weight
	turn      []complex128
	shiftS    float64   // the likeliest
	peak      scanned   // what is there
	scan      []scanned // and at the delays looked at last: all, once the fit has settled
}

// measure takes the likeliest of what was found, maps the whole overlap there and fits it.
func (p *pair) measure(ctx context.Context, list []found) (*fit, error) {
	var fits []*fit
	for _, from := range list {
		f, err := p.try(ctx, from)
		if err != nil {
			return nil, err
		}
		if f != nil {
			fits = append(fits, f)
		}
	}
	if len(fits) == 0 {
		return nil, refuse(NothingCommon, "at no delay do the records agree at any frequency by more than chance")
	}
	best := slices.MaxFunc(fits, func(x, y *fit) int { return cmp.Compare(x.peak.likelihood, y.peak.likelihood) })
	var rival error
	for _, f := range fits {
		if math.Abs(f.delayS()-best.delayS()) > 1/p.gridHz && best.rivalled(f.peak.likelihood) {
			rival = refuse(Ambiguous, "a delay of %.1f us explains the records as well as one of %.1f us", f.delayS()*1e6, best.delayS()*1e6)
		}
	}
	if !best.m.whole {
		m, err := p.mapAt(ctx, best.delayS(), best.offsetHz(), math.MaxInt)
		if err != nil {
			return nil, err
		}
		best = newFit(m)
		if !best.settle() {
			return nil, refuse(NothingCommon, "over all of the overlap, the records agree at no frequency by more than chance")
		}
	}
	if err := best.judge(); err != nil {
		return nil, err
	}
	return best, rival
}

// try closes in on a delay and an offset with some pieces in the middle of the overlap, or returns nil: a tenth of a
// hertz off costs as much coherence as the noise of a good receiver.
func (p *pair) try(ctx context.Context, from found) (*fit, error) {
	delayS, offsetHz := from.delayS, from.offsetHz
	for again := 1; ; again++ {
		m, err := p.mapAt(ctx, delayS, offsetHz, trialPieces)
		if err != nil {
			return nil, err
		}
		f := newFit(m)
		if !f.settle() {
			return nil, nil
		}
		near := math.Abs(f.shiftS) < nearSample/p.gridHz && math.Abs(f.offsetHz()-offsetHz) < nearHz
		if near || again == trialMaps {
			return f, nil
		}
		delayS, offsetHz = f.delayS(), f.offsetHz()
	}
}

// delayS is the likeliest delay.
func (f *fit) delayS() float64 { return f.m.delayS + f.shiftS }

// settle finds weights and delay, each from the other, and reports whether there is any coherence.
func (f *fit) settle() bool {
	f.shiftS = f.likeliest(0, f.m.reachS)
	for range rounds {
		if !f.reweigh() {
			return false
		}
		f.shiftS = f.likeliest(f.shiftS, nearSteps*f.stepS())
	}
	f.shiftS = f.likeliest(0, f.m.reachS)
	f.peak = f.at(f.shiftS)
	return true
}

// newFit weighs every cell alike, after whitening.
func newFit(m *crossMap) *fit {
	f := &fit{m: m, coherence: make([]float64, len(m.hz)), weight: make([]float64, len(m.hz)),
		level: make([]float64, len(m.pieces)), turn: make([]complex128, len(m.hz))}
	for p := range f.level {
		f.level[p] = 1
	}
	_, powerA, powerB := f.means(nil)
	for c := range f.weight {
		if d := math.Sqrt(powerA[c] * powerB[c]); d > 0 {
			f.weight[c] = 1 / d
			f.active = append(f.active, c)
		}
	}
	return f
}

// means are the means over time of the cross-spectrum, each piece turned back by its phase, and of both spectra.
func (f *fit) means(phase []complex128) (cross []complex128, powerA, powerB []float64) {
	n := len(f.m.hz)
	cross, powerA, powerB = make([]complex128, n), make([]float64, n), make([]float64, n)
	total := f.m.totalS()
	for p := range f.m.pieces {
		one := &f.m.pieces[p]
		w := one.timeS / total
		for c := range n {
			powerA[c] += w * one.powerA[c]
			powerB[c] += w * one.powerB[c]
			if phase != nil {
				cross[c] += complex(w, 0) * one.cross[c] * cmplx.Conj(phase[p])
			}
		}
	}
	return cross, powerA, powerB
}

// reweigh takes the weights from the coherence at the present delay, and reports whether there is any.
//
// The weight of a cell is g/((1-g)|S|) with g the squared coherence and S the cross-spectrum: the maximum likelihood
// processor of Hannan and Thomson. A coherence of chance from k independent samples exceeds c with (1-c)^(k-1).
func (f *fit) reweigh() bool {
	f.steer(f.shiftS)
	phase := make([]complex128, len(f.m.pieces))
	for p := range phase {
		phase[p] = unit(f.correlation(p))
	}
	cross, powerA, powerB := f.means(phase)
	k := f.m.totalS() * f.m.widthHz
	chance := 1 - math.Pow(falseCells/float64(len(cross)), 1/max(k-1, 1))
	f.active = f.active[:0]
	for c := range cross {
		f.coherence[c], f.weight[c] = 0, 0
		s := cmplx.Abs(cross[c])
		g := s * s / (powerA[c] * powerB[c])
		if !(g > chance) {
			continue
		}
		g = min((g-1/k)/(1-1/k), 1-mostShare)
		f.coherence[c], f.weight[c] = g, g/((1-g)*s)
		f.active = append(f.active, c)
	}
	if len(f.active) == 0 {
		return false
	}
	f.steer(f.shiftS) // with the new weights
	f.relevel(cross, powerA, powerB, phase)
	return true
}

// relevel weighs the pieces: the same formula as for cells, with the coherence of a piece over all cells.
func (f *fit) relevel(cross []complex128, powerA, powerB []float64, phase []complex128) {
	all := f.pooled(cross, powerA, powerB, powerA, powerB, 1)
	for p := range f.level {
		one := &f.m.pieces[p]
		f.level[p] = f.pooled(one.cross, one.powerA, one.powerB, powerA, powerB, phase[p]) / all
	}
}

// pooled is the weight of spectra taken relative to the means of both powers, over the coherent cells together.
func (f *fit) pooled(cross []complex128, powerA, powerB, meanA, meanB []float64, phase complex128) float64 {
	var s complex128
	var a, b float64
	for _, c := range f.active {
		g := f.coherence[c]
		s += complex(g/math.Sqrt(meanA[c]*meanB[c]), 0) * cross[c] * unit(f.turn[c]) * cmplx.Conj(phase)
		a += g * powerA[c] / meanA[c]
		b += g * powerB[c] / meanB[c]
	}
	v := max(real(s), 0)
	if !(a > 0 && b > 0 && v > 0) {
		return 0
	}
	g := min(v*v/(a*b), 1-mostShare)
	return g / ((1 - g) * v)
}

// steer sets turn, the weight of each cell with its phase at a delay. Cells lie at equal distances.
func (f *fit) steer(shiftS float64) {
	const afresh = 32 // cells after which rounding is forgotten
	step := cmplx.Rect(1, 2*math.Pi*f.m.widthHz*shiftS)
	var turn complex128
	for c, hz := range f.m.hz {
		if c%afresh == 0 {
			turn = cmplx.Rect(1, 2*math.Pi*hz*shiftS)
		}
		f.turn[c] = turn * complex(f.weight[c], 0)
		turn *= step
	}
}

// correlation is that of a piece at the delay steered to, so scaled that its modulus x has the log likelihood
// ln I0(x), the phase being unknown.
func (f *fit) correlation(p int) complex128 {
	var sum complex128
	cross := f.m.pieces[p].cross
	for _, c := range f.active {
		sum += cross[c] * f.turn[c]
	}
	return sum * complex(2*f.m.pieces[p].timeS*f.m.widthHz*f.level[p], 0)
}

// A scanned is a delay with the logarithm of its likelihood, and the modulus of the correlation over all pieces.
type scanned struct{ shiftS, likelihood, modulus float64 }

// at looks at one delay. ln I0(x) is nearly hypot(2, x)-2.
func (f *fit) at(shiftS float64) scanned {
	f.steer(shiftS)
	s := scanned{shiftS: shiftS}
	for p := range f.m.pieces {
		x := cmplx.Abs(f.correlation(p))
		s.likelihood += math.Sqrt(4+x*x) - 2
		s.modulus += x
	}
	return s
}

// stepS is a quarter of the inverse of the map's width: no peak hides between two steps.
func (f *fit) stepS() float64 { return 0.25 / (f.m.widthHz * float64(len(f.m.hz))) }

// likeliest looks at the delays up to reachS around one, keeps them in scan, and closes in on the best.
func (f *fit) likeliest(aroundS, reachS float64) float64 {
	step := f.stepS()
	f.scan = f.scan[:0]
	n := int(reachS / step)
	for i := -n; i <= n; i++ {
		f.scan = append(f.scan, f.at(aroundS+float64(i)*step))
	}
	best := slices.MaxFunc(f.scan, func(x, y scanned) int { return cmp.Compare(x.likelihood, y.likelihood) })
	low, high := best.shiftS-step, best.shiftS+step
	const golden = 0.6180339887498949
	x, y := f.at(high-golden*(high-low)), f.at(low+golden*(high-low))
	for high-low > 1e-5*step {
		if x.likelihood > y.likelihood {
			high, y = y.shiftS, x
			x = f.at(high - golden*(high-low))
		} else {
			low, x = x.shiftS, y
			y = f.at(low + golden*(high-low))
		}
	}
	return (low + high) / 2
}

// unit is z without its modulus.
func unit(z complex128) complex128 {
	if m := cmplx.Abs(z); m > 0 {
		return z / complex(m, 0)
	}
	return 1
}
