package dsp

// A fir is one stage of a decimator: a filter of real, symmetric taps of odd number that keeps every factor-th output.
type fir struct {
	factor       int
	taps         []float32
	lineR, lineI []float32 // what the next outputs are made of, the oldest first
	have         int
	next         int // index in line of the newest sample of the next output
	outR, outI   []float32
}

// newFIR makes a stage that is given at most chunk samples at a time. The record is preceded by zeros.
func newFIR(taps []float64, factor, chunk int) fir {
	f := fir{factor: factor, taps: make([]float32, len(taps)), have: len(taps) - 1, next: len(taps) - 1}
	for k, h := range taps {
		f.taps[k] = float32(h)
	}
	n := 2*len(taps) + chunk // the head is moved to the front only now and then
	f.lineR, f.lineI = make([]float32, n), make([]float32, n)
	f.outR, f.outI = make([]float32, n/factor+1), make([]float32, n/factor+1)
	return f
}

// delay is how many of its input samples an output lags behind their middle.
func (f *fir) delay() int { return len(f.taps) / 2 }

// room returns where the next n samples go.
func (f *fir) room(n int) (re, im []float32) {
	if f.have+n > len(f.lineR) {
		drop := f.have - (len(f.taps) - 1)
		copy(f.lineR, f.lineR[drop:f.have])
		copy(f.lineI, f.lineI[drop:f.have])
		f.have, f.next = f.have-drop, f.next-drop
	}
	re, im = f.lineR[f.have:][:n], f.lineI[f.have:][:n]
	f.have += n
	return re, im
}

// filter computes the outputs whose samples are all there.
func (f *fir) filter() (re, im []float32) {
	if f.factor == 2 && len(f.taps) == 5 {
		return f.halve()
	}
	n, taps := 0, f.taps
	for ; f.next < f.have; f.next += f.factor {
		from := f.next - len(taps) + 1
		f.outR[n], f.outI[n] = dotLanes(taps, f.lineR[from:][:len(taps)], f.lineI[from:][:len(taps)])
		n++
	}
	return f.outR[:n], f.outI[:n]
}

// halve is filter for the commonest first stage.
func (f *fir) halve() (re, im []float32) {
	n := (f.have - f.next + 1) / 2
	if n <= 0 {
		return nil, nil
	}
	from := f.next - 4
	f.next += 2 * n
	outer, inner, middle := f.taps[0], f.taps[1], f.taps[2]
	re, im = f.outR[:n], f.outI[:n]
	a, b := f.lineR[from:][:2*n+3], f.lineI[from:][:2*n+3]
	for k := range re {
		x, y := a[2*k:2*k+5:2*k+5], b[2*k:2*k+5:2*k+5]
		re[k] = outer*(x[0]+x[4]) + inner*(x[1]+x[3]) + middle*x[2]
		im[k] = outer*(y[0]+y[4]) + inner*(y[1]+y[3]) + middle*y[2]
	}
	return re, im
}

// dot is the product of real taps with complex samples, in four chains so that the additions overlap.
func dot(h, re, im []float32) (sumRe, sumIm float32) {
	var r0, r1, i0, i1 float32
	re, im = re[:len(h)], im[:len(h)]
	k := 0
	for ; k+4 <= len(h); k += 4 {
		h, a, b := h[k:k+4:k+4], re[k:k+4:k+4], im[k:k+4:k+4]
		r0 += h[0]*a[0] + h[2]*a[2]
		i0 += h[0]*b[0] + h[2]*b[2]
		r1 += h[1]*a[1] + h[3]*a[3]
		i1 += h[1]*b[1] + h[3]*b[3]
	}
	for ; k < len(h); k++ {
		r0 += h[k] * re[k]
		i0 += h[k] * im[k]
	}
	return r0 + r1, i0 + i1
}
