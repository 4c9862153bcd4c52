package simnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"

	"github.com/heimdall-sdr/heimdall"
)

// A Scenario is a world and how it is served: what a scenario file holds.
type Scenario struct {
	World
	Speed  float64 `json:"speed,omitempty"`  // seconds of the world in one of ours; 0 means 1
	Rewind bool    `json:"rewind,omitempty"` // every connection begins at the epoch: the same request gives the same bytes
}

// LoadScenario reads a scenario file (JSON) and validates it. Unknown fields are errors: a misspelt fault
// would otherwise go unnoticed.
func LoadScenario(r io.Reader) (*Scenario, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var s Scenario
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read scenario: there is more after the end of the object: a scenario file holds one")
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("check scenario: %w", err)
	}
	return &s, nil
}

// Validate reports everything wrong with s as one *heimdall.InvalidError.
func (s *Scenario) Validate() error {
	var bad heimdall.InvalidError
	if !(s.Speed >= 0 && s.Speed <= 1e6) {
		bad.Add("speed", "must be from 0 (real time) to 1e6")
	}
	if !s.Epoch.IsZero() && s.Epoch.Before(gpsEpoch) {
		bad.Add("epoch", "must not lie before GPS time, 1980-01-06T00:00:00Z")
	}
	names := make(map[string]bool)
	for i := range s.Emitters {
		s.Emitters[i].validate(&bad, fmt.Sprintf("emitters[%d]", i))
		if names[s.Emitters[i].Name] {
			bad.Add(fmt.Sprintf("emitters[%d].name", i), "%q is taken: names must differ", s.Emitters[i].Name)
		}
		names[s.Emitters[i].Name] = true
	}
	if len(s.Receivers) == 0 {
		bad.Add("receivers", "must hold at least one receiver")
	}
	taken := make(map[string]bool)
	for i := range s.Receivers {
		r := &s.Receivers[i]
		field := fmt.Sprintf("receivers[%d]", i)
		r.validate(&bad, field)
		if taken[r.Name] {
			bad.Add(field+".name", "%q is taken: names must differ", r.Name)
		}
		taken[r.Name] = true
		for name := range r.ExtraLossDB {
			if !names[name] {
				bad.Add(field+".extra_loss_db", "names %q, which is no emitter of this scenario", name)
			}
		}
	}
	return bad.Err()
}

func (e *Emitter) validate(bad *heimdall.InvalidError, field string) {
	if e.Name == "" {
		bad.Add(field+".name", "must not be empty")
	}
	if e.Modulation != "" && !slices.Contains(modulations, e.Modulation) {
		bad.Add(field+".modulation", "%q is not known: use one of %v", e.Modulation, modulations)
	}
	e.Position.validate(bad, field)
	check := func(name string, v, low, high float64) { inRange(bad, field+"."+name, v, low, high) }
	check("frequency_hz", e.FrequencyHz, 1, heimdall.MaxFrequencyHz)
	check("power_dbm", e.PowerDBM, -300, 100)
	check("deviation_hz", e.DeviationHz, 0, 1e5)
	check("depth", e.Depth, 0, 1)
	check("symbol_hz", e.SymbolHz, 0, 1e6)
	check("bandwidth_hz", e.BandwidthHz, 0, 1e6)
}

func (r *Receiver) validate(bad *heimdall.InvalidError, field string) {
	if r.Name == "" || len(r.Name) > 100 {
		bad.Add(field+".name", "must have 1 to 100 characters")
	}
	if !slices.Contains([]string{kindKiwi, kindRTL, kindHTTP}, r.Kind) {
		bad.Add(field+".kind", "%q cannot be simulated: use kiwisdr, rtl_tcp or http_iq", r.Kind)
	}
	r.Position.validate(bad, field)
	if r.Listen != "" {
		if _, _, err := net.SplitHostPort(r.Listen); err != nil {
			bad.Add(field+".listen", "must be host:port such as 127.0.0.1:8073, or empty for any free port")
		}
	}
	if r.FrequencyMinHz < 0 || r.FrequencyMaxHz < r.FrequencyMinHz {
		bad.Add(field+".frequency_max_hz", "must not be below frequency_min_hz, and neither below 0")
	}
	if r.PassbandHighHz < r.PassbandLowHz {
		bad.Add(field+".passband_high_hz", "must be above passband_low_hz (0 and 0 mean none)")
	}
	check := func(name string, v, low, high float64) { inRange(bad, field+"."+name, v, low, high) }
	check("noise_dbm_hz", r.NoiseDBMHz, -250, 0)
	check("clock_ppm", r.ClockPPM, -1000, 1000)
	check("converter_ppm", r.ConverterPPM, -1000, 1000)
	check("passband_low_hz", r.PassbandLowHz, -5e6, 5e6)
	check("passband_high_hz", r.PassbandHighHz, -5e6, 5e6)
	check("full_scale_dbm", r.FullScaleDBM, -200, 100)
	check("stamp_jitter_s", r.StampJitterS, 0, 1)
	check("channels", float64(r.Channels), 0, 1000)
	check("loop_s", r.LoopS, 0, 60)
	if r.LoopS != 0 && r.Kind != kindKiwi {
		bad.Add(field+".loop_s", "is known to kiwisdr only")
	}
	if r.RateHz != 0 {
		check("rate_hz", float64(r.RateHz), httpMinRateHz, 3_200_000)
	}
	if r.GainDB != nil {
		check("gain_db", *r.GainDB, 0, 120)
	}
	if r.SMeterCalDB != nil {
		check("s_meter_cal_db", *r.SMeterCalDB, -100, 100)
	}
	for name, loss := range r.ExtraLossDB {
		check("extra_loss_db."+name, loss, -200, 500)
	}
	for i := range r.Faults {
		r.Faults[i].validate(bad, fmt.Sprintf("%s.faults[%d]", field, i))
	}
}

func (p Position) validate(bad *heimdall.InvalidError, field string) {
	inRange(bad, field+".latitude", p.LatitudeDeg, -90, 90)
	inRange(bad, field+".longitude", p.LongitudeDeg, -180, 180)
	inRange(bad, field+".altitude_m", p.AltitudeM, -500, 100_000)
}

// inRange refuses NaN, too.
func inRange(bad *heimdall.InvalidError, field string, v, low, high float64) {
	if math.IsNaN(v) || v < low || v > high {
		bad.Add(field, "must be from %g to %g, not %g", low, high, v)
	}
}
