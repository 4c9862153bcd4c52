package dsp_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"slices"
	"sort"
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// checkDefensible walks all fields: no number is NaN or infinite, nothing is claimed of a signal that was not detected,
// and flags are sorted and unique.
func checkDefensible(t testing.TB, m dsp.Metrics) {
	t.Helper()
	v := reflect.ValueOf(m)
	for i := range v.NumField() {
		f := reflect.Indirect(v.Field(i))
		if f.IsValid() && f.Kind() == reflect.Float64 && (math.IsNaN(f.Float()) || math.IsInf(f.Float(), 0)) {
			t.Errorf("%s = %v", v.Type().Field(i).Name, f.Float())
		}
	}
	if !m.Detected && (m.SNRdB != nil || m.FrequencyOffsetHz != nil || m.OBWHz != nil || m.DriftHzS != nil || m.FrequencyMethod != nil) {
		t.Errorf("nothing detected, yet SNR %v, offset %v, bandwidth %v, drift %v", m.SNRdB, m.FrequencyOffsetHz, m.OBWHz, m.DriftHzS)
	}
	if m.Flags == nil || !sort.StringsAreSorted(m.Flags) || len(slices.Compact(slices.Clone(m.Flags))) != len(m.Flags) {
		t.Errorf("flags = %#v, want sorted, unique and not nil", m.Flags)
	}
	if m.AlgorithmVersion != dsp.Version || m.NoiseSource == "" {
		t.Errorf("version %q, noise source %q", m.AlgorithmVersion, m.NoiseSource)
	}
}

// floats lays out real and imaginary parts as cf32.
func floats(n int, f func(k int) (re, im float64)) []byte {
	var b []byte
	for k := range n {
		re, im := f(k)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(re)))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(im)))
	}
	return b
}

func TestBadRecordsGiveFlagsAndNoNonsense(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	noise := func(int) (float64, float64) { return r.NormFloat64() * 0.1, r.NormFloat64() * 0.1 }
	constant := func(v float64) func(int) (float64, float64) {
		return func(int) (float64, float64) { return v, v }
	}
	for _, c := range []struct {
		name   string
		record []byte
		flag   string
	}{
		{"no samples", nil, dsp.FlagShortRead},
		{"half a sample", []byte{1, 2, 3}, dsp.FlagOddBytes},
		{"one sample", floats(1, noise), dsp.FlagShortRead},
		{"two samples", floats(2, noise), dsp.FlagShortRead},
		{"63 samples", floats(63, noise), dsp.FlagShortRead},
		{"64 samples", floats(64, noise), dsp.FlagShortRead},
		{"300 samples", floats(300, noise), dsp.FlagShortRead},
		{"all zero", floats(20000, constant(0)), dsp.FlagAllZero},
		{"stuck", floats(20000, constant(0.3)), dsp.FlagStuck},
		{"all NaN", floats(20000, constant(math.NaN())), dsp.FlagNonfinite},
		{"all Inf", floats(20000, constant(math.Inf(-1))), dsp.FlagNonfinite},
		{"absurdly large", floats(20000, constant(1e30)), dsp.FlagNonfinite},
		{"absurdly small", floats(20000, constant(1e-38)), dsp.FlagStuck},
		{"small noise", floats(20000, func(int) (float64, float64) { return r.NormFloat64() * 1e-25, r.NormFloat64() * 1e-25 }), dsp.FlagShortRead},
		{"one NaN", floats(20000, func(k int) (float64, float64) {
			if k == 777 {
				return math.NaN(), 0
			}
			return noise(k)
		}), dsp.FlagNonfinite},
		{"one sample not zero", floats(20000, func(k int) (float64, float64) {
			if k == 777 {
				return 1, 0
			}
			return 0, 0
		}), dsp.FlagZeroRun},
		{"clipped", floats(20000, func(k int) (float64, float64) { return 1, r.NormFloat64() }), dsp.FlagClipped},
		{"exact tone", floats(20000, func(k int) (float64, float64) {
			s, c := math.Sincos(2 * math.Pi * float64(k) / 16)
			return c, s
		}), dsp.FlagShortRead},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := measure(t, dsp.Config{Format: iq.CF32LE, SampleRateHz: 12000, ExpectedSamples: 120000}, dsp.End{}, c.record)
			checkDefensible(t, got)
			if !slices.Contains(got.Flags, c.flag) {
				t.Errorf("flags = %v, want %s among them", got.Flags, c.flag)
			}
		})
	}
}

