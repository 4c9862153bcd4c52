package dsp

import (
	"math"
	"runtime"
	"sync"
)

const phasorRun = 256 // phasors between two evaluations of sine and cosine

// A scratch is the memory of one transform. It is borrowed for the end of a chapter only.
type scratch struct {
	z, other []complex64 // the samples or their transform, and what the transform needs besides
	power    []float32   // of the channel's bins, in order of frequency
	tracks   [2][]float32
	sums     [3][lineSums]float64
	phasors  phasors
}

// What meters need for a moment, or of equal size, they borrow: a hundred of them run at once, and one after another.
var (
	scratches shelf
	heads     sync.Pool // of *head
	rankings  sync.Pool // of *ranking
)

// A shelf keeps as much scratch as can be at work at once: few meters are at the end of a chapter. A sync.Pool would
// make new ones for every processor and after every collection.
type shelf struct {
	mu   sync.Mutex
	free []*scratch
}

func borrow(n int) *scratch {
	s := scratches.take()
	if s == nil || cap(s.z) < n {
		s = new(scratch)
		staggered(n, &s.z, &s.other)
		s.power = make([]float32, n)
	}
	s.z, s.other, s.power = s.z[:n], s.other[:n], s.power[:n]
	return s
}

func (s *scratch) giveBack() { scratches.put(s) }

func (f *shelf) take() *scratch {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := len(f.free) - 1
	if last < 0 {
		return nil
	}
	s := f.free[last]
	f.free = f.free[:last]
	return s
}

func (f *shelf) put(s *scratch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.free) < runtime.GOMAXPROCS(0) {
		f.free = append(f.free, s)
	}
}

// track returns the first or second buffer of n for the search of slanted tracks.
func (s *scratch) track(i, n int) []float32 {
	if cap(s.tracks[i]) < n {
		s.tracks[i] = make([]float32, n)
	}
	return s.tracks[i][:n]
}

// borrowHead returns a head with room for n samples.
func borrowHead(n int64) *head {
	h, _ := heads.Get().(*head)
	if h == nil || int64(cap(h.re)) < n {
		h = &head{make([]float32, 0, n), make([]float32, 0, n)}
	}
	h.re, h.im = h.re[:0], h.im[:0]
	return h
}

func (h *head) giveBack() {
	if cap(h.re) > 0 {
		heads.Put(h)
	}
}

// A ranking is the memory of one censored mean.
type ranking struct {
	order []float64
	drop  []bool
}

func borrowRanking(n int) *ranking {
	r, _ := rankings.Get().(*ranking)
	if r == nil || cap(r.order) < n {
		r = &ranking{make([]float64, n), make([]bool, n)}
	}
	r.order, r.drop = r.order[:n], r.drop[:n]
	return r
}

func (r *ranking) giveBack() { rankings.Put(r) }

// transform transforms the first n samples of s.z, padded with zeros.
func (s *scratch) transform(n int) {
	clear(s.z[n:])
	if z := fftOf(len(s.z)).transform(s.z, s.other); &z[0] != &s.z[0] {
		s.z, s.other = s.other, s.z
	}
}

// window multiplies a run of samples, the first of which is sample from of n, by the Blackman-Harris window.
func (s *scratch) window(z []complex64, re, im []float32, from, n int) {
	s.phasors.fill(1/float64(n), 0, float64(from))
	re, im = re[:len(z)], im[:len(z)]
	for k := range z {
		w := float32(blackmanHarrisOf(s.phasors.re[k]))
		z[k] = complex(w*re[k], w*im[k])
	}
}

// turn takes a drift out of a run of samples, the first of which is t from the middle.
func (s *scratch) turn(z []complex64, drift, t float64) {
	s.phasors.fill(0, drift, t)
	for k, v := range z {
		z[k] = turned(real(v), imag(v), complex(float32(s.phasors.re[k]), float32(s.phasors.im[k])))
	}
}

// phasors holds exp(-2 pi i (f t + drift t^2/2)) for a run of t.
type phasors struct{ re, im [phasorRun]float64 }

// fill computes the run that starts at t. Recurrences carry it, so that only its start costs sine and cosine.
func (p *phasors) fill(frequency, drift, t float64) {
	wi, wr := math.Sincos(-2 * math.Pi * math.Mod(t*(frequency+drift*t/2), 1))
	ri, rr := math.Sincos(-2 * math.Pi * (frequency + drift*(t+0.5)))
	if drift == 0 {
		p.carry(wr, wi, rr, ri)
		return
	}
	ci, cr := math.Sincos(-2 * math.Pi * drift)
	for k := range p.re {
		p.re[k], p.im[k] = wr, wi
		wr, wi = wr*rr-wi*ri, wr*ri+wi*rr
		rr, ri = rr*cr-ri*ci, rr*ci+ri*cr
	}
}

// carry fills p with the powers of the rotation r after w, in four chains that do not wait for each other.
func (p *phasors) carry(wr, wi, rr, ri float64) {
	for k := range 4 {
		p.re[k], p.im[k] = wr, wi
		wr, wi = wr*rr-wi*ri, wr*ri+wi*rr
	}
	for range 2 {
		rr, ri = rr*rr-ri*ri, 2*rr*ri
	}
	for k := range len(p.re) - 4 {
		a, b := p.re[k], p.im[k]
		p.re[k+4], p.im[k+4] = a*rr-b*ri, a*ri+b*rr
	}
}
