package dsp

import (
	"math"
	"sync"
)

// An fft transforms complex sequences of one power-of-two length, forward: X[k] = sum x[n] exp(-2 pi i k n/N).
// It is Stockham's self-sorting algorithm in radix 4 with one radix-2 step where the power is odd. Real and
// imaginary parts live in separate float32 slices because Go's complex64 product goes through float64.
// An fft is only read after it is made and serves any number of goroutines.
type fft struct {
	n      int
	stages []fftStage
}

// A stage holds w^p, w^2p and w^3p of its radix-4 butterflies.
type fftStage struct {
	w1r, w1i, w2r, w2i, w3r, w3i []float32
}

// ffts keeps the twiddle tables of the lengths in use: filled on demand, never emptied, at most one per power of two.
var ffts sync.Map

// fftOf returns the transform of length n, a power of two.
func fftOf(n int) *fft {
	if f, ok := ffts.Load(n); ok {
		return f.(*fft)
	}
	f, _ := ffts.LoadOrStore(n, newFFT(n))
	return f.(*fft)
}

func newFFT(n int) *fft {
	f := &fft{n: n}
	for m := n; m >= 4; m /= 4 {
		q := m / 4
		t := make([]float32, 6*q)
		st := fftStage{t[:q], t[q : 2*q], t[2*q : 3*q], t[3*q : 4*q], t[4*q : 5*q], t[5*q:]}
		for p := range q {
			step := -2 * math.Pi * float64(p) / float64(m)
			for i, w := range [][2][]float32{{st.w1r, st.w1i}, {st.w2r, st.w2i}, {st.w3r, st.w3i}} {
				s, c := math.Sincos(step * float64(i+1))
				w[0][p], w[1][p] = float32(c), float32(s)
			}
		}
		f.stages = append(f.stages, st)
	}
	return f
}

// transform replaces (xr, xi) by its transform, using (yr, yi) as scratch. All four have length n.
func (f *fft) transform(xr, xi, yr, yi []float32) {
	or, oi := xr, xi
	stride := 1
	for i := range f.stages {
		switch {
		case stride == 1 && f.n > 4:
			f.stages[i].first(xr, xi, yr, yi)
		case 4*stride == f.n:
			radix4(xr, xi, yr, yi)
		default:
			f.stages[i].step(xr, xi, yr, yi, stride)
		}
		xr, xi, yr, yi = yr, yi, xr, xi
		stride *= 4
	}
	if stride < f.n { // one radix-2 step is left
		radix2(xr, xi, yr, yi)
		xr, xi = yr, yi
	}
	if f.n > 1 && &xr[0] != &or[0] {
		copy(or, xr)
		copy(oi, xi)
	}
}

// first is the stage of stride 1, where neighbouring butterflies have different twiddles.
func (st *fftStage) first(xr, xi, yr, yi []float32) {
	q := len(st.w1r)
	ar, br, cr, dr := xr[:q], xr[q:2*q], xr[2*q:3*q], xr[3*q:4*q]
	ai, bi, ci, di := xi[:q], xi[q:2*q], xi[2*q:3*q], xi[3*q:4*q]
	w1r, w1i, w2r, w2i, w3r, w3i := st.w1r[:q], st.w1i[:q], st.w2r[:q], st.w2i[:q], st.w3r[:q], st.w3i[:q]
	for p := range q {
		sr, si := ar[p]+cr[p], ai[p]+ci[p]
		tr, ti := ar[p]-cr[p], ai[p]-ci[p]
		ur, ui := br[p]+dr[p], bi[p]+di[p]
		vr, vi := br[p]-dr[p], bi[p]-di[p]
		or, oi := yr[4*p:4*p+4:4*p+4], yi[4*p:4*p+4:4*p+4]
		or[0], oi[0] = sr+ur, si+ui
		er, ei := tr+vi, ti-vr
		or[1], oi[1] = w1r[p]*er-w1i[p]*ei, w1r[p]*ei+w1i[p]*er
		er, ei = sr-ur, si-ui
		or[2], oi[2] = w2r[p]*er-w2i[p]*ei, w2r[p]*ei+w2i[p]*er
		er, ei = tr-vi, ti+vr
		or[3], oi[3] = w3r[p]*er-w3i[p]*ei, w3r[p]*ei+w3i[p]*er
	}
}

