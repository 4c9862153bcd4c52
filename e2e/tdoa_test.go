package e2e_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// tdoaReport is what heimdall tdoa --json promises.
type tdoaReport struct {
	Pairs []struct {
		A, B  string
		Delay *struct {
			DelayS float64  `json:"delay_s"`
			SigmaS *float64 `json:"sigma_s"`
			PathKm float64  `json:"path_difference_km"`
		}
		Refusal *struct{ Reason, Detail string }
	}
	Closures []struct {
		ClosureS float64 `json:"closure_s"`
		SigmaS   float64 `json:"sigma_s"`
	}
}

// writeSigMF writes a recording of z at 12 kHz, timed as the fields of the first capture say.
func writeSigMF(t testing.TB, path string, z []complex128, trust string) {
	t.Helper()
	raw, err := siggen.Quantise(z, "ci16")
	if err != nil {
		t.Fatal(err)
	}
	capture := sigmf.Capture{FrequencyHz: new(7.1e6), Other: sigmf.Fields{}}
	capture.SetStart(time.Unix(1_772_366_400, 0))
	if err := json.Unmarshal([]byte(trust), &capture.Other); err != nil {
		t.Fatal(err)
	}
	m := sigmf.Metadata{Captures: []sigmf.Capture{capture}}
	m.Global.Datatype, m.Global.Version, m.Global.SampleRateHz = "ci16_le", sigmf.Version, 12000
	doc, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for ext, b := range map[string][]byte{"meta": doc, "data": raw} {
		if err := os.WriteFile(path+".sigmf-"+ext, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDelaysOfFilesArePrintedWithTheirUncertaintyOrRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []string{"tdoa"}
	for i, delayS := range []float64{0, 200e-6, -350e-6} {
		p := siggen.Pair{SampleRateHz: 12000, Samples: 36000, Seed: 5, DelayS: delayS, CarrierHz: 7.1e6, NoiseDBFSHz: -200,
			Signal: siggen.Signal{Kind: "bandnoise", BandwidthHz: 6000, LevelDBFS: -25}}
		_, z, err := p.Build()
		if err != nil {
			t.Fatal(err)
		}
		other := siggen.NewSource(77, uint64(i))
		for k := range z {
			z[k] += other.Gauss(uint64(k)) * 0.02
		}
		path := filepath.Join(dir, fmt.Sprint("r", i))
		writeSigMF(t, path, z, `{"heimdall:time_quality": "gps", "heimdall:time_uncertainty_s": 1e-7}`)
		writeSigMF(t, path+"_late", z, `{"heimdall:time_quality": "host_arrival", "heimdall:time_uncertainty_s": 0.05}`)
		files = append(files, path+".sigmf-meta")
	}
	var got tdoaReport
	mustJSON(t, &got, "", files...)
	if len(got.Pairs) != 3 || len(got.Closures) != 1 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []float64{200e-6, -350e-6, -550e-6} {
		d := got.Pairs[i].Delay
		if d == nil || d.SigmaS == nil || *d.SigmaS > 2e-6 || math.Abs(d.DelayS-want) > 5**d.SigmaS ||
			math.Abs(d.PathKm-d.DelayS*299_792.458) > 1e-6 {
			t.Errorf("pair %d: %+v, want %g s", i, d, want)
		}
	}
	if c := got.Closures[0]; math.Abs(c.ClosureS) > 5*c.SigmaS {
		t.Errorf("closure %+v", c)
	}
	if r := command(t, "", files...); r.code != 0 || !strings.Contains(r.stdout, "CLOSURE us") || !strings.Contains(r.stdout, "PATH km") {
		t.Errorf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
	}

	late := []string{"tdoa", filepath.Join(dir, "r0_late.sigmf-meta"), filepath.Join(dir, "r1_late.sigmf-meta")}
	r := command(t, "", append(late, "--json")...)
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || r.code != 4 || got.Pairs[0].Refusal == nil || got.Pairs[0].Refusal.Reason != "clock_unfit" {
		t.Errorf("recordings timed by arrival: exit code %d, %s", r.code, r.stdout)
	}
	got = tdoaReport{}
	mustJSON(t, &got, "", append(late, "--any-clock")...)
	if d := got.Pairs[0].Delay; d == nil || *d.SigmaS < 0.05 {
		t.Errorf("with any clock: %+v, want an uncertainty of 0.05 s or more", d)
	}
	for _, bad := range [][]string{{"tdoa", files[1]}, {"tdoa", files[1], files[2], "--max-delay", "7s"}, {"tdoa", files[1], files[2], "--band-hz", "wide"}} {
		if r := command(t, filepath.Join(dir, "data"), bad...); r.code != 2 {
			t.Errorf("%v: exit code %d, want 2: %s", bad, r.code, r.stderr)
		}
	}
}
