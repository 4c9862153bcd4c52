package simnet

import (
	"math"
	"math/bits"
	"time"
)

// An instant is a time since the world's epoch, 0 <= frac < 1. Splitting off whole seconds keeps 1e-16 s of
// resolution for decades, where one float64 would be down to 1e-7 s and carrier phases would be noise.
type instant struct {
	sec  int64
	frac float64
}

// instantOf converts a duration since the epoch.
func instantOf(d time.Duration) instant {
	sec := int64(d / time.Second)
	rest := d % time.Second
	if rest < 0 {
		sec, rest = sec-1, rest+time.Second
	}
	return instant{sec, float64(rest) / 1e9}
}

// plus returns t + d seconds.
func (t instant) plus(d float64) instant {
	whole := math.Floor(t.frac + d)
	return instant{t.sec + int64(whole), t.frac + d - whole}
}

// duration rounds t to nanoseconds.
func (t instant) duration() time.Duration {
	return time.Duration(t.sec)*time.Second + time.Duration(math.Round(t.frac*1e9))
}

// cycles returns how many cycles of f hertz have passed at t: a whole number and the rest in [0, 1).
func (t instant) cycles(f float64) (whole int64, rest float64) {
	fi := math.Floor(f)
	ff := f - fi
	p := fi * t.frac
	e := math.FMA(fi, t.frac, -p) // what rounding took from p
	q := ff * float64(t.sec)
	pw, qw := math.Floor(p), math.Floor(q)
	rest = (p - pw) + (q - qw) + e + ff*t.frac
	rw := math.Floor(rest)
	return int64(fi)*t.sec + int64(pw) + int64(qw) + int64(rw), rest - rw
}

// phase returns 2 pi f t, reduced to one turn, plus a starting phase.
func (t instant) phase(f, start float64) float64 {
	_, rest := t.cycles(f)
	return 2*math.Pi*rest + start
}

// A rate is a sample rate in nanohertz: an integer, so that the time of any sample is exact.
type rate int64

// rateOf returns the true rate of a clock that is ppm fast.
func rateOf(nominalHz, ppm float64) rate {
	return rate(math.Round(nominalHz * 1e9 * (1 + ppm*1e-6)))
}

// Hz returns the rate in hertz.
func (r rate) Hz() float64 { return float64(r) / 1e9 }

// timeOf returns when sample k is taken, sample 0 being taken at the epoch.
func (r rate) timeOf(k int64) instant {
	neg := k < 0
	n := uint64(k)
	if neg {
		n = uint64(-k)
	}
	hi, lo := bits.Mul64(n, 1e9)
	sec, rest := bits.Div64(hi, lo, uint64(r))
	t := instant{int64(sec), float64(rest) / float64(r)}
	if neg {
		t = instant{-t.sec, 0}.plus(-t.frac)
	}
	return t
}

// indexAt returns the first sample at or after t; a sample less than a nanosecond before t counts as at t.
func (r rate) indexAt(t instant) int64 {
	if t.sec < 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(t.sec), uint64(r))
	whole, rest := bits.Div64(hi, lo, 1e9)
	part := float64(rest)/1e9 + t.frac*r.Hz()
	return int64(whole) + int64(math.Ceil(part-1e-9*r.Hz()))
}
