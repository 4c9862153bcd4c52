//go:build goexperiment.simd && amd64

package dsp

import "simd/archsimd"

// dotLanes is dot, eight taps at a time, in two chains for each sum so that the additions overlap.
func dotLanes(h, re, im []float32) (sumRe, sumIm float32) {
	if len(h) < 16 || !haveLanes() {
		return dot(h, re, im)
	}
	var sums [4]float32
	var r0, r1, i0, i1 vector
	taps, a, b := eights(h), eights(re), eights(im)
	a, b = a[:len(taps)], b[:len(taps)]
	k := 0
	for ; k+2 <= len(taps); k += 2 {
		v, w := archsimd.LoadFloat32x8(&taps[k]), archsimd.LoadFloat32x8(&taps[k+1])
		r0 = v.MulAdd(archsimd.LoadFloat32x8(&a[k]), r0)
		i0 = v.MulAdd(archsimd.LoadFloat32x8(&b[k]), i0)
		r1 = w.MulAdd(archsimd.LoadFloat32x8(&a[k+1]), r1)
		i1 = w.MulAdd(archsimd.LoadFloat32x8(&b[k+1]), i1)
	}
	if k < len(taps) {
		v := archsimd.LoadFloat32x8(&taps[k])
		r0 = v.MulAdd(archsimd.LoadFloat32x8(&a[k]), r0)
		i0 = v.MulAdd(archsimd.LoadFloat32x8(&b[k]), i0)
	}
	r0, i0 = r0.Add(r1), i0.Add(i1)
	pairs := r0.GetLo().Add(r0.GetHi()).AddPairs(i0.GetLo().Add(i0.GetHi()))
	pairs.AddPairs(pairs).Store(&sums)
	archsimd.ClearAVXUpperBits()
	sumRe, sumIm = sums[0], sums[1]
	for k := 8 * len(taps); k < len(h); k++ {
		sumRe += h[k] * re[k]
		sumIm += h[k] * im[k]
	}
	return sumRe, sumIm
}
