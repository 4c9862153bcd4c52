package dsp_test

import (
	"errors"
	"math"
	"math/rand"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// toneRecord is a tone in noise as ci16.
func toneRecord(t testing.TB, rateHz float64, n int, tone siggen.Signal, noiseDBFSHz float64) []byte {
	tone.Kind = "tone"
	v := siggen.Vector{SampleRateHz: rateHz, Samples: n, Seed: 1, NoiseDBFSHz: &noiseDBFSHz, Signals: []siggen.Signal{tone}}
	z, err := v.Build()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := siggen.Quantise(z, "ci16")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func within(t *testing.T, name string, got *float64, want, tol float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s = nil, want %v", name, want)
	} else if !(math.Abs(*got-want) <= tol) {
		t.Errorf("%s = %v, want %v within %v", name, *got, want, tol)
	}
}

// S = -30 dBFS and N0 = -80 dBFS/Hz make C/N0 = 50 dBHz and, in 5 kHz, an SNR of 50-36.99 = 13.01 dB.
func TestAToneOfKnownPowerInKnownNoiseGivesTheClosedForms(t *testing.T) {
	raw := toneRecord(t, 12000, 120000, siggen.Signal{FreqHz: 700.25, LevelDBFS: -30, DriftHzS: 0.05}, -80)
	got := measure(t, dsp.Config{
		Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 5000, ChannelCenterHz: 500,
		RadioFrequencyHz: 145e6, ClockSigmaPPM: 1,
	}, dsp.End{Calibration: &dsp.Calibration{DB: -41.27, SigmaDB: 1, Source: "table"}}, raw)
	within(t, "SNRdB", got.SNRdB, 13.0103, 0.12)
	within(t, "CN0dBHz", got.CN0dBHz, 50, 0.12)
	within(t, "SignalDBFS", got.SignalDBFS, -30, 0.1)
	within(t, "NoiseDBFSHz", got.NoiseDBFSHz, -80, 0.1)
	within(t, "ChannelPowerDBFS", got.ChannelPowerDBFS, -30+10*math.Log10(1+math.Pow(10, -1.30103)), 0.1)
	within(t, "PowerDBFS", got.PowerDBFS, 10*math.Log10(1e-3+1.2e-4), 0.05)
	within(t, "FrequencyOffsetHz", got.FrequencyOffsetHz, 200.25, 5**got.FrequencySigmaHz)
	within(t, "FrequencySigmaHz", got.FrequencySigmaHz, math.Sqrt(6/1e6)/(2*math.Pi*10), 1e-6)
	within(t, "DriftHzS", got.DriftHzS, 0.05, 5**got.DriftSigmaHzS)
	within(t, "ClockSigmaHz", got.ClockSigmaHz, 145, 1e-9)
	within(t, "SignalDBM", got.SignalDBM, -71.27, 0.1)
	within(t, "LineFraction", got.LineFraction, 1, 0.01)
	if !isMethod(got, dsp.MethodCarrier) || got.NoiseSource != dsp.NoiseOffChannel || len(got.Flags) != 0 {
		t.Errorf("method %v, noise %q, flags %v: want carrier, off_channel, none", got.FrequencyMethod, got.NoiseSource, got.Flags)
	}
}

func TestTheTrueRateScalesFrequenciesAndDensities(t *testing.T) {
	t.Parallel()
	raw := toneRecord(t, 12000, 60000, siggen.Signal{FreqHz: 1000, LevelDBFS: -30}, -80)
	c := dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 5000}
	got := measure(t, c, dsp.End{SampleRateHz: 12001.2}, raw)
	within(t, "FrequencyOffsetHz", got.FrequencyOffsetHz, 1000.1, 1e-3)
	within(t, "NoiseDBFSHz", got.NoiseDBFSHz, -80, 0.1)

	got = measure(t, c, dsp.End{SampleRateHz: 6000}, raw)
	within(t, "FrequencyOffsetHz at an absurd rate", got.FrequencyOffsetHz, 1000, 1e-3)
	if !slices.Equal(got.Flags, []string{dsp.FlagRateFitBad}) {
		t.Errorf("flags = %v, want rate_fit_bad", got.Flags)
	}
}

