package export

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// Between chooses the samples whose time lies in [from, to) by the recording's own clock: its true rate, and what
// is missing in its gaps counted. A zero time leaves that end open. What lies beyond the recording is not there to
// be had; a time at which nothing was received is refused.
func Between(from, to time.Time) Option {
	return func(j *job) { j.fromTime, j.toTime, j.timed = from, to, true }
}

// choose turns times into samples, or says what is wrong with them.
func (j *job) choose(bad *heimdall.InvalidError) {
	clock := clockOf(&j.rec)
	first, end := clock.At(0), clock.At(j.rec.SamplesCount)
	field := "from_time"
	if j.fromTime.IsZero() {
		field = "to_time"
	}
	switch {
	case j.sliced:
		bad.Add(field, "cannot be given beside from_sample or samples: choose by time or by sample")
		return
	case j.rec.Start.IsZero() || !(j.rec.SampleRateHz > 0):
		bad.Add(field, "cannot be used because the times of this recording are not known: use from_sample and samples")
		return
	case !j.fromTime.IsZero() && !j.toTime.IsZero() && !j.fromTime.Before(j.toTime):
		bad.Add("to_time", "must lie after from_time")
		return
	case !j.fromTime.IsZero() && !j.fromTime.Before(end):
		bad.Add("from_time", "lies behind the recording, which is %s", span(first, end))
		return
	case !j.toTime.IsZero() && !j.toTime.After(first):
		bad.Add("to_time", "lies before the recording, which is %s", span(first, end))
		return
	}
	to := j.rec.SamplesCount
	if !j.fromTime.IsZero() {
		j.from = sampleAt(clock, j.rec.SamplesCount, j.fromTime)
	}
	if !j.toTime.IsZero() {
		to = sampleAt(clock, j.rec.SamplesCount, j.toTime)
	}
	if j.from >= to {
		bad.Add(field, "has no sample: the nearest are of %s, with a gap between them or the time of one sample",
			span(clock.At(max(to-1, 0)), clock.At(min(to, j.rec.SamplesCount-1))))
		return
	}
	j.samples, j.sliced = to-j.from, true
}

// span names two times.
func span(first, end time.Time) string {
	return "from " + first.UTC().Format(time.RFC3339Nano) + " to " + end.UTC().Format(time.RFC3339Nano)
}

// sampleAt returns the first sample whose time is t or later, as the clock tells it to the nanosecond: of n samples,
// n when there is none. It is found by halving, so that it cannot differ from what the clock says of every sample.
func sampleAt(clock stamp.Clock, n int64, t time.Time) int64 {
	low, high := int64(0), n
	for low < high {
		middle := low + (high-low)/2
		if clock.At(middle).Before(t) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
