package simnet

import (
	"math"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// An Emitter is a transmitter at a fixed place. Its frequency is exact; it transmits always.
type Emitter struct {
	Name string `json:"name"`
	Position
	FrequencyHz float64    `json:"frequency_hz"` // of the carrier, suppressed or not
	PowerDBM    float64    `json:"power_dbm"`    // mean, radiated isotropically (EIRP)
	Modulation  Modulation `json:"modulation"`

	DeviationHz float64 `json:"deviation_hz,omitempty"` // nbfm: peak; 0 means 2500
	Depth       float64 `json:"depth,omitempty"`        // am: 0 to 1; 0 means 0.8
	SymbolHz    float64 `json:"symbol_hz,omitempty"`    // ook, cw, bpsk, qpsk: symbols (dots) a second; 0 means 50, cw 12
	BandwidthHz float64 `json:"bandwidth_hz,omitempty"` // noise: 0 means 2700
	Text        string  `json:"text,omitempty"`         // cw: what it keeps saying in Morse; empty means its name
}

// A Modulation names how an emitter modulates its carrier.
type Modulation string

const (
	Carrier Modulation = "carrier" // unmodulated
	NBFM    Modulation = "nbfm"    // narrow-band FM of something like a voice
	AM      Modulation = "am"      // the same voice, both sidebands and carrier
	USB     Modulation = "usb"     // the same voice, upper sideband only
	OOK     Modulation = "ook"     // carrier keyed by random bits
	CW      Modulation = "cw"      // carrier keyed in Morse
	BPSK    Modulation = "bpsk"    // random symbols, overlapping raised-cosine pulses
	QPSK    Modulation = "qpsk"
	Noise   Modulation = "noise" // Gaussian, band-limited
)

// modulations lists all, for messages.
var modulations = []Modulation{Carrier, NBFM, AM, USB, OOK, CW, BPSK, QPSK, Noise}

// wave returns the emitter's complex envelope.
func (e *Emitter) wave(seed uint64) wave {
	src := siggen.NewSource(seed, streamID("emitter", e.Name))
	switch e.Modulation {
	case NBFM:
		return fmWave{newVoice(src), orDefault(e.DeviationHz, 2500)}
	case AM:
		return amWave{newVoice(src), orDefault(e.Depth, 0.8)}
	case USB:
		return usbWave{newVoice(src)}
	case OOK:
		return newKeyedWave(src, orDefault(e.SymbolHz, 50), nil)
	case CW:
		text := e.Text
		if text == "" {
			text = e.Name
		}
		return newKeyedWave(src, orDefault(e.SymbolHz, 12), morse(text))
	case BPSK, QPSK:
		return pskWave{src, orDefault(e.SymbolHz, 50), e.Modulation == QPSK}
	case Noise:
		return newNoiseWave(src, orDefault(e.BandwidthHz, 2700))
	}
	return carrierWave{}
}

// startPhase is the phase of the carrier at the epoch.
func (e *Emitter) startPhase(seed uint64) float64 {
	return 2 * math.Pi * siggen.NewSource(seed, streamID("phase", e.Name)).Uniform(0)
}

func orDefault(v, d float64) float64 {
	if v == 0 {
		return d
	}
	return v
}