// step is a stage of stride s >= 4: s butterflies in a row share their twiddles.
func (st *fftStage) step(xr, xi, yr, yi []float32, s int) {
	q := len(st.w1r)
	m := q * s
	for p := range q {
		w1r, w1i, w2r, w2i, w3r, w3i := st.w1r[p], st.w1i[p], st.w2r[p], st.w2i[p], st.w3r[p], st.w3i[p]
		k := p * s
		ar, ai := xr[k:k+s], xi[k:k+s]
		br, bi := xr[k+m:][:s], xi[k+m:][:s]
		cr, ci := xr[k+2*m:][:s], xi[k+2*m:][:s]
		dr, di := xr[k+3*m:][:s], xi[k+3*m:][:s]
		k *= 4
		y0r, y0i := yr[k:][:s], yi[k:][:s]
		y1r, y1i := yr[k+s:][:s], yi[k+s:][:s]
		y2r, y2i := yr[k+2*s:][:s], yi[k+2*s:][:s]
		y3r, y3i := yr[k+3*s:][:s], yi[k+3*s:][:s]
		for i := range s {
			sr, si := ar[i]+cr[i], ai[i]+ci[i]
			tr, ti := ar[i]-cr[i], ai[i]-ci[i]
			ur, ui := br[i]+dr[i], bi[i]+di[i]
			vr, vi := br[i]-dr[i], bi[i]-di[i]
			y0r[i], y0i[i] = sr+ur, si+ui
			er, ei := tr+vi, ti-vr
			y1r[i], y1i[i] = w1r*er-w1i*ei, w1r*ei+w1i*er
			er, ei = sr-ur, si-ui
			y2r[i], y2i[i] = w2r*er-w2i*ei, w2r*ei+w2i*er
			er, ei = tr-vi, ti+vr
			y3r[i], y3i[i] = w3r*er-w3i*ei, w3r*ei+w3i*er
		}
	}
}

// radix4 is the last stage when the power of two is even: all its twiddles are 1.
func radix4(xr, xi, yr, yi []float32) {
	q := len(xr) / 4
	ar, br, cr, dr := xr[:q], xr[q:][:q], xr[2*q:][:q], xr[3*q:][:q]
	ai, bi, ci, di := xi[:q], xi[q:][:q], xi[2*q:][:q], xi[3*q:][:q]
	y0r, y1r, y2r, y3r := yr[:q], yr[q:][:q], yr[2*q:][:q], yr[3*q:][:q]
	y0i, y1i, y2i, y3i := yi[:q], yi[q:][:q], yi[2*q:][:q], yi[3*q:][:q]
	for i := range q {
		sr, si := ar[i]+cr[i], ai[i]+ci[i]
		tr, ti := ar[i]-cr[i], ai[i]-ci[i]
		ur, ui := br[i]+dr[i], bi[i]+di[i]
		vr, vi := br[i]-dr[i], bi[i]-di[i]
		y0r[i], y0i[i] = sr+ur, si+ui
		y1r[i], y1i[i] = tr+vi, ti-vr
		y2r[i], y2i[i] = sr-ur, si-ui
		y3r[i], y3i[i] = tr-vi, ti+vr
	}
}

// radix2 is the last stage when the power of two is odd.
func radix2(xr, xi, yr, yi []float32) {
	h := len(xr) / 2
	ar, ai, br, bi := xr[:h], xi[:h], xr[h:][:h], xi[h:][:h]
	y0r, y0i, y1r, y1i := yr[:h], yi[:h], yr[h:][:h], yi[h:][:h]
	for i := range h {
		y0r[i], y0i[i] = ar[i]+br[i], ai[i]+bi[i]
		y1r[i], y1i[i] = ar[i]-br[i], ai[i]-bi[i]
	}
}

// staggered makes slices of length n that do not lie a power of two apart: the streams of a butterfly would otherwise
// fall on the same few lines of the cache and drive each other out.
func staggered(n int, slices ...*[]float32) {
	const stagger = 48 // three cache lines
	slab := make([]float32, len(slices)*(n+stagger))
	for i, s := range slices {
		from := i * (n + stagger)
		*s = slab[from : from+n : from+n]
	}
}

// powerOfTwo returns the smallest power of two that is at least n.
func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}
