package dsp

import (
	"fmt"
	"math/rand"
	"testing"
)

// BenchmarkWelch is the spectrum alone. MB/s here are million samples per second.
func BenchmarkWelch(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	re, im := make([]float32, 1<<18), make([]float32, 1<<18)
	for k := range re {
		re[k], im[k] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	for _, n := range []int{512, 1024, 2048, 4096, 16384} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWelch(n, 0, 1)
			b.SetBytes(int64(len(re)))
			b.ReportAllocs()
			for b.Loop() {
				w.push(re, im)
			}
		})
	}
}

func BenchmarkFFT(b *testing.B) {
	for _, n := range []int{1024, 4096, 1 << 17} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var x, y []complex64
			staggered(n, &x, &y)
			f := fftOf(n)
			b.SetBytes(int64(n))
			for b.Loop() {
				f.transform(x, y)
			}
		})
	}
}
