package heimdall

import (
	"math"
	"slices"
)

// Clocks say what carriers tell of the clocks of receivers.
//
// A carrier that is measured off its frequency is off by the error of its transmitter and by that of the receiver's
// clock together. Other receivers of the same carrier share the first but not the second: what is left after taking away
// the median of theirs is mostly the receiver's own. The median, and not the mean, so that one receiver that is far off
// spoils nobody else's.
//
// The surprising part: it takes at least two receivers on a frequency to say anything, and with two only how far apart
// they are. Neither is what a transmitter and all receivers have in common, such as Doppler of a moving transmitter.
type Clocks struct {
	Basis
	Bucket Bucket // of the steps whose means the slope is drawn through
	Clocks []WebSDRClock
}

// A WebSDRClock is what carriers at one frequency tell of one WebSDR's clock. Parts per million are of that frequency.
type WebSDRClock struct {
	WebSDRID    int64
	FrequencyHz int64
	Offset      Stat // Hz, of carriers

	OffsetMeanPPM  *float64
	OffsetStdPPM   *float64 // scatter of the single measurements
	OffsetSigmaPPM *float64 // of the mean, by that scatter, as if measurements were independent; nil of fewer than two

	Others          int64    // other WebSDRs that measured carriers at the frequency
	OthersMedianPPM *float64 // of their means; nil without any
	OwnPPM          *float64 // OffsetMeanPPM - OthersMedianPPM; its sigma is OffsetSigmaPPM, the median taken as exact

	SlopeHzPerDay       *float64 // see DriftSeries
	SlopeSigmaHzPerDay  *float64
	SlopePPMPerDay      *float64
	SlopeSigmaPPMPerDay *float64
}

// Clocks tells the clocks of the WebSDRs of d, in its order, beside the offsets of everybody's carriers in the same range.
func (d Drift) Clocks(everybody Offsets) Clocks {
	out := Clocks{Basis: d.Basis, Bucket: d.Bucket, Clocks: []WebSDRClock{}}
	out.RowsDeleted = d.RowsDeleted || everybody.RowsDeleted
	byFrequency := map[int64][]CarrierOffset{}
	for _, o := range everybody.Offsets {
		if o.Offset.Mean != nil {
			byFrequency[o.FrequencyHz] = append(byFrequency[o.FrequencyHz], o)
		}
	}
	for _, s := range d.Series {
		if s.Offset.Mean != nil {
			out.Clocks = append(out.Clocks, newClock(s, byFrequency[s.FrequencyHz]))
		}
	}
	return out
}

// newClock tells that of s, all being the offsets at its frequency.
func newClock(s DriftSeries, all []CarrierOffset) WebSDRClock {
	ppm := func(hz *float64) *float64 {
		if hz == nil {
			return nil
		}
		return new(*hz / (float64(s.FrequencyHz) / 1e6))
	}
	c := WebSDRClock{
		WebSDRID: s.WebSDRID, FrequencyHz: s.FrequencyHz, Offset: s.Offset,
		OffsetMeanPPM: ppm(s.Offset.Mean), OffsetStdPPM: ppm(s.Offset.Std),
		SlopeHzPerDay: s.SlopeHzPerDay, SlopeSigmaHzPerDay: s.SlopeSigmaHzPerDay,
		SlopePPMPerDay: ppm(s.SlopeHzPerDay), SlopeSigmaPPMPerDay: ppm(s.SlopeSigmaHzPerDay),
	}
	if c.OffsetStdPPM != nil {
		c.OffsetSigmaPPM = new(*c.OffsetStdPPM / math.Sqrt(float64(s.Offset.Count)))
	}
	var others []float64
	for _, o := range all {
		if o.WebSDRID != s.WebSDRID {
			others = append(others, *ppm(o.Offset.Mean))
		}
	}
	if c.Others = int64(len(others)); c.Others > 0 {
		c.OthersMedianPPM = new(median(others))
		c.OwnPPM = new(*c.OffsetMeanPPM - *c.OthersMedianPPM)
	}
	return c
}

// median sorts the values, of which there must be some.
func median(values []float64) float64 {
	slices.Sort(values)
	i := len(values) / 2
	if len(values)%2 == 1 {
		return values[i]
	}
	return (values[i-1] + values[i]) / 2
}
