//go:build goexperiment.simd && amd64

package dsp

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
)

// In noise every bin agrees to 1e-5 of its power. Beside a tone that is 40 dB and more over a bin, either way is
// further from the truth than that, by how float32 rounds the tone: there the amplitudes agree to one rounding of the
// strongest, too.
func TestLanesGiveTheSpectrumOfPlainGo(t *testing.T) {
	if !haveLanes() {
		t.Skip("SKIPPED: this CPU has no AVX2 and FMA, lanes are not tested")
	}
	for n := minLanes; n <= maxSegment; n *= 2 {
		for name, amplitude := range map[string]float64{"noise": 0, "a tone 20 dB over all noise": 10} {
			t.Run(fmt.Sprint(name, ", segments of ", n), func(t *testing.T) {
				re, im := noisyTone(6*n, amplitude)
				lanes, plain := newWelch(n, 0, 1), newWelch(n, 0, 1)
				plain.usePlain(newFFT(n))
				lanes.push(re, im)
				plain.push(re, im)
				got, want := lanes.finish(1), plain.finish(1)
				compareBins(t, got.mean, want.mean, amplitude > 0)
				for b := range want.blocks {
					if got.counts[b] != want.counts[b] {
						t.Fatalf("block %d holds %d segments, want %d", b, got.counts[b], want.counts[b])
					}
					compareBins(t, got.blocks[b], want.blocks[b], amplitude > 0)
				}
				for k, v := range want.kurtosis {
					if amplitude == 0 && !(math.Abs(got.kurtosis[k]-v) < 1e-5) {
						t.Fatalf("kurtosis of bin %d = %v, want %v", k, got.kurtosis[k], v)
					}
				}
			})
		}
	}
}

func compareBins[T float32 | float64](t *testing.T, got, want []T, tone bool) {
	t.Helper()
	var strongest float64
	for _, w := range want {
		strongest = max(strongest, float64(w))
	}
	for k, w := range want {
		g, w := math.Sqrt(float64(got[k])), math.Sqrt(float64(w))
		allowed := 1e-5 / 2 * w
		if tone {
			allowed += 0x1p-24 * math.Sqrt(strongest)
		}
		if !(math.Abs(g-w) < allowed) {
			t.Fatalf("the amplitude of bin %d is %v, want %v, %v at most from it", k, g, w, allowed)
		}
	}
}

func TestLanesFilterLikePlainGo(t *testing.T) {
	re, im := noise(300)
	taps, _ := noise(301)
	for n := range 200 {
		gotRe, gotIm := dotLanes(taps[:n], re[n/2:], im[n/2:])
		wantRe, wantIm := dot(taps[:n], re[n/2:][:n], im[n/2:][:n])
		if math.Abs(float64(gotRe-wantRe)) > 1e-4 || math.Abs(float64(gotIm-wantIm)) > 1e-4 {
			t.Errorf("%d taps give %v, %v, want %v, %v", n, gotRe, gotIm, wantRe, wantIm)
		}
	}
}

// noisyTone is n samples of noise of power 1 and a tone.
func noisyTone(n int, amplitude float64) (re, im []float32) {
	r := rand.New(rand.NewSource(int64(n)))
	re, im = make([]float32, n), make([]float32, n)
	for k := range re {
		s, c := math.Sincos(2 * math.Pi * math.Mod(0.1*float64(k), 1))
		re[k] = float32(amplitude*c + r.NormFloat64()*math.Sqrt2/2)
		im[k] = float32(amplitude*s + r.NormFloat64()*math.Sqrt2/2)
	}
	return re, im
}
