//go:build goexperiment.simd && amd64

package dsp

import "simd/archsimd"

// A vector is eight numbers that are worked on at once. Whoever leaves vectors for other code calls ClearAVXUpperBits:
// while the upper halves are in use, the older instructions of plain arithmetic, and of copying or clearing a struct,
// take many times as long.
type vector = archsimd.Float32x8

// An oct is eight complex numbers, apart so that their products need no shuffling, and one line of the cache.
type oct struct{ re, im [8]float32 }

// eighth holds the parts of an eighth of a turn. Making them anew costs half as much as the pass of a short part.
var eighth = oct{
	re: [8]float32{halfRoot, halfRoot, halfRoot, halfRoot, halfRoot, halfRoot, halfRoot, halfRoot},
	im: [8]float32{-halfRoot, -halfRoot, -halfRoot, -halfRoot, -halfRoot, -halfRoot, -halfRoot, -halfRoot},
}

func (o *oct) load() (re, im vector) {
	return archsimd.LoadFloat32x8(&o.re), archsimd.LoadFloat32x8(&o.im)
}

func (o *oct) store(re, im vector) {
	re.Store(&o.re)
	im.Store(&o.im)
}

// storeTurned stores the product with w.
func (o *oct) storeTurned(re, im vector, w *oct) {
	wr, wi := w.load()
	re.Mul(wr).Sub(im.Mul(wi)).Store(&o.re)
	re.MulAdd(wi, im.Mul(wr)).Store(&o.im)
}

// quarter is the transform of four numbers. It is as long as the compiler's limit for inlining allows.
func quarter(ar, ai, br, bi, cr, ci, dr, di vector) (y0r, y0i, y1r, y1i, y2r, y2i, y3r, y3i vector) {
	sr, si, tr, ti := ar.Add(cr), ai.Add(ci), ar.Sub(cr), ai.Sub(ci)
	ur, ui, vr, vi := br.Add(dr), bi.Add(di), br.Sub(dr), bi.Sub(di)
	return sr.Add(ur), si.Add(ui), tr.Add(vi), ti.Sub(vr), sr.Sub(ur), si.Sub(ui), tr.Sub(vi), ti.Add(vr)
}

// fourLanes is a pass of radix 4 in place: the results take the places of the numbers they are made of.
func fourLanes(x []oct, twiddles [][3]oct) {
	m := len(twiddles)
	a, b, c, d := x[:m], x[m:][:m], x[2*m:][:m], x[3*m:][:m]
	for i := range twiddles {
		w := &twiddles[i]
		ar, ai := a[i].load()
		br, bi := b[i].load()
		cr, ci := c[i].load()
		dr, di := d[i].load()
		ar, ai, br, bi, cr, ci, dr, di = quarter(ar, ai, br, bi, cr, ci, dr, di)
		a[i].store(ar, ai)
		b[i].storeTurned(br, bi, &w[0])
		c[i].storeTurned(cr, ci, &w[1])
		d[i].storeTurned(dr, di, &w[2])
	}
	archsimd.ClearAVXUpperBits()
}

// eightLanes is a pass of radix 8 in place: a transform of the four numbers of even index and one of the odd ones,
// which are turned by eighths of a turn and added.
func eightLanes(x []oct, twiddles [][7]oct) {
	m := len(twiddles)
	a, b, c, d := x[:m], x[m:][:m], x[2*m:][:m], x[3*m:][:m]
	e, f, g, h := x[4*m:][:m], x[5*m:][:m], x[6*m:][:m], x[7*m:][:m]
	plus, minus := eighth.load()
	for i := range twiddles {
		w := &twiddles[i]
		ar, ai := a[i].load()
		br, bi := c[i].load()
		cr, ci := e[i].load()
		dr, di := g[i].load()
		p0r, p0i, p1r, p1i, p2r, p2i, p3r, p3i := quarter(ar, ai, br, bi, cr, ci, dr, di)
		ar, ai = b[i].load()
		br, bi = d[i].load()
		cr, ci = f[i].load()
		dr, di = h[i].load()
		q0r, q0i, q1r, q1i, q2r, q2i, q3r, q3i := quarter(ar, ai, br, bi, cr, ci, dr, di)
		a[i].store(p0r.Add(q0r), p0i.Add(q0i))
		e[i].storeTurned(p0r.Sub(q0r), p0i.Sub(q0i), &w[3])
		c[i].storeTurned(p2r.Add(q2i), p2i.Sub(q2r), &w[1])
		g[i].storeTurned(p2r.Sub(q2i), p2i.Add(q2r), &w[5])
		sr, si := q1r.Add(q1i), q1i.Sub(q1r)
		b[i].storeTurned(sr.MulAdd(plus, p1r), si.MulAdd(plus, p1i), &w[0])
		f[i].storeTurned(sr.MulAdd(minus, p1r), si.MulAdd(minus, p1i), &w[4])
		sr, si = q3i.Sub(q3r), q3r.Add(q3i)
		d[i].storeTurned(sr.MulAdd(plus, p3r), si.MulAdd(minus, p3i), &w[2])
		h[i].storeTurned(sr.MulAdd(minus, p3r), si.MulAdd(plus, p3i), &w[6])
	}
	archsimd.ClearAVXUpperBits()
}

