package stamp

import (
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// hostSigmaS is the least uncertainty of a time of arrival. The earliest packet still carries the delay of
// the path and of the buffers at both ends, which nothing in the stream reveals: a few milliseconds on a LAN,
// tens over the Internet, more in the receiver. NTP and USB buffers alone cost 1 to 10 ms, so a smaller figure
// would claim what cannot be known.
const hostSigmaS = 0.010

// lossMinSpan is how long arrivals must be watched before their rate says anything.
const lossMinSpan = 2 * time.Second

const maxBuckets = 64

// A HostFitter times samples by their arrival, for receivers that stamp nothing: samples cannot arrive before
// they were taken, so the earliest arrival, carried back at the nominal rate, is closest to the truth. The
// result is late by the smallest delay of the path, and never early.
//
// Memory is bounded: it keeps the least lateness of up to 64 stretches of time.
type HostFitter struct {
	nominalHz float64
	origin    time.Time // of the first arrival; lateness is counted from it
	width     time.Duration
	buckets   []bucket
	arrivals  int64
	missing   int64
	gaps      []heimdall.Gap
}

// A bucket is the packet that was least late in one stretch of time.
type bucket struct {
	atS   float64 // arrival, seconds after origin
	lateS float64 // origin-based time of sample 0 that this arrival implies
}

// NewHostFitter returns a fitter of samples that come at nominalRateHz.
func NewHostFitter(nominalRateHz float64) *HostFitter {
	return &HostFitter{nominalHz: nominalRateHz, width: 250 * time.Millisecond}
}

// Add notes that, at the time at, samples had arrived in all, not counting those reported as Lost. Times must
// not run backwards: take them from a clock with a monotonic reading, such as time.Now.
func (f *HostFitter) Add(samples int64, at time.Time) {
	if !(f.nominalHz > 0) {
		return
	}
	if f.arrivals == 0 {
		f.origin = at
	}
	f.arrivals++
	atS := at.Sub(f.origin).Seconds()
	b := bucket{atS: atS, lateS: atS - float64(samples+f.missing)/f.nominalHz}
	last := len(f.buckets) - 1
	switch {
	case last >= 0 && f.index(b) <= f.index(f.buckets[last]):
		if b.lateS < f.buckets[last].lateS {
			f.buckets[last] = b
		}
	default:
		f.buckets = append(f.buckets, b)
		for len(f.buckets) > maxBuckets {
			f.widen()
		}
	}
}

// Lost notes that missing samples were lost before the sample with that index, as sequence numbers tell.
func (f *HostFitter) Lost(sample, missing int64) {
	if missing <= 0 {
		return
	}
	f.missing += missing
	f.gaps = append(f.gaps, heimdall.Gap{Sample: sample, Missing: missing})
}

// Clock returns the clock as well as it is known now: quality TimeHostArrival, or TimeNone before the first
// Add.
func (f *HostFitter) Clock() Clock {
	c := Clock{RateHz: f.nominalHz, Quality: heimdall.TimeNone, GPSAgeMaxS: -1, Gaps: append([]heimdall.Gap(nil), f.gaps...)}
	if len(f.buckets) == 0 {
		return c
	}
	least := math.Inf(1)
	for _, b := range f.buckets {
		least = min(least, b.lateS)
	}
	var sum float64
	for _, b := range f.buckets {
		sum += (b.lateS - least) * (b.lateS - least)
	}
	// What the stretches disagree by is congestion, a wrong nominal rate or loss: uncertainty in any case.
	spreadS := math.Sqrt(sum / float64(len(f.buckets)))
	c.Quality = heimdall.TimeHostArrival
	c.Blocks = f.arrivals
	c.Start = f.origin.UTC().Round(0).Add(time.Duration(math.Round(least * 1e9)))
	c.StartSigmaS = math.Hypot(hostSigmaS, spreadS)
	c.ResidualRMSS = spreadS
	return c
}

// RateRatio returns the received rate over the nominal one, and whether at least 2 s were watched, so that
// it means something. It compares the least late packets of each stretch of time, so that congestion which
// passes does not count.
func (f *HostFitter) RateRatio() (ratio float64, known bool) {
	n := len(f.buckets)
	if n < 4 || f.buckets[n-1].atS-f.buckets[0].atS < lossMinSpan.Seconds() {
		return 1, false
	}
	var mx, my, sxx, sxy float64
	for i, b := range f.buckets {
		k := float64(i + 1)
		dx, dy := b.atS-mx, b.lateS-my
		mx += dx / k
		my += dy / k
		sxx += dx * (b.atS - mx)
		sxy += dx * (b.lateS - my)
	}
	if sxx <= 0 {
		return 1, false
	}
	return 1 - sxy/sxx, true
}

// Lossy reports that the received rate has been more than 1 % off the nominal one for at least 2 s: samples
// are being lost, or the receiver does not run at the rate it claims.
func (f *HostFitter) Lossy() bool {
	ratio, known := f.RateRatio()
	return known && math.Abs(ratio-1) > 0.01
}

func (f *HostFitter) index(b bucket) int64 { return int64(b.atS / f.width.Seconds()) }

// widen doubles the stretches and keeps the least late packet of each.
func (f *HostFitter) widen() {
	f.width *= 2
	kept := f.buckets[:0]
	for _, b := range f.buckets {
		if last := len(kept) - 1; last >= 0 && f.index(kept[last]) == f.index(b) {
			if b.lateS < kept[last].lateS {
				kept[last] = b
			}
			continue
		}
		kept = append(kept, b)
	}
	f.buckets = kept
}
