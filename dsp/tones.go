package dsp

import "math"

// A ToneSpectrum turns short segments of samples into power over frequency, as pictures want it: a tone at the centre of a
// bin gives its own power there, full scale being 1. Noise of density N0 gives N0 times NoiseBandwidthHz. (What the
// metrics are made of are densities; see Spectrogram.)
//
// It belongs to one goroutine.
type ToneSpectrum struct {
	n      int
	plan   *fft
	window []float32 // of the length last used
	gain   float32   // 1 / (sum of window)^2
	x, y   []complex64
}

// MinSegmentSamples is the shortest segment that has a spectrum worth the name.
const MinSegmentSamples = 16

// NewToneSpectrum returns one of n bins, a power of two.
func NewToneSpectrum(n int) *ToneSpectrum {
	t := &ToneSpectrum{n: n, plan: fftOf(n)}
	staggered(n, &t.x, &t.y)
	t.setWindow(n)
	return t
}

func (t *ToneSpectrum) setWindow(n int) {
	if len(t.window) == n {
		return
	}
	t.window = make([]float32, n)
	blackmanHarris(t.window)
	var sum float64
	for _, w := range t.window {
		sum += float64(w)
	}
	t.gain = float32(1 / (sum * sum))
}

// NoiseBandwidthHz is how wide the bins are for noise, at this sample rate: that of the window (Harris, 1978), 2.0 times
// their distance.
func (t *ToneSpectrum) NoiseBandwidthHz(sampleRateHz float64) float64 {
	return blackmanHarrisEnergy / (0.35875 * 0.35875) * sampleRateHz / float64(t.n)
}

// Add adds the power of each bin to sum, from the lowest frequency to the highest; 0 Hz is at n/2. re and im are one
// segment of at most n samples; of fewer the bins are as many, and wider for noise.
func (t *ToneSpectrum) Add(sum, re, im []float32) {
	t.setWindow(len(re))
	clear(t.x[len(re):])
	for k, w := range t.window {
		t.x[k] = complex(re[k]*w, im[k]*w)
	}
	z := t.plan.transform(t.x, t.y)
	half := t.n / 2
	addToneSegment(sum[half:t.n], z[:half], t.gain)
	addToneSegment(sum[:half], z[half:t.n], t.gain)
}

func addToneSegment(sum []float32, z []complex64, gain float32) {
	for k, v := range z {
		sum[k] += (real(v)*real(v) + imag(v)*imag(v)) * gain
	}
}

// DB is a power in decibels; silence is -Inf.
func DB(power float32) float64 { return 10 * math.Log10(float64(power)) }
