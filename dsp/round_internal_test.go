package dsp

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRoundingIsFarBelowTheUncertainty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		sigma := math.Exp(20*r.Float64() - 15)
		offset, drift, snr := 1e4*r.NormFloat64(), r.NormFloat64(), 50*r.NormFloat64()
		m := Metrics{
			SNRdB: new(snr), SNRSigmaDB: new(sigma), OBWHz: new(offset),
			FrequencyOffsetHz: new(offset), FrequencySigmaHz: new(sigma), DriftHzS: new(drift), DriftSigmaHzS: new(sigma / 7),
		}
		m.round(12.5)
		for _, c := range []struct {
			name           string
			got, want, tol float64
		}{
			{"SNRdB", *m.SNRdB, snr, 1.0 / 512}, {"SNRSigmaDB", *m.SNRSigmaDB, sigma, sigma / 256}, {"OBWHz", *m.OBWHz, offset, 12.5 / 128},
			{"FrequencyOffsetHz", *m.FrequencyOffsetHz, offset, sigma / 32}, {"DriftHzS", *m.DriftHzS, drift, sigma / 7 / 32},
			{"DriftSigmaHzS", *m.DriftSigmaHzS, sigma / 7, sigma / 7 / 256},
		} {
			if !(math.Abs(c.got-c.want) <= c.tol) {
				t.Fatalf("%s of sigma %g: %v became %v, more than %g off", c.name, sigma, c.want, c.got, c.tol)
			}
		}
		if _, fraction := math.Modf(*m.SNRdB * 256); fraction != 0 {
			t.Fatalf("SNRdB %v is no multiple of 1/256", *m.SNRdB)
		}
	}
}

func TestWhatIsNotThereIsNotRounded(t *testing.T) {
	m := Metrics{FrequencyOffsetHz: new(math.Pi), SNRSigmaDB: new(0.0), OBWHz: new(math.E)}
	m.round(0)
	if *m.FrequencyOffsetHz != math.Pi || *m.SNRSigmaDB != 0 || *m.OBWHz != math.E || m.SNRdB != nil {
		t.Errorf("an offset without a sigma, a sigma of 0 and a width without a step became %v, %v, %v", *m.FrequencyOffsetHz, *m.SNRSigmaDB, *m.OBWHz)
	}
}
