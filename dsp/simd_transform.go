//go:build goexperiment.simd && amd64

package dsp

import (
	"simd/archsimd"
	"unsafe"
)

// transform returns the transform of x in x and uses up y, which has the same length.
func (p *lanePlan) transform(x, y []complex64) []complex64 {
	in, work := quads(x), unsafe.Slice((*oct)(unsafe.Pointer(unsafe.SliceData(y))), len(y)/8)
	for k := range work {
		a, b := archsimd.LoadFloat32x8(&in[2*k]), archsimd.LoadFloat32x8(&in[2*k+1])
		a, b = a.Select128FromPair(0, 2, b), a.Select128FromPair(1, 3, b)
		work[k].store(a.SelectFromPairGrouped(0, 2, 4, 6, b), a.SelectFromPairGrouped(1, 3, 5, 7, b))
	}
	archsimd.ClearAVXUpperBits()
	p.transformOf(work, p.passes)
	p.collect(in, work)
	return x
}

// transformOf does what is left for a part that has gone through all but these passes.
func (p *lanePlan) transformOf(x []oct, passes []lanePass) {
	part := passes[0].run(x)
	if len(passes) == 1 {
		transpose((*[8]oct)(x))
		eightLanes(x, p.none[:])
		return
	}
	for k := 0; k < len(x); k += part {
		p.transformOf(x[k:][:part], passes[1:])
	}
}

// collect puts the bins in order: eight parts whose first bins are neighbours at once, so that whole lines of the
// cache are written.
func (p *lanePlan) collect(out [][8]float32, parts []oct) {
	step := len(p.first)
	var block [8]oct
	for bin := 0; bin < step; bin += 8 {
		for row := range 8 {
			for k, part := range p.partOf[bin : bin+8] {
				re, im := parts[8*int(part)+row].load()
				block[k].store(re, im)
			}
			transpose(&block)
			for k := range block {
				re, im := block[k].load()
				a := re.AsInt32x8().InterleaveLoGrouped(im.AsInt32x8()).AsFloat32x8()
				b := re.AsInt32x8().InterleaveHiGrouped(im.AsInt32x8()).AsFloat32x8()
				to := (*[2][8]float32)(out[(bin+(8*row+k)*step)/4:])
				a.Select128FromPair(0, 2, b).Store(&to[0])
				a.Select128FromPair(1, 3, b).Store(&to[1])
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

// quads is x as vectors in memory, of four complex numbers each.
func quads(x []complex64) [][8]float32 {
	return unsafe.Slice((*[8]float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/4)
}
