package heimdall

import (
	"math"
	"time"
)

// A Drift is how the frequencies of carriers went, one series per WebSDR and frequency, in this order. Offsets by
// other methods, such as centroids, measure another thing and are left out.
type Drift struct {
	Basis
	Bucket Bucket
	Series []DriftSeries
}

// A DriftSeries is one WebSDR at one frequency. Where there is no carrier, there is no series.
type DriftSeries struct {
	WebSDRID    int64
	FrequencyHz int64
	Offset      Stat // Hz, over the whole range
	// The straight line through the means of the buckets at the middles of the buckets, by least squares weighted
	// with their counts; nil with fewer than two buckets. Its sigma comes from what the line leaves over, so it
	// is nil with fewer than three.
	SlopeHzPerDay      *float64
	SlopeSigmaHzPerDay *float64
	Points             []DriftPoint
}

// A DriftPoint is one bucket of a series; one without carriers has no point.
type DriftPoint struct {
	Start  time.Time // of the bucket, also where the range begins later
	Offset Stat      // Hz
}

// Offsets are those of carriers over a whole range, in order of WebSDR, then frequency.
type Offsets struct {
	Basis
	Offsets []CarrierOffset
}

// A CarrierOffset is what one WebSDR measured of carriers at one frequency.
type CarrierOffset struct {
	WebSDRID    int64
	FrequencyHz int64
	Offset      Stat // Hz
}

// NewDriftSeries is the series of the buckets that begin at starts, in order, and have these sums, none empty. It
// keeps neither slice.
func NewDriftSeries(websdrID, frequencyHz int64, starts []time.Time, offsets []Sums) DriftSeries {
	s := DriftSeries{WebSDRID: websdrID, FrequencyHz: frequencyHz}
	var all Sums
	var days, means, weights []float64
	for i, o := range offsets {
		all.Add(o)
		s.Points = append(s.Points, DriftPoint{Start: starts[i], Offset: o.Stat()})
		days = append(days, starts[i].Sub(starts[0]).Hours()/24) // all middles are half a bucket later
		means = append(means, o.Sum/float64(o.Count))
		weights = append(weights, float64(o.Count))
	}
	s.Offset = all.Stat()
	s.SlopeHzPerDay, s.SlopeSigmaHzPerDay = slope(days, means, weights)
	return s
}

// slope is that of the weighted line through (x, y), and its standard error from the residuals.
func slope(x, y, w []float64) (slope, sigma *float64) {
	if len(x) < 2 {
		return nil, nil
	}
	var sw, sx, sy float64
	for i := range x {
		sw, sx, sy = sw+w[i], sx+w[i]*x[i], sy+w[i]*y[i]
	}
	mx, my := sx/sw, sy/sw
	var sxx, sxy float64
	for i := range x {
		sxx += w[i] * (x[i] - mx) * (x[i] - mx)
		sxy += w[i] * (x[i] - mx) * (y[i] - my)
	}
	k := sxy / sxx
	if len(x) < 3 {
		return &k, nil
	}
	var left float64
	for i := range x {
		r := y[i] - my - k*(x[i]-mx)
		left += w[i] * r * r
	}
	return &k, new(math.Sqrt(left / float64(len(x)-2) / sxx))
}
