package heimdall

import (
	"math"
	"net/url"
	"strings"
	"time"
)

// A Capability says honestly what a kind of WebSDR can deliver. Only IQAndGPS and IQ are ever recorded as IQ.
type Capability string

const (
	IQAndGPS   Capability = "iq+gps"      // complex samples with hardware time stamps
	IQ         Capability = "iq"          // complex samples, timed by their arrival
	SSBDerived Capability = "ssb_derived" // half-band analytic audio, not IQ
	Spectrum   Capability = "spectrum"    // power spectra and an S-meter only
)

// DeliversIQ reports whether an acquisition may ask this capability for samples.
func (c Capability) DeliversIQ() bool { return c == IQAndGPS || c == IQ }

// A Kind is what Heimdall knows of a kind of WebSDR before it has met one.
type Kind struct {
	Name       string
	Capability Capability
	Schemes    []string // URL schemes its address may have
	MinHz      int64    // the tuning range of the usual hardware, before FrequencyOffsetHz is added
	MaxHz      int64
	ZeroIF     bool // the local oscillator's leakage sits at 0 Hz
}

// Kinds lists every kind of WebSDR that the program knows, in the order shown to users.
func Kinds() []Kind {
	const anyHz = 300_000_000_000
	return []Kind{
		{Name: "kiwisdr", Capability: IQAndGPS, Schemes: []string{"http", "https", "ws", "wss"}, MinHz: 1_000, MaxHz: 32_000_000},
		{Name: "rtl_tcp", Capability: IQ, Schemes: []string{"tcp", "rtl_tcp"}, MinHz: 500_000, MaxHz: 2_200_000_000, ZeroIF: true},
		{Name: "http_iq", Capability: IQ, Schemes: []string{"http", "https"}, MinHz: 1, MaxHz: anyHz},
		{Name: "replay", Capability: IQ, Schemes: []string{"file"}, MinHz: 1, MaxHz: anyHz},
		{Name: "sim", Capability: IQAndGPS, Schemes: []string{"sim"}, MinHz: 1, MaxHz: anyHz},
		{Name: "openwebrx", Capability: Spectrum, Schemes: []string{"http", "https", "ws", "wss"}, MinHz: 1, MaxHz: anyHz},
		{Name: "ka9q", Capability: IQ, Schemes: []string{"udp"}, MinHz: 1, MaxHz: anyHz},
	}
}