func TestMetricsDoNotDependOnHowTheBytesArrive(t *testing.T) {
	t.Parallel()
	lengths := []int{5000, 1 << 17, 1<<17 + 1, 150001}
	if raceEnabled {
		lengths = lengths[2:3]
	}
	for _, n := range lengths {
		raw := toneRecord(t, 48000, n, siggen.Signal{FreqHz: 1000, LevelDBFS: -30}, -80)
		raw = raw[:len(raw)-3]
		c := dsp.Config{Format: iq.CI16LE, SampleRateHz: 48000, ChannelBandwidthHz: 5000}
		want := measure(t, c, dsp.End{}, raw)
		if !slices.Contains(want.Flags, dsp.FlagOddBytes) {
			t.Errorf("flags = %v, want odd_bytes among them", want.Flags)
		}
		r := rand.New(rand.NewSource(int64(n)))
		for range 2 {
			m, err := dsp.NewMeter(c)
			if err != nil {
				t.Fatal(err)
			}
			for rest := raw; len(rest) > 0; {
				k := min(1+r.Intn(1<<r.Intn(17)), len(rest))
				if _, err := m.Write(rest[:k]); err != nil {
					t.Fatal(err)
				}
				rest = rest[k:]
			}
			got, err := m.Finish(dsp.End{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("n = %d: one Write and many differ (-one +many):\n%s", n, diff)
			}
		}
	}
}

// A record that is measured in chapters must come out like one that is measured as a whole.
func TestALongRecordIsMeasuredAsWellAsAShortOne(t *testing.T) {
	t.Parallel()
	raw := toneRecord(t, 12000, 420000, siggen.Signal{FreqHz: 700.25, LevelDBFS: -30, DriftHzS: 0.02}, -80)
	for name, c := range map[string]dsp.Config{
		"wide channel":   {Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 9000},
		"narrow channel": {Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 2500, ChannelCenterHz: 500},
		"length wrong":   {Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 2500, ExpectedSamples: 1000},
		"length known":   {Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 9000, ExpectedSamples: 420000},
	} {
		if raceEnabled && name != "length wrong" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := measure(t, c, dsp.End{}, raw)
			within(t, "CN0dBHz", got.CN0dBHz, 50, 0.1)
			within(t, "NoiseDBFSHz", got.NoiseDBFSHz, -80, 0.05)
			within(t, "FrequencyOffsetHz", got.FrequencyOffsetHz, 700.25-c.ChannelCenterHz, 5**got.FrequencySigmaHz)
			within(t, "DriftHzS", got.DriftHzS, 0.02, 5**got.DriftSigmaHzS)
			if *got.FrequencySigmaHz > 1e-3 {
				t.Errorf("FrequencySigmaHz = %v, want below 1 mHz", *got.FrequencySigmaHz)
			}
			t.Logf("frequency off by %.2f sigma of %.2g Hz, drift by %.2f", (*got.FrequencyOffsetHz-700.25+c.ChannelCenterHz)/(*got.FrequencySigmaHz),
				*got.FrequencySigmaHz, (*got.DriftHzS-0.02)/(*got.DriftSigmaHzS))
		})
	}
}

func TestAWideStreamIsMeasuredLikeANarrowOne(t *testing.T) {
	t.Parallel()
	const rateHz = 2.4e6
	raw := toneRecord(t, rateHz, 500000, siggen.Signal{FreqHz: 321000.7, LevelDBFS: -40, DriftHzS: 100}, -100)
	got := measure(t, dsp.Config{
		Format: iq.CI16LE, SampleRateHz: rateHz, ChannelCenterHz: 320000, ChannelBandwidthHz: 25000,
	}, dsp.End{}, raw)
	within(t, "SNRdB", got.SNRdB, 60-10*math.Log10(25000), 0.1)
	within(t, "NoiseDBFSHz", got.NoiseDBFSHz, -100, 0.03)
	within(t, "FrequencyOffsetHz", got.FrequencyOffsetHz, 1000.7, 5**got.FrequencySigmaHz)
	within(t, "DriftHzS", got.DriftHzS, 100, 5**got.DriftSigmaHzS)
	if len(got.Flags) != 0 || got.NoiseSource != dsp.NoiseOffChannel {
		t.Errorf("flags %v, noise %q, want none and off_channel", got.Flags, got.NoiseSource)
	}
}

