package simnet

import "math"

// A filter is a symmetric low-pass FIR, kept as its middle tap and one wing.
type filter []float64

// Receive filters are designed for 80 dB of stop-band attenuation; the transition is 0.0195 of the rate wide.
const (
	filterReach = 128 // taps to either side of the middle
	filterBeta  = 7.857
)

// newFilter passes |f| < cut, in cycles a sample; the gain at cut is one half.
func newFilter(cut float64) filter {
	h := make(filter, filterReach+1)
	sum := 0.0
	for i := range h {
		x := float64(i)
		h[i] = 2 * cut * sinc(2*cut*x) * kaiser(x/(filterReach+1), filterBeta)
		sum += 2 * h[i]
	}
	sum -= h[0]
	for i := range h {
		h[i] /= sum
	}
	return h
}

// at returns the filter's output centred on x[i]. The order of summing is fixed, so that a sample never
// depends on where a block began.
func (h filter) at(x []float64, i int) float64 {
	n := len(h) - 1
	right := x[i+1 : i+1+n]
	left := x[i-n : i]
	wing := h[1:]
	wing = wing[:len(right)]
	left = left[:len(right)]
	var even, odd float64
	for j := 0; j+1 < len(right); j += 2 {
		even += wing[j] * (right[j] + left[n-1-j])
		odd += wing[j+1] * (right[j+1] + left[n-2-j])
	}
	return h[0]*x[i] + (even + odd)
}

// gain is the filter's response at f cycles a sample.
func (h filter) gain(f float64) float64 {
	sum := h[0]
	for i := 1; i < len(h); i++ {
		sum += 2 * h[i] * math.Cos(2*math.Pi*f*float64(i))
	}
	return sum
}
