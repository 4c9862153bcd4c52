// Package stamp turns the time stamps that receivers put on blocks of samples into a clock: the time of
// sample 0, the true sample rate, and every gap, with their uncertainties.
//
// Stamps lie: the first ones of a connection are stale, single ones are wrong by hours, weeks roll over. So
// the clock is a robust line through all of them, a persistent jump by whole samples is a gap, and two
// opposite jumps are an outlier.
package stamp

import (
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Clock maps the index of a sample to UTC.
type Clock struct {
	Start        time.Time            // time of sample 0
	RateHz       float64              // true sample rate, as well as known
	Quality      heimdall.TimeQuality // where the times come from
	StartSigmaS  float64              // one sigma of Start in seconds; 0 when unknown
	RateSigmaHz  float64              // one sigma of RateHz; 0 when unknown
	ResidualRMSS float64              // rms of the stamps about the line; 0 without stamps
	Blocks       int64                // stamps used
	Outliers     int64                // stamps set aside as wrong
	GPSAgeMaxS   int                  // oldest GPS fix behind any stamp used; -1 without GPS
	Gaps         []heimdall.Gap       // runs of samples lost, in order
}

// At returns the time of a sample, counted among the samples held (gaps add their missing ones).
func (c *Clock) At(sample int64) time.Time {
	n := sample
	for _, g := range c.Gaps {
		if g.Sample > sample {
			break
		}
		n += g.Missing
	}
	return c.Start.Add(durationOf(n, c.RateHz))
}

// SampleAt returns the index of the first sample held at or after t; it is negative before Start.
func (c *Clock) SampleAt(t time.Time) int64 {
	d := t.Sub(c.Start)
	whole := int64(d / time.Second)
	frac := (d % time.Second).Seconds()
	n := int64(math.Ceil(float64(whole)*c.RateHz + frac*c.RateHz - 1e-6))
	var missing int64
	for _, g := range c.Gaps {
		switch {
		case n >= g.Sample+missing+g.Missing:
			missing += g.Missing
		case n >= g.Sample+missing:
			return g.Sample // t falls into the gap
		}
	}
	return n - missing
}

// durationOf is n/rateHz without the loss of a float64 over long times.
func durationOf(n int64, rateHz float64) time.Duration {
	if rateHz <= 0 {
		return 0
	}
	whole := math.Floor(float64(n) / rateHz)
	rest := float64(n) - whole*rateHz
	return time.Duration(whole)*time.Second + time.Duration(math.Round(rest/rateHz*1e9))
}
