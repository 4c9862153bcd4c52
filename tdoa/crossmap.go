package tdoa

import (
	"context"
	"math/cmplx"
)

// mostCells is how many cells of frequency are kept: fine enough for the lines of a voice in a channel of 12 kHz.
const mostCells = 512

// A crossMap is what is left of the samples: for each piece, and for each cell of some neighbouring bins, the mean
// cross-spectrum and both mean spectra, after b was shifted by delayS and offsetHz.
type crossMap struct {
	delayS, offsetHz float64
	hz               []float64 // of the cells, relative to a's CenterHz
	widthHz          float64   // of a cell
	reachS           float64   // delays that can be told apart, to each side
	whole            bool      // all of the overlap
	pieces           []mapped
}

// mapped is one piece of the map.
type mapped struct {
	midS   float64 // of a's time
	timeS  float64 // that it is worth: the windows' squares sum to 1, but for the ends
	cross  []complex128
	powerA []float64
	powerB []float64
}

func (m *crossMap) totalS() float64 {
	sum := 0.0
	for i := range m.pieces {
		sum += m.pieces[i].timeS
	}
	return sum
}

// mapAt makes the map of the overlap, or of so many pieces in its middle.
func (p *pair) mapAt(ctx context.Context, delayS, offsetHz float64, most int) (*crossMap, error) {
	pieces := p.cut(delayS)
	n := len(pieces)
	if n > most {
		pieces = pieces[(n-most)/2:][:most]
	}
	if len(pieces) == 0 {
		return nil, refuse(ShortOverlap, "at this delay, no stretch between gaps is longer than %.2f s", float64(p.segment)/p.gridHz)
	}
	per := p.binsPerCell()
	m := &crossMap{whole: n <= most, reachS: p.mapReachS(), delayS: delayS, offsetHz: offsetHz, widthHz: float64(per) * p.binHz()}
	for k := p.lowBin; k+per <= p.highBin+1; k += per {
		m.hz = append(m.hz, (float64(k)+float64(per-1)/2)*p.binHz())
	}
	hopS := float64(p.hop()) / p.gridHz
	for _, c := range pieces {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		gridA, gridB, err := p.read(c, delayS, offsetHz)
		if err != nil {
			return nil, err
		}
		one := mapped{
			midS: c.startS + float64(c.segments+1)/2*hopS, timeS: float64(c.segments) * hopS,
			cross: make([]complex128, len(m.hz)), powerA: make([]float64, len(m.hz)), powerB: make([]float64, len(m.hz)),
		}
		for s := range c.segments {
			p.transformed(gridA[s*p.hop():], gridB[s*p.hop():])
			one.add(p, per)
		}
		one.scale(1 / float64(c.segments*per))
		m.pieces = append(m.pieces, one)
	}
	return m, nil
}

func (p *pair) binsPerCell() int { return (p.highBin-p.lowBin)/mostCells + 1 }

// mapReachS is how far from its own delay a map can tell one from another: beyond, its cells are too wide.
func (p *pair) mapReachS() float64 {
	return min(max(p.o.MaxDelayS, leastReachS), 0.25/(float64(p.binsPerCell())*p.binHz()))
}

// add adds the segment at hand, per bins to a cell.
func (c *mapped) add(p *pair, per int) {
	for cell := range c.cross {
		var cross complex128
		var powerA, powerB float64
		first := p.lowBin + cell*per
		for k := first; k < first+per; k++ {
			i := p.bin(k)
			a, b := p.specA[i], p.specB[i]
			cross += cmplx.Conj(a) * b
			powerA += real(a)*real(a) + imag(a)*imag(a)
			powerB += real(b)*real(b) + imag(b)*imag(b)
		}
		c.cross[cell] += cross
		c.powerA[cell] += powerA
		c.powerB[cell] += powerB
	}
}

func (c *mapped) scale(by float64) {
	for i := range c.cross {
		c.cross[i] *= complex(by, 0)
		c.powerA[i] *= by
		c.powerB[i] *= by
	}
}
