package dsp

import (
	"fmt"
	"math"
	"testing"
)

// toneLevel is the power in decibels of what a decimator makes of a tone of full scale.
func toneLevel(factor int, center, f float64) float64 {
	d := newDecimator(factor, center, filterLength(factor)) // clear of the start of the tone
	p := new(phasors)
	var power float64
	n := 0
	for k := 0; k < 4*filterLength(factor)+1<<12; k += phasorRun {
		p.fill(-f, 0, float64(k))
		var re, im [phasorRun]float32
		for i := range re {
			re[i], im[i] = float32(p.re[i]), float32(p.im[i])
		}
		d.push(re[:], im[:], func(re, im []float32) {
			for i := range re {
				power += float64(re[i])*float64(re[i]) + float64(im[i])*float64(im[i])
				n++
			}
		})
	}
	return 10 * math.Log10(power/float64(n))
}

func TestTheDecimatorKeepsTheChannelAndNothingElse(t *testing.T) {
	const center = 0.123
	for _, c := range []struct {
		bw     float64
		stages int
	}{{0.03, 1}, {0.0107, 2}, {0.00625, 3}, {0.0061, 4}, {0.0012, 4}} {
		factor := decimation(c.bw)
		t.Run(fmt.Sprint(factor), func(t *testing.T) {
			t.Parallel()
			if got := len(newDecimator(factor, center, 0).stages); got != c.stages {
				t.Errorf("%d stages, want %d", got, c.stages)
			}
			for _, f := range []float64{0, 0.2, -0.4, 0.499, -0.499} {
				if got := toneLevel(factor, center, center+f*c.bw); math.Abs(got) > 1e-3 {
					t.Errorf("%v of the channel from its centre: %v dB, want 0", f, got)
				}
			}
			for alias := 1; alias < factor; alias += 1 + factor/50 { // what the new rate folds into the channel
				f := center + float64(alias)/float64(factor) + 0.49*c.bw
				if got := toneLevel(factor, center, f-math.Round(f)); got > -95 {
					t.Errorf("alias %d: %v dB, want below -95", alias, got)
				}
			}
		})
	}
}

// The middle of an output is where its stages say, however many there are and however the samples come.
func TestAnImpulseComesOutAtItsPlace(t *testing.T) {
	for _, factor := range []int{3, 16, 46, 47, 78, 80, 93, 400} {
		for _, first := range []int{0, 1, filterLength(factor) / 2} {
			d := newDecimator(factor, 0, first)
			const at = 3 // outputs after the first
			re := make([]float32, first+at*factor+1)
			re[len(re)-1] = 1
			var out []float32
			take := func(r, _ []float32) { out = append(out, r...) }
			for k := 0; k < len(re); k += 1000 {
				d.push(re[k:min(k+1000, len(re))], make([]float32, min(1000, len(re)-k)), take)
			}
			d.pushZeros(2*d.delay(), take)
			for k := 1; k <= at; k++ { // the response is symmetric about its middle
				if a, b := out[at-k], out[at+k]; math.Abs(float64(a-b)) > 1e-6*float64(out[at]) || out[at] <= a {
					t.Errorf("factor %d, first %d: %v before and %v after the middle %v", factor, first, a, b, out[at])
				}
			}
		}
	}
}
