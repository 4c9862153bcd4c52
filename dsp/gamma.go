package dsp

import "math"

// Noise bins averaged K times are distributed as Gamma(K)/K. These are the functions of that distribution.

// gammaPQ returns the regularised incomplete gamma functions P(a,x) and Q(a,x) = 1-P(a,x), the smaller one
// computed directly: series below a+1, Lentz's continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31).
func gammaPQ(a, x float64) (p, q float64) {
	if x <= 0 {
		return 0, 1
	}
	front := math.Exp(logGammaDensity(a, x)) // x^a e^-x / Gamma(a+1)
	steps := 500 + int(20*math.Sqrt(a))
	if x < a+1 {
		sum, term := 1.0, 1.0
		for n := 1; n < steps; n++ {
			term *= x / (a + float64(n))
			sum += term
			if term < sum*1e-16 {
				break
			}
		}
		p = min(front*sum, 1)
		return p, 1 - p
	}
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for n := 1; n < steps; n++ {
		an := -float64(n) * (float64(n) - a)
		b += 2
		d = an*d + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		c = b + an/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		h *= d * c
		if math.Abs(d*c-1) < 1e-15 {
			break
		}
	}
	q = min(front*a*h, 1)
	return 1 - q, q
}

// logGammaDensity is ln(x^a e^-x / Gamma(a+1)), without the cancellation that a ln x - x - lnGamma suffers for large a.
func logGammaDensity(a, x float64) float64 {
	if a < 100 {
		lg, _ := math.Lgamma(a + 1)
		return a*math.Log(x) - x - lg
	}
	// Stirling: lnGamma(a+1) = a ln a - a + ln(2 pi a)/2 + 1/(12 a) - 1/(360 a^3) + ...
	u := (x - a) / a
	return a*(math.Log1p(u)-u) - 0.5*math.Log(2*math.Pi*a) - 1/(12*a) + 1/(360*a*a*a)
}

// meanGammaQuantile is the value that Gamma(k)/k exceeds with probability upper.
func meanGammaQuantile(k, upper float64) float64 {
	if k <= 0 {
		return 0
	}
	upper = min(max(upper, 1e-300), 1-1e-16)
	if k == 1 {
		return -math.Log(upper)
	}
	// Wilson and Hilferty's start, then bisection-guarded Newton steps on the logarithm of the smaller tail.
	c := 1 / (9 * k)
	x := k * math.Pow(max(1-c+normalQuantile(upper)*math.Sqrt(c), 1e-3), 3)
	low, high := 0.0, math.Inf(1)
	for range 60 {
		p, q := gammaPQ(k, x)
		var miss float64 // positive when x is too small
		var slope float64
		density := math.Exp(logGammaDensity(k, x)) * k / x
		if upper < 0.5 {
			miss, slope = math.Log(q/upper), density/q
		} else {
			miss, slope = math.Log((1-upper)/p), density/p
		}
		if miss > 0 {
			low = x
		} else {
			high = x
		}
		next := x + miss/slope
		if !(next > low && next < high) { // also when it is NaN
			if next = (low + high) / 2; math.IsInf(high, 1) {
				next = 2*x + 1
			}
		}
		if math.Abs(next-x) <= 1e-13*x {
			x = next
			break
		}
		x = next
	}
	return x / k
}

// truncatedGammaMean is the mean of Gamma(k)/k given that it is below t.
func truncatedGammaMean(k, t float64) float64 {
	p, _ := gammaPQ(k, k*t)
	if p <= 0 {
		return t
	}
	// P(k+1, x) = P(k, x) - x^k e^-x / Gamma(k+1)
	return 1 - math.Exp(logGammaDensity(k, k*t))/p
}

// normalQuantile is the value that a standard normal variable exceeds with probability upper.
func normalQuantile(upper float64) float64 {
	if upper > 0.5 {
		return -normalQuantile(1 - upper)
	}
	// math.Erfcinv loses the far tail, so take Newton steps on the logarithm of the tail from an upper bound.
	z := math.Sqrt(-2 * math.Log(2*upper))
	for range 20 {
		q := 0.5 * math.Erfc(z/math.Sqrt2)
		density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		step := math.Log(q/upper) * q / density
		z += step
		if math.Abs(step) < 1e-13 {
			break
		}
	}
	return z
}

// digamma is the logarithmic derivative of the gamma function (Abramowitz and Stegun 6.3.5, 6.3.18).
func digamma(x float64) float64 {
	var shift float64
	for x < 10 {
		shift -= 1 / x
		x++
	}
	r := 1 / (x * x)
	return shift + math.Log(x) - 0.5/x - r*(1.0/12-r*(1.0/120-r*(1.0/252-r/240)))
}
