package simnet

import (
	"fmt"
	"math"

	"github.com/heimdall-sdr/heimdall/iq"
)

// A Truth is what a perfect measurement of one channel at one receiver would find.
type Truth struct {
	Emitter   string  // the strongest in the channel; empty when there is none
	DistanceM float64 // to it
	DelayS    float64

	SignalDBM         float64 // of everything emitted in the channel, at the antenna; -Inf when there is nothing
	SignalDBFS        float64 // the same in the samples
	NoiseDBMHz        float64 // density; includes what rounding to integers adds
	NoiseDBFSHz       float64
	SNRdB             float64 // signal over noise in the bandwidth of the channel
	FrequencyOffsetHz float64 // of the strongest emitter's centre of power from the tuned frequency, in true hertz
	SampleRateHz      float64 // true
}

// Truth returns what a receiver of the world, used as its row of Network.WebSDRs says and tuned to
// frequencyHz, ought to find in the channel channelHz +- bandwidthHz/2, relative to frequencyHz. It comes from
// the model; where an emitter reaches beyond the channel or the passband, its spectrum is integrated.
func (w *World) Truth(receiver string, frequencyHz int64, channelHz, bandwidthHz float64) (Truth, error) {
	r, err := w.Receiver(receiver)
	if err != nil {
		return Truth{}, err
	}
	if r.Recording != "" {
		return Truth{}, fmt.Errorf("truth of %s: it serves the recording %s, about which the world knows nothing", receiver, r.Recording)
	}
	if !(bandwidthHz > 0) {
		return Truth{}, fmt.Errorf("truth of %s: the bandwidth must be above 0, not %g Hz", receiver, bandwidthHz)
	}
	t := Tuning{FrequencyHz: float64(frequencyHz), RateHz: float64(r.rateHz())}
	t.PassbandLowHz, t.PassbandHighHz = r.passband()
	f, err := w.tune(r, t)
	if err != nil {
		return Truth{}, err
	}
	truth := Truth{SampleRateHz: f.RateHz()}
	total, strongest := 0.0, 0.0
	for i := range f.sources {
		s := &f.sources[i]
		offset := s.offsetHz + f.centreHz // of the carrier from the tuned frequency
		low, high := channelHz-bandwidthHz/2, channelHz+bandwidthHz/2
		power := s.amplitude * s.amplitude * s.fractionIn(low-offset, high-offset, func(hz float64) float64 { return f.response(hz + offset) })
		total += power
		if power > strongest {
			strongest = power
			truth.Emitter, truth.DelayS, truth.DistanceM = s.name, s.delayS, s.delayS*SpeedOfLight
			truth.FrequencyOffsetHz = offset + s.wave.centroidHz()
		}
	}
	truth.fill(r, total, bandwidthHz)
	return truth, nil
}

// fill turns milliwatts into every other unit.
func (t *Truth) fill(r *Receiver, signal, bandwidthHz float64) {
	fullScale := r.FullScaleDBMAt(r.gainDB())
	format := iq.CI16LE
	if r.Kind == kindRTL {
		format = iq.CU8
	}
	// Rounding adds LSB^2/12 to I and to Q, spread over the whole rate.
	rounding := format.LSB() * format.LSB() / 6 / t.SampleRateHz * math.Pow(10, fullScale/10)
	t.NoiseDBMHz = 10 * math.Log10(math.Pow(10, r.noiseDBMHz()/10)+rounding)
	t.NoiseDBFSHz = t.NoiseDBMHz - fullScale
	t.SignalDBM = 10 * math.Log10(signal)
	t.SignalDBFS = t.SignalDBM - fullScale
	t.SNRdB = t.SignalDBM - t.NoiseDBMHz - 10*math.Log10(bandwidthHz)
}

// response is the power gain of the passband filter at a frequency relative to the tuned one.
func (f *Feed) response(hz float64) float64 {
	if f.filter == nil {
		return 1
	}
	g := f.filter.gain((hz - f.centreHz) / f.rawRate.Hz())
	return g * g
}

// fractionIn is how much of the emitter's power lies between two frequencies relative to its carrier, after a
// filter of the given power gain.
func (s *source) fractionIn(lowHz, highHz float64, gain func(hz float64) float64) float64 {
	width := s.wave.widthHz()
	if width == 0 {
		if lowHz <= 0 && 0 <= highHz {
			return gain(0)
		}
		return 0
	}
	const n, segments = 1 << 13, 12
	rateHz := 2 * width
	re, im, power := make([]float64, n), make([]float64, n), make([]float64, n)
	for seg := range segments {
		s.wave.fill(re, im, instant{int64(seg) * 7, 0.1}, rateHz)
		for i := range re {
			hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/n)
			re[i] *= hann
			im[i] *= hann
		}
		fft(re, im)
		for i := range re {
			power[i] += re[i]*re[i] + im[i]*im[i]
		}
	}
	var inside, all float64
	for i, p := range power {
		hz := rateHz * float64(i) / n
		if i >= n/2 {
			hz -= rateHz
		}
		all += p
		if hz >= lowHz && hz <= highHz && p > 0 {
			inside += p * gain(hz)
		}
	}
	return inside / all
}

// fft is the discrete Fourier transform in place, for a power of two (Cooley and Tukey, 1965).
func fft(re, im []float64) {
	n := len(re)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half := size / 2
		for k := range half {
			s, c := math.Sincos(-2 * math.Pi * float64(k) / float64(size))
			for a := k; a < n; a += size {
				b := a + half
				xr, xi := re[b]*c-im[b]*s, re[b]*s+im[b]*c
				re[b], im[b] = re[a]-xr, im[a]-xi
				re[a], im[a] = re[a]+xr, im[a]+xi
			}
		}
	}
}
