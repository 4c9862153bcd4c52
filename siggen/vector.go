package siggen

import (
	"fmt"
	"math"
	"math/cmplx"
)

// A Vector describes a record completely: the same Vector gives the same samples anywhere. The JSON names are those
// of the published vectors.
type Vector struct {
	SampleRateHz float64     `json:"fs"`
	Samples      int         `json:"n"`
	Seed         uint64      `json:"seed"`
	Signals      []Signal    `json:"signals"`
	NoiseDBFSHz  *float64    `json:"noise_dbfs_hz"` // density; nil: no noise
	Impairments  Impairments `json:"impairments"`
}

// Impairments are what a bad receiver does to the sum of signals and noise, in the order of the fields.
type Impairments struct {
	Impulses   *Impulses   `json:"impulses,omitempty"`
	PassbandHz float64     `json:"passband_hz,omitempty"` // half-width of a receive filter; 0: none
	DC         *[2]float64 `json:"dc,omitempty"`          // added to I and Q
	IQGainDB   float64     `json:"iq_gain_db,omitempty"`  // of Q over I
	IQPhaseDeg float64     `json:"iq_phase_deg,omitempty"`
	GainDB     float64     `json:"gain_db,omitempty"`
	Clip       bool        `json:"clip,omitempty"` // I and Q to full scale
	Drop       *[2]int     `json:"drop,omitempty"` // start and count of samples that are lost
	Zero       *[2]int     `json:"zero,omitempty"` // start and count of samples that are zero
}

// Impulses are single samples of random phase at random times.
type Impulses struct {
	RateHz    float64 `json:"rate_hz"`
	LevelDBFS float64 `json:"level_dbfs"`
}

// Streams of random numbers under the seed of a vector.
const (
	noiseStream        = 1
	impulseTimeStream  = 2
	impulsePhaseStream = 3
	signalStream       = 100 // plus the index of the signal
)

// Build computes the samples; |z| = 1 is full scale.
func (v Vector) Build() ([]complex128, error) {
	if v.Samples < 0 || !(v.SampleRateHz > 0) {
		return nil, fmt.Errorf("build vector: %d samples at %v Hz: both must be positive", v.Samples, v.SampleRateHz)
	}
	x := make([]complex128, v.Samples)
	for j, s := range v.Signals {
		z, err := s.samples(v.SampleRateHz, v.Samples, uint64(NewSource(v.Seed, signalStream+uint64(j))))
		if err != nil {
			return nil, fmt.Errorf("build signal %d: %w", j, err)
		}
		gain := s.gain(z)
		for k := range x {
			x[k] += z[k] * gain
		}
	}
	if v.NoiseDBFSHz != nil {
		noise := NewSource(v.Seed, noiseStream)
		gain := complex(math.Sqrt(math.Pow(10, *v.NoiseDBFSHz/10)*v.SampleRateHz), 0)
		for k := range x {
			x[k] += noise.Gauss(uint64(k)) * gain
		}
	}
	return v.Impairments.apply(x, v.SampleRateHz, v.Seed), nil
}

// gain scales z to the level of the signal.
func (s Signal) gain(z []complex128) complex128 {
	var sum, peak float64
	for _, a := range z {
		p := real(a)*real(a) + imag(a)*imag(a)
		sum += p
		peak = max(peak, p)
	}
	power := sum / float64(len(z))
	if s.LevelRef == "peak" {
		power = peak
	}
	if !(power > 0) {
		return 1
	}
	return complex(math.Sqrt(math.Pow(10, s.LevelDBFS/10)/power), 0)
}

func (m Impairments) apply(x []complex128, rateHz float64, seed uint64) []complex128 {
	if m.Impulses != nil {
		m.Impulses.add(x, rateHz, seed)
	}
	if m.PassbandHz != 0 {
		x = convolveSame(x, lowpassTaps(m.PassbandHz, rateHz, 257))
	}
	if m.DC != nil {
		for k := range x {
			x[k] += complex(m.DC[0], m.DC[1])
		}
	}
	if m.IQGainDB != 0 || m.IQPhaseDeg != 0 {
		g := math.Pow(10, m.IQGainDB/20)
		sin, cos := math.Sincos(m.IQPhaseDeg * math.Pi / 180)
		for k, z := range x {
			x[k] = complex(real(z), g*(imag(z)*cos+real(z)*sin))
		}
	}
	if m.GainDB != 0 {
		for k := range x {
			x[k] *= complex(math.Pow(10, m.GainDB/20), 0)
		}
	}
	if m.Clip {
		for k, z := range x {
			x[k] = complex(clamp(real(z)), clamp(imag(z)))
		}
	}
	if m.Drop != nil {
		from, to := span(*m.Drop, len(x))
		x = append(x[:from], x[to:]...)
	}
	if m.Zero != nil {
		from, to := span(*m.Zero, len(x))
		clear(x[from:to])
	}
	return x
}

func (q Impulses) add(x []complex128, rateHz float64, seed uint64) {
	n := max(1, int(q.RateHz*float64(len(x))/rateHz))
	times, phases := NewSource(seed, impulseTimeStream), NewSource(seed, impulsePhaseStream)
	before := append([]complex128(nil), x...)
	for i := range uint64(n) {
		if k := int(times.Uniform(i) * float64(len(x))); k < len(x) {
			// Two impulses at one sample do not add: the later one counts.
			x[k] = before[k] + cmplx.Rect(math.Pow(10, q.LevelDBFS/20), 2*math.Pi*phases.Uniform(i))
		}
	}
}

func clamp(v float64) float64 { return min(max(v, -1), 1) }

// span clips a start and a count to n samples.
func span(s [2]int, n int) (from, to int) {
	from = min(max(s[0], 0), n)
	return from, min(from+max(s[1], 0), n)
}

// lowpassTaps is a Blackman-windowed sinc.
func lowpassTaps(cutHz, rateHz float64, n int) []float64 {
	h := make([]float64, n)
	for i := range h {
		k := float64(i) - float64(n-1)/2
		x := 2 * cutHz / rateHz * k
		sinc := 1.0
		if x != 0 {
			sinc = math.Sin(math.Pi*x) / (math.Pi * x)
		}
		w := 0.42 + 0.5*math.Cos(2*math.Pi*k/float64(n-1)) + 0.08*math.Cos(4*math.Pi*k/float64(n-1))
		h[i] = 2 * cutHz / rateHz * sinc * w
	}
	return h
}

// convolveSame is the middle len(x) samples of the convolution of x with h.
func convolveSame(x []complex128, h []float64) []complex128 {
	y := make([]complex128, len(x))
	shift := (len(h) - 1) / 2
	for k := range y {
		var re, im float64
		for j, c := range h {
			if i := k + shift - j; i >= 0 && i < len(x) {
				re += c * real(x[i])
				im += c * imag(x[i])
			}
		}
		y[k] = complex(re, im)
	}
	return y
}
