package tdoa

import (
	"math"
	"time"
)

// A run is samples without a gap: sample from is taken at startS seconds after the pair's epoch, sample to is the
// first one after it.
type run struct {
	from, to int64
	startS   float64
}

// runsOf cuts a record at its gaps.
func runsOf(r *Record, epoch time.Time) []run {
	offsetS := r.Clock.Start.Sub(epoch).Seconds()
	var runs []run
	var from, missing int64
	add := func(to int64) {
		to = min(to, r.Samples)
		if to > from {
			runs = append(runs, run{from: from, to: to, startS: offsetS + float64(from+missing)/r.Clock.RateHz})
		}
	}
	for _, g := range r.Clock.Gaps {
		if g.Sample < from || g.Missing <= 0 {
			continue
		}
		add(g.Sample)
		from = g.Sample
		missing += g.Missing
	}
	add(r.Samples)
	return runs
}

// A stretch is time that both records hold without a gap, from a's run and b's.
type stretch struct {
	startS, endS float64 // of a's time
	a, b         run
}

// common is the time that a holds and that b holds delayS later, in order. Half a kernel at each end is for the
// interpolation.
func (p *pair) common(delayS float64) []stretch {
	var list []stretch
	for i, j := 0, 0; i < len(p.runsA) && j < len(p.runsB); {
		a, b := p.runsA[i], p.runsB[j]
		endA, endB := p.endOf(a, p.a), p.endOf(b, p.b)
		s := stretch{startS: max(a.startS, b.startS-delayS) + p.marginS, endS: min(endA, endB-delayS) - p.marginS, a: a, b: b}
		if s.endS > s.startS {
			list = append(list, s)
		}
		if endA < endB-delayS {
			i++
		} else {
			j++
		}
	}
	return list
}

func (p *pair) endOf(r run, rec *Record) float64 {
	return r.startS + float64(r.to-r.from)/rec.Clock.RateHz
}

// A piece is some segments of one stretch, each a hop after the one before.
type piece struct {
	startS   float64 // of a's time
	segments int
	a, b     run
}

const (
	pieceS     = 1.0 // the pieces whose scatter is watched
	leastPiece = 2   // segments in a piece
	wantPieces = 6   // shorter records have shorter pieces, to have a scatter at all
)

// cut makes pieces of all stretches. A stretch of less than a segment is left out.
func (p *pair) cut(delayS float64) []piece {
	stretches := p.common(delayS)
	segS, hopS := float64(p.segment)/p.gridHz, float64(p.hop())/p.gridHz
	counts := make([]int, len(stretches))
	total := 0
	for i := range stretches {
		s := &stretches[i]
		s.startS = p.snap(*s, delayS)
		if length := s.endS - s.startS - 1/p.gridHz; length >= segS {
			counts[i] = 1 + int(math.Floor((length-segS)/hopS))
		}
		total += counts[i]
	}
	per := min(max(total/wantPieces, leastPiece), int(math.Round(pieceS/hopS)))
	per = max(per, 1)
	var pieces []piece
	for i, s := range stretches {
		n := max(1, (counts[i]+per/2)/per)
		for k := range n {
			first, next := counts[i]*k/n, counts[i]*(k+1)/n
			if next > first {
				pieces = append(pieces, piece{startS: s.startS + float64(first)*hopS, segments: next - first, a: s.a, b: s.b})
			}
		}
	}
	return pieces
}

// snap moves the start of a stretch to the next sample of the record that is the grid, which then need not be
// interpolated.
func (p *pair) snap(s stretch, delayS float64) float64 {
	r, in, atS := &p.readerA, s.a, s.startS
	if p.slowIsB {
		r, in, atS = &p.readerB, s.b, s.startS+delayS
	}
	x := r.position(in, atS)
	return s.startS + (math.Ceil(x)-x)/r.rateHz
}
