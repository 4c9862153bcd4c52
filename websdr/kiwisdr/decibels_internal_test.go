package kiwisdr

import (
	"math"
	"testing"
)

func TestDecibelsAreThoseOfTheLogarithm(t *testing.T) {
	worst := 0.0
	check := func(x float64) { worst = max(worst, math.Abs(decibels(x)-10*math.Log10(x))) }
	check(0.25)
	for power := 1.0; power <= 2*32768*32768; power += 1 + power/5000 {
		check(math.Floor(power))
	}
	if worst > 1e-9 {
		t.Errorf("off by %g dB", worst)
	}
}

func BenchmarkDecibels(b *testing.B) {
	sum, x := 0.0, 1.0
	for b.Loop() {
		if x += 1234; x > 1e9 {
			x = 1
		}
		sum += decibels(x)
	}
	_ = sum
}
