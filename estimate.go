package heimdall

import (
	"math"
	"time"
)

// EstimateBytes is about how much a WebSDR's part of an acquisition will hold, going by how its last recording was
// stored: bytes for each sample, and where neither the request (rateHz) nor its settings name a rate, the rate that it
// claimed then. It is false without a recording to go by, since nothing is known before the receiver answers.
func EstimateBytes(w WebSDR, last *Recording, d time.Duration, rateHz int64) (bytes int64, known bool) {
	if last == nil || last.SamplesCount <= 0 {
		return 0, false
	}
	rate := last.NominalRateHz
	switch {
	case rateHz > 0:
		rate = float64(rateHz)
	case w.SampleRateHz > 0:
		rate = float64(w.SampleRateHz)
	}
	perSample := float64(last.Bytes) / float64(last.SamplesCount)
	return int64(math.Round(perSample * rate * d.Seconds())), true
}
