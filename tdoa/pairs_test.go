package tdoa_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// samples is a recording held in memory.
type samples []complex64

func (s samples) ReadSamples(z []complex64, from int64) error {
	if copy(z, s[from:]) < len(z) {
		return errors.New("read beyond the end")
	}
	return nil
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// record is a recording of z by a receiver with GPS whose clock errs by nothing that matters.
func record(z []complex128, rateHz float64) tdoa.Record {
	s := make(samples, len(z))
	for k, v := range z {
		s[k] = complex64(v)
	}
	return tdoa.Record{Source: s, Samples: int64(len(s)), CenterHz: 7.1e6,
		Clock: stamp.Clock{Start: epoch, RateHz: rateHz, Quality: heimdall.TimeGPS, StartSigmaS: 1e-9}}
}

func build(t testing.TB, p siggen.Pair) (a, b tdoa.Record) {
	t.Helper()
	x, y, err := p.Build()
	if err != nil {
		t.Fatal(err)
	}
	return record(x, p.SampleRateHz), record(y, p.SampleRateHz)
}

// pairOf is an emission of -25 dBFS, 5 s long, snrDB over the noise in bandwidthHz.
func pairOf(signal siggen.Signal, bandwidthHz, snrDB, delayS float64, seed uint64) siggen.Pair {
	signal.LevelDBFS = -25
	return siggen.Pair{SampleRateHz: 12000, Samples: 60000, Seed: seed, Signal: signal, DelayS: delayS, CarrierHz: 7.1e6,
		NoiseDBFSHz: -25 - snrDB - 10*math.Log10(bandwidthHz)}
}

var (
	usb       = siggen.Signal{Kind: "usb", FreqHz: 20}
	bandnoise = siggen.Signal{Kind: "bandnoise", FreqHz: 40, BandwidthHz: 9000}
	nbfm      = siggen.Signal{Kind: "nbfm", FreqHz: 60, DeviationHz: 2500}
)

// The published pairs; package siggen proves that these are they.
func TestThePublishedPairsAreMeasuredWithinTheirTolerance(t *testing.T) {
	for _, c := range []struct {
		id        string
		pair      siggen.Pair
		boundS    float64
		tolerance float64
	}{
		{"pT1_usb", pairOf(usb, 2700, 12, 137.3e-6, 333), 5.609e-7, 3.365e-6},
		{"pT2_bandnoise", pairOf(bandnoise, 9000, 0, -412.75e-6, 334), 3.537e-7, 2.122e-6},
		{"pT3_nbfm", pairOf(nbfm, 10000, 15, 55.5e-6, 335), 3.487e-7, 2.092e-6},
	} {
		t.Run(c.id, func(t *testing.T) {
			a, b := build(t, c.pair)
			r, err := tdoa.Delay(t.Context(), a, b, tdoa.Options{})
			if err != nil {
				t.Fatal(err)
			}
			off := r.DelayS - c.pair.DelayS
			t.Logf("off by %.0f ns, sigma %.0f ns, bound %.0f ns (truth %.0f)", off*1e9, r.SigmaS*1e9, r.BoundS*1e9, c.boundS*1e9)
			if math.Abs(off) > c.tolerance {
				t.Errorf("off by %.3g s, tolerance %.3g s", off, c.tolerance)
			}
			if ratio := r.BoundS / c.boundS; ratio < 0.8 || ratio > 1.25 {
				t.Errorf("the bound is said to be %.3g s, it is %.3g s", r.BoundS, c.boundS)
			}
		})
	}
}
