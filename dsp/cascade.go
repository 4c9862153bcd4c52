package dsp

import "math"

const (
	shortestLast = 10   // decimation of the last stage: with less, the stages before it would not be flat enough
	besideStopDB = 105  // of the stages before it, where what they fold reaches the last one's transition band
	lastStop     = 0.75 // over the decimation: where the stopband of the last stage begins
	largestSmall = 7    // divisor that gets a stage of its own
)

// designCascade splits a decimation into stages: splines, which are short and have their zeros where it matters, for
// the small divisors (E. B. Hogenauer, IEEE ASSP 29, 1981), and a Kaiser low-pass for the rest, which also undoes
// their droop.
func designCascade(factor int) (taps [][]float64, factors []int) {
	step, droop := 1, 0.0 // the input of a stage, in samples of the record; what it loses, in units of f^2 pi^2/6
	for d := 2; d <= largestSmall; {
		if rest := factor / step; rest%d != 0 || rest/d < shortestLast {
			d++
			continue
		}
		order := splineOrder(d, lastStop*float64(step)/float64(factor))
		taps, factors = append(taps, spline(d, order)), append(factors, d)
		droop += float64(order * (d*d - 1) * step * step)
		step *= d
	}
	rest := factor / step
	last := kaiserLowpass(filterLength(rest), 0.5/float64(rest))
	if step > 1 { // 1 + a (2 pi f step)^2 undoes it
		a := droop / float64(24*step*step)
		last = convolve(last, []float64{-a, 1 + 2*a, -a}, 1)
	}
	return append(taps, last), append(factors, rest)
}

// splineOrder is how many moving averages of d samples keep what decimation by d folds to below edge, in cycles per
// sample, out; so many that their middle is a sample.
func splineOrder(d int, edge float64) int {
	f := 1/float64(d) - edge
	once := -20 * math.Log10(math.Sin(math.Pi*f*float64(d))/(float64(d)*math.Sin(math.Pi*f)))
	order := int(math.Ceil(besideStopDB / once))
	if d%2 == 0 && order%2 == 1 {
		order++
	}
	return order
}

// spline is the moving average of d samples applied order times.
func spline(d, order int) []float64 {
	average := make([]float64, d)
	for k := range average {
		average[k] = 1 / float64(d)
	}
	h := []float64{1}
	for range order {
		h = convolve(h, average, 1)
	}
	return h
}

// convolve is the response of filter a followed by filter b, whose taps are step samples apart.
func convolve(a, b []float64, step int) []float64 {
	out := make([]float64, len(a)+(len(b)-1)*step)
	for j, v := range b {
		for k, u := range a {
			out[k+j*step] += u * v
		}
	}
	return out
}

// energyOfCascade is the power gain of all stages together for white noise.
func energyOfCascade(taps [][]float64, factors []int) (energy float64) {
	whole, step := []float64{1}, 1
	for i, h := range taps {
		whole = convolve(whole, h, step)
		step *= factors[i]
	}
	for _, v := range whole {
		energy += v * v
	}
	return energy
}

// kaiserLowpass designs n taps with the given cut-off in cycles per sample and gain 1 at 0 Hz (Kaiser and Schafer,
// IEEE ASSP 28, 1980).
func kaiserLowpass(n int, cutoff float64) []float64 {
	const beta = 0.1102 * (stopbandDB - 8.7)
	h := make([]float64, n)
	sum, mid := 0.0, float64(n-1)/2
	for k := range h {
		x := float64(k) - mid
		h[k] = 2 * cutoff
		if x != 0 {
			h[k] = math.Sin(2*math.Pi*cutoff*x) / (math.Pi * x)
		}
		if mid > 0 {
			h[k] *= besselI0(beta * math.Sqrt(max(0, 1-(x/mid)*(x/mid))))
		}
		sum += h[k]
	}
	for k := range h {
		h[k] /= sum
	}
	return h
}

// besselI0 is the modified Bessel function of order 0 (Abramowitz and Stegun 9.6.12).
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}
