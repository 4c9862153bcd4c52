package simnet

import (
	"math"

	"github.com/heimdall-sdr/heimdall"
)

// A Receiver is a virtual WebSDR: where it stands, how well it hears, how wrong its clock is, how it is served.
type Receiver struct {
	Name         string `json:"name"`
	Kind         string `json:"kind"` // kiwisdr, rtl_tcp or http_iq
	LocationName string `json:"location_name,omitempty"`
	Position
	Listen    string `json:"listen,omitempty"`    // host:port; empty means any free port of 127.0.0.1
	Recording string `json:"recording,omitempty"` // a file that is served in place of what the world would give
	Password  string `json:"password,omitempty"`

	NoiseDBMHz  float64            `json:"noise_dbm_hz,omitempty"`  // of receiver and surroundings, at the antenna; 0 means -165
	ExtraLossDB map[string]float64 `json:"extra_loss_db,omitempty"` // on top of free space, by name of emitter
	ClockPPM    float64            `json:"clock_ppm,omitempty"`     // of the sample clock; positive is fast

	// A converter in front of the receiver moves ConverterHz to 0; its own oscillator is ConverterPPM high.
	ConverterHz  int64   `json:"converter_hz,omitempty"`
	ConverterPPM float64 `json:"converter_ppm,omitempty"`

	FrequencyMinHz int64   `json:"frequency_min_hz,omitempty"` // radio frequencies, converter included; 0, 0 means what its kind has
	FrequencyMaxHz int64   `json:"frequency_max_hz,omitempty"`
	RateHz         int64   `json:"rate_hz,omitempty"`         // nominal; kiwisdr: what it has (0 means 12000); others: what to ask it for
	PassbandLowHz  float64 `json:"passband_low_hz,omitempty"` // http_iq: its filter; kiwisdr: what to ask for (0, 0 means +-5000)
	PassbandHighHz float64 `json:"passband_high_hz,omitempty"`

	GainDB       *float64 `json:"gain_db,omitempty"`        // kiwisdr, rtl_tcp: the manual gain to ask for; absent means 50, 30
	FullScaleDBM float64  `json:"full_scale_dbm,omitempty"` // rtl_tcp, http_iq: antenna power that is 0 dBFS at 0 dB gain; 0 means -30
	SMeterCalDB  *float64 `json:"s_meter_cal_db,omitempty"` // kiwisdr: its owner's S-meter calibration; absent means -13
	StampJitterS float64  `json:"stamp_jitter_s,omitempty"` // kiwisdr: rms error of GPS stamps
	Channels     int      `json:"channels,omitempty"`       // kiwisdr: listeners at a time; 0 means 4
	LoopS        float64  `json:"loop_s,omitempty"`         // kiwisdr: repeat what it hears in so many seconds, for load tests: see kiwiLoops; 0 means never
	Faults       []Fault  `json:"faults,omitempty"`
}

// Kinds of receiver that can be simulated, as package heimdall names them.
const (
	kindKiwi = "kiwisdr"
	kindRTL  = "rtl_tcp"
	kindHTTP = "http_iq"
)

func (r *Receiver) noiseDBMHz() float64   { return orDefault(r.NoiseDBMHz, -165) }
func (r *Receiver) fullScaleDBM() float64 { return orDefault(r.FullScaleDBM, -30) }

// sMeterCalDB is the KiwiSDR's S_meter_cal.
func (r *Receiver) sMeterCalDB() float64 {
	if r.SMeterCalDB != nil {
		return *r.SMeterCalDB
	}
	return -13
}

// gainDB is the gain that the receiver is used at, unless its client asks for another.
func (r *Receiver) gainDB() float64 {
	switch {
	case r.Kind == kindHTTP:
		return 0
	case r.GainDB != nil:
		return *r.GainDB
	case r.Kind == kindKiwi:
		return 50
	}
	return 30
}

// FullScaleDBMAt returns the power at the antenna that reads 0 dBFS at a gain: what a calibration would find.
//
// A KiwiSDR's follows from its firmware: its S-meter reads 10 log |z|^2 re 8191 plus S_meter_cal, and manual
// gain G scales to 32767 10^(-(100-G)/20), so that dBm = dBFS + 21.73 + S_meter_cal - G.
func (r *Receiver) FullScaleDBMAt(gainDB float64) float64 {
	if r.Kind == kindKiwi {
		return 20*math.Log10(32768.0/32767*100000/8191) + r.sMeterCalDB() - gainDB
	}
	return r.fullScaleDBM() - gainDB
}

// rateHz is the nominal sample rate that the receiver is used at by default.
func (r *Receiver) rateHz() int64 {
	if r.RateHz != 0 {
		return r.RateHz
	}
	if r.Kind == kindRTL {
		return 240_000
	}
	return 12_000
}

// passband is the receive filter it is used at by default, relative to the tuned frequency; 0, 0 means none.
func (r *Receiver) passband() (lowHz, highHz float64) {
	if r.Kind == kindKiwi && r.PassbandLowHz == 0 && r.PassbandHighHz == 0 {
		return -5000, 5000
	}
	return r.PassbandLowHz, r.PassbandHighHz
}

// rangeHz returns the radio frequencies that it can be tuned to.
func (r *Receiver) rangeHz() (lowHz, highHz int64) {
	w := heimdall.WebSDR{Kind: r.Kind, FrequencyMinHz: r.FrequencyMinHz, FrequencyMaxHz: r.FrequencyMaxHz, FrequencyOffsetHz: r.ConverterHz}
	return w.TuningRangeHz()
}

// oscillatorHz is the radio frequency that really lies at 0 Hz when the receiver is told frequencyHz.
//
// A KiwiSDR corrects its tuning by GPS, so that only its converter is wrong. The others derive everything
// from one crystal.
func (r *Receiver) oscillatorHz(frequencyHz float64) float64 {
	converter := float64(r.ConverterHz)
	own := frequencyHz - converter
	if r.Kind != kindKiwi {
		own *= 1 + r.ClockPPM*1e-6
	}
	return own + converter*(1+r.ConverterPPM*1e-6)
}

// websdr returns the row with which the receiver, served at url, is registered.
func (r *Receiver) websdr(url string) heimdall.WebSDR {
	low, high := r.rangeHz()
	w := heimdall.WebSDR{
		Name: r.Name, Kind: r.Kind, URL: url, LocationName: r.LocationName,
		LatitudeDeg: r.LatitudeDeg, LongitudeDeg: r.LongitudeDeg, AltitudeM: &r.AltitudeM, Active: true,
		Timeout: websdrTimeout, RetryCount: 2,
		FrequencyMinHz: low, FrequencyMaxHz: high, FrequencyOffsetHz: r.ConverterHz,
		SampleRateHz: r.rateHz(), Password: r.Password, Notes: "simulated",
	}
	w.PassbandLowHz, w.PassbandHighHz = r.passband()
	if r.Kind != kindHTTP {
		gain := r.gainDB()
		w.GainDB = &gain
	}
	if r.Kind == kindKiwi {
		w.ClockSigmaPPM = 0.01 // of its GPS
	} else {
		w.ClockSigmaPPM = 5 // of a decent crystal
		cal, sigma := r.FullScaleDBMAt(r.gainDB()), 0.1
		w.CalibrationDB, w.CalibrationSigma = &cal, &sigma
	}
	return w
}
