package dsp_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
)

// kiwiSamples joins the data chunks of a Kiwi WAV file and leaves its first two frames out: their stamps are stale.
func kiwiSamples(t *testing.T, path string) []byte {
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var samples []byte
	frames := 0
	for rest := file[12:]; len(rest) >= 8; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:min(8+size, len(rest))]
		if string(rest[:4]) == "data" {
			if frames++; frames > 2 {
				samples = append(samples, body...)
			}
		}
		rest = rest[8+len(body):]
	}
	return samples
}

// Three KiwiSDRs recorded the time signal DCF77, a carrier at exactly 0 Hz, through a filter of +-3 kHz. Outside it
// there is nothing but rounding: noise taken from there would make an SNR of 130 dB.
func TestRealRecordingsOfACarrierGiveItsFrequencyAndAnHonestSNR(t *testing.T) {
	dir := filepath.Join(sharedDir(t), "captures")
	for station, rateHz := range map[string]float64{"DF0KL": 12001.145, "F1JEK": 12001.202, "HB9RYZ": 12001.132} {
		if raceEnabled && station != "F1JEK" {
			continue
		}
		t.Run(station, func(t *testing.T) {
			t.Parallel()
			raw := kiwiSamples(t, filepath.Join(dir, "20171127T104156Z_77500_"+station+"_iq.wav"))
			for name, passHz := range map[string]float64{"filter known": 3000, "filter unknown": 0} {
				got := measure(t, dsp.Config{
					Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 2000, PassbandLowHz: -passHz, PassbandHighHz: passHz,
				}, dsp.End{SampleRateHz: rateHz}, raw)
				if !got.Detected || !isMethod(got, dsp.MethodCarrier) {
					t.Fatalf("%s: detected %v, method %v, want a carrier", name, got.Detected, got.FrequencyMethod)
				}
				within(t, name+": FrequencyOffsetHz", got.FrequencyOffsetHz, 0, 0.02)
				if got.SNRdB != nil && (*got.SNRdB > 60 || *got.SNRdB < 10) {
					t.Errorf("%s: SNR = %v dB, want between 10 and 60", name, *got.SNRdB)
				}
				if got.SNRdB == nil && !slices.Contains(got.Flags, dsp.FlagNoiseUnobservable) {
					t.Errorf("%s: no SNR without a flag that says why: %v", name, got.Flags)
				}
				if wrapped := slices.Contains(got.Flags, dsp.FlagIQWrap); wrapped != (station == "F1JEK") {
					t.Errorf("%s: iq_wrap = %v, want it on F1JEK only", name, wrapped)
				}
				t.Logf("%s: SNR %.1f dB, offset %.4f Hz (sigma %.4f), drift %.2g, N0 %.1f dBFS/Hz %s, flags %v", name, value(got.SNRdB), value(got.FrequencyOffsetHz),
					value(got.FrequencySigmaHz), value(got.DriftHzS), value(got.NoiseDBFSHz), got.NoiseSource, got.Flags)
			}
		})
	}
}

func value(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