func TestIncidentsOfTheStreamBecomeFlags(t *testing.T) {
	got := measure(t, dsp.Config{Format: iq.CU8, SampleRateHz: 12000, AGC: true}, dsp.End{
		ExpectedSamples: 100, Gaps: 1, Overloads: 1, TimestampOutliers: 2, RateFitBad: true, Calibration: &dsp.Calibration{DB: 1, Source: "table"},
	}, make([]byte, 160))
	want := []string{dsp.FlagADCOverload, dsp.FlagAGCOn, dsp.FlagClipped, dsp.FlagGap, dsp.FlagNoiseUnobservable,
		dsp.FlagRateFitBad, dsp.FlagShortRead, dsp.FlagStuck, dsp.FlagTimestampOutlier}
	if !slices.Equal(got.Flags, want) {
		t.Errorf("flags = %v, want %v", got.Flags, want)
	}
	if got.PowerDBFS == nil || got.PowerDBM != nil || got.CalibrationDB != nil {
		t.Errorf("power %v dBFS, %v dBm, calibration %v: want no dBm while gain control was on", got.PowerDBFS, got.PowerDBM, got.CalibrationDB)
	}
}

func TestAConfigurationThatCannotBeMeasuredIsRefusedByName(t *testing.T) {
	good := dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000}
	for field, change := range map[string]func(*dsp.Config){
		"Format":             func(c *dsp.Config) { c.Format = 0 },
		"SampleRateHz":       func(c *dsp.Config) { c.SampleRateHz = 0 },
		"ChannelCenterHz":    func(c *dsp.Config) { c.ChannelCenterHz = 7000 },
		"ChannelBandwidthHz": func(c *dsp.Config) { c.ChannelBandwidthHz = 12500 },
		"PassbandLowHz":      func(c *dsp.Config) { c.PassbandLowHz, c.PassbandHighHz = 7000, 8000 },
		"PassbandHighHz":     func(c *dsp.Config) { c.PassbandLowHz, c.PassbandHighHz = 3000, 300 },
		"ExpectedSamples":    func(c *dsp.Config) { c.ExpectedSamples = -1 },
		"ClockSigmaPPM":      func(c *dsp.Config) { c.ClockSigmaPPM = -1 },
		"RadioFrequencyHz":   func(c *dsp.Config) { c.RadioFrequencyHz = math.NaN() },
	} {
		c := good
		change(&c)
		_, err := dsp.NewMeter(c)
		var e *dsp.ConfigError
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("NewMeter = %v, want a ConfigError about %s", err, field)
		}
	}
	for name, c := range map[string]dsp.Config{
		"wider than the receive filter": {Format: iq.CI16LE, SampleRateHz: 12000, PassbandLowHz: -500, PassbandHighHz: 500, ChannelBandwidthHz: 5000},
		"beyond half the rate":          {Format: iq.CI16LE, SampleRateHz: 12000, ChannelCenterHz: 5000, ChannelBandwidthHz: 5000},
		"infinite":                      {Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: math.Inf(1)},
	} {
		var e *dsp.ConfigError
		if _, err := dsp.NewMeter(c); !errors.As(err, &e) || e.Field != "ChannelBandwidthHz" {
			t.Errorf("%s: NewMeter = %v, want a ConfigError about ChannelBandwidthHz", name, err)
		}
	}
}

func TestTheDefaultChannelFitsTheReceiveFilter(t *testing.T) {
	for _, c := range []struct {
		rate, low, high, want float64
	}{
		{12000, 0, 0, 9600}, {2.4e6, 0, 0, 12500}, {12000, -3000, 3000, 6000}, {12000, -6000, 6000, 9600}, {12000, -500, 2000, 1000},
	} {
		m := measure(t, dsp.Config{Format: iq.CI16LE, SampleRateHz: c.rate, PassbandLowHz: c.low, PassbandHighHz: c.high}, dsp.End{}, nil)
		if math.Abs(m.SNRBandwidthHz-c.want) > 1e-6 {
			t.Errorf("rate %v, filter %v..%v: channel of %v Hz, want %v", c.rate, c.low, c.high, m.SNRBandwidthHz, c.want)
		}
	}
}

