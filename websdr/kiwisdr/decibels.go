package kiwisdr

import "math"

// The S-meter averages decibels, so that one logarithm is due for each sample: with math.Log10 that was a quarter of all
// that a recording cost. A table of the logarithms of 2^8 mantissas and the first terms of log(1+r) are exact to 1e-9 dB
// and five times as fast.

const decibelBits = 8

// decibelTable[i] is for mantissas about 1 + (i+1/2)/2^8.
var decibelTable = makeDecibelTable()

type decibelEntry struct{ db, inverse float64 }

func makeDecibelTable() *[1 << decibelBits]decibelEntry {
	t := new([1 << decibelBits]decibelEntry)
	for i := range t {
		middle := 1 + (float64(i)+0.5)/(1<<decibelBits)
		t[i] = decibelEntry{10 * math.Log10(middle), 1 / middle}
	}
	return t
}

// decibels is 10 log10(x) of a normal number above 0.
func decibels(x float64) float64 {
	const octave, neper = 10 * math.Ln2 / math.Ln10, 10 / math.Ln10 // in dB
	b := math.Float64bits(x)
	e := &decibelTable[b>>(52-decibelBits)&(1<<decibelBits-1)]
	mantissa := math.Float64frombits(b&(1<<52-1) | 1023<<52)
	r := mantissa*e.inverse - 1 // |r| < 2^-9
	return float64(int(b>>52)-1023)*octave + e.db + neper*r*(1-r*(0.5-r/3))
}
