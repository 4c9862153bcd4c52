package spectrogram

import (
	"math"
	"slices"
	"sync"
)

// A Pyramid is the power of a whole recording, in levels: the columns of each are twice as wide as those of the one
// before, down to a few hundred. Power is kept in hundredths of a decibel.
type Pyramid struct {
	SHA256   string // of the recording's data
	Bins     int
	Step     float64 // positions of a column of the first level
	LowDBFS  float64 // what a picture of it all should show, as darkest
	HighDBFS float64 // and as brightest
	levels   []level
}

// A level is columns of one width.
type level struct {
	weight []float32 // of each column; 0 where nothing was received
	power  []int16   // in hundredths of a dBFS, column by column
}

// fewestColumns is where levels end.
const fewestColumns = 256

func newPyramid(s Shape, g Grid, sum string, m *Matrix) *Pyramid {
	p := &Pyramid{SHA256: sum, Bins: s.Bins, Step: g.Step}
	for {
		p.levels = append(p.levels, quantized(m))
		if m.Columns <= fewestColumns {
			break
		}
		m = halved(m)
	}
	p.LowDBFS, p.HighDBFS = p.levels[0].visible(p.Bins)
	return p
}

// Bytes is about how much memory it takes.
func (p *Pyramid) Bytes() (n int) {
	for _, l := range p.levels {
		n += 4*len(l.weight) + 2*len(l.power)
	}
	return n
}

// halved joins columns by twos.
func halved(m *Matrix) *Matrix {
	h := newMatrix((m.Columns+1)/2, m.Bins)
	inParts(h.Columns, func(from, to int) {
		for c := 2 * from; c < min(2*to, m.Columns); c++ {
			h.addColumn(c/2, m.sums(c), m.Weight[c])
		}
	})
	h.average()
	return h
}

// addColumn adds a mean of so many segments to the sums of column c.
func (m *Matrix) addColumn(c int, mean []float32, weight float32) {
	if weight == 0 {
		return
	}
	sum := m.sums(c)
	for b, p := range mean {
		sum[b] += p * weight
	}
	m.Weight[c] += weight
}

func quantized(m *Matrix) level {
	l := level{weight: slices.Clone(m.Weight), power: make([]int16, len(m.Power))}
	inParts(len(m.Power), func(from, to int) {
		logarithms := mantissas()
		power := l.power[from:to]
		for i, p := range m.Power[from:to] {
			power[i] = logarithms.hundredths(p)
		}
	})
	return l
}

// hundredths is a power in hundredths of a decibel, within one; silence is the least there is, -327.68 dBFS. A table of
// mantissas is ten times as fast as a logarithm, of which a pyramid takes millions.
func (t *mantissaTable) hundredths(power float32) int16 {
	const octave = 1_233_019 // 1000 lg 2, with the binary places of the table
	bits := math.Float32bits(power)
	exponent := int32(bits>>23) - 127 // of a positive float32 (IEEE 754)
	return int16(max(math.MinInt16, (exponent*octave+t[bits>>11&(1<<12-1)])>>fixedBits))
}

// Logarithms of the table have so many binary places.
const (
	fixedBits = 12
	fixed     = 1 << fixedBits
)

// A mantissaTable is hundredths of a decibel of 1 to 2, by the upper 12 bits of the mantissa, and a half to round with.
type mantissaTable [1 << 12]int32

var mantissas = sync.OnceValue(func() *mantissaTable {
	var t mantissaTable
	for i := range t {
		t[i] = int32(math.Round(fixed * (0.5 + 1000*math.Log10(1+(float64(i)+0.5)/(1<<12)))))
	}
	return &t
})

// visible is the range to draw: from a little under what is usual to a little over the strongest.
func (l level) visible(bins int) (lowDBFS, highDBFS float64) {
	counts, total := make([]int, 1<<16), 0
	for c, w := range l.weight {
		for _, v := range l.power[c*bins : (c+1)*bins] {
			if w > 0 && v > math.MinInt16 {
				counts[int(v)-math.MinInt16]++
				total++
			}
		}
	}
	if total == 0 {
		return -120, 0
	}
	below, low, high := 0, math.MaxInt, 0
	for i, n := range counts {
		if below += n; low == math.MaxInt && below > total/20 {
			low = i
		}
		if n > 0 {
			high = i
		}
	}
	lowDBFS = math.Round(float64(low+math.MinInt16)/100 - 3)
	return lowDBFS, math.Round(max(float64(high+math.MinInt16)/100, lowDBFS+6) + 1)
}

// columnStep is the width of the columns of a level, in positions.
func (p *Pyramid) columnStep(n int) float64 { return p.Step * float64(int64(1)<<n) }

// LevelFor is the coarsest level whose columns are no wider than step positions; not ok when even the first are.
func (p *Pyramid) LevelFor(step float64) (n int, ok bool) {
	if step < p.Step {
		return 0, false
	}
	for n+1 < len(p.levels) && p.columnStep(n+1) <= step {
		n++
	}
	return n, true
}

// Draw is the matrix of a grid whose columns are at least as wide as those of the first level. A column of the grid is
// the mean of the columns that it overlaps, weighted by how much.
func (p *Pyramid) Draw(g Grid) *Matrix {
	n, _ := p.LevelFor(g.Step)
	l, step := p.levels[n], p.columnStep(n)
	m := newMatrix(g.Columns, p.Bins)
	inParts(g.Columns, func(first, end int) {
		column := make([]float32, p.Bins)
		for c := first; c < end; c++ {
			l.draw(m, c, g.From+float64(c)*g.Step, g.Step, step, column)
		}
	})
	return m
}

// draw makes column c of m, which begins at position from and is width wide, of those of l, which are step wide.
func (l level) draw(m *Matrix, c int, from, width, step float64, column []float32) {
	power := powers()
	to := from + width
	for k := max(0, int(from/step)); k < len(l.weight) && float64(k)*step < to; k++ {
		if l.weight[k] == 0 {
			continue
		}
		overlap := min(to, float64(k+1)*step) - max(from, float64(k)*step)
		for b, h := range l.power[k*m.Bins : (k+1)*m.Bins] {
			column[b] = power[uint16(h)]
		}
		m.addColumn(c, column, l.weight[k]*float32(overlap/step))
	}
	if w := m.Weight[c]; w > 0 {
		divide(m.sums(c), w)
	}
}