// KindNamed returns the kind of that name.
func KindNamed(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// A WebSDR is a receiver that Heimdall tunes over a network.
type WebSDR struct {
	ID           int64  // websdr_id: given by the database, stable, never reused
	Name         string // unique, case-sensitive
	Kind         string // names the driver: one of Kinds
	URL          string // where the driver finds it
	LocationName string
	LatitudeDeg  float64
	LongitudeDeg float64
	AltitudeM    *float64 // of the antenna above the WGS84 ellipsoid; nil when unknown
	Active       bool     // only active WebSDRs are offered for acquisition

	Timeout    time.Duration // on connecting, on the first sample, and on a stall: never on the total
	RetryCount int           // further attempts after a transport failure; 0 means one attempt

	FrequencyMinHz    int64 // radio frequencies it can tune, converter included; 0, 0 means the usual range of its kind
	FrequencyMaxHz    int64
	FrequencyOffsetHz int64   // what a converter adds: radio frequency = receiver frequency + offset
	SampleRateHz      int64   // the rate to ask for when an acquisition names none; 0 means the kind's default
	PassbandLowHz     float64 // receive filter relative to the tuned frequency; 0, 0 means the widest the kind has
	PassbandHighHz    float64
	GainDB            *float64 // manual gain; nil means the kind's default
	Password          string   // secret: never printed, logged or exported unless asked for
	ClockSigmaPPM     float64  // one-sigma error of its frequency reference; 0 means unknown
	CalibrationDB     *float64 // dBm = dBFS + CalibrationDB at GainDB; nil means power is relative only
	CalibrationSigma  *float64 // one-sigma error of CalibrationDB in dB
	Notes             string
	DailyBudget       time.Duration // most that its host may be connected to on one UTC day; 0 means any

	CreatedAt time.Time
	UpdatedAt time.Time
}

// DefaultTimeout is the time-out of a WebSDR whose row names none.
const DefaultTimeout = 30 * time.Second

// TuningRangeHz returns the radio frequencies that w can be tuned to, both ends included.
func (w *WebSDR) TuningRangeHz() (lowHz, highHz int64) {
	if w.FrequencyMinHz != 0 || w.FrequencyMaxHz != 0 {
		return w.FrequencyMinHz, w.FrequencyMaxHz
	}
	k, ok := KindNamed(w.Kind)
	if !ok {
		return 0, 0
	}
	return k.MinHz + w.FrequencyOffsetHz, k.MaxHz + w.FrequencyOffsetHz
}

// Validate reports everything wrong with w as one *InvalidError.
func (w *WebSDR) Validate() error {
	var bad InvalidError
	if n := len(strings.TrimSpace(w.Name)); n == 0 || len(w.Name) > 100 {
		bad.Add("name", "must have 1 to 100 characters")
	}
	kind, known := KindNamed(w.Kind)
	if !known {
		bad.Add("kind", "%q is not known: use one of %s", w.Kind, kindNames())
	}
	w.validateURL(&bad, kind, known)
	if !within(w.LatitudeDeg, -90, 90) {
		bad.Add("latitude", "must be degrees from -90 to 90")
	}
	if !within(w.LongitudeDeg, -180, 180) {
		bad.Add("longitude", "must be degrees from -180 to 180")
	}
	if w.AltitudeM != nil && !within(*w.AltitudeM, -500, 100_000) {
		bad.Add("altitude_m", "must be metres from -500 to 100000, or absent")
	}
	if w.Timeout < time.Second || w.Timeout > 300*time.Second {
		bad.Add("timeout_seconds", "must be from 1 to 300")
	}
	if w.DailyBudget < 0 || w.DailyBudget > 24*time.Hour {
		bad.Add("daily_budget_seconds", "must be from 1 to 86400, or 0 for any")
	}
	if w.RetryCount < 0 || w.RetryCount > 10 {
		bad.Add("retry_count", "must be from 0 to 10")
	}
	w.validateTuning(&bad)
	return bad.Err()
}

func (w *WebSDR) validateURL(bad *InvalidError, kind Kind, known bool) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme == "" || (u.Host == "" && u.Path == "" && u.Opaque == "") {
		bad.Add("url", "must be an address such as http://kiwi.example:8073")
		return
	}
	if u.User != nil {
		bad.Add("url", "must not hold credentials: use the password field")
	}
	if !known {
		return
	}
	for _, s := range kind.Schemes {
		if u.Scheme == s {
			return
		}
	}
	bad.Add("url", "must start with %s:// for kind %q", strings.Join(kind.Schemes, ":// or "), kind.Name)
}

func (w *WebSDR) validateTuning(bad *InvalidError) {
	if w.FrequencyMinHz < 0 || w.FrequencyMaxHz < w.FrequencyMinHz {
		bad.Add("frequency_max_hz", "must not be below frequency_min_hz, and neither below 0")
	}
	if w.SampleRateHz < 0 || w.SampleRateHz > 100_000_000 {
		bad.Add("sample_rate_hz", "must be from 1 to 100000000, or 0 for the default of the kind")
	}
	if !within(w.PassbandLowHz, -5e7, 5e7) || !within(w.PassbandHighHz, -5e7, 5e7) || w.PassbandHighHz < w.PassbandLowHz {
		bad.Add("passband_high_hz", "must be above passband_low_hz (0 and 0 mean the widest)")
	}
	if !within(w.ClockSigmaPPM, 0, 1000) {
		bad.Add("clock_sigma_ppm", "must be from 0 (unknown) to 1000")
	}
	for _, f := range []struct {
		name string
		v    *float64
	}{{"gain_db", w.GainDB}, {"calibration_db", w.CalibrationDB}, {"calibration_sigma_db", w.CalibrationSigma}} {
		if f.v != nil && !within(*f.v, -300, 300) {
			bad.Add(f.name, "must be from -300 to 300, or absent")
		}
	}
}

func kindNames() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// within is false for NaN.
func within(v, low, high float64) bool { return !math.IsNaN(v) && v >= low && v <= high }
