package tdoa_test

import (
	"testing"

	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// noisy is a record without end of a common noise and one of its own, made as it is asked for.
type noisy struct {
	own   siggen.Source
	later int64 // samples
}

func (n noisy) ReadSamples(z []complex64, from int64) error {
	common := siggen.NewSource(1, 1)
	for k := range z {
		i := uint64(from + int64(k))
		z[k] = complex64(common.Gauss(i+1000-uint64(n.later)) + n.own.Gauss(i))
	}
	return nil
}

func benchmark(b *testing.B, rateHz float64, n int, inMemory bool) {
	x, y := noisy{own: siggen.NewSource(2, 1)}, noisy{own: siggen.NewSource(3, 1), later: 7}
	ra, rb := record(nil, rateHz), record(nil, rateHz)
	ra.Samples, rb.Samples = int64(n), int64(n)
	ra.Source, rb.Source = x, y
	if inMemory {
		za, zb := make(samples, n), make(samples, n)
		x.ReadSamples(za, 0) //nolint:errcheck // it has no errors
		y.ReadSamples(zb, 0) //nolint:errcheck // likewise
		ra.Source, rb.Source = za, zb
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tdoa.Delay(b.Context(), ra, rb, tdoa.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "MS/s")
}

func Benchmark5SecondsAt12kHz(b *testing.B)   { benchmark(b, 12000, 60_000, true) }
func Benchmark300SecondsAt12kHz(b *testing.B) { benchmark(b, 12000, 3_600_000, true) }
func Benchmark10SecondsAt2M4Hz(b *testing.B)  { benchmark(b, 2.4e6, 24_000_000, true) }
