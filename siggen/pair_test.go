package siggen_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// The published pairs: their parameters, and the hashes of both records, made by an independent implementation.
// The noise density is that of the SNR in the bandwidth: 12 dB in 2.7 kHz, 0 dB in 9 kHz, 15 dB in 10 kHz.
var pairs = []struct {
	id               string
	pair             siggen.Pair
	sha256A, sha256B string
}{
	{"pT1_usb", siggen.Pair{Seed: 333, DelayS: 137.3e-6, NoiseDBFSHz: -25 - 12 - 10*math.Log10(2700),
		Signal: siggen.Signal{Kind: "usb", FreqHz: 20}}, "386a97872e2ad1589b520f331681e5f4d09ed683dc9fbb3343a98af9ef033c82", "61d9b26763c7798a7db211dc3794b5c69fe06665d1a0be24e778b03e21e9ad40"},
	{"pT2_bandnoise", siggen.Pair{Seed: 334, DelayS: -412.75e-6, NoiseDBFSHz: -25 - 10*math.Log10(9000),
		Signal: siggen.Signal{Kind: "bandnoise", FreqHz: 40, BandwidthHz: 9000}}, "e4eabb090014943deb9c60d1dd1be1a29c4e044fc09593b08b1fcf4f7b9f233d", "19678febc984c2a9cc0e1a153c3738cbeda58b0ebe7145c03d207b590e201d83"},
	{"pT3_nbfm", siggen.Pair{Seed: 335, DelayS: 55.5e-6, NoiseDBFSHz: -25 - 15 - 10*math.Log10(10000),
		Signal: siggen.Signal{Kind: "nbfm", FreqHz: 60, DeviationHz: 2500}}, "8901e0653bdedf2e68ff108afab2435c4943f8df9e945c5ebc9eb7e693911861", "47b8decb4722d9d18b1154ce056b8b690df3d8dc9a335a76bf1ee10198b63aff"},
}

// Sines of two libraries differ in the last bit, so a sample in a million may round the other way.
func TestThePublishedPairsAreRebuilt(t *testing.T) {
	dir := os.Getenv("HEIMDALL_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	same := 0
	for _, p := range pairs {
		p.pair.SampleRateHz, p.pair.Samples, p.pair.CarrierHz, p.pair.Signal.LevelDBFS = 12000, 60000, 7.1e6, -25
		a, b, err := p.pair.Build()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []struct {
			name, sha256 string
			z            []complex128
		}{{p.id + "_a", p.sha256A, a}, {p.id + "_b", p.sha256B, b}} {
			got, err := siggen.Quantise(r.z, "ci16")
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) == r.sha256 {
				same++
			} else {
				t.Logf("%s: another hash, %x", r.name, sum)
			}
			want, err := os.ReadFile(filepath.Join(dir, "vectors", r.name+".ci16"))
			if err != nil {
				t.Logf("SKIPPED: no record of %s to compare with: set HEIMDALL_SHARED", r.name)
				continue
			}
			if !bytes.Equal(got, want) {
				compare(t, published{ID: r.name, Format: "ci16"}, got, want)
			}
		}
	}
	if same < 4 {
		t.Errorf("%d of 6 records have the published hash, want at least 4", same)
	}
}

func TestTheSecondReceiverHearsTheSameLater(t *testing.T) {
	p := siggen.Pair{SampleRateHz: 1000, Samples: 1000, Seed: 3, NoiseDBFSHz: -400, DelayS: 0.007,
		Signal: siggen.Signal{Kind: "bandnoise", BandwidthHz: 600, LevelDBFS: -20}}
	a, b, err := p.Build()
	if err != nil {
		t.Fatal(err)
	}
	for k := range a {
		if got, want := b[(k+7)%1000], a[k]; cmplx.Abs(got-want) > 1e-12 {
			t.Fatalf("sample %d of b is %v, want sample %d of a, %v", (k+7)%1000, got, k, want)
		}
	}
	p.Signal.Kind = "morse"
	if _, _, err := p.Build(); err == nil {
		t.Error("a pair of an unknown kind was built")
	}
}
