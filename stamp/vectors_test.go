package stamp_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// shared finds the folder with recordings and vectors, which the project does not carry.
func shared(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("HEIMDALL_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	p := filepath.Join(root, name)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("SKIPPED: no %s: set HEIMDALL_SHARED to the folder that holds the recordings and vectors", p)
	}
	return p
}

func TestVectorPS1(t *testing.T) {
	data, err := os.ReadFile(shared(t, "vectors/truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Stamps []struct {
			ID    string
			Block int64
			T     []float64 `json:"t_s"`
			Truth struct {
				FS         float64
				T0         float64
				GapBlock   int64 `json:"gap_block"`
				GapSamples int64 `json:"gap_samples"`
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Stamps {
		f := stamp.NewFitter(12000)
		week := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		utc := func(s float64) time.Time {
			whole, frac := math.Modf(s)
			return week.Add(time.Duration(whole)*time.Second + time.Duration(math.Round(frac*1e9)))
		}
		for k, s := range v.T {
			f.Add(stamp.Block{Sample: int64(k) * v.Block, At: utc(s)})
		}
		c := f.Clock()
		ppm := (c.RateHz/v.Truth.FS - 1) * 1e6
		start := c.Start.Sub(utc(v.Truth.T0))
		t.Logf("%s: rate off by %.5f ppm, start by %v (sigma %.1f ns), residual %.1f ns", v.ID, ppm, start, c.StartSigmaS*1e9, c.ResidualRMSS*1e9)
		if math.Abs(ppm) > 0.02 || start.Abs() > 20*time.Nanosecond || c.Outliers != 1 {
			t.Errorf("%s: clock %+v", v.ID, c)
		}
		if diff := cmp.Diff([]heimdall.Gap{{Sample: v.Truth.GapBlock * v.Block, Missing: v.Truth.GapSamples}}, c.Gaps); diff != "" {
			t.Errorf("%s: gaps (-want +got):\n%s", v.ID, diff)
		}
	}
}

func TestRealRecordingsHaveTheirMeasuredRates(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rateHz  float64
		firstS  int64 // GPS second of the third stamp
		firstNs int64
	}{
		{"DF0KL", 12001.145, 124934, 214561607},
		{"F1JEK", 12001.202, 124934, 447176230},
		{"HB9RYZ", 12001.132, 124934, 38122262},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wav, err := os.ReadFile(shared(t, "captures/20171127T104156Z_77500_"+tt.name+"_iq.wav"))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Date(2017, 11, 27, 10, 42, 0, 0, time.UTC)
			f := stamp.NewFitter(12000)
			var sample int64
			for at := 12; at+8 <= len(wav); {
				size := int(binary.LittleEndian.Uint32(wav[at+4:]))
				body := wav[at+8 : at+8+size]
				if string(wav[at:at+4]) == "kiwi" {
					sec, ns := binary.LittleEndian.Uint32(body[2:]), binary.LittleEndian.Uint32(body[6:])
					f.Add(stamp.Block{Sample: sample, At: stamp.GPSTime(now, sec, ns, 18), GPSAgeS: int(body[0])})
					sample += block
				}
				at += 8 + size
			}
			c := f.Clock()
			t.Logf("rate %.4f +- %.4f Hz, start sigma %.0f ns, residual %.0f ns, %d outliers, fix at most %d s old",
				c.RateHz, c.RateSigmaHz, c.StartSigmaS*1e9, c.ResidualRMSS*1e9, c.Outliers, c.GPSAgeMaxS)
			if math.Abs(c.RateHz-tt.rateHz) > 0.01 || len(c.Gaps) != 0 {
				t.Errorf("rate %.4f Hz, want %.3f; gaps %v", c.RateHz, tt.rateHz, c.Gaps)
			}
			want := stamp.GPSTime(now, uint32(tt.firstS), uint32(tt.firstNs), 18)
			if d := c.At(2 * block).Sub(want).Abs(); d > 200*time.Nanosecond {
				t.Errorf("block 2 is at %v, want %v", c.At(2*block), want)
			}
			if c.Outliers < 1 || c.Outliers > 2 || c.ResidualRMSS > 100e-9 {
				t.Errorf("clock %+v", c)
			}
		})
	}
}