// powerLanes is the last pass for those who want no phases: the transforms of eight along the lanes of x. It adds
// the powers of the results to sum and their squares to square.
func powerLanes(sum, square *[8][8]float32, x *[8]oct) {
	transpose(x)
	plus, minus := eighth.load()
	ar, ai := x[0].load()
	br, bi := x[2].load()
	cr, ci := x[4].load()
	dr, di := x[6].load()
	p0r, p0i, p1r, p1i, p2r, p2i, p3r, p3i := quarter(ar, ai, br, bi, cr, ci, dr, di)
	ar, ai = x[1].load()
	br, bi = x[3].load()
	cr, ci = x[5].load()
	dr, di = x[7].load()
	q0r, q0i, q1r, q1i, q2r, q2i, q3r, q3i := quarter(ar, ai, br, bi, cr, ci, dr, di)
	addPowers(&sum[0], &square[0], p0r.Add(q0r), p0i.Add(q0i))
	addPowers(&sum[4], &square[4], p0r.Sub(q0r), p0i.Sub(q0i))
	addPowers(&sum[2], &square[2], p2r.Add(q2i), p2i.Sub(q2r))
	addPowers(&sum[6], &square[6], p2r.Sub(q2i), p2i.Add(q2r))
	sr, si := q1r.Add(q1i), q1i.Sub(q1r)
	addPowers(&sum[1], &square[1], sr.MulAdd(plus, p1r), si.MulAdd(plus, p1i))
	addPowers(&sum[5], &square[5], sr.MulAdd(minus, p1r), si.MulAdd(minus, p1i))
	sr, si = q3i.Sub(q3r), q3r.Add(q3i)
	addPowers(&sum[3], &square[3], sr.MulAdd(plus, p3r), si.MulAdd(minus, p3i))
	addPowers(&sum[7], &square[7], sr.MulAdd(minus, p3r), si.MulAdd(plus, p3i))
	archsimd.ClearAVXUpperBits()
}

func addPowers(sum, square *[8]float32, re, im vector) {
	p := re.MulAdd(re, im.Mul(im))
	archsimd.LoadFloat32x8(sum).Add(p).Store(sum)
	p.MulAdd(p, archsimd.LoadFloat32x8(square)).Store(square)
}

// transpose makes number k of oct j number j of oct k.
func transpose(x *[8]oct) {
	ar, ai := x[0].load()
	br, bi := x[1].load()
	cr, ci := x[2].load()
	dr, di := x[3].load()
	er, ei := x[4].load()
	fr, fi := x[5].load()
	gr, gi := x[6].load()
	hr, hi := x[7].load()
	ar, br, cr, dr = transposeFours(ar, br, cr, dr)
	er, fr, gr, hr = transposeFours(er, fr, gr, hr)
	ai, bi, ci, di = transposeFours(ai, bi, ci, di)
	ei, fi, gi, hi = transposeFours(ei, fi, gi, hi)
	x[0].store(ar.Select128FromPair(0, 2, er), ai.Select128FromPair(0, 2, ei))
	x[1].store(br.Select128FromPair(0, 2, fr), bi.Select128FromPair(0, 2, fi))
	x[2].store(cr.Select128FromPair(0, 2, gr), ci.Select128FromPair(0, 2, gi))
	x[3].store(dr.Select128FromPair(0, 2, hr), di.Select128FromPair(0, 2, hi))
	x[4].store(ar.Select128FromPair(1, 3, er), ai.Select128FromPair(1, 3, ei))
	x[5].store(br.Select128FromPair(1, 3, fr), bi.Select128FromPair(1, 3, fi))
	x[6].store(cr.Select128FromPair(1, 3, gr), ci.Select128FromPair(1, 3, gi))
	x[7].store(dr.Select128FromPair(1, 3, hr), di.Select128FromPair(1, 3, hi))
}

// transposeFours transposes the lower halves of four vectors, and their upper halves.
func transposeFours(a, b, c, d vector) (w, x, y, z vector) {
	p, q := a.SelectFromPairGrouped(0, 1, 4, 5, b), a.SelectFromPairGrouped(2, 3, 6, 7, b)
	r, s := c.SelectFromPairGrouped(0, 1, 4, 5, d), c.SelectFromPairGrouped(2, 3, 6, 7, d)
	return p.SelectFromPairGrouped(0, 2, 4, 6, r), p.SelectFromPairGrouped(1, 3, 5, 7, r),
		q.SelectFromPairGrouped(0, 2, 4, 6, s), q.SelectFromPairGrouped(1, 3, 5, 7, s)
}
