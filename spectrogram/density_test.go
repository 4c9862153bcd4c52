package spectrogram_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/spectrogram"
)

// TestADensityReadsThatOfNoise: noise of power 1 over 12 kHz has 1/12000 in each hertz, from samples and from the pyramid.
func TestADensityReadsThatOfNoise(t *testing.T) {
	const samples = 1_200_000
	chance := rand.New(rand.NewPCG(7, 7))
	r := newRecord(t, samples, nil, func(int64) complex128 {
		return complex(chance.NormFloat64(), chance.NormFloat64()) * math.Sqrt2 / 2
	})
	p := r.build(t)
	for _, part := range []struct {
		name     string
		from, to float64
		exact    bool
	}{
		{"all", 0, samples, false},
		{"a long part", 1000.5, samples - 3000, false},
		{"a minute", 24_000, 744_000, true},
	} {
		g := spectrogram.Grid{From: part.from, Step: part.to - part.from, Columns: 1}
		if got := p.Exact(r.Shape, g); got != part.exact {
			t.Errorf("%s: exact is %v", part.name, got)
		}
		d := p.Density(r.Shape, g)
		computed, err := spectrogram.ComputeDensity(bytes.NewReader(r.data), iq.CF32LE, r.Shape, g)
		if err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]spectrogram.Density{"pyramid": d, "samples": computed} {
			var mean float64
			for _, v := range d.PerHz {
				mean += v / float64(len(d.PerHz))
			}
			// 1024 bins of over 1000 segments: one sigma is well under 0.01 dB; the pyramid keeps hundredths.
			if off := 10 * math.Log10(mean*rateHz); math.Abs(off) > 0.03 {
				t.Errorf("%s from the %s is off by %.3f dB", part.name, name, off)
			}
			if want := (part.to - part.from) / 512; math.Abs(d.Segments-want) > 8 {
				t.Errorf("%s from the %s is the mean of %g segments, want about %g", part.name, name, d.Segments, want)
			}
		}
	}
}