func TestMemoryDoesNotGrowWithDuration(t *testing.T) {
	raw := toneRecord(t, 12000, 120000, siggen.Signal{FreqHz: 1000, LevelDBFS: -30}, -80)
	for _, c := range []dsp.Config{
		{Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 9000, ExpectedSamples: 3600000},
		{Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 9000},
		{Format: iq.CI16LE, SampleRateHz: 2.4e6, ChannelBandwidthHz: 200000},
	} {
		measure(t, c, dsp.End{}, raw) // fills the tables that all meters share
		last := 300
		if c.ExpectedSamples == 0 {
			last = 60
		}
		if raceEnabled {
			last = 30
		}
		before := liveBytes()
		m, err := dsp.NewMeter(c)
		if err != nil {
			t.Fatal(err)
		}
		var after10 int64
		for second := 10; second <= last; second += 10 {
			if _, err := m.Write(raw); err != nil {
				t.Fatal(err)
			}
			if second == 10 {
				after10 = liveBytes() - before
			}
		}
		atEnd := liveBytes() - before
		runtime.KeepAlive(raw)
		if atEnd > 4<<20 || atEnd-after10 > 1<<20 {
			t.Errorf("%v Hz: %d KiB after 10 s of 12 kHz, %d KiB after %d s: want at most 4 MiB", c.SampleRateHz, after10>>10, atEnd>>10, last)
		}
		t.Logf("%v Hz, %d expected: %d KiB, then %d KiB", c.SampleRateHz, c.ExpectedSamples, after10>>10, atEnd>>10)
		if _, err := m.Finish(dsp.End{}); err != nil {
			t.Fatal(err)
		}
	}
}

// liveBytes is the heap after two collections: pooled scratch survives one.
func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

func TestMetersDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	meters, samples := 24, 20000
	if raceEnabled {
		meters, samples = 12, 5000
	}
	var records [4][]byte
	var want [4]dsp.Metrics
	config := func(i int) dsp.Config {
		return dsp.Config{Format: iq.CI16LE, SampleRateHz: 48000, ChannelBandwidthHz: 2500 * float64(1+4*i)}
	}
	for i := range records {
		records[i] = toneRecord(t, 48000, samples*(i+1), siggen.Signal{FreqHz: 300 * float64(i), LevelDBFS: -40, DriftHzS: float64(10 * i)}, -85)
		want[i] = measure(t, config(i), dsp.End{}, records[i])
	}
	var wg sync.WaitGroup
	for k := range meters {
		wg.Go(func() {
			i := k % len(records)
			if diff := cmp.Diff(want[i], measure(t, config(i), dsp.End{}, records[i])); diff != "" {
				t.Errorf("meter %d, alone and among others (-alone +others):\n%s", k, diff)
			}
		})
	}
	wg.Wait()
}

func TestTheMetricsAreThoseOfTheMeasurement(t *testing.T) {
	v := 1.5
	if got := heimdall.Metrics(dsp.Metrics{SNRdB: &v}); got.SNRdB != &v { // does not compile unless field for field the same
		t.Error("the conversion lost the SNR")
	}
}

func TestAFinishedMeterSaysSo(t *testing.T) {
	m, err := dsp.NewMeter(dsp.Config{Format: iq.CU8, SampleRateHz: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Finish(dsp.End{}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Finish(dsp.End{}); !errors.Is(err, dsp.ErrFinished) {
		t.Errorf("second Finish = %v, want ErrFinished", err)
	}
	if _, err := m.Write([]byte{1}); !errors.Is(err, dsp.ErrFinished) {
		t.Errorf("Write = %v, want ErrFinished", err)
	}
}

// isMethod reports whether the offset was found, and by that method.
func isMethod(m dsp.Metrics, method string) bool {
	return m.FrequencyMethod != nil && *m.FrequencyMethod == method
}
