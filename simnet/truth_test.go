package simnet_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/heimdall-sdr/heimdall/simnet"
)

// served returns n samples of a receiver as its server sends them, once settled. It closes the server.
func served(t *testing.T, s *simnet.Server, kind string, n int) []complex128 {
	t.Helper()
	defer s.Close()
	row := s.WebSDR()
	switch kind {
	case "kiwisdr":
		c := dialKiwi(t, s, "1")
		c.start(fmt.Sprintf("SET mod=iq low_cut=%.0f high_cut=%.0f freq=%.3f", row.PassbandLowHz, row.PassbandHighHz, float64(145_500_000-row.FrequencyOffsetHz)/1000),
			fmt.Sprintf("SET agc=0 manGain=%.0f", *row.GainDB))
		var z []complex128
		for len(z) < n {
			z = append(z, c.frames(1)[0].z...)
		}
		return z[:n]
	case "rtl_tcp":
		c := dialRTL(t, s)
		header(t, c)
		for _, cmd := range [][2]uint32{{2, uint32(row.SampleRateHz)}, {3, 1}, {4, uint32(*row.GainDB * 10)}, {1, 145_500_000}} {
			command(t, c, byte(cmd[0]), cmd[1])
		}
		// Samples of 2.048 MHz are under way, with more noise, for 0.2 s. When the commands came before the first of
		// them there are none, and no change is to be seen.
		old := meanPower(cu8(t, c, 4096))
		for left := 3 * 2_048_000 / 5; left > 0; left -= 4096 {
			if p := meanPower(cu8(t, c, 4096)); p < old/2 || p > old*2 {
				break
			}
		}
		cu8(t, c, 4096)
		return cu8(t, c, n)
	}
	_, b := get(t, fmt.Sprintf("%s/iq?tune=145500000&rate=%d&duration=%g", s.URL(), row.SampleRateHz, float64(n)/float64(row.SampleRateHz)))
	return ci16(b)
}

// channelPower is the mean power between two frequencies, by averaged Hann periodograms.
func channelPower(z []complex128, rateHz, lowHz, highHz float64) float64 {
	const n = 1 << 12
	re, im := make([]float64, n), make([]float64, n)
	var sum float64
	segments := 0
	for ; len(z) >= n; z = z[n/2:] {
		for i := range re {
			w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/n)
			re[i], im[i] = w*real(z[i]), w*imag(z[i])
		}
		simnet.FFT(re, im)
		for i := range re {
			hz := rateHz * float64(i) / n
			if i >= n/2 {
				hz -= rateHz
			}
			if hz >= lowHz && hz < highHz {
				sum += re[i]*re[i] + im[i]*im[i]
			}
		}
		segments++
	}
	return sum / float64(segments) / (n * n * 3.0 / 8)
}

// The truth is computed from the model; here it is held against the bytes that servers send.
func TestWhatIsServedIsTheTruth(t *testing.T) {
	computes(t)
	const bandwidth = 9000.0
	world := func(emitters bool) *simnet.World {
		s := simnet.NorthWestItaly()
		if !emitters {
			s.Emitters = nil
			for i := range s.Receivers {
				s.Receivers[i].ExtraLossDB = nil
			}
		}
		return &s.World
	}
	whole, empty := world(true), world(false)
	for _, r := range whole.Receivers {
		truth, err := whole.Truth(r.Name, 145_500_000, 0, bandwidth)
		if err != nil {
			t.Fatal(err)
		}
		count, options := 100_000, fast
		if r.Kind == "rtl_tcp" {
			count, options.Speed = 300_000, 4 // all commands must arrive within 0.2 s of samples
		}
		both := channelPower(served(t, serve(t, whole, r.Name, options), r.Kind, count), truth.SampleRateHz, -bandwidth/2, bandwidth/2)
		noise := channelPower(served(t, serve(t, empty, r.Name, options), r.Kind, count), truth.SampleRateHz, -bandwidth/2, bandwidth/2)
		if got := dB(noise / bandwidth); !near(got, truth.NoiseDBFSHz, 0.2) {
			t.Errorf("%s: noise is %.2f dBFS/Hz, the truth %.2f", r.Name, got, truth.NoiseDBFSHz)
		}
		if got := dB(both - noise); !near(got, truth.SignalDBFS, 0.2) {
			t.Errorf("%s: the signal is %.2f dBFS, the truth %.2f", r.Name, got, truth.SignalDBFS)
		}
		if got := dB((both - noise) / noise); !near(got, truth.SNRdB, 0.3) {
			t.Errorf("%s: SNR is %.2f dB, the truth %.2f", r.Name, got, truth.SNRdB)
		}
		t.Logf("%-10s %-8s %-14s SNR %5.1f dB, offset %+7.1f Hz, %6.1f dBm", r.Name, r.Kind, truth.Emitter, truth.SNRdB, truth.FrequencyOffsetHz, truth.SignalDBM)
	}
}

func TestTruthCountsWhatTheChannelHolds(t *testing.T) {
	w := pair(simnet.Emitter{Modulation: simnet.Noise, BandwidthHz: 4000})
	whole, err := w.Truth("near", 145_500_000, 0, 8000)
	if err != nil {
		t.Fatal(err)
	}
	_, dbm := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	if !near(whole.SignalDBM, dbm, 0.01) {
		t.Errorf("in a wide channel the signal has %.2f dBm, want %.2f", whole.SignalDBM, dbm)
	}
	half, err := w.Truth("near", 145_500_000, 1000, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if !near(half.SignalDBM, dbm-3.01, 0.15) {
		t.Errorf("in half its band the signal has %.2f dBm, want %.2f", half.SignalDBM, dbm-3.01)
	}
	none, err := w.Truth("near", 145_510_000, 0, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(none.SignalDBM, -1) || none.Emitter != "" {
		t.Errorf("in an empty channel there is %q with %.2f dBm", none.Emitter, none.SignalDBM)
	}
	if _, err := w.Truth("nowhere", 145_500_000, 0, 2000); err == nil {
		t.Error("an unknown receiver has a truth")
	}
}
