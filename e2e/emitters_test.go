package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestEmittersAreKeptFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data, other := t.TempDir(), t.TempDir()
	var made wire.Emitter
	mustJSON(t, &made, data, "emitters", "add", "DCF77", "0.0775", "--latitude", "50.0155", "--longitude", "9.0108", "--eirp-dbm", "74.8")
	if made.EmitterID != 1 || made.FrequencyMHz != 0.0775 || made.EIRPdBm == nil || *made.EIRPdBm != 74.8 || made.BandwidthHz != nil {
		t.Errorf("added is %+v", made)
	}
	mustJSON(t, &made, data, "emitter", "set", "1", "bandwidth_hz=1000", "notes=a time signal")
	if made.BandwidthHz == nil || *made.BandwidthHz != 1000 || made.Notes != "a time signal" {
		t.Errorf("changed is %+v", made)
	}
	if r := command(t, data, "emitters", "add", "South", "14.1", "--latitude=-45.5", "--longitude=-170"); r.code != 0 || !strings.Contains(r.stdout, "emitter 2 added: South") {
		t.Errorf("it says %q %q", r.stdout, r.stderr)
	}
	if r := command(t, data, "emitters", "add", "Nowhere", "14.1", "--latitude=95", "--longitude=0"); r.code != 2 || !strings.Contains(r.stderr, "latitude must be degrees from -90 to 90") {
		t.Errorf("code %d: %q", r.code, r.stderr)
	}
	var near []wire.Emitter
	mustJSON(t, &near, data, "emitters", "list", "--near", "50,9,10", "--frequency-max-mhz", "1")
	if len(near) != 1 || near[0].Name != "DCF77" {
		t.Errorf("near Mainflingen there are %+v", near)
	}

	file := filepath.Join(t.TempDir(), "emitters.geojson")
	r := command(t, data, "emitters", "export")
	if r.code != 0 || !strings.Contains(r.stdout, `"coordinates":[9.0108,50.0155]`) {
		t.Fatalf("exported is %q %q", r.stdout, r.stderr)
	}
	if err := os.WriteFile(file, []byte(r.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 added, 0 changed (dry run: nothing was stored)", "2 added, 0 changed", "0 added, 2 changed"} {
		args := []string{"emitters", "import", file}
		if strings.Contains(want, "dry") {
			args = append(args, "--dry-run")
		}
		if r := command(t, other, args...); r.code != 0 || strings.TrimSpace(r.stdout) != want {
			t.Errorf("the import says %q %q, want %q", r.stdout, r.stderr, want)
		}
	}
	var before, after []wire.Emitter
	mustJSON(t, &before, data, "emitters")
	mustJSON(t, &after, other, "emitters")
	for i := range after {
		after[i].CreatedAt, after[i].UpdatedAt = before[i].CreatedAt, before[i].UpdatedAt
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("imported (-exported +imported):\n%s", diff)
	}
	if err := os.WriteFile(file, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"name":"x","mhz":1}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := command(t, other, "emitters", "import", file); r.code != 2 || !strings.Contains(r.stderr, "features[0].geometry must be a Point") || !strings.Contains(r.stderr, "features[0].properties.mhz is not known") {
		t.Errorf("code %d: %q", r.code, r.stderr)
	}

	if r := command(t, data, "emitters", "remove", "2"); r.code != 0 {
		t.Error(r.stderr)
	}
	if r := command(t, data, "emitters", "get", "2"); r.code == 0 || !strings.Contains(r.stderr, "emitter 2: not found") {
		t.Errorf("code %d: %q", r.code, r.stderr)
	}
	if r := command(t, data, "emitters"); r.code != 0 || len(strings.Split(strings.TrimSpace(r.stdout), "\n")) != 2 || !strings.Contains(r.stdout, "EIRP dBm") {
		t.Errorf("the list is %q", r.stdout)
	}
	if r := command(t, data, "check"); r.code != 0 {
		t.Error(r.stdout, r.stderr)
	}
}

func TestTheDemoKnowsWhoIsOnTheAir(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	own := []string{"emitters", "add", "superga-voice", "7.1", "--latitude=1", "--longitude=2"} // of somebody who has that name, too
	if r := command(t, data, own...); r.code != 0 {
		t.Fatal(r.stderr)
	}
	var demo struct{ Acquisition wire.Acquisition }
	mustJSON(t, &demo, "", "demo", "--once", "--duration", "1s", "--listen", "127.0.0.1:0", "--folder", data)
	var list []wire.Emitter
	mustJSON(t, &list, data, "emitters", "list")
	if len(list) != 2 || list[0].FrequencyMHz != 7.1 || list[1].Name != "genova-carrier" || list[1].FrequencyMHz != 145.5007 || *list[1].EIRPdBm != 23 {
		t.Errorf("known are %+v", list)
	}
	var inBand []wire.EmitterInBand
	mustJSON(t, &inBand, data, "emitters", "list", "--acquisition", demo.Acquisition.TaskID)
	if len(inBand) != 1 || inBand[0].Emitter.Name != "genova-carrier" || inBand[0].OffsetHz != 700 || len(inBand[0].Captures) != 7 {
		t.Errorf("in the band are %+v", inBand)
	}
}
