package simnet

import "math"

// A filter is a symmetric low-pass FIR, kept as its middle tap and one wing.
type filter []float64

// Receive filters are designed for 80 dB of stop-band attenuation; the transition is 0.0098 of the rate wide,
// 234 Hz of a KiwiSDR's.
const (
	filterReach = 256 // taps to either side of the middle
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

// at returns the filter's output centred on sample i. The order of summing is fixed, so that a sample never
// depends on where a block began.
func (h filter) at(re, im []float64, i int) (outRe, outIm float64) {
	n := len(h) - 1
	wing := h[1:]
	rr, ri := re[i+1:i+1+n], im[i+1:i+1+n]
	lr, li := re[i-n:i], im[i-n:i]
	var a, b, c, d float64 // two sums each: additions wait for one another
	for j := 0; j+1 < len(wing) && j+1 < len(rr) && j+1 < len(ri); j += 2 {
		k := n - 1 - j
		if uint(k) >= uint(len(lr)) || uint(k) >= uint(len(li)) || k < 1 {
			break // never: it spares the checks below
		}
		a += wing[j] * (rr[j] + lr[k])
		b += wing[j] * (ri[j] + li[k])
		c += wing[j+1] * (rr[j+1] + lr[k-1])
		d += wing[j+1] * (ri[j+1] + li[k-1])
	}
	return h[0]*re[i] + (a + c), h[0]*im[i] + (b + d)
}

// gain is the filter's response at f cycles a sample.
func (h filter) gain(f float64) float64 {
	sum := h[0]
	for i := 1; i < len(h); i++ {
		sum += 2 * h[i] * math.Cos(2*math.Pi*f*float64(i))
	}
	return sum
}
