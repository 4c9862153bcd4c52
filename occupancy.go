package heimdall

import (
	"math"
	"time"
)

// An Occupancy says how often something was heard on each frequency that was measured: the share of the measurements
// that detected a signal in their channel (see Metrics.Detected), in order of frequency. It is the frequency channel
// occupancy of ITU-R SM.1880 where measurements are its revisits, with the detection of package dsp as its threshold.
//
// That is what stored metrics can say, and no more: of a frequency that nobody measured there is nothing; a measurement
// counts once, however long it lasted and whatever part of it the signal was on; and how much of the time a channel was
// in use follows only when measurements did not choose their time by the signal.
type Occupancy struct {
	Basis
	Bucket   Bucket
	Channels []OccupancyChannel
}

// An OccupancyChannel is one frequency.
type OccupancyChannel struct {
	FrequencyHz int64
	Occupied    // over the whole range
	Points      []OccupancyPoint
}

// An OccupancyPoint is one bucket; one without measurements has no point.
type OccupancyPoint struct {
	Start time.Time // of the bucket, also where the range begins later
	Occupied
}

// An Occupied is how many of so many measurements detected a signal.
type Occupied struct {
	Measurements, Detected int64
	Share                  *float64 // Detected of Measurements; nil without any
	// The share behind it lies between these with a confidence of 95 percent (E. B. Wilson, JASA 22, 1927), were the
	// measurements independent. Receivers that measure the same moment are not: ask for one of them to be sure.
	Low, High *float64
}

// NewOccupied is detected of so many measurements.
func NewOccupied(measurements, detected int64) Occupied {
	o := Occupied{Measurements: measurements, Detected: detected, Share: Share(detected, measurements)}
	if measurements == 0 {
		return o
	}
	const z = 1.959963984540054 // of 97.5 percent of the normal distribution
	n, p := float64(measurements), *o.Share
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	o.Low, o.High = new(max(0, middle-half)), new(min(1, middle+half))
	if detected == 0 { // what rounding leaves
		o.Low = new(0.0)
	}
	if detected == measurements {
		o.High = new(1.0)
	}
	return o
}

// Add adds the next bucket of a frequency, frequencies and their buckets coming in order.
func (o *Occupancy) Add(frequencyHz int64, start time.Time, measurements, detected int64) {
	if n := len(o.Channels); n == 0 || o.Channels[n-1].FrequencyHz != frequencyHz {
		o.Channels = append(o.Channels, OccupancyChannel{FrequencyHz: frequencyHz})
	}
	c := &o.Channels[len(o.Channels)-1]
	c.Occupied = NewOccupied(c.Measurements+measurements, c.Detected+detected)
	c.Points = append(c.Points, OccupancyPoint{start, NewOccupied(measurements, detected)})
}