func TestBadEndsAreRefusedAndTheMeterLives(t *testing.T) {
	m, err := dsp.NewMeter(dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []dsp.End{{SampleRateHz: math.NaN()}, {SampleRateHz: -1}, {Calibration: &dsp.Calibration{DB: math.Inf(1)}}} {
		var c *dsp.ConfigError
		if _, err := m.Finish(e); !errors.As(err, &c) {
			t.Errorf("Finish(%+v) = %v, want a ConfigError", e, err)
		}
	}
	if _, err := m.Finish(dsp.End{}); err != nil {
		t.Error(err)
	}
}

func TestNoiseAloneIsHardlyEverASignal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(3))
	alarms := 0
	const records = 60
	for range records {
		raw := floats(4000, func(int) (float64, float64) { return r.NormFloat64() * 0.01, r.NormFloat64() * 0.01 })
		got := measure(t, dsp.Config{Format: iq.CF32LE, SampleRateHz: 12000, ChannelBandwidthHz: 2500}, dsp.End{}, raw)
		checkDefensible(t, got)
		if got.Detected {
			alarms++
		} else if got.SNRUpperDB == nil {
			t.Error("no upper limit of the SNR")
		}
	}
	if alarms > 3 { // 0.1 expected
		t.Errorf("%d signals in %d records of noise", alarms, records)
	}
}

func FuzzMeter(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(1), 12000.0, 0.0, 0.0, 0.0, 0.0, uint16(64), false)
	f.Add([]byte("\x00\x00\xc0\x7f\x00\x00\x80\x7f"), uint8(5), 250000.0, 10000.0, 12500.0, 0.0, 0.0, uint16(300), true)
	f.Add([]byte{255, 0, 127, 128}, uint8(3), 2.4e6, -1e5, 100.0, -1e6, 1e6, uint16(9000), true)
	f.Add([]byte{7}, uint8(4), 1.0, 0.0, 0.0, -0.1, 0.2, uint16(65535), false)
	f.Fuzz(func(t *testing.T, pattern []byte, format uint8, rate, center, bandwidth, low, high float64, repeats uint16, zeroIF bool) {
		c := dsp.Config{
			Format: iq.Format(format), SampleRateHz: rate, ChannelCenterHz: center, ChannelBandwidthHz: bandwidth,
			PassbandLowHz: low, PassbandHighHz: high, ZeroIF: zeroIF, ExpectedSamples: int64(repeats),
		}
		m, err := dsp.NewMeter(c)
		if err != nil {
			return
		}
		for k := range min(int(repeats), 1<<20/(len(pattern)+1)) {
			p := slices.Clone(pattern)
			for i := range p { // not just a period
				p[i] += byte(k * k >> 3)
			}
			if _, err := m.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		got, err := m.Finish(dsp.End{})
		if err != nil {
			t.Fatal(fmt.Errorf("%+v: %w", c, err))
		}
		checkDefensible(t, got)
	})
}

// A receiver with a filter of +-500 Hz that nobody declared: what little is left of the band is skirts and signal, so
// there is no honest SNR. The carrier is there all the same. Declared, the filter is no obstacle.
func TestAnUndeclaredNarrowFilterMeansNoSNR(t *testing.T) {
	t.Parallel()
	noise := -70.0
	z, err := siggen.Vector{
		SampleRateHz: 12000, Samples: 120000, Seed: 3, NoiseDBFSHz: &noise,
		Signals:     []siggen.Signal{{Kind: "tone", FreqHz: 20.5, LevelDBFS: -20}},
		Impairments: siggen.Impairments{PassbandHz: 500},
	}.Build()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := siggen.Quantise(z, "ci16")
	if err != nil {
		t.Fatal(err)
	}
	c := dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 400}
	got := measure(t, c, dsp.End{}, raw)
	checkDefensible(t, got)
	if !got.Detected || got.SNRdB != nil || got.SNRUpperDB != nil || got.NoiseDBFSHz != nil || !slices.Contains(got.Flags, dsp.FlagNoiseUnobservable) {
		t.Errorf("detected %v, SNR %v, flags %v: want a signal, no SNR, noise_unobservable", got.Detected, got.SNRdB, got.Flags)
	}
	within(t, "FrequencyOffsetHz", got.FrequencyOffsetHz, 20.5, 1e-3)

	c.PassbandLowHz, c.PassbandHighHz = -500, 500
	got = measure(t, c, dsp.End{}, raw)
	within(t, "SNRdB with the filter declared", got.SNRdB, 50-10*math.Log10(400), 0.3)
}
