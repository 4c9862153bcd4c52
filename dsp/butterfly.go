package dsp

// The passes of a transform read x and write y. s is the stride of a pass: s transforms lie interleaved and share their
// twiddles. Slices are cut to their loop's length so that the compiler can
// leave out bounds checks; complex64 slices rather than pairs of float32 slices keep all pointers in registers.

// firstFour is the pass of radix 4 and stride 1, where neighbouring butterflies have different twiddles.
func firstFour(x, y []complex64, twiddles [][3]complex64) {
	q := len(twiddles)
	a, b, c, d := x[:q], x[q:][:q], x[2*q:][:q], x[3*q:][:q]
	for p := range twiddles {
		w, out := &twiddles[p], y[4*p:4*p+4:4*p+4]
		sr, si := real(a[p])+real(c[p]), imag(a[p])+imag(c[p])
		tr, ti := real(a[p])-real(c[p]), imag(a[p])-imag(c[p])
		ur, ui := real(b[p])+real(d[p]), imag(b[p])+imag(d[p])
		vr, vi := real(b[p])-real(d[p]), imag(b[p])-imag(d[p])
		out[0] = complex(sr+ur, si+ui)
		out[1] = turned(tr+vi, ti-vr, w[0])
		out[2] = turned(sr-ur, si-ui, w[1])
		out[3] = turned(tr-vi, ti+vr, w[2])
	}
}

// four is a pass of radix 4.
func four(x, y []complex64, twiddles [][3]complex64, s int) {
	m := len(twiddles) * s
	plainFour(x, y, m, s)
	for p := 1; p < len(twiddles); p++ {
		w1, w2, w3 := twiddles[p][0], twiddles[p][1], twiddles[p][2]
		k := p * s
		a, b, c, d := x[k:][:s], x[k+m:][:s], x[k+2*m:][:s], x[k+3*m:][:s]
		k *= 4
		y0, y1, y2, y3 := y[k:][:s], y[k+s:][:s], y[k+2*s:][:s], y[k+3*s:][:s]
		for i := range s {
			sr, si := real(a[i])+real(c[i]), imag(a[i])+imag(c[i])
			tr, ti := real(a[i])-real(c[i]), imag(a[i])-imag(c[i])
			ur, ui := real(b[i])+real(d[i]), imag(b[i])+imag(d[i])
			vr, vi := real(b[i])-real(d[i]), imag(b[i])-imag(d[i])
			y0[i] = complex(sr+ur, si+ui)
			y1[i] = turned(tr+vi, ti-vr, w1)
			y2[i] = turned(sr-ur, si-ui, w2)
			y3[i] = turned(tr-vi, ti+vr, w3)
		}
	}
}

// plainFour is that part of a pass of radix 4 whose twiddles are 1: all of the last pass.
func plainFour(x, y []complex64, m, s int) {
	a, b, c, d := x[:s], x[m:][:s], x[2*m:][:s], x[3*m:][:s]
	y0, y1, y2, y3 := y[:s], y[s:][:s], y[2*s:][:s], y[3*s:][:s]
	for i := range s {
		sr, si := real(a[i])+real(c[i]), imag(a[i])+imag(c[i])
		tr, ti := real(a[i])-real(c[i]), imag(a[i])-imag(c[i])
		ur, ui := real(b[i])+real(d[i]), imag(b[i])+imag(d[i])
		vr, vi := real(b[i])-real(d[i]), imag(b[i])-imag(d[i])
		y0[i] = complex(sr+ur, si+ui)
		y1[i] = complex(tr+vi, ti-vr)
		y2[i] = complex(sr-ur, si-ui)
		y3[i] = complex(tr-vi, ti+vr)
	}
}

// lastPower is the last pass for those who want no phases: it adds the powers of the results to sum, their squares to square.
func lastPower(sum, square []float32, x []complex64) {
	q := len(x) / 4
	a, b, c, d := x[:q], x[q:][:q], x[2*q:][:q], x[3*q:][:q]
	s0, s1, s2, s3 := sum[:q], sum[q:][:q], sum[2*q:][:q], sum[3*q:][:q]
	q0, q1, q2, q3 := square[:q], square[q:][:q], square[2*q:][:q], square[3*q:][:q]
	for i := range q {
		sr, si := real(a[i])+real(c[i]), imag(a[i])+imag(c[i])
		tr, ti := real(a[i])-real(c[i]), imag(a[i])-imag(c[i])
		ur, ui := real(b[i])+real(d[i]), imag(b[i])+imag(d[i])
		vr, vi := real(b[i])-real(d[i]), imag(b[i])-imag(d[i])
		p := (sr+ur)*(sr+ur) + (si+ui)*(si+ui)
		s0[i] += p
		q0[i] += p * p
		p = (tr+vi)*(tr+vi) + (ti-vr)*(ti-vr)
		s1[i] += p
		q1[i] += p * p
		p = (sr-ur)*(sr-ur) + (si-ui)*(si-ui)
		s2[i] += p
		q2[i] += p * p
		p = (tr-vi)*(tr-vi) + (ti+vr)*(ti+vr)
		s3[i] += p
		q3[i] += p * p
	}
}

