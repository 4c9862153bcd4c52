package siggen_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// A published vector: its parameters and the hash of its record, made by an independent implementation.
type published struct {
	ID        string        `json:"id"`
	Format    string        `json:"format"`
	RateHz    float64       `json:"fs_hz"`
	Samples   int           `json:"n"`
	Seed      uint64        `json:"seed"`
	Generator siggen.Vector `json:"generator"`
	SHA256    string        `json:"sha256"`
}

func load(t testing.TB) []published {
	raw, err := os.ReadFile("../dsp/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v []published
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (p published) record(t testing.TB) []byte {
	p.Generator.SampleRateHz, p.Generator.Seed = p.RateHz, p.Seed
	z, err := p.Generator.Build()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := siggen.Quantise(z, p.Format)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestPublishedVectorsAreRebuilt(t *testing.T) {
	dir := os.Getenv("HEIMDALL_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	for _, p := range load(t) {
		got := p.record(t)
		sum := sha256.Sum256(got)
		same := hex.EncodeToString(sum[:]) == p.SHA256
		want, err := os.ReadFile(filepath.Join(dir, "vectors", p.ID+"."+p.Format))
		t.Log(p.ID, same, err, len(got), len(want), bytes.Equal(got, want))
	}
}
