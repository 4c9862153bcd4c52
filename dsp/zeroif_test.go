package dsp_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// A carrier 300 Hz beside the oscillator is one, although a Welch bin is 117 Hz wide there.
func TestACarrierBesideTheOscillatorOfAZeroIFReceiverIsMeasured(t *testing.T) {
	const rateHz, bandwidthHz, levelDBFS, snrDB = 240000, 8000, -10, 36
	noise := levelDBFS - snrDB - 10*math.Log10(bandwidthHz)
	quantiser := math.Pow(2/255., 2) / 6 / rateHz
	samples, oscillators := 1200000, [][2]float64{{0, 0}, {0.02, 0.01}, {0.2, -0.1}}
	if raceEnabled {
		samples, oscillators = 240000, oscillators[1:2]
	}
	for _, dc := range oscillators {
		t.Run(fmt.Sprint(dc), func(t *testing.T) {
			t.Parallel()
			z, err := siggen.Vector{
				SampleRateHz: rateHz, Samples: samples, Seed: 5, NoiseDBFSHz: &noise,
				Signals:     []siggen.Signal{{Kind: "tone", FreqHz: -305, LevelDBFS: levelDBFS}},
				Impairments: siggen.Impairments{DC: &dc},
			}.Build()
			if err != nil {
				t.Fatal(err)
			}
			raw, err := siggen.Quantise(z, "cu8")
			if err != nil {
				t.Fatal(err)
			}
			got := measure(t, dsp.Config{
				Format: iq.CU8, SampleRateHz: rateHz, ChannelBandwidthHz: bandwidthHz, ZeroIF: true, ExpectedSamples: int64(samples),
			}, dsp.End{}, raw)
			n0 := math.Pow(10, noise/10) + quantiser
			within(t, "SNRdB", got.SNRdB, levelDBFS-10*math.Log10(n0*bandwidthHz), 0.3)
			within(t, "FrequencyOffsetHz", got.FrequencyOffsetHz, -305, 0.1)
			if !isMethod(got, dsp.MethodCarrier) || !slices.Contains(got.Flags, dsp.FlagDCExcluded) {
				t.Errorf("method %v, flags %v: want carrier, dc_excluded", got.FrequencyMethod, got.Flags)
			}
		})
	}
}

// In 0.1 s, 100 of the channel's 1000 Hz are left out: 0.46 dB if the noise were taken for that of the rest.
func TestTheSNROfAZeroIFReceiverIsThatInTheStatedBandwidth(t *testing.T) {
	t.Parallel()
	const rateHz, bandwidthHz, snrDB, records = 48000, 1000, 20, 12
	noise := -80.0
	var mean, upper float64
	for seed := range uint64(records) {
		z, err := siggen.Vector{
			SampleRateHz: rateHz, Samples: rateHz / 10, Seed: seed, NoiseDBFSHz: &noise,
			Signals: []siggen.Signal{{Kind: "tone", FreqHz: 233, LevelDBFS: noise + 10*math.Log10(bandwidthHz) + snrDB}},
		}.Build()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := siggen.Quantise(z, "ci16")
		if err != nil {
			t.Fatal(err)
		}
		got := measure(t, dsp.Config{
			Format: iq.CI16LE, SampleRateHz: rateHz, ChannelBandwidthHz: bandwidthHz, ZeroIF: true, ExpectedSamples: rateHz / 10,
		}, dsp.End{}, raw)
		if got.SNRdB == nil || got.SNRUpperDB == nil {
			t.Fatalf("SNR %v, upper limit %v, flags %v", got.SNRdB, got.SNRUpperDB, got.Flags)
		}
		mean += *got.SNRdB / records
		upper += *got.SNRUpperDB / records
	}
	within(t, "mean of SNRdB", &mean, snrDB, 0.15)
	within(t, "mean of SNRUpperDB", &upper, snrDB, 0.2)
}
