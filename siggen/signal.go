package siggen

import (
	"fmt"
	"math"
	"math/cmplx"
)

// A Signal is one transmitter in a vector. Fields that its kind does not use are ignored; zero means the default
// in parentheses unless said otherwise.
type Signal struct {
	Kind      string  `json:"kind"`       // tone am nbfm usb lsb ft8 ook cw bpsk qpsk fsk2 bandnoise none
	FreqHz    float64 `json:"freq_hz"`    // at the middle of the record
	DriftHzS  float64 `json:"drift_hz_s"` // rate of change of FreqHz
	LevelDBFS float64 `json:"level_dbfs"`
	LevelRef  string  `json:"level_ref"` // what the level is of: mean (default) or peak power

	SyllableHz  *float64 `json:"syllable_hz"`  // of the voice of am, nbfm, usb and lsb (4); 0: a steady sound
	Pauses      *bool    `json:"pauses"`       // of the voice of nbfm (true)
	Depth       float64  `json:"depth"`        // of am (0.6)
	DeviationHz float64  `json:"deviation_hz"` // of nbfm (2500)
	StartS      *float64 `json:"start_s"`      // of ft8 (0.5)
	BitS        float64  `json:"bit_s"`        // of ook (0.001)
	RiseS       *float64 `json:"rise_s"`       // of ook (a tenth of a bit); 0: none
	Duty        float64  `json:"duty"`         // of ook (0.3)
	BurstS      float64  `json:"burst_s"`      // of ook; 0: not in bursts
	PeriodS     float64  `json:"period_s"`     // of the bursts
	WPM         float64  `json:"wpm"`          // of cw (20)
	SymbolRate  float64  `json:"symbol_rate"`  // of bpsk and qpsk (2400) and fsk2 (100)
	Rolloff     float64  `json:"rolloff"`      // of bpsk and qpsk (0.35)
	ShiftHz     float64  `json:"shift_hz"`     // of fsk2 (850)
	BandwidthHz float64  `json:"bw_hz"`        // of bandnoise
}

// Streams of random numbers under the seed of a signal.
const (
	phaseStream = 11
	dataStream  = 12
)

// samples computes n samples before scaling.
func (s Signal) samples(rateHz float64, n int, seed uint64) ([]complex128, error) {
	modulation, err := s.modulation(rateHz, n, NewSource(seed, dataStream))
	if err != nil {
		return nil, err
	}
	z := make([]complex128, n)
	if s.Kind == "none" {
		return z, nil
	}
	phase := 2 * math.Pi * NewSource(seed, phaseStream).Uniform(0)
	for k := range z {
		t := float64(k)/rateHz - float64(n-1)/(2*rateHz)
		z[k] = cmplx.Rect(1, 2*math.Pi*(s.FreqHz*t+0.5*s.DriftHzS*t*t)+phase)
		if modulation != nil {
			z[k] *= modulation[k]
		}
	}
	return z, nil
}

// modulation is what the carrier is multiplied by; nil for a bare carrier.
func (s Signal) modulation(rateHz float64, n int, data Source) ([]complex128, error) {
	switch s.Kind {
	case "none", "tone":
		return nil, nil
	case "am":
		return s.am(rateHz, n, data), nil
	case "nbfm":
		return s.nbfm(rateHz, n, data), nil
	case "usb", "lsb":
		return s.ssb(rateHz, n, data), nil
	case "ft8":
		return s.ft8(rateHz, n, data), nil
	case "ook":
		return s.ook(rateHz, n, data), nil
	case "cw":
		return s.cw(rateHz, n, data), nil
	case "bpsk", "qpsk":
		return s.psk(rateHz, n, data), nil
	case "fsk2":
		return s.fsk2(rateHz, n, data), nil
	case "bandnoise":
		return s.bandnoise(rateHz, n, data), nil
	}
	return nil, fmt.Errorf("signal kind %q is not known", s.Kind)
}

func (s Signal) am(rateHz float64, n int, data Source) []complex128 {
	a := s.voice(true).samples(rateHz, n, data)
	for k, v := range a {
		a[k] = complex(1+or(s.Depth, 0.6)*clamp(math.Sqrt2*real(v)/3), 0)
	}
	return a
}

func (s Signal) nbfm(rateHz float64, n int, data Source) []complex128 {
	a := s.voice(s.Pauses == nil || *s.Pauses).samples(rateHz, n, data)
	sum := 0.0
	for k, v := range a {
		sum += clamp(math.Sqrt2 * real(v) / 2.5)
		a[k] = cmplx.Rect(1, 2*math.Pi*or(s.DeviationHz, 2500)*sum/rateHz)
	}
	return a
}

func (s Signal) ssb(rateHz float64, n int, data Source) []complex128 {
	a := s.voice(true).samples(rateHz, n, data)
	if s.Kind == "lsb" {
		for k, v := range a {
			a[k] = cmplx.Conj(v)
		}
	}
	return a
}

// or returns v, or the default where v is 0.
func or(v, byDefault float64) float64 {
	if v == 0 {
		return byDefault
	}
	return v
}

// A voice is a sound like speech in closed form: tones with a tilt, under an envelope of syllables and pauses.
type voice struct {
	syllableHz float64
	pauses     bool
}

func (s Signal) voice(pauses bool) voice {
	if s.SyllableHz != nil {
		return voice{*s.SyllableHz, pauses}
	}
	return voice{4, pauses}
}

// samples is the analytic sound; its real part times the square root of 2 is the sound itself.
func (v voice) samples(rateHz float64, n int, data Source) []complex128 {
	const tones, low, high, syllables = 24, 300.0, 2700.0, 1000
	var freq, phase, amp [tones]float64
	energy := 0.0
	for m := range tones {
		i := uint64(m)
		freq[m] = low + (high-low)*(float64(m)+data.Uniform(i))/tones
		phase[m] = 2 * math.Pi * data.Uniform(tones+i)
		amp[m] = (0.3 + data.Uniform(2*tones+i)) * math.Pow(500/max(freq[m], 500), 0.8)
		energy += amp[m] * amp[m]
	}
	x := make([]complex128, n)
	for k := range x {
		t := float64(k) / rateHz
		var z complex128
		for m := range tones {
			z += cmplx.Rect(amp[m]/math.Sqrt(energy), 2*math.Pi*freq[m]*t+phase[m])
		}
		if v.syllableHz > 0 {
			syllable := math.Floor(t * v.syllableHz)
			u := data.Uniform(syllables + uint64(syllable))
			a := 0.2 + 0.8*u
			if v.pauses && u < 0.25 {
				a = 0
			}
			sin := math.Sin(math.Pi * (t*v.syllableHz - syllable))
			z *= complex(a*(sin*sin), 0)
		}
		x[k] = z
	}
	return x
}
