package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// A recomputed run is what heimdall recompute --json prints.
type recomputed struct {
	Results []struct {
		wire.Recomputation
		Error string
	}
	Summary struct {
		Counts []recomputeCount
	}
}

type recomputeCount struct {
	Old       string `json:"old_algorithm_version"`
	New       string `json:"new_algorithm_version"`
	Differs   int
	Replaced  int
	Unchanged int
	Failed    int
}

// recompute runs the command and fails unless it ends with that exit code.
func recompute(t *testing.T, data string, code int, args ...string) (r recomputed) {
	t.Helper()
	got := command(t, data, append([]string{"recompute", "--json"}, args...)...)
	if got.code != code {
		t.Fatalf("heimdall recompute %v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatalf("heimdall recompute %v: %v in\n%s", args, err, got.stdout)
	}
	return r
}

// update changes rows behind the program's back.
func update(t *testing.T, data, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "heimdall.db")+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// simulated serves a scenario and adds its receivers to the data folder.
func simulated(t *testing.T, data string, s *simnet.Scenario) {
	t.Helper()
	dir := t.TempDir()
	scenario, rows := filepath.Join(dir, "scenario.json"), filepath.Join(dir, "websdrs.json")
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(scenario, text, 0o644); err != nil {
		t.Fatal(err)
	}
	background(t, "serving", "simulate", "--scenario", scenario, "--websdrs", rows)
	if r := command(t, data, "websdr", "import", rows); r.code != 0 {
		t.Fatal(r.stderr)
	}
}

func stored(t *testing.T, data string) []wire.Measurement {
	t.Helper()
	var list []wire.Measurement
	mustJSON(t, &list, data, "measurements", "--limit", "0")
	return list
}

// Every kind of receiver, with gaps, dropped stamps, gain control, both kinds of calibration, and a tuning beside
// the frequency asked for; records that fit into the meter's head and such that do not.
func TestRecomputingARowOfThePresentVersionGivesTheSameBits(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	s := simnet.NorthWestItaly()
	s.Receivers[0].Faults = []simnet.Fault{{Kind: simnet.FaultGap, AfterSeconds: 4, Samples: 1024}}
	s.Receivers[3].Faults = []simnet.Fault{{Kind: simnet.FaultStaleStamp, AfterSeconds: 4}}
	simulated(t, data, s)
	set := func(id int, fields ...string) {
		t.Helper()
		if r := command(t, data, append([]string{"websdr", "set", fmt.Sprint(id)}, fields...)...); r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	for id := 1; id <= 7; id++ {
		set(id, fmt.Sprintf("clock_sigma_ppm=%g", 0.1+float64(id)/7))
	}
	set(3, "calibration_db=-49.7", "calibration_sigma_db=1.3")
	set(6, "gain_db=null") // gain control
	if r := command(t, data, "acquire", "145.5", "-d", "3s", "--channel-bandwidth-hz", "3000"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	quick := simnet.NorthWestItaly()
	quick.Speed = 10
	quick.Receivers = []simnet.Receiver{s.Receivers[0], s.Receivers[6]}
	quick.Receivers[0].Name, quick.Receivers[1].Name = "quick gap", "quick"
	simulated(t, data, quick)
	if r := command(t, data, "acquire", "145.5", "-w", "8,9", "-d", "13s"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	// What is known of the receivers today is not what was known then.
	for id := 1; id <= 9; id++ {
		set(id, "clock_sigma_ppm=33", "calibration_db=-12.5", "gain_db=1")
	}
	before := stored(t, data)
	checkVariety(t, before)

	got := recompute(t, data, 0, "--all", "--dry-run")
	want := []recomputeCount{{Old: dsp.Version, New: dsp.Version, Unchanged: 9}}
	if diff := cmp.Diff(want, got.Summary.Counts); diff != "" || len(got.Results) > 0 {
		t.Errorf("a dry run (-want +got):\n%s\n%+v", diff, got.Results)
	}
	update(t, data, `UPDATE measurements SET algorithm_version = '0', snr_db = 99, obw_lo_hz = NULL, welch_l = 1`)
	got = recompute(t, data, 0)
	want = []recomputeCount{{Old: "0", New: dsp.Version, Differs: 9, Replaced: 9}}
	if diff := cmp.Diff(want, got.Summary.Counts); diff != "" {
		t.Errorf("a run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, stored(t, data)); diff != "" {
		t.Errorf("rows of an older version are brought up to other numbers (-acquired +recomputed):\n%s", diff)
	}
	if got = recompute(t, data, 0); len(got.Summary.Counts) != 0 {
		t.Errorf("after a whole run there is still something to do: %+v", got)
	}

	// Rows of version 0.1.0 lack two inputs: the kind and the old row stand in for one, the final count of samples
	// for the other.
	update(t, data, `UPDATE captures SET zero_if = NULL, planned_samples = NULL`)
	got = recompute(t, data, 0, "--all", "--dry-run")
	t.Logf("rows of version 0.1.0: %+v", got.Summary.Counts)
	if len(got.Summary.Counts) != 1 || got.Summary.Counts[0].Unchanged < 8 {
		t.Errorf("rows of version 0.1.0: %+v\n%+v", got.Summary.Counts, got.Results)
	}
	if r := command(t, data, "check", "--deep"); r.code != 0 {
		t.Errorf("check: %s%s", r.stdout, r.stderr)
	}
}

// checkVariety fails if the network was less various than the test claims.
func checkVariety(t *testing.T, list []wire.Measurement) {
	t.Helper()
	seen := map[string]int{}
	for _, m := range list {
		for _, f := range m.Flags {
			seen[f]++
		}
		if m.CalibrationSource != nil {
			seen[*m.CalibrationSource]++
		}
		if m.ClockSigmaHz != nil {
			seen["clock"]++
		}
		if m.OBWLowHz != nil {
			seen["obw"]++
		}
	}
	for _, what := range []string{dsp.FlagGap, dsp.FlagTimestampOutlier, dsp.FlagAGCOn, "table", "s_meter", "clock", "obw"} {
		if seen[what] == 0 {
			t.Errorf("no measurement has %s: %v", what, seen)
		}
	}
}

// simulatedRows adds so many sim receivers and makes one acquisition with all of them.
func simulatedRows(t *testing.T, data string, receivers int, duration string) (objects []string) {
	t.Helper()
	for i := range receivers {
		r := command(t, data, "websdr", "add", fmt.Sprint("sim ", i), fmt.Sprint("sim:///?pace=fast&seed=", i), "--kind", "sim",
			"--latitude=45", "--longitude=7", "--sample-rate-hz=12000")
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	var report struct{ Acquisition wire.Acquisition }
	mustJSON(t, &report, data, "acquire", "7.1", "-d", duration)
	for _, c := range report.Acquisition.Captures {
		objects = append(objects, filepath.Join(data, "objects", filepath.FromSlash(c.Recording.S3Path)))
	}
	return objects
}

func TestARecordingThatIsMissingOrDamagedKeepsItsRowAndIsReported(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	objects := simulatedRows(t, data, 4, "1s")
	update(t, data, `UPDATE measurements SET algorithm_version = '0', snr_db = 99`)
	before := stored(t, data)
	for _, path := range objects {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{os.Remove(objects[0]), os.Truncate(objects[1], 1000), flipBit(objects[2])} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := recompute(t, data, 3)
	reasons := map[int64]string{1: "no longer in the object store", 2: "has 1000 bytes", 3: "hashes to"}
	for _, r := range got.Results {
		if want := reasons[r.WebSDRID]; !strings.Contains(r.Error, want) || (want == "") != (r.Error == "") {
			t.Errorf("WebSDR %d: reason %q, want %q in it", r.WebSDRID, r.Error, want)
		}
	}
	if diff := cmp.Diff([]recomputeCount{{Old: "0", New: dsp.Version, Differs: 1, Replaced: 1, Failed: 3}}, got.Summary.Counts); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	for i, after := range stored(t, data) {
		if whole := after.WebSDRID == 4; whole == cmp.Equal(before[i], after) {
			t.Errorf("WebSDR %d: before %+v\nafter %+v", after.WebSDRID, before[i].Metrics, after.Metrics)
		}
	}
	// In words for people, and the log names the version that the row forgets.
	update(t, data, `UPDATE measurements SET algorithm_version = '0', snr_db = 98.5 WHERE websdr_id = 4`)
	r := command(t, data, "recompute")
	if r.code != 3 || !strings.Contains(r.stdout, "REPLACED") || !strings.Contains(r.stdout, "is damaged") {
		t.Errorf("exit code %d\n%s", r.code, r.stdout)
	}
	for _, want := range []string{`"metrics replaced"`, "acquisition=" + before[0].TaskID, "websdr=4", "old_version=0", "new_version=" + dsp.Version, "old_snr_db=98.5", "new_snr_db="} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the log lacks %s: %s", want, r.stderr)
		}
	}
	if r := command(t, data, "recompute", "-w", "1,2,3"); r.code != 4 {
		t.Errorf("when none can be done, the exit code is %d, want 4", r.code)
	}
	if r := command(t, data, "recompute", "-w", "9"); r.code != 0 || !strings.Contains(r.stdout, "nothing to recompute") {
		t.Errorf("when none is chosen: exit code %d, %s", r.code, r.stdout)
	}
}

func TestAServerKilledWhileItRecomputesLeavesEachRowOldOrNewAndWhole(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	simulatedRows(t, data, 8, "20s")
	want := stored(t, data)
	update(t, data, `UPDATE measurements SET algorithm_version = '0', noise_source = 'old', obw_hz = 1, welch_k = 1`)
	old := stored(t, data)

	// Each round kills a server somewhere in its first recording, or just after.
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, m := range old[:6] {
		p, c := serve(t, data)
		ended := make(chan error)
		go func() {
			_, err := c.Recompute(t.Context(), m.TaskID, m.WebSDRID, false)
			ended <- err
		}()
		time.Sleep(time.Duration(rnd.Int64N(int64(100 * time.Millisecond))))
		p.kill()
		answered := <-ended == nil
		for i, now := range stored(t, data) {
			switch {
			case cmp.Equal(now, want[i]):
			case !cmp.Equal(now, old[i]):
				t.Errorf("WebSDR %d is neither old nor new (-new +got):\n%s", now.WebSDRID, cmp.Diff(want[i], now))
			case answered && now.WebSDRID == m.WebSDRID:
				t.Errorf("WebSDR %d was said to be replaced and is not", m.WebSDRID)
			}
		}
	}
	left := 0
	for _, m := range stored(t, data) {
		if m.AlgorithmVersion == "0" {
			left++
		}
	}
	t.Logf("%d of 8 rows are old after 6 kills", left)
	if r := command(t, data, "check", "--deep"); r.code != 0 {
		t.Errorf("check: %s%s", r.stdout, r.stderr)
	}
	// Another run goes on where this one stopped, here through a server.
	serve(t, data)
	got := recompute(t, data, 0)
	if counts := got.Summary.Counts; len(counts) != 1 || counts[0].Replaced != left {
		t.Errorf("the next run did %+v, want %d replaced", counts, left)
	}
	if diff := cmp.Diff(want, stored(t, data)); diff != "" {
		t.Errorf("after both runs (-want +got):\n%s", diff)
	}
}
