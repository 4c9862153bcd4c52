// Package siggen generates signals with known truth: every random number is a function of a seed and a
// counter, so the same vector can be rebuilt anywhere, in any order, from its parameters alone.
//
// A [Vector] is a sum of [Signal]s in noise, put through [Impairments]; [Quantise] makes the bytes of a record of it.
// The package leaves out fading, multipath and coloured noise. The surprising part: voice is a sum of 24 tones under
// an envelope of syllables, because speech itself has no closed form.
//
// Words are SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) indexed by counter.
package siggen

import (
	"math"
	"math/cmplx"
)

const gamma = 0x9E3779B97F4A7C15

// A Source is one stream of random numbers. The zero value is a valid stream, too.
type Source uint64

// NewSource returns stream number sid of a seed.
func NewSource(seed, sid uint64) Source {
	return Source(mix(seed + mix((sid+1)*0xD1B54A32D192ED03)))
}

// Word returns the i-th 64-bit word, i >= 0.
func (s Source) Word(i uint64) uint64 { return mix(uint64(s) + (i+1)*gamma) }

// Uniform returns the i-th number of [0, 1), made of word i.
func (s Source) Uniform(i uint64) float64 { return float64(s.Word(i)>>11) * 0x1p-53 }

// Gauss returns the k-th sample of circular complex Gaussian noise of unit power, made of words 2k and 2k+1.
func (s Source) Gauss(k uint64) complex128 {
	u := (float64(s.Word(2*k)>>11) + 1) * 0x1p-53
	return cmplx.Rect(math.Sqrt(-math.Log(u)), 2*math.Pi*s.Uniform(2*k+1))
}

// mix is the finaliser of SplitMix64.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
