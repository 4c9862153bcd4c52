package loadtest

import (
	"math"
	"slices"
	"time"
)

// A Latency is the distribution of so many durations, in seconds.
type Latency struct {
	Count int     `json:"count"`
	P50S  float64 `json:"p50_s"`
	P95S  float64 `json:"p95_s"`
	P99S  float64 `json:"p99_s"`
	MaxS  float64 `json:"max_s"`
}

func latencies(list []time.Duration) Latency {
	if len(list) == 0 {
		return Latency{}
	}
	slices.Sort(list)
	return Latency{Count: len(list), P50S: percentile(list, 50), P95S: percentile(list, 95), P99S: percentile(list, 99), MaxS: list[len(list)-1].Seconds()}
}

// percentile is the nearest rank: the least that at least p per cent of the sorted list do not exceed.
func percentile(sorted []time.Duration, p float64) float64 {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1].Seconds()
}
