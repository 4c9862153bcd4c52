//go:build goexperiment.simd && amd64

package dsp

import (
	"math/bits"
	"simd/archsimd"
	"unsafe"
)

// A lanes is what an fft is to a welch, eight numbers at a time: it adds the powers of windowed segments. It leaves
// them in the order in which its passes come to them, which saves the sorting; sort makes up for it.
//
// The passes decimate in frequency, in place: a pass of radix r leaves r parts that have nothing more to do with each
// other. Each is finished before the next is begun, so that all but the first passes of a long segment stay in the
// cache. All go along the samples, eight neighbours in a vector, but the last, which is over those eight.
type lanes struct {
	plan *lanePlan
	x    []oct // the windowed segment
}

// A lanePlan is only read after it is made and serves any number of goroutines.
type lanePlan struct {
	passes []lanePass
	first  []int32   // bin of each part of 64; the bins of a part are len(first) apart
	partOf []int32   // the part whose first bin it is
	none   [1][7]oct // twiddles of a last pass: ones
}

// A lanePass holds the twiddles of its butterflies, eight by eight; one of the two is nil.
type lanePass struct {
	eights [][7]oct
	fours  [][3]oct
}

// newLanes returns nil where the CPU has no such vectors, or n is too short for them.
func newLanes(n int) *lanes {
	if plan := fftOf(n).lanes; plan != nil {
		return &lanes{plan, make([]oct, n/8)}
	}
	return nil
}

// minLanes is the shortest transform that collect can order.
const minLanes = 512

// haveLanes reports whether the CPU has the vectors that lanes are made of.
func haveLanes() bool { return archsimd.X86.AVX2() && archsimd.X86.FMA() }

// newLanePlan plans for n, a power of two: passes of radix 4 until the rest is a power of 8. It returns nil where there
// are no lanes or n is too short for them.
func newLanePlan(n int) *lanePlan {
	if n < minLanes || !haveLanes() {
		return nil
	}
	p := &lanePlan{first: []int32{0}}
	laneTwiddles(p.none[0][:], 0, 1)
	fours := 2 * (bits.Len(uint(n)) - 1) % 3
	for m := n; m > 8; {
		var pass lanePass
		radix := 8
		if len(p.passes) < fours {
			radix = 4
			pass.fours = make([][3]oct, m/radix/8)
			for k := range pass.fours {
				laneTwiddles(pass.fours[k][:], 8*k, m)
			}
		} else {
			pass.eights = make([][7]oct, m/radix/8)
			for k := range pass.eights {
				laneTwiddles(pass.eights[k][:], 8*k, m)
			}
		}
		p.passes = append(p.passes, pass)
		if m /= radix; m > 8 {
			p.split(radix)
		}
	}
	p.partOf = make([]int32, len(p.first))
	for part, bin := range p.first {
		p.partOf[bin] = int32(part)
	}
	return p
}

// split notes that each part becomes radix parts, the bins of which are that much further apart.
func (p *lanePlan) split(radix int) {
	step := int32(len(p.first))
	var first []int32
	for _, bin := range p.first {
		for q := range int32(radix) {
			first = append(first, bin+q*step)
		}
	}
	p.first = first
}

// laneTwiddles fills w with the powers 1, 2 ... of the eight twiddles of m from number p on.
func laneTwiddles(w []oct, p, m int) {
	var powers [7]complex64
	for k := range 8 {
		twiddles(powers[:len(w)], p+k, m)
		for j := range w {
			w[j].re[k], w[j].im[k] = real(powers[j]), imag(powers[j])
		}
	}
}

// setWindowed takes samples of the segment, the first of which is sample from, through their part of the window.
func (l *lanes) setWindowed(from int, re, im, window []float32) {
	x := l.x[from/8:][:len(re)/8]
	r, i, w := eights(re), eights(im), eights(window)
	r, i, w = r[:len(x)], i[:len(x)], w[:len(x)]
	for k := range x {
		w := archsimd.LoadFloat32x8(&w[k])
		x[k].store(w.Mul(archsimd.LoadFloat32x8(&r[k])), w.Mul(archsimd.LoadFloat32x8(&i[k])))
	}
	archsimd.ClearAVXUpperBits()
}

// addPower adds the powers of the segment's bins to sum and their squares to square. It uses up the segment.
func (l *lanes) addPower(sum, square []float32) {
	addPowerOf(l.x, eights(sum), eights(square), l.plan.passes)
}

// addPowerOf does what is left for a part that has gone through all but these passes.
func addPowerOf(x []oct, sum, square [][8]float32, passes []lanePass) {
	part := passes[0].run(x)
	if len(passes) == 1 {
		powerLanes((*[8][8]float32)(sum), (*[8][8]float32)(square), (*[8]oct)(x))
		return
	}
	for k := 0; k < len(x); k += part {
		addPowerOf(x[k:][:part], sum[k:][:part], square[k:][:part], passes[1:])
	}
}

// run returns how long the parts are that it leaves.
func (p *lanePass) run(x []oct) (part int) {
	if p.fours != nil {
		fourLanes(x, p.fours)
		return len(p.fours)
	}
	eightLanes(x, p.eights)
	return len(p.eights)
}

// eights is x as vectors in memory.
func eights(x []float32) [][8]float32 {
	return unsafe.Slice((*[8]float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/8)
}

// sortLanes puts sums that l made in the order of the bins of a transform. room is as long as p and overwritten.
func sortLanes[T any](l *lanes, p, room []T) {
	copy(room, p)
	step := len(l.plan.first)
	for part, bin := range l.plan.first {
		for j, v := range room[64*part:][:64] {
			p[int(bin)+j*step] = v
		}
	}
}
