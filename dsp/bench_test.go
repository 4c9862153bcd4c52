package dsp_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// BenchmarkMeter runs the whole set of metrics.
func BenchmarkMeter(b *testing.B) {
	for _, c := range []struct {
		rateHz, bandwidthHz float64
		samples             int
	}{
		{12000, 10000, 120000}, {12000, 10000, 3600000}, {250000, 12500, 2500000}, {2.4e6, 12500, 2400000},
	} {
		raw := toneRecord(b, c.rateHz, c.samples, siggen.Signal{FreqHz: 1000, LevelDBFS: -20}, -50-10*math.Log10(c.rateHz))
		b.Run(fmt.Sprintf("%gkHz/%dk", c.rateHz/1000, c.samples/1000), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m, err := dsp.NewMeter(dsp.Config{
					Format: iq.CI16LE, SampleRateHz: c.rateHz, ChannelBandwidthHz: c.bandwidthHz, ExpectedSamples: int64(c.samples),
				})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := m.Write(raw); err != nil {
					b.Fatal(err)
				}
				if _, err := m.Finish(dsp.End{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(c.samples)/b.Elapsed().Seconds()/1e6, "MS/s")
		})
	}
}
