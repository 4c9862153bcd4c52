package heimdall

import (
	"cmp"
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
	OwnPPM          *float64 // OffsetMeanPPM - OthersMedianPPM
	// One sigma of OwnPPM, by the scatter of this receiver and of those in the middle of the others: as long as receivers
	// differ by more than they scatter, no other moves their median. nil where one of these measured once only.
	OwnSigmaPPM *float64

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
	c.OffsetSigmaPPM = ppm(sigmaOfMean(s.Offset))
	var others []Stat
	for _, o := range all {
		if o.WebSDRID != s.WebSDRID {
			others = append(others, o.Offset)
		}
	}
	if c.Others = int64(len(others)); c.Others > 0 {
		median, sigma := medianOfMeans(others)
		c.OthersMedianPPM = ppm(&median)
		c.OwnPPM = new(*c.OffsetMeanPPM - *c.OthersMedianPPM)
		if sigma != nil && c.OffsetSigmaPPM != nil {
			c.OwnSigmaPPM = new(math.Hypot(*c.OffsetSigmaPPM, *ppm(sigma)))
		}
	}
	return c
}

// sigmaOfMean is that of the mean of s by its scatter, as if its terms were independent; nil of fewer than two.
func sigmaOfMean(s Stat) *float64 {
	if s.Std == nil {
		return nil
	}
	return new(*s.Std / math.Sqrt(float64(s.Count)))
}

// medianOfMeans sorts the list, of which there must be something, and gives the median of the means and its sigma; nil
// when one of the middle of the list does not know its own.
func medianOfMeans(list []Stat) (median float64, sigma *float64) {
	slices.SortFunc(list, func(a, b Stat) int { return cmp.Compare(*a.Mean, *b.Mean) })
	low, high := list[(len(list)-1)/2], list[len(list)/2]
	median = (*low.Mean + *high.Mean) / 2
	lowSigma, highSigma := sigmaOfMean(low), sigmaOfMean(high)
	switch {
	case len(list)%2 == 1:
		return median, lowSigma
	case lowSigma == nil || highSigma == nil:
		return median, nil
	}
	return median, new(math.Hypot(*lowSigma, *highSigma) / 2)
}
