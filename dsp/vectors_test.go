package dsp_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

// A vector is one line of testdata/vectors.json: how to make a record, how to measure it, and what is true.
type vector struct {
	ID        string        `json:"id"`
	Format    string        `json:"format"`
	RateHz    float64       `json:"fs_hz"`
	Samples   int           `json:"n"`
	Seed      uint64        `json:"seed"`
	Generator siggen.Vector `json:"generator"`
	Analysis  struct {
		Bandwidth float64    `json:"channel_bw_hz"`
		Center    float64    `json:"channel_center_hz"`
		Passband  [2]float64 `json:"passband_hz"`
		ZeroIF    bool       `json:"zero_if"`
		Expected  int64      `json:"expected_samples"`
	} `json:"analysis"`
	Truth struct {
		Detected bool     `json:"detected"`
		SNR      *float64 `json:"snr_db"`
		Signal   *float64 `json:"signal_dbfs"`
		Noise    *float64 `json:"noise_dbfs_hz"`
		Freq     *float64 `json:"freq_hz"`
		Drift    *float64 `json:"drift_hz_s"`
		OBW      *float64 `json:"obw_hz"`
	} `json:"truth"`
	Tol struct {
		SNR    *float64 `json:"snr_db"`
		Signal *float64 `json:"signal_db"`
		Noise  *float64 `json:"noise_db"`
		Freq   *float64 `json:"freq_hz"`
		Drift  *float64 `json:"drift_hz_s"`
		OBWRel *float64 `json:"obw_rel"`
	} `json:"tol"`
	Flags  []string `json:"flags_required"`
	SHA256 string   `json:"sha256"`
}

func loadVectors(t testing.TB) []vector {
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v []vector
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v vector) config() dsp.Config {
	f, _ := iq.ParseFormat(v.Format)
	return dsp.Config{
		Format: f, SampleRateHz: v.RateHz, ChannelCenterHz: v.Analysis.Center, ChannelBandwidthHz: v.Analysis.Bandwidth,
		PassbandLowHz: v.Analysis.Passband[0], PassbandHighHz: v.Analysis.Passband[1], ZeroIF: v.Analysis.ZeroIF,
		ExpectedSamples: v.Analysis.Expected,
	}
}

// built holds the records of the vectors by ID, each a function that builds it once for all tests.
var built sync.Map

// record builds the bytes of the vector.
func (v vector) record(t testing.TB) []byte {
	once, _ := built.LoadOrStore(v.ID, sync.OnceValues(func() ([]byte, error) {
		g := v.Generator
		g.SampleRateHz, g.Seed = v.RateHz, v.Seed
		z, err := g.Build()
		if err != nil {
			return nil, err
		}
		return siggen.Quantise(z, v.Format)
	}))
	raw, err := once.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// measuredVectors are all, under the race detector every fourth and no long one.
func measuredVectors(t testing.TB) []vector {
	all := loadVectors(t)
	if len(all) != 46 {
		t.Fatalf("%d vectors, want 46", len(all))
	}
	if !raceEnabled {
		return all
	}
	var some []vector
	for i, v := range all {
		if i%4 == 0 && v.Samples <= 50000 {
			some = append(some, v)
		}
	}
	return some
}

func measure(t testing.TB, c dsp.Config, e dsp.End, raw []byte) dsp.Metrics {
	t.Helper()
	m, err := dsp.NewMeter(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Write(raw); err != nil {
		t.Fatal(err)
	}
	got, err := m.Finish(e)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (v vector) check(t *testing.T, got dsp.Metrics) {
	t.Helper()
	if got.Detected != v.Truth.Detected {
		t.Errorf("detected = %v, want %v", got.Detected, v.Truth.Detected)
	}
	for _, f := range v.Flags {
		if !slices.Contains(got.Flags, f) {
			t.Errorf("flags = %v, want %s among them", got.Flags, f)
		}
	}
	near := func(name string, got, want, tol *float64) {
		t.Helper()
		switch {
		case tol == nil || want == nil:
		case got == nil:
			t.Errorf("%s = nil, want %v", name, *want)
		case !(math.Abs(*got-*want) <= *tol):
			t.Errorf("%s = %.6f, want %.6f within %v", name, *got, *want, *tol)
		default:
			t.Logf("%s off by %+.6f of %v", name, *got-*want, *tol)
		}
	}
	near("snr_db", got.SNRdB, v.Truth.SNR, v.Tol.SNR)
	near("signal_dbfs", got.SignalDBFS, v.Truth.Signal, v.Tol.Signal)
	near("noise_dbfs_hz", got.NoiseDBFSHz, v.Truth.Noise, v.Tol.Noise)
	near("drift_hz_s", got.DriftHzS, v.Truth.Drift, v.Tol.Drift)
	if got.FrequencyOffsetHz != nil {
		f := *got.FrequencyOffsetHz + v.Analysis.Center
		near("freq_hz", &f, v.Truth.Freq, v.Tol.Freq)
	} else {
		near("freq_hz", nil, v.Truth.Freq, v.Tol.Freq)
	}
	if v.Tol.OBWRel != nil {
		tol := *v.Tol.OBWRel**v.Truth.OBW + 4*max(v.RateHz/float64(max(got.SegmentLength, 1)), v.Analysis.Bandwidth/64)
		near("obw_hz", got.OBWHz, v.Truth.OBW, &tol)
	}
	if !v.Truth.Detected && got.SNRdB != nil {
		t.Errorf("snr_db = %v, want nil", *got.SNRdB)
	}
}

func TestEveryVectorIsMeasuredWithinItsTolerance(t *testing.T) {
	for _, v := range measuredVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			v.check(t, measure(t, v.config(), dsp.End{}, v.record(t)))
		})
	}
}

// The published records are the same bytes, up to the last bit of another library's sines.
func TestEveryPublishedRecordIsMeasuredWithinItsTolerance(t *testing.T) {
	dir := filepath.Join(sharedDir(t), "vectors")
	for _, v := range measuredVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, v.ID+"."+v.Format))
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != v.SHA256 {
				t.Errorf("%s is not the published record", v.ID)
			}
			if !bytes.Equal(raw, v.record(t)) { // else it is measured above
				v.check(t, measure(t, v.config(), dsp.End{}, raw))
			}
		})
	}
}

// sharedDir is where the large test inputs lie that are not part of the project.
func sharedDir(t testing.TB) string {
	dir := os.Getenv("HEIMDALL_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: no %s: set HEIMDALL_SHARED to the folder with vectors/ and captures/", dir)
	}
	return dir
}
