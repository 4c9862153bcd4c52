package dsp_test

import (
	"math"
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// A tone of -20 dBFS at 1500 Hz that is on in the first half only, in noise of -80 dBFS/Hz.
func TestTheSpectrogramShowsWhatWasThereWhenAndWhere(t *testing.T) {
	c := dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 5000}
	m, err := dsp.NewMeter(c)
	if err != nil {
		t.Fatal(err)
	}
	if m.Spectrogram() != nil {
		t.Error("there is a spectrogram before the end")
	}
	for _, half := range [][]byte{
		toneRecord(t, 12000, 60000, siggen.Signal{FreqHz: 1500, LevelDBFS: -20}, -80),
		toneRecord(t, 12000, 60000, siggen.Signal{FreqHz: 1500, LevelDBFS: -200}, -80),
	} {
		if _, err := m.Write(half); err != nil {
			t.Fatal(err)
		}
	}
	got, err := m.Finish(dsp.End{})
	if err != nil {
		t.Fatal(err)
	}
	g := m.Spectrogram()
	if g == nil || len(g.Seconds) != len(g.Density) || len(g.Density) < 8 || len(g.Density[0]) != got.SegmentLength {
		t.Fatalf("spectrogram %+v: want at least 8 blocks of %d bins", g, got.SegmentLength)
	}
	var seconds, power float64
	for i, block := range g.Density {
		var sum float64
		for _, p := range block {
			sum += float64(p) * g.StepHz
		}
		power += sum * g.Seconds[i]
		seconds += g.Seconds[i]
		on := sum > 0.005
		if middle := seconds - g.Seconds[i]/2; math.Abs(middle-5) > g.Seconds[i] && on != (middle < 5) {
			t.Errorf("block %d, %.2f s from the start: power %.2g, want the tone in the first 5 s only", i, middle, sum)
		}
	}
	within(t, "duration in seconds", &seconds, 10, 1e-9)
	power = 10 * math.Log10(power/seconds)
	within(t, "mean power of all blocks", &power, *got.PowerDBFS, 0.1)

	first := g.Thumbnail(100)[0]
	strongest := 0
	for c, v := range first {
		if v > first[strongest] {
			strongest = c
		}
	}
	hz := g.LowHz + (float64(strongest)+0.5)*g.StepHz*float64(len(g.Density[0]))/100
	within(t, "frequency of the strongest column in hertz", &hz, 1500, 120)
}

func TestARecordWithoutASpectrumHasNoSpectrogram(t *testing.T) {
	for _, n := range []int{0, 63, 5000} {
		m, err := dsp.NewMeter(dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write(make([]byte, 4*n)); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Finish(dsp.End{}); err != nil {
			t.Fatal(err)
		}
		if m.Spectrogram() != nil {
			t.Errorf("%d zeros have a spectrogram", n)
		}
	}
}