// firstEight is the pass of radix 8 and stride 1.
func firstEight(x, y []complex64, twiddles [][7]complex64) {
	q := len(twiddles)
	a, b, c, d := x[:q], x[q:][:q], x[2*q:][:q], x[3*q:][:q]
	e, f, g, h := x[4*q:][:q], x[5*q:][:q], x[6*q:][:q], x[7*q:][:q]
	for p := range twiddles {
		w, out := &twiddles[p], (*[8]complex64)(y[8*p:])
		ar, ai := real(a[p])+real(e[p]), imag(a[p])+imag(e[p])
		er, ei := real(a[p])-real(e[p]), imag(a[p])-imag(e[p])
		cr, ci := real(c[p])+real(g[p]), imag(c[p])+imag(g[p])
		gr, gi := real(c[p])-real(g[p]), imag(c[p])-imag(g[p])
		br, bi := real(b[p])+real(f[p]), imag(b[p])+imag(f[p])
		fr, fi := real(b[p])-real(f[p]), imag(b[p])-imag(f[p])
		dr, di := real(d[p])+real(h[p]), imag(d[p])+imag(h[p])
		hr, hi := real(d[p])-real(h[p]), imag(d[p])-imag(h[p])
		sr, si, tr, ti := ar+cr, ai+ci, br+dr, bi+di
		out[0] = complex(sr+tr, si+ti)
		out[4] = turned(sr-tr, si-ti, w[3])
		sr, si, tr, ti = ar-cr, ai-ci, br-dr, bi-di
		out[2] = turned(sr+ti, si-tr, w[1])
		out[6] = turned(sr-ti, si+tr, w[5])
		sr, si, tr, ti = er+gi, ei-gr, er-gi, ei+gr
		ur, ui, vr, vi := fr+hi, fi-hr, fr-hi, fi+hr
		ur, ui = halfRoot*(ur+ui), halfRoot*(ui-ur)
		vr, vi = halfRoot*(vi-vr), -halfRoot*(vr+vi)
		out[1] = turned(sr+ur, si+ui, w[0])
		out[5] = turned(sr-ur, si-ui, w[4])
		out[3] = turned(tr+vr, ti+vi, w[2])
		out[7] = turned(tr-vr, ti-vi, w[6])
	}
}

// eight is a pass of radix 8.
func eight(x, y []complex64, twiddles [][7]complex64, s int) {
	m := len(twiddles) * s
	for p := range twiddles {
		w := &twiddles[p]
		k := p * s
		a, b, c, d := x[k:][:s], x[k+m:][:s], x[k+2*m:][:s], x[k+3*m:][:s]
		e, f, g, h := x[k+4*m:][:s], x[k+5*m:][:s], x[k+6*m:][:s], x[k+7*m:][:s]
		k *= 8
		y0, y1, y2, y3 := y[k:][:s], y[k+s:][:s], y[k+2*s:][:s], y[k+3*s:][:s]
		y4, y5, y6, y7 := y[k+4*s:][:s], y[k+5*s:][:s], y[k+6*s:][:s], y[k+7*s:][:s]
		for i := range s {
			ar, ai := real(a[i])+real(e[i]), imag(a[i])+imag(e[i])
			er, ei := real(a[i])-real(e[i]), imag(a[i])-imag(e[i])
			cr, ci := real(c[i])+real(g[i]), imag(c[i])+imag(g[i])
			gr, gi := real(c[i])-real(g[i]), imag(c[i])-imag(g[i])
			br, bi := real(b[i])+real(f[i]), imag(b[i])+imag(f[i])
			fr, fi := real(b[i])-real(f[i]), imag(b[i])-imag(f[i])
			dr, di := real(d[i])+real(h[i]), imag(d[i])+imag(h[i])
			hr, hi := real(d[i])-real(h[i]), imag(d[i])-imag(h[i])
			sr, si, tr, ti := ar+cr, ai+ci, br+dr, bi+di
			y0[i] = complex(sr+tr, si+ti)
			y4[i] = turned(sr-tr, si-ti, w[3])
			sr, si, tr, ti = ar-cr, ai-ci, br-dr, bi-di
			y2[i] = turned(sr+ti, si-tr, w[1])
			y6[i] = turned(sr-ti, si+tr, w[5])
			sr, si, tr, ti = er+gi, ei-gr, er-gi, ei+gr
			ur, ui, vr, vi := fr+hi, fi-hr, fr-hi, fi+hr
			ur, ui = halfRoot*(ur+ui), halfRoot*(ui-ur)
			vr, vi = halfRoot*(vi-vr), -halfRoot*(vr+vi)
			y1[i] = turned(sr+ur, si+ui, w[0])
			y5[i] = turned(sr-ur, si-ui, w[4])
			y3[i] = turned(tr+vr, ti+vi, w[2])
			y7[i] = turned(tr-vr, ti-vi, w[6])
		}
	}
}

const halfRoot = 0.70710678118654752440 // the real part of an eighth of a turn

// turned is the product of w and the number with parts r and i.
func turned(r, i float32, w complex64) complex64 {
	return complex(real(w)*r-imag(w)*i, real(w)*i+imag(w)*r)
}
