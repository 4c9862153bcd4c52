package dsp

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestTheGammaFunctionsAgreeWithAnotherImplementation(t *testing.T) {
	for _, a := range []float64{0.5, 1, 2.7, 16, 64.3, 185, 1000, 88000} {
		for _, z := range []float64{-5, -2, -0.5, 0, 0.7, 3, 5} {
			x := a + z*math.Sqrt(a)
			if x <= 0 {
				continue
			}
			p, q := gammaPQ(a, x)
			if want := mathext.GammaIncReg(a, x); math.Abs(p-want) > 1e-9*want+1e-12 {
				t.Errorf("P(%v, %v) = %v, want %v", a, x, p, want)
			}
			if want := mathext.GammaIncRegComp(a, x); math.Abs(q-want) > 1e-9*want+1e-12 {
				t.Errorf("Q(%v, %v) = %v, want %v", a, x, q, want)
			}
		}
	}
}

func TestQuantilesInvertTheirDistributions(t *testing.T) {
	for _, k := range []float64{0.6, 1, 2, 4, 16, 185.5, 7000, 88000} {
		for _, upper := range []float64{0.999, 0.9, 0.5, 0.1, 1e-3, 1e-7, 1e-12} {
			x := meanGammaQuantile(k, upper)
			if _, q := gammaPQ(k, k*x); math.Abs(q/upper-1) > 1e-8 {
				t.Errorf("Gamma(%v)/%v exceeds %v with probability %v, want %v", k, k, x, q, upper)
			}
		}
	}
	for _, upper := range []float64{0.999, 0.5, 0.3, 1e-3, 1e-6, 1e-15} {
		want := -distuv.UnitNormal.Quantile(upper)
		if got := normalQuantile(upper); math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("normalQuantile(%v) = %v, want %v", upper, got, want)
		}
	}
}

func TestTheTruncatedMeanIsThatOfTheDensity(t *testing.T) {
	for _, k := range []float64{1, 4, 64, 500} {
		limit := meanGammaQuantile(k, 1e-3)
		var sum, mass float64
		const steps = 20000
		for i := range steps {
			x := (float64(i) + 0.5) * limit / steps
			d := math.Exp(logGammaDensity(k, k*x)) / x
			sum += d * x
			mass += d
		}
		if got := truncatedGammaMean(k, limit); math.Abs(got-sum/mass) > 1e-6 {
			t.Errorf("mean of Gamma(%v)/%v below %v = %v, want %v", k, k, limit, got, sum/mass)
		}
	}
}

func TestDigammaAgreesWithAnotherImplementation(t *testing.T) {
	for _, x := range []float64{0.3, 1, 5, 9.9, 10, 185, 1e5} {
		if got, want := digamma(x), mathext.Digamma(x); math.Abs(got-want) > 1e-10 {
			t.Errorf("digamma(%v) = %v, want %v", x, got, want)
		}
	}
}
