// Package stamp turns the time stamps that receivers put on blocks of samples into a clock: the time of
// sample 0, the true sample rate, and every gap, with their uncertainties.
//
// A [Fitter] takes stamps made at the receiver; a [HostFitter] makes do with the times of arrival; [GPSTime]
// reads the week-less seconds that GPS receivers give. The package does no I/O and knows no protocol, and it
// corrects neither propagation nor a receiver's group delay.
//
// The surprising part: stamps lie. The first ones of a connection are stale, single ones are wrong by hours,
// weeks roll over. So the clock is a line through the stamps that agree with each other, a persistent jump by
// whole samples is a gap, and two opposite jumps are an outlier.
package stamp

import (
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Block is the stamp of one block of samples.
type Block struct {
	Sample  int64     // index, among the samples held, of the block's first sample
	At      time.Time // when the receiver says it took that sample
	GPSAgeS int       // seconds since the receiver's last GPS fix
}

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

// At returns the time of a sample, counted among the samples held (gaps add their missing ones), to the
// nearest nanosecond.
func (c Clock) At(sample int64) time.Time {
	n := sample
	for _, g := range c.Gaps {
		if g.Sample > sample {
			break
		}
		n += g.Missing
	}
	return c.Start.Add(durationOf(n, c.RateHz))
}

// SampleAt returns the index of the first sample held at or after t; it is negative before Start. It is the
// inverse of At: SampleAt(At(n)) is n, although At rounds to nanoseconds.
func (c Clock) SampleAt(t time.Time) int64 {
	d := t.Sub(c.Start)
	whole := int64(d / time.Second)
	frac := (d % time.Second).Seconds()
	rounding := 0.6e-9*c.RateHz + 1e-6 // At is off by up to half a nanosecond
	n := int64(math.Ceil(float64(whole)*c.RateHz + frac*c.RateHz - rounding))
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

// Rebase returns the clock of the stream that begins with a sample of this one: sample 0 of the new clock is
// that sample of the old one. Gaps up to and at the cut are behind it and dropped, later ones are shifted.
func (c Clock) Rebase(sample int64) Clock {
	r := c
	r.Start = c.At(sample)
	r.Gaps = nil
	for _, g := range c.Gaps {
		if g.Sample > sample {
			r.Gaps = append(r.Gaps, heimdall.Gap{Sample: g.Sample - sample, Missing: g.Missing})
		}
	}
	if c.StartSigmaS > 0 && c.RateHz > 0 {
		// Start and rate of a fitted line err in opposite directions; taking them as independent is on the
		// safe side for every sample that the fit covers.
		driftS := r.Start.Sub(c.Start).Seconds() * c.RateSigmaHz / c.RateHz
		r.StartSigmaS = math.Hypot(c.StartSigmaS, driftS)
	}
	return r
}

// durationOf is n/rateHz without the loss of a float64 over long times.
func durationOf(n int64, rateHz float64) time.Duration {
	if !(rateHz > 0) {
		return 0
	}
	whole := math.Floor(float64(n) / rateHz)
	if math.Abs(whole) > math.MaxInt64/2e9 {
		return time.Duration(math.Copysign(math.MaxInt64/2, whole)) // a rate that nobody has
	}
	rest := float64(n) - whole*rateHz
	return time.Duration(whole)*time.Second + time.Duration(math.Round(rest/rateHz*1e9))
}
