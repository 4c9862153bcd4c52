package dsp

import (
	"math"
	"math/bits"
	"sync"
)

// An fft transforms complex sequences of one power-of-two length, forward: X[k] = sum x[n] exp(-2 pi i k n/N).
// Without lanes it is Stockham's self-sorting algorithm: passes of radix 8 where neighbouring results lie together, of
// radix 4 where they lie apart. Sums are written out in parts because Go's complex64 product goes through float64.
// An fft is only read after it is made and serves any number of goroutines.
type fft struct {
	n      int
	lanes  *lanePlan // does the work eight numbers at a time; nil where the compiler or the CPU cannot
	passes []pass    // do it then
}

// A pass holds w^p, w^2p ... of its butterflies, p by p: seven of them in eights, three in fours, the other is nil.
type pass struct {
	eights [][7]complex64
	fours  [][3]complex64
}

// ffts keeps the twiddle tables of the lengths in use: filled on demand, never emptied, at most one per power of two.
var ffts sync.Map

// fftOf returns the transform of length n, a power of two.
func fftOf(n int) *fft {
	if f, ok := ffts.Load(n); ok {
		return f.(*fft)
	}
	f := &fft{n: n, lanes: newLanePlan(n)}
	if f.lanes == nil {
		f = newFFT(n)
	}
	kept, _ := ffts.LoadOrStore(n, f)
	return kept.(*fft)
}

// newFFT makes a transform that computes one number at a time.
func newFFT(n int) *fft {
	f := &fft{n: n}
	log := bits.Len(uint(n)) - 1
	eights := log % 2 // the rest is a power of four
	if log >= 8 && eights == 0 {
		eights = 2
	}
	for m := n; m >= 4; {
		var next pass
		if len(f.passes) < eights {
			next.eights = make([][7]complex64, m/8)
			for p := range next.eights {
				twiddles(next.eights[p][:], p, m)
			}
			m /= 8
		} else {
			next.fours = make([][3]complex64, m/4)
			for p := range next.fours {
				twiddles(next.fours[p][:], p, m)
			}
			m /= 4
		}
		f.passes = append(f.passes, next)
	}
	return f
}

// twiddles fills w with the powers 1, 2 ... of exp(-2 pi i p/m).
func twiddles(w []complex64, p, m int) {
	for j := range w {
		s, c := math.Sincos(-2 * math.Pi * float64(p*(j+1)) / float64(m))
		w[j] = complex(float32(c), float32(s))
	}
}

// transform returns the transform of x in x or in y, which both have length n and are overwritten.
func (f *fft) transform(x, y []complex64) []complex64 {
	if f.lanes != nil {
		return f.lanes.transform(x, y)
	}
	x, y = f.begin(x, y)
	if f.n == 2 {
		x[0], x[1] = x[0]+x[1], x[0]-x[1]
	}
	if f.n <= 8 {
		return x
	}
	plainFour(x, y, f.n/4, f.n/4)
	return y
}

// addPower transforms x, n >= 16, and adds the power of each bin to sum and its square to square. It overwrites x and y.
func (f *fft) addPower(sum, square []float32, x, y []complex64) {
	x, _ = f.begin(x, y)
	lastPower(sum, square, x)
}

// begin runs all passes but the last of n > 8, whose twiddles are 1. It returns where it left the data, and the other.
func (f *fft) begin(x, y []complex64) (data, other []complex64) {
	stride := 1
	for _, p := range f.passes {
		switch {
		case p.eights != nil && stride == 1:
			firstEight(x, y, p.eights)
			stride = 8
		case p.eights != nil:
			eight(x, y, p.eights, stride)
			stride *= 8
		case stride == 1:
			firstFour(x, y, p.fours)
			stride = 4
		case 4*stride == f.n:
			return x, y
		default:
			four(x, y, p.fours, stride)
			stride *= 4
		}
		x, y = y, x
	}
	return x, y
}

// staggered makes slices of length n that do not lie a power of two apart: the streams of a butterfly would otherwise
// fall on the same few lines of the cache and drive each other out.
func staggered[T any](n int, slices ...*[]T) {
	const stagger = 48 // some cache lines
	slab := make([]T, len(slices)*(n+stagger))
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
