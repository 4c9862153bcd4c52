package tdoa

import (
	"context"
	"math"
	"math/cmplx"
)

const (
	trialMaps   = 2
	trialPieces = 16
	rounds      = 3    // of weights and delay, each from the other: they no longer change then
	mostShare   = 1e-4 // least incoherence of a cell: no receivers agree better than that
	contrastMin = 10.0 // log likelihood by which the peak must exceed every other one
)

// A fit is the likelihood of a map over delays, counted from the map's own.
type fit struct {
	m         *crossMap
	coherence []float64 // squared, of each cell, without what chance gives; 0 where it is no more than chance
	weight    []float64 // of each cell
	level     []float64 // of each piece
	turn      []complex128
	shiftS    float64 // the likeliest
}

// measure makes the map and fits it. Before that it closes in on the delay and the frequency with a few pieces in the
// middle: a tenth of a hertz off costs as much coherence as the noise of a good receiver.
func (p *pair) measure(ctx context.Context, from found) (*crossMap, *fit, error) {
	delayS, offsetHz := from.delayS, from.offsetHz
	for range trialMaps {
		m, err := p.mapAt(ctx, delayS, offsetHz, trialPieces)
		if err != nil {
			return nil, nil, err
		}
		if f := newFit(m); f.settle(p.o.MaxDelayS) {
			delayS += f.shiftS
			offsetHz += f.offsetHz()
		}
	}
	m, err := p.mapAt(ctx, delayS, offsetHz, math.MaxInt)
	if err != nil {
		return nil, nil, err
	}
	f := newFit(m)
	if !f.settle(p.o.MaxDelayS) {
		return nil, nil, refuse(NothingCommon, "at the best delay, the records agree at no frequency by more than chance")
	}
	return m, f, f.judge(p, from)
}

// settle finds weights and delay, each from the other, and reports whether there is any coherence.
func (f *fit) settle(maxDelayS float64) bool {
	for range rounds {
		f.shiftS = f.likeliest(maxDelayS)
		if !f.reweigh() {
			return false
		}
	}
	f.shiftS = f.likeliest(maxDelayS)
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
	chance := 1 - math.Pow(0.5/float64(len(cross)), 1/max(k-1, 1))
	any := false
	for c := range cross {
		f.coherence[c], f.weight[c] = 0, 0
		s := cmplx.Abs(cross[c])
		g := s * s / (powerA[c] * powerB[c])
		if !(g > chance) {
			continue
		}
		g = min((g-1/k)/(1-1/k), 1-mostShare)
		f.coherence[c], f.weight[c] = g, g/((1-g)*s)
		any = true
	}
	if any {
		f.relevel(cross, powerA, powerB, phase)
	}
	return any
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
	for c, g := range f.coherence {
		if g > 0 {
			s += complex(g/math.Sqrt(meanA[c]*meanB[c]), 0) * cross[c] * f.turnOf(c, phase)
			a += g * powerA[c] / meanA[c]
			b += g * powerB[c] / meanB[c]
		}
	}
	v := max(real(s), 0)
	if !(a > 0 && b > 0 && v > 0) {
		return 0
	}
	g := min(v*v/(a*b), 1-mostShare)
	return g / ((1 - g) * v)
}

func (f *fit) turnOf(c int, phase complex128) complex128 {
	if phase == 1 {
		return 1 // turned already
	}
	return f.turn[c] * cmplx.Conj(phase)
}

// steer sets turn, the phase of each cell at a delay.
func (f *fit) steer(shiftS float64) {
	for c, hz := range f.m.hz {
		f.turn[c] = cmplx.Rect(1, 2*math.Pi*hz*shiftS)
	}
}

// correlation is that of a piece at the delay steered to, so scaled that its modulus x has the log likelihood
// ln I0(x), the phase being unknown.
func (f *fit) correlation(p int) complex128 {
	var sum complex128
	for c, x := range f.m.pieces[p].cross {
		if w := f.weight[c]; w != 0 {
			sum += complex(w, 0) * x * f.turn[c]
		}
	}
	return sum * complex(2*f.m.pieces[p].timeS*f.m.widthHz*f.level[p], 0)
}

// likelihood is the logarithm of the likelihood of a delay. ln I0(x) is nearly hypot(2, x)-2.
func (f *fit) likelihood(shiftS float64) float64 {
	f.steer(shiftS)
	sum := 0.0
	for p := range f.m.pieces {
		sum += math.Hypot(2, cmplx.Abs(f.correlation(p))) - 2
	}
	return sum
}

// reachS is how far from its own delay the map can tell: beyond, its cells are too wide.
func (f *fit) reachS(maxDelayS float64) float64 { return min(maxDelayS, 0.25/f.m.widthHz) }

func (f *fit) stepS() float64 { return 0.25 / (f.m.widthHz * float64(len(f.m.hz))) }

// likeliest searches all delays that the map can tell, then closes in.
func (f *fit) likeliest(maxDelayS float64) float64 {
	best, at, step := math.Inf(-1), 0.0, f.stepS()
	n := int(f.reachS(maxDelayS) / step)
	for i := -n; i <= n; i++ {
		if l := f.likelihood(float64(i) * step); l > best {
			best, at = l, float64(i)*step
		}
	}
	low, high := at-step, at+step
	const golden = 0.6180339887498949
	x, y := high-golden*(high-low), low+golden*(high-low)
	lx, ly := f.likelihood(x), f.likelihood(y)
	for high-low > 1e-7*step {
		if lx > ly {
			high, y, ly = y, x, lx
			x = high - golden*(high-low)
			lx = f.likelihood(x)
		} else {
			low, x, lx = x, y, ly
			y = low + golden*(high-low)
			ly = f.likelihood(y)
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
