package dsp_test

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// seeds is how many records of each kind the tests of accuracy measure. Under a hundred, limits are widened by what
// chance does to so few; make accuracy takes more and writes the figures into docs/signal-metrics.md.
var seeds = flag.Int("seeds", 4, "records of each kind in the tests of accuracy")

// A study is one kind of record, made many times with other noise, data, frequency and phase.
type study struct {
	rateHz             float64
	samples            int
	format             string // ci16 unless said otherwise
	centerHz, widthHz  float64
	snrDB, noiseDBFSHz float64 // snrDB in widthHz; NaN: no signal
	signal             siggen.Signal
	others             []siggen.Signal
	jitterHz, driftHzS float64 // how far frequency and drift vary, either way
}

// trueNoise is the noise density with that of the quantiser, per hertz.
func (s study) trueNoise() float64 {
	noise := math.Pow(10, s.noiseDBFSHz/10)
	if lsb := s.datatype().LSB(); lsb > 0 {
		noise += 2 * lsb * lsb / 12 / s.rateHz
	}
	return noise
}

func (s study) datatype() iq.Format {
	switch s.format {
	case "cu8":
		return iq.CU8
	case "cf32":
		return iq.CF32LE
	}
	return iq.CI16LE
}

// A finding is what was measured of one record, and what is true of it.
type finding struct {
	got                     dsp.Metrics
	snrDB, freqHz, driftHzS float64
}

func (s study) seconds() float64 { return float64(s.samples) / s.rateHz }

// run measures n records, on all processors.
func (s study) run(t testing.TB, n int) []finding {
	t.Helper()
	found := make([]finding, n)
	var wg sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := worker; i < n; i += runtime.GOMAXPROCS(0) {
				found[i] = s.measure(t, uint64(i+1))
			}
		})
	}
	wg.Wait()
	return found
}

func (s study) measure(t testing.TB, seed uint64) finding {
	r := rand.New(rand.NewPCG(seed, 7))
	signal := s.signal
	signal.FreqHz += s.jitterHz * (2*r.Float64() - 1)
	signal.DriftHzS += s.driftHzS * (2*r.Float64() - 1)
	signal.LevelDBFS = s.snrDB + 10*math.Log10(s.trueNoise()*s.widthHz)
	v := siggen.Vector{SampleRateHz: s.rateHz, Samples: s.samples, Seed: seed, NoiseDBFSHz: &s.noiseDBFSHz, Signals: s.others}
	f := finding{snrDB: s.snrDB, freqHz: signal.FreqHz - s.centerHz, driftHzS: signal.DriftHzS}
	if !math.IsNaN(s.snrDB) {
		v.Signals = append([]siggen.Signal{signal}, s.others...)
		if signal.Kind != "tone" { // some of it lies outside the channel
			clean := v
			clean.NoiseDBFSHz, clean.Signals = nil, v.Signals[:1]
			f.snrDB = 10 * math.Log10(s.inChannel(build(t, clean))/s.widthHz/s.trueNoise())
		}
	}
	raw, err := siggen.Quantise(build(t, v), cmp.Or(s.format, "ci16"))
	if err != nil {
		t.Error(err)
		return f
	}
	m, err := dsp.NewMeter(dsp.Config{
		Format: s.datatype(), SampleRateHz: s.rateHz, ChannelCenterHz: s.centerHz, ChannelBandwidthHz: s.widthHz, ExpectedSamples: int64(s.samples),
	})
	if err != nil {
		t.Error(err)
		return f
	}
	if _, err := m.Write(raw); err != nil {
		t.Error(err)
	}
	if f.got, err = m.Finish(dsp.End{}); err != nil {
		t.Error(err)
	}
	return f
}

func build(t testing.TB, v siggen.Vector) []complex128 {
	z, err := v.Build()
	if err != nil {
		t.Error(err)
	}
	return z
}

// inChannel is the power between the channel's edges, by another library's transform of the whole record.
func (s study) inChannel(z []complex128) (power float64) {
	n := len(z)
	for k, c := range fourier.NewCmplxFFT(n).Coefficients(nil, z) {
		f := float64(k) * s.rateHz / float64(n)
		if f > s.rateHz/2 {
			f -= s.rateHz
		}
		if math.Abs(f-s.centerHz) <= s.widthHz/2 {
			power += (real(c)*real(c) + imag(c)*imag(c)) / float64(n) / float64(n)
		}
	}
	return power
}

// noiseWidthHz is the bandwidth beside the channel, out of which the noise is told: the bound of dsp.md's kind.
func (s study) noiseWidthHz() float64 { return 0.9*s.rateHz - 1.04*s.widthHz }

// snrBoundDB is the least one sigma that an SNR can have, in decibels: that of the energy, or of the carrier's power
// where all of the signal is one.
func (s study) snrBoundDB() float64 {
	snr, cells := math.Pow(10, s.snrDB/10), s.widthHz*s.seconds()
	noise := 1 / (s.noiseWidthHz() * s.seconds())
	energy := (2/snr+1/(snr*snr))/cells + (1+1/snr)*(1+1/snr)*noise
	if s.signal.Kind == "tone" {
		energy = min(energy, 2/(snr*cells)+noise)
	}
	return 10 / math.Ln10 * math.Sqrt(energy)
}

// boundsHz are the Cramér-Rao bounds of a tone's frequency at the middle of the record and of its drift.
func (s study) boundsHz() (frequency, drift float64) {
	t := s.seconds()
	energy := math.Pow(10, s.snrDB/10) * s.widthHz * t
	return math.Sqrt(6/energy) / (2 * math.Pi * t), math.Sqrt(90/energy) / (math.Pi * t * t)
}

// A spread is the errors of one number over all records, those in which it is nil left out.
type spread struct {
	n          int
	sum, sum2  float64
	stated     float64 // sum of the variances that were stated
	statedSeen int
}

func (s *spread) add(got *float64, want float64, sigma *float64) {
	if got == nil {
		return
	}
	e := *got - want
	s.n, s.sum, s.sum2 = s.n+1, s.sum+e, s.sum2+e*e
	if sigma != nil {
		s.stated += *sigma * *sigma
		s.statedSeen++
	}
}

func (s *spread) bias() float64 { return s.sum / float64(s.n) }
func (s *spread) rms() float64  { return math.Sqrt(s.sum2 / float64(s.n)) }
func (s *spread) std() float64 {
	return math.Sqrt(max(0, s.sum2-s.sum*s.sum/float64(s.n)) / float64(s.n-1))
}
func (s *spread) sigma() float64 { return math.Sqrt(s.stated / float64(s.statedSeen)) }

// slack is how much a ratio of spreads may exceed its limit by chance with n records; nothing from a hundred on.
func slack(n int) float64 {
	if n >= 100 {
		return 1
	}
	return 1 + 4/math.Sqrt(2*float64(n))
}

// biasSlack is the same for a mean.
func (s *spread) biasSlack() float64 {
	if s.n >= 100 {
		return 0
	}
	return 4 * s.std() / math.Sqrt(float64(s.n))
}

// limit fails the test when a figure is beyond its limit.
func limit(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if !(got >= low && got <= high) {
		t.Errorf("%s = %.4g, want %.4g to %.4g", what, got, low, high)
	}
}

func dB(v float64) string { return fmt.Sprintf("%+.3f", v) }
