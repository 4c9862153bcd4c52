package dsp

import (
	"fmt"
	"math/rand"
	"testing"
)

// What BenchmarkWelch and BenchmarkWelchOfOthers measure.
const welchSamples = 1 << 18

var welchLengths = []int{512, 1024, 2048, 4096, 16384}

// BenchmarkWelch is the spectrum alone.
func BenchmarkWelch(b *testing.B) {
	re, im := noise(welchSamples)
	for _, n := range welchLengths {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWelch(n, 0, 1)
			b.ReportAllocs()
			for b.Loop() {
				w.push(re, im)
			}
			reportRate(b, welchSamples)
		})
	}
}

func BenchmarkFFT(b *testing.B) {
	for _, n := range []int{1024, 4096, 1 << 17} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var x, y []complex64
			staggered(n, &x, &y)
			f := fftOf(n)
			for b.Loop() {
				f.transform(x, y)
			}
			reportRate(b, n)
		})
	}
}

// reportRate reports million samples per second.
func reportRate(b *testing.B, samples int) {
	b.ReportMetric(float64(b.N)*float64(samples)/b.Elapsed().Seconds()/1e6, "MS/s")
}

// noise is n samples of noise of power 2.
func noise(n int) (re, im []float32) {
	r := rand.New(rand.NewSource(int64(n)))
	re, im = make([]float32, n), make([]float32, n)
	for k := range re {
		re[k], im[k] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	return re, im
}
