package e2e_test

import (
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// Columns that others build on: their names are a promise.
const columns = `snr_db snr_sigma_db snr_upper_db snr_bandwidth_hz detected cn0_dbhz signal_dbfs channel_power_dbfs
	noise_dbfs_hz noise_source noise_used_fraction power_dbfs peak_dbfs papr_db dc_dbfs clip_fraction frequency_offset_hz
	frequency_method frequency_sigma_hz clock_sigma_hz line_fraction drift_hz_s drift_sigma_hz_s obw_hz obw_lo_hz obw_hi_hz obw_valid
	flatness_db spectral_kurtosis duty on_snr_db signal_dbm noise_dbm_hz cal_db cal_sigma_db cal_source flags
	algorithm_version L K`

func TestMeasurePrintsEveryColumnOfARawFile(t *testing.T) {
	t.Parallel()
	// A tone at -700 Hz, 20 dB over the noise in 2 kHz.
	v := siggen.Vector{SampleRateHz: 12000, Samples: 48000, Seed: 7, NoiseDBFSHz: new(-90.0),
		Signals: []siggen.Signal{{Kind: "tone", FreqHz: -700, LevelDBFS: -90 + 33.0103 + 20}}}
	z, err := v.Build()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := siggen.Quantise(z, "ci16")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tone.raw")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	// Negative numbers are given as any other argument.
	r := command(t, "", "measure", path, "--format", "ci16_le", "--sample-rate-hz", "12000", "--channel-center-hz", "-600",
		"--channel-bandwidth-hz", "2000", "--passband-hz", "-5400,5400", "--expected-samples", "60000", "--json")
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil {
		t.Fatal(err)
	}
	for c := range strings.FieldsSeq(columns) {
		if _, ok := m[c]; !ok {
			t.Errorf("column %s is missing", c)
		}
	}
	for name, want := range map[string]struct{ value, within float64 }{
		"snr_db": {20, 0.3}, "frequency_offset_hz": {-100, 0.01}, "noise_dbfs_hz": {-90, 0.3}, "snr_bandwidth_hz": {2000, 0},
	} {
		if got, _ := m[name].(float64); math.Abs(got-want.value) > want.within {
			t.Errorf("%s is %v, want %g within %g", name, m[name], want.value, want.within)
		}
	}
	if flags, _ := json.Marshal(m["flags"]); !strings.Contains(string(flags), "short_read") {
		t.Errorf("flags %s of a file that is too short lack short_read", flags)
	}
}

func TestMeasureDrawsWhatItMeasuredAndSaysWhatIsAmiss(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := siggen.Vector{SampleRateHz: 12000, Samples: 48000, Seed: 7, NoiseDBFSHz: new(-90.0),
		Signals: []siggen.Signal{{Kind: "tone", FreqHz: 3000, LevelDBFS: -20}}}
	z, err := v.Build()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := siggen.Quantise(z, "ci16")
	if err != nil {
		t.Fatal(err)
	}
	path, drawn := filepath.Join(dir, "tone.raw"), filepath.Join(dir, "tone.png")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	r := command(t, "", "measure", path, "--format", "ci16_le", "--sample-rate-hz", "12000", "--spectrogram", drawn)
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	// The plot's top row has one mark, three quarters of the way from -6 to 6 kHz.
	_, plot, _ := strings.Cut(r.stdout, "dBFS/Hz\n")
	top, _, _ := strings.Cut(plot, "\n")
	_, marks, _ := strings.Cut(top, "│")
	if at := len([]rune(marks)); at < 53 || at > 56 {
		t.Errorf("the top row of the plot is %q, want a mark in column 54 of 72:\n%s", marks, plot)
	}
	f, err := os.Open(drawn)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	brightest, sum := 0, uint32(0)
	for x := range picture.Bounds().Dx() {
		if red, green, blue, _ := picture.At(x, 300).RGBA(); red+green+blue > sum {
			brightest, sum = x, red+green+blue
		}
	}
	if hz := (float64(brightest)+0.5)/float64(picture.Bounds().Dx())*12000 - 6000; math.Abs(hz-3000) > 30 {
		t.Errorf("the picture is brightest at %.0f Hz, want 3000", hz)
	}
	odd := filepath.Join(dir, "odd.raw")
	if err := os.WriteFile(odd, raw[:4001], 0o644); err != nil {
		t.Fatal(err)
	}
	r = command(t, "", "measure", odd, "--format", "ci16_le", "--sample-rate-hz", "12000", "--json")
	if r.code == 0 || !strings.Contains(r.stderr, "--allow-partial") {
		t.Errorf("a file that ends inside a sample: exit %d, %s", r.code, r.stderr)
	}
	r = command(t, "", "measure", odd, "--format", "ci16_le", "--sample-rate-hz", "12000", "--json", "--allow-partial")
	if r.code != 0 || !strings.Contains(r.stdout, `"damage": "1 bytes follow`) || !strings.Contains(r.stdout, `"samples_count": 1000`) {
		t.Errorf("measuring what is there of it: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	empty := filepath.Join(dir, "empty.raw")
	if err := os.WriteFile(empty, make([]byte, 40000), 0o644); err != nil {
		t.Fatal(err)
	}
	r = command(t, "", "measure", empty, "--format", "ci16_le", "--sample-rate-hz", "12000", "--spectrogram", drawn)
	if r.code != 2 || !strings.Contains(r.stderr, "nothing but zeros") {
		t.Errorf("a spectrogram of zeros: exit %d, %s", r.code, r.stderr)
	}
}
