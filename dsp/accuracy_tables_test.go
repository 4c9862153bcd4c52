package dsp_test

import (
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// The tables below are the accuracy that the package promises, measured against signals of known truth and against
// what theory allows. Every figure in them has a limit.
func TestTheMetricsAreAsAccurateAsPromised(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has nothing to say about arithmetic, and takes minutes over it")
	}
	var page strings.Builder
	fmt.Fprintf(&page, "Printed by `make accuracy` on %s, with %s for %s on %s. Errors are those of %d records of each kind, every one with its\n"+
		"own noise, data, phase and frequency. A bound is what theory allows: nobody's estimator can scatter less (Cramér and Rao).\n",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), processor(), runtime.GOOS, *seeds)
	for _, table := range []struct {
		name  string
		write func(*testing.T, *strings.Builder)
	}{
		{"SNR", snrTable}, {"inside the signal", inBandTable}, {"frequency", frequencyTable}, {"noise", noiseTable}, {"detection", detectionTable},
	} {
		t.Run(table.name, func(t *testing.T) { table.write(t, &page) })
	}
	t.Logf("\n%s", page.String())
	if *update && *seeds >= 100 && !t.Failed() {
		writeAccuracy(t, page.String())
	}
}

// writeAccuracy puts the tables between their marks.
func writeAccuracy(t *testing.T, text string) {
	committed, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	block := accuracyOf(string(committed))
	fresh := "<!-- accuracy -->\n" + text + "<!-- /accuracy -->"
	if err := os.WriteFile(pagePath, []byte(strings.Replace(string(committed), block, fresh, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// processor is the name of the machine's, as Linux tells it.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return "an " + strings.TrimSpace(value)
		}
	}
	return "a processor of unknown name"
}

// snrTable: signals with noise in view beside the channel.
func snrTable(t *testing.T, page *strings.Builder) {
	tone, off := siggen.Signal{Kind: "tone"}, false
	noisy := siggen.Signal{Kind: "bandnoise", BandwidthHz: 2000}
	type kase struct {
		name string
		study
	}
	var kases []kase
	// A keyed signal that happens to be on at the ends of its record loses what the channel's filter and taper take there.
	const keyed = "keyed carrier, 0.8 s of 250 kHz"
	for _, snr := range []float64{-10, 0, 10, 20, 30, 40, 50, 60} {
		kases = append(kases, kase{"tone, 1 s of 12 kHz", study{rateHz: 12000, samples: 12000, widthHz: 2500, snrDB: snr, noiseDBFSHz: -64 - max(snr, 0), signal: tone, jitterHz: 1000}})
	}
	for _, snr := range []float64{0, 10, 30} {
		kases = append(kases, kase{"2 kHz of noise, 2 s", study{rateHz: 12000, samples: 24000, widthHz: 2500, snrDB: snr, noiseDBFSHz: -64 - snr, signal: noisy, jitterHz: 50}})
	}
	for _, snr := range []float64{0, 15, 30} {
		kases = append(kases,
			kase{"QPSK, 2400 Bd, 2 s", study{rateHz: 12000, samples: 24000, widthHz: 5000, snrDB: snr, noiseDBFSHz: -64 - snr, signal: siggen.Signal{Kind: "qpsk"}, jitterHz: 200}},
			kase{"USB voice, 4 s", study{rateHz: 12000, samples: 48000, centerHz: 1450, widthHz: 2800, snrDB: snr, noiseDBFSHz: -64 - snr, signal: siggen.Signal{Kind: "usb"}}},
			kase{"FM voice, 0.5 s of 250 kHz", study{rateHz: 250000, samples: 125000, centerHz: 30000, widthHz: 25000, snrDB: snr, noiseDBFSHz: -75 - snr,
				signal: siggen.Signal{Kind: "nbfm", FreqHz: 30000}, jitterHz: 500}},
		)
	}
	kases = append(kases,
		kase{"FT8, 13 s", study{rateHz: 12000, samples: 156000, centerHz: 1520, widthHz: 100, snrDB: 9, noiseDBFSHz: -69, signal: siggen.Signal{Kind: "ft8", FreqHz: 1500}, jitterHz: 2}},
		kase{"AM voice, 4 s", study{rateHz: 24000, samples: 96000, widthHz: 9000, snrDB: 20, noiseDBFSHz: -84, signal: siggen.Signal{Kind: "am", Pauses: &off}, jitterHz: 50}},
		kase{keyed, study{rateHz: 250000, samples: 200000, centerHz: -20000, widthHz: 20000, snrDB: 17, noiseDBFSHz: -88,
			signal: siggen.Signal{Kind: "ook", FreqHz: -20000, BitS: 0.0005, Duty: 0.5, BurstS: 0.06, PeriodS: 0.25}, jitterHz: 1000}},
		kase{"tone, 0.1 s of 2.4 MHz, 8 bits", study{rateHz: 2.4e6, samples: 240000, format: "cu8", centerHz: 320000, widthHz: 25000, snrDB: 20, noiseDBFSHz: -94,
			signal: siggen.Signal{Kind: "tone", FreqHz: 320000}, jitterHz: 5000}},
		kase{"tone beside one 60 dB stronger", study{rateHz: 12000, samples: 48000, format: "cf32", centerHz: -1500, widthHz: 2500, snrDB: 10, noiseDBFSHz: -119,
			signal: siggen.Signal{Kind: "tone", FreqHz: -1500}, others: []siggen.Signal{{Kind: "tone", FreqHz: 2500, LevelDBFS: -20}}, jitterHz: 1000}},
	)
	page.WriteString("\n### SNR, noise in view beside the channel\n\nDecibels. Stated is the rms of `snr_sigma_db`.\n\n" +
		"| signal | SNR | bias | spread | bound | spread / bound | stated / spread |\n|---|---|---|---|---|---|---|\n")
	for _, k := range kases {
		var s spread
		for _, f := range k.run(t, *seeds) {
			s.add(f.got.SNRdB, f.snrDB, f.got.SNRSigmaDB)
		}
		bound := k.snrBoundDB()
		name := fmt.Sprintf("%s, SNR %g dB", k.name, k.snrDB)
		limit(t, name+": records with an SNR", float64(s.n), float64(*seeds), float64(*seeds))
		allowed := 0.1 + s.biasSlack()
		if k.snrDB < 0 {
			allowed += 0.25 * s.sigma()
		}
		limit(t, name+": bias", s.bias(), -allowed, allowed)
		overBound := 1.3
		if k.name == keyed {
			overBound = 1.6
		}
		limit(t, name+": spread / bound", s.std()/bound, 0, overBound*slack(s.n))
		limit(t, name+": stated / spread", s.sigma()/s.std(), 0.6/slack(s.n), 1.7*slack(s.n))
		fmt.Fprintf(page, "| %s | %g | %s | %.3f | %.3f | %.2f | %.2f |\n", k.name, k.snrDB, dB(s.bias()), s.std(), bound, s.std()/bound, s.sigma()/s.std())
	}
}

// inBandTable: signals that fill the passband, so that the noise is sought inside them.
func inBandTable(t *testing.T, page *strings.Builder) {
	page.WriteString("\n### SNR, noise sought inside the signal\n\nA record that its own signal fills shows little clean noise. Decibels; beyond 35 dB of SNR `snr_lower_bound` and `noise_upper_bound` say that the\n" +
		"number is a limit.\n\n| signal | SNR | bias | spread | rms stated | flagged |\n|---|---|---|---|---|---|\n")
	for _, k := range []struct {
		name   string
		signal siggen.Signal
		snrDB  []float64
		limit  []float64 // of the bias
	}{
		{"keyed carrier that fills 12 kHz", siggen.Signal{Kind: "ook"}, []float64{10, 30, 60}, []float64{0.1, 0.1, 0.1}},
		{"FM voice of 1.5 kHz deviation in 12 kHz", siggen.Signal{Kind: "nbfm", DeviationHz: 1500}, []float64{0, 10, 20, 30, 60}, []float64{0.15, 0.15, 0.3, 0.7, 6}},
	} {
		for i, snr := range k.snrDB {
			var s spread
			flagged := 0
			for _, f := range (study{rateHz: 12000, samples: 48000, widthHz: 10000, snrDB: snr, noiseDBFSHz: -60 - max(0, snr-10), signal: k.signal, jitterHz: 300}).run(t, *seeds) {
				s.add(f.got.SNRdB, f.snrDB, f.got.SNRSigmaDB)
				if slices.Contains(f.got.Flags, dsp.FlagSNRLowerBound) || slices.Contains(f.got.Flags, dsp.FlagNoiseUpperBound) {
					flagged++
				}
			}
			allowed := k.limit[i] + s.biasSlack()
			limit(t, fmt.Sprintf("%s, SNR %g dB: bias", k.name, snr), s.bias(), -allowed, allowed)
			fmt.Fprintf(page, "| %s | %g | %s | %.3f | %.3f | %d %% |\n", k.name, snr, dB(s.bias()), s.std(), s.sigma(), 100*flagged/s.n)
		}
	}
}

// frequencyTable: tones of any frequency and drift, down to where they are just detected.
func frequencyTable(t *testing.T, page *strings.Builder) {
	page.WriteString("\n### Frequency and drift of a carrier\n\nC/N0 T is the energy of the carrier over the noise density, in decibels. Frequency and drift are random.\n\n" +
		"| record | C/N0 T | carriers found | frequency rms / bound | stated / rms | drift rms / bound | stated / rms |\n|---|---|---|---|---|---|---|\n")
	steady := study{rateHz: 12000, samples: 24000, widthHz: 2500, jitterHz: 1100, driftHzS: 0.2}
	drifting := study{rateHz: 12000, samples: 24000, widthHz: 2500, jitterHz: 1000, driftHzS: 20}
	long := study{rateHz: 12000, samples: 480000, widthHz: 8000, jitterHz: 3000, driftHzS: 0.05}
	wide := study{rateHz: 2.4e6, samples: 240000, centerHz: 300000, widthHz: 25000, jitterHz: 11000, driftHzS: 50}
	for _, k := range []struct {
		name   string
		study  study
		energy []float64
	}{
		{"2 s of 12 kHz", steady, []float64{19, 22, 27, 33, 43, 56, 66, 76, 86, 96}},
		{"the same, drift up to 20 Hz/s", drifting, []float64{30, 50, 80}},
		{"40 s of 12 kHz, drift up to 0.05 Hz/s", long, []float64{30, 50, 80}},
		{"0.1 s of 2.4 MHz", wide, []float64{19, 30, 50}},
	} {
		for _, energy := range k.energy {
			s := k.study
			s.signal = siggen.Signal{Kind: "tone", FreqHz: s.centerHz}
			s.snrDB = energy - 10*math.Log10(s.seconds()*s.widthHz)
			s.format, s.noiseDBFSHz = "cf32", -10*math.Log10(s.rateHz)-max(0, s.snrDB)-20
			frequencyBound, driftBound := s.boundsHz()
			var frequency, drift spread
			for _, f := range s.run(t, *seeds) {
				if isMethod(f.got, dsp.MethodCarrier) {
					frequency.add(f.got.FrequencyOffsetHz, f.freqHz, f.got.FrequencySigmaHz)
					drift.add(f.got.DriftHzS, f.driftHzS, f.got.DriftSigmaHzS)
				}
			}
			name, share := fmt.Sprintf("%s, C/N0 T %g dB", k.name, energy), float64(frequency.n)/float64(*seeds)
			limit(t, name+": share of carriers found", share, 0.99, 1)
			limit(t, name+": frequency rms / bound", frequency.rms()/frequencyBound, 0, 1.15*slack(frequency.n))
			limit(t, name+": drift rms / bound", drift.rms()/driftBound, 0, 1.2*slack(drift.n))
			limit(t, name+": frequency stated / rms", frequency.sigma()/frequency.rms(), 0.6/slack(frequency.n), 1.7*slack(frequency.n))
			limit(t, name+": drift stated / rms", drift.sigma()/drift.rms(), 0.6/slack(drift.n), 1.7*slack(drift.n))
			fmt.Fprintf(page, "| %s | %g | %.1f %% | %.2f | %.2f | %.2f | %.2f |\n", k.name, energy, 100*share, frequency.rms()/frequencyBound,
				frequency.sigma()/frequency.rms(), drift.rms()/driftBound, drift.sigma()/drift.rms())
		}
	}
}

// noiseTable: the noise density with the passband empty, and with most of it occupied.
func noiseTable(t *testing.T, page *strings.Builder) {
	page.WriteString("\n### Noise density\n\nDecibels. The bound is that of the bins that hold nothing but noise.\n\n| record | bias | spread | bound | spread / bound |\n|---|---|---|---|---|\n")
	empty := study{rateHz: 12000, samples: 24000, widthHz: 2500, snrDB: math.NaN(), noiseDBFSHz: -80}
	for _, k := range []struct {
		name              string
		study             study
		free              float64 // share of what lies beside the channel
		biasDB, overBound float64
	}{
		{"noise alone, 2 s of 12 kHz", empty, 1, 0.02, 1.45},
		{"noise alone, 0.2 s of 250 kHz", study{rateHz: 250000, samples: 50000, widthHz: 12500, snrDB: math.NaN(), noiseDBFSHz: -95}, 1, 0.02, 1.45},
		{"7 signals of 0 to 40 dB over 70 % of 48 kHz, 2 s", study{rateHz: 48000, samples: 96000, widthHz: 2500, centerHz: 18000, snrDB: math.NaN(), noiseDBFSHz: -90, others: crowd()}, 0.3, 0.1, math.Inf(1)},
	} {
		var s spread
		for _, f := range k.study.run(t, *seeds) {
			s.add(f.got.NoiseDBFSHz, 10*math.Log10(k.study.trueNoise()), nil)
		}
		bound := 10 / math.Ln10 / math.Sqrt(k.free*k.study.noiseWidthHz()*k.study.seconds())
		allowed := k.biasDB + s.biasSlack()
		limit(t, k.name+": bias", s.bias(), -allowed, allowed)
		limit(t, k.name+": spread / bound", s.std()/bound, 0, k.overBound*slack(s.n))
		fmt.Fprintf(page, "| %s | %s | %.3f | %.3f | %.2f |\n", k.name, dB(s.bias()), s.std(), bound, s.std()/bound)
	}
}

// crowd is seven flat signals, 0 to 40 dB over noise of -90 dBFS/Hz, over 70 % of +-21.6 kHz.
func crowd() (signals []siggen.Signal) {
	const width = 0.7 * 43200 / 7
	for i := range 7 {
		over := float64(i) * 40 / 6
		signals = append(signals, siggen.Signal{Kind: "bandnoise", FreqHz: -21600 + width*(float64(i)*1.15+0.55), BandwidthHz: width, LevelDBFS: -90 + over + 10*math.Log10(width)})
	}
	return signals
}

// detectionTable: how often noise is taken for a signal, and a weak tone is seen.
func detectionTable(t *testing.T, page *strings.Builder) {
	page.WriteString("\n### Detection\n\n| record | records | detected |\n|---|---|---|\n")
	row := func(name string, records, detected int) {
		fmt.Fprintf(page, "| %s | %d | %d (%.2f %%) |\n", name, records, detected, 100*float64(detected)/float64(records))
	}
	noise := map[string]study{
		"noise, 1 s of 12 kHz, channel 2.5 kHz":      {rateHz: 12000, samples: 12000, widthHz: 2500},
		"noise, 2 s of 12 kHz, channel 10 kHz":       {rateHz: 12000, samples: 24000, widthHz: 10000},
		"noise, 2 s of 12 kHz, channel 500 Hz":       {rateHz: 12000, samples: 24000, centerHz: 800, widthHz: 500},
		"noise, 0.1 s of 250 kHz, channel 12.5 kHz":  {rateHz: 250000, samples: 25000, centerHz: 20000, widthHz: 12500},
		"noise of 8 bits, 0.02 s of 2.4 MHz, 25 kHz": {rateHz: 2.4e6, samples: 48000, format: "cu8", centerHz: 300000, widthHz: 25000},
	}
	all, alarms := 0, 0
	for _, name := range slices.Sorted(maps.Keys(noise)) {
		s := noise[name]
		s.snrDB, s.noiseDBFSHz = math.NaN(), -30-10*math.Log10(s.rateHz)
		n := 5 * *seeds
		detected := countDetected(s.run(t, n))
		row(name, n, detected)
		all, alarms = all+n, alarms+detected
	}
	row("all of noise: false alarms", all, alarms)
	limit(t, "false alarms", float64(alarms), 0, 0.005*float64(all)+slackOfCount(0.005*float64(all)))
	tone := study{rateHz: 12000, samples: 24000, widthHz: 2500, noiseDBFSHz: -80, signal: siggen.Signal{Kind: "tone"}, jitterHz: 1100}
	for _, energy := range []float64{13, 16, 19} {
		tone.snrDB = energy - 10*math.Log10(tone.seconds()*tone.widthHz)
		n := 5 * *seeds
		detected := countDetected(tone.run(t, n))
		row(fmt.Sprintf("tone of C/N0 T = %g dB, 2 s", energy), n, detected)
		if energy == 19 {
			limit(t, "share of tones detected at C/N0 T = 19 dB", float64(detected)/float64(n), 0.99, 1)
		}
	}
}

func countDetected(found []finding) (n int) {
	for _, f := range found {
		if f.got.Detected {
			n++
		}
	}
	return n
}

// slackOfCount is how far a count may exceed what is expected of it by chance, where it is small.
func slackOfCount(expected float64) float64 {
	if *seeds >= 100 {
		return 0
	}
	return 1 + 3*math.Sqrt(expected)
}
