package dsp

import (
	"fmt"
	"math"

	"github.com/heimdall-sdr/heimdall/iq"
)

// A Config says what a [Meter] is to measure. Only Format and SampleRateHz are needed.
// Frequencies are relative to the tuned frequency, which is 0 Hz of the record.
type Config struct {
	Format       iq.Format
	SampleRateHz float64 // nominal

	ChannelCenterHz    float64
	ChannelBandwidthHz float64 // 0: min(12500, 0.8 SampleRateHz), less where the receive filter is narrower

	PassbandLowHz  float64 // receive filter; 0, 0 when unknown: then +-0.45 SampleRateHz is assumed
	PassbandHighHz float64
	ZeroIF         bool // the local oscillator leaks at 0 Hz: nothing is believed there
	AGC            bool // gain control was on: absolute power means nothing

	ExpectedSamples  int64   // of the whole record; 0 when unknown
	RadioFrequencyHz float64 // what 0 Hz of the record is on the air; 0 when unknown
	ClockSigmaPPM    float64 // one sigma of the receiver's frequency reference; 0 when unknown
}

// An End says what is known only when the record has ended. The zero value is a record without incidents.
type End struct {
	SampleRateHz      float64 // the true rate; 0: the nominal one, also when it is over 5 % off
	ExpectedSamples   int64   // 0: Config's
	GapSamples        int64   // samples that the stream lost
	Gaps              int
	Overloads         int64 // packets in which the receiver's converter overloaded
	TimestampOutliers int64
	RateFitBad        bool
	Calibration       *Calibration // nil: no dBm
}

// A Calibration turns dBFS into dBm by adding DB.
type Calibration struct {
	DB, SigmaDB float64
	Source      string // table or s_meter
}

// A ConfigError names the field of a Config or End that cannot be used, and what to do about it.
type ConfigError struct {
	Field   string
	Problem string
}

func (e *ConfigError) Error() string { return "configure meter: " + e.Field + " " + e.Problem }

func invalid(field, format string, args ...any) error {
	return &ConfigError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// A band is a frequency range in hertz.
type band struct{ low, high float64 }

func (b band) width() float64            { return b.high - b.low }
func (b band) contains(f float64) bool   { return f >= b.low && f <= b.high }
func (b band) intersect(o band) band     { return band{max(b.low, o.low), min(b.high, o.high)} }
func (b band) scale(factor float64) band { return band{b.low * factor, b.high * factor} }

// Validate says whether NewMeter will take the configuration. The error is a *ConfigError.
func (c Config) Validate() error {
	_, err := c.resolve()
	return err
}

// resolve checks the configuration and fills in its defaults.
func (c Config) resolve() (Config, error) {
	if !c.Format.Valid() {
		return c, invalid("Format", "is not a sample format: use one of package iq")
	}
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"SampleRateHz", c.SampleRateHz}, {"ChannelCenterHz", c.ChannelCenterHz}, {"ChannelBandwidthHz", c.ChannelBandwidthHz},
		{"PassbandLowHz", c.PassbandLowHz}, {"PassbandHighHz", c.PassbandHighHz},
		{"RadioFrequencyHz", c.RadioFrequencyHz}, {"ClockSigmaPPM", c.ClockSigmaPPM},
	} {
		if math.IsNaN(f.value) || math.Abs(f.value) > 1e12 {
			return c, invalid(f.name, "is %v: give a finite number below 1e12", f.value)
		}
	}
	if c.SampleRateHz < 1 {
		return c, invalid("SampleRateHz", "is %v: give the receiver's nominal rate, at least 1", c.SampleRateHz)
	}
	if c.ExpectedSamples < 0 {
		return c, invalid("ExpectedSamples", "is %d: give 0 when it is unknown", c.ExpectedSamples)
	}
	if c.ClockSigmaPPM < 0 || c.RadioFrequencyHz < 0 {
		return c, invalid("ClockSigmaPPM", "and RadioFrequencyHz must not be negative: give 0 when unknown")
	}
	return c.resolveBands()
}

// resolveBands fills in passband and channel, and refuses a channel that the record cannot show.
func (c Config) resolveBands() (Config, error) {
	nyquist := c.SampleRateHz / 2
	if c.PassbandLowHz == 0 && c.PassbandHighHz == 0 {
		c.PassbandLowHz, c.PassbandHighHz = -0.9*nyquist, 0.9*nyquist
	}
	if c.PassbandLowHz >= c.PassbandHighHz {
		return c, invalid("PassbandHighHz", "is %v, not above PassbandLowHz %v: give 0, 0 when the receive filter is unknown",
			c.PassbandHighHz, c.PassbandLowHz)
	}
	pass := c.passband().intersect(band{-nyquist, nyquist})
	if pass.width() <= 0 {
		return c, invalid("PassbandLowHz", "%v lies outside +-%v, half the sample rate", c.PassbandLowHz, nyquist)
	}
	c.PassbandLowHz, c.PassbandHighHz = pass.low, pass.high
	if c.ChannelBandwidthHz < 0 {
		return c, invalid("ChannelBandwidthHz", "is %v: give 0 for the default", c.ChannelBandwidthHz)
	}
	if !pass.contains(c.ChannelCenterHz) {
		return c, invalid("ChannelCenterHz", "%v lies outside the receive filter %v..%v Hz: tune nearer or widen the filter",
			c.ChannelCenterHz, pass.low, pass.high)
	}
	if c.ChannelBandwidthHz == 0 {
		room := 2 * min(pass.high-c.ChannelCenterHz, c.ChannelCenterHz-pass.low)
		c.ChannelBandwidthHz = min(12500, 0.8*c.SampleRateHz, room)
	}
	// A tenth of slack: receive filters have skirts and rates are nominal.
	ch, slack := c.channel(), 0.1*c.ChannelBandwidthHz
	if ch.low < -nyquist || ch.high > nyquist || ch.low < pass.low-slack || ch.high > pass.high+slack {
		return c, invalid("ChannelBandwidthHz", "%v reaches beyond the receive filter %v..%v Hz: use at most %v",
			c.ChannelBandwidthHz, pass.low, pass.high, 2*min(pass.high-c.ChannelCenterHz, c.ChannelCenterHz-pass.low))
	}
	if c.ChannelBandwidthHz < 1e-6*c.SampleRateHz {
		return c, invalid("ChannelBandwidthHz", "%v is under a millionth of the sample rate: use a wider channel", c.ChannelBandwidthHz)
	}
	return c, nil
}

func (c Config) passband() band { return band{c.PassbandLowHz, c.PassbandHighHz} }

func (c Config) channel() band {
	return band{c.ChannelCenterHz - c.ChannelBandwidthHz/2, c.ChannelCenterHz + c.ChannelBandwidthHz/2}
}

func (e End) validate() error {
	if math.IsNaN(e.SampleRateHz) || e.SampleRateHz < 0 || e.SampleRateHz > 1e12 {
		return invalid("SampleRateHz", "of the end is %v: give 0 when the true rate is unknown", e.SampleRateHz)
	}
	if c := e.Calibration; c != nil && (math.IsNaN(c.DB+c.SigmaDB) || math.IsInf(c.DB+c.SigmaDB, 0)) {
		return invalid("Calibration", "is not finite: leave it out when there is none")
	}
	return nil
}

// overlaps reports whether b reaches within half of 0 Hz.
func (b band) overlaps(half float64) bool { return b.low < half && b.high > -half }
