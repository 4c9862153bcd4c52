package siggen

import (
	"math"
	"math/cmplx"
)

// ft8 is the GFSK of FT8: 79 symbols of 8 tones 6.25 Hz apart at 6.25 baud, BT = 2, with three Costas arrays.
func (s Signal) ft8(rateHz float64, n int, data Source) []complex128 {
	const baud, symbols = 6.25, 79
	start := 0.5
	if s.StartS != nil {
		start = *s.StartS
	}
	var tone [symbols]float64
	for k := range tone {
		tone[k] = float64(data.Word(uint64(k)) >> 61)
	}
	for _, at := range []int{0, 36, 72} {
		for k, v := range []float64{3, 1, 4, 0, 6, 5, 2} {
			tone[at+k] = v
		}
	}
	c := math.Pi * math.Sqrt(2/math.Ln2) * 2
	x := make([]complex128, n)
	sum := 0.0
	for k := range x {
		tau := (float64(k)/rateHz - start) * baud
		deviation := 0.0
		for i := max(0, int(tau)-2); i <= min(symbols-1, int(tau)+2); i++ {
			if u := tau - float64(i) - 0.5; u >= -1.5 && u < 1.5 {
				deviation += tone[i] * baud * 0.5 * (math.Erf(c*(u+0.5)) - math.Erf(c*(u-0.5)))
			}
		}
		sum += deviation
		on := min(max(min(tau, symbols-tau)*8, 0), 1)
		x[k] = cmplx.Rect(0.5-0.5*math.Cos(math.Pi*on), 2*math.Pi*sum/rateHz)
	}
	return x
}

// ook keys the carrier by random bits, in bursts if asked.
func (s Signal) ook(rateHz float64, n int, data Source) []complex128 {
	bit := or(s.BitS, 1e-3)
	bits := int(math.Ceil(float64(n)/rateHz/bit)) + 1
	e := make([]complex128, n)
	for k := range e {
		i := min(int(float64(k)/rateHz/bit), bits-1)
		on := data.Uniform(uint64(i)) < or(s.Duty, 0.3)
		if s.BurstS > 0 {
			on = on && math.Mod(float64(i)*bit, s.PeriodS) < s.BurstS
		}
		if on {
			e[k] = 1
		}
	}
	rise := bit / 10
	if s.RiseS != nil {
		rise = *s.RiseS
	}
	if r := int(rise * rateHz); r > 1 {
		e = convolveSame(e, raisedCosine(r))
	}
	return e
}

// cw keys the carrier by random dits with soft edges of 5 ms.
func (s Signal) cw(rateHz float64, n int, data Source) []complex128 {
	dit := 1.2 / or(s.WPM, 20)
	dits := int(math.Ceil(float64(n)/rateHz/dit)) + 1
	e := make([]complex128, n)
	for k := range e {
		if data.Uniform(uint64(min(int(float64(k)/rateHz/dit), dits-1))) < 0.45 {
			e[k] = 1
		}
	}
	return convolveSame(e, raisedCosine(max(2, int(0.005*rateHz))))
}

// raisedCosine is a pulse of n samples and sum 1.
func raisedCosine(n int) []float64 {
	h := make([]float64, n)
	sum := 0.0
	for k := range h {
		h[k] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(k)+0.5)/float64(n))
		sum += h[k]
	}
	for k := range h {
		h[k] /= sum
	}
	return h
}

// psk is BPSK or QPSK with root-raised-cosine pulses cut off 8 symbols away.
func (s Signal) psk(rateHz float64, n int, data Source) []complex128 {
	rate, beta := or(s.SymbolRate, 2400), or(s.Rolloff, 0.35)
	symbol := func(i int) complex128 {
		w := data.Word(uint64(i)) >> 62
		if s.Kind == "qpsk" {
			return cmplx.Rect(1, math.Pi/4+math.Pi/2*float64(w))
		}
		return complex(2*float64(w&1)-1, 0)
	}
	symbols := make([]complex128, int(math.Ceil(float64(n)/rateHz*rate))+20)
	for i := range symbols {
		symbols[i] = symbol(i)
	}
	x := make([]complex128, n)
	for k := range x {
		tau := float64(k) / rateHz * rate
		first := int(math.Floor(tau))
		for d := -7; d < 9; d++ {
			x[k] += symbols[first+d+8] * complex(rootRaisedCosine(tau-float64(first+d), beta), 0)
		}
	}
	return x
}

func rootRaisedCosine(u, beta float64) float64 {
	switch {
	case math.Abs(u) < 1e-9:
		return 1 - beta + 4*beta/math.Pi
	case math.Abs(math.Abs(4*beta*u)-1) < 1e-7:
		x := math.Pi / (4 * beta)
		return beta / math.Sqrt2 * ((1+2/math.Pi)*math.Sin(x) + (1-2/math.Pi)*math.Cos(x))
	}
	b := 4 * beta * u
	return (math.Sin(math.Pi*u*(1-beta)) + b*math.Cos(math.Pi*u*(1+beta))) / (math.Pi * u * (1 - b*b))
}

// fsk2 switches between two frequencies with continuous phase.
func (s Signal) fsk2(rateHz float64, n int, data Source) []complex128 {
	rate, shift := or(s.SymbolRate, 100), or(s.ShiftHz, 850)
	symbols := int(math.Ceil(float64(n)/rateHz*rate)) + 1
	x := make([]complex128, n)
	sum := 0.0
	for k := range x {
		i := min(int(float64(k)/rateHz*rate), symbols-1)
		sum += float64(data.Word(uint64(i))>>63) - 0.5
		x[k] = cmplx.Rect(1, 2*math.Pi*shift*sum/rateHz)
	}
	return x
}

// bandnoise is a flat band of lines of random phase, one per bin of the record: like OFDM, Gaussian in time.
func (s Signal) bandnoise(rateHz float64, n int, data Source) []complex128 {
	m := int(s.BandwidthHz * float64(n) / rateHz / 2)
	x := make([]complex128, n)
	for i := -m; i <= m; i++ {
		x[((i%n)+n)%n] = cmplx.Rect(1, 2*math.Pi*data.Uniform(uint64(i+m)))
	}
	return inverseDFT(x)
}

// inverseDFT is the sum over k of x[k] exp(2 pi i k t/n), not divided by n, split along the prime factors of n.
func inverseDFT(x []complex128) []complex128 {
	n := len(x)
	if n < 2 {
		return x
	}
	p := 2
	for ; n%p != 0; p++ {
		if p*p > n {
			p = n
			break
		}
	}
	m := n / p
	parts := make([][]complex128, p)
	for r := range parts {
		part := make([]complex128, m)
		for k := range part {
			part[k] = x[k*p+r]
		}
		parts[r] = inverseDFT(part)
	}
	turn := make([]complex128, n)
	for t := range turn {
		turn[t] = cmplx.Rect(1, 2*math.Pi*float64(t)/float64(n))
	}
	y := make([]complex128, n)
	for t := range y {
		for r, part := range parts {
			y[t] += part[t%m] * turn[r*t%n]
		}
	}
	return y
}
