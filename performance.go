package heimdall

import "time"

// A Tally is a group of captures that ended alike, as a rollup keeps them. From Detected on, it is about their
// measurements, so zero for any State but success.
type Tally struct {
	State        State
	FailureClass FailureClass
	Captures     int64
	Attempts     int64 // connections tried, the repeated ones included
	Bytes        int64 // of the recordings' data
	Last         time.Time

	Detected  int64
	RecordedS float64 // sum of samples_count / sample_rate_hz
	SNR       Sums    // dB
	Offset    Sums    // Hz, of carriers only
	Centroids int64   // offsets by the centroid
}

// A Performance says how captures fared.
type Performance struct {
	Captures  int64 // that have ended
	Attempts  int64 // connections tried, the repeated ones included
	Successes int64 // which is also the number of measurements
	Failed    int64
	Cancelled int64
	Failures  map[FailureClass]int64 // of Failed, by class; "" where none is known

	SuccessShare  *float64 // of those not cancelled
	Detected      int64
	DetectedShare *float64 // of Successes
	SNR           Stat     // dB
	Offset        Stat     // Hz, of carriers; over several frequencies it mixes what each of them is off
	Centroids     int64    // offsets by the centroid, which are not in Offset
	RecordedS     float64  // seconds of IQ
	Bytes         int64    // of the recordings' data
	LastSuccess   time.Time
}

// NewPerformance is what the tallies amount to.
func NewPerformance(tallies []Tally) Performance {
	p := Performance{Failures: map[FailureClass]int64{}}
	var snr, offset Sums
	for _, t := range tallies {
		p.Captures += t.Captures
		p.Attempts += t.Attempts
		p.Bytes += t.Bytes
		switch t.State {
		case Success:
			p.Successes += t.Captures
			if t.Last.After(p.LastSuccess) {
				p.LastSuccess = t.Last
			}
		case Failed:
			p.Failed += t.Captures
			p.Failures[t.FailureClass] += t.Captures
		case Cancelled:
			p.Cancelled += t.Captures
		}
		p.Detected += t.Detected
		p.RecordedS += t.RecordedS
		p.Centroids += t.Centroids
		snr.Add(t.SNR)
		offset.Add(t.Offset)
	}
	p.SNR, p.Offset = snr.Stat(), offset.Stat()
	p.SuccessShare, p.DetectedShare = Share(p.Successes, p.Successes+p.Failed), Share(p.Detected, p.Successes)
	return p
}

// Share is part / whole, or nil when there is no whole.
func Share(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}

// A PerformanceReport says how captures fared, by WebSDR in order of id and by label in order of its bytes.
// Acquisitions of one label belong together; those without have the label "".
type PerformanceReport struct {
	Basis
	WebSDRs []WebSDRPerformance
	Labels  []LabelPerformance
}

// A WebSDRPerformance is that of one WebSDR.
type WebSDRPerformance struct {
	WebSDRID int64
	Performance
}

// A LabelPerformance is that of the acquisitions of one label.
type LabelPerformance struct {
	Label string
	Performance
}
