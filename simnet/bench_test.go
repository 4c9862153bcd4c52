package simnet_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/simnet"
)

// One receiver must cost next to nothing: a demo runs seven beside the measuring program on two cores.
// Run with: go test -bench Feed ./simnet
func BenchmarkFeed(b *testing.B) {
	w := simnet.NorthWestItaly().World
	for _, c := range []struct {
		name, receiver string
		tuning         simnet.Tuning
	}{
		{"kiwisdr 12 kHz", "giaveno", simnet.Tuning{FrequencyHz: 145.5e6, RateHz: 12000, PassbandLowHz: -5000, PassbandHighHz: 5000}},
		{"rtl_tcp 240 kHz", "montanaro", simnet.Tuning{FrequencyHz: 145.5e6, RateHz: 240000}},
		{"http_iq 48 kHz", "torino", simnet.Tuning{FrequencyHz: 145.5e6, RateHz: 48000}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f, err := w.Tune(c.receiver, c.tuning)
			if err != nil {
				b.Fatal(err)
			}
			z := make([]complex128, 512)
			k, start := int64(0), time.Now()
			for b.Loop() {
				f.Samples(z, k)
				k += int64(len(z))
			}
			b.ReportMetric(100*time.Since(start).Seconds()*c.tuning.RateHz/float64(k), "%core")
		})
	}
}
