package e2e_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/simnet"
)

func TestTheDemoShowsMeasuredValuesBesideTheTruth(t *testing.T) {
	t.Parallel()
	var demo struct {
		Acquisition wire.Acquisition
		Compared    []struct {
			Name   string
			SNR    float64 `json:"snr_db"`
			SNR0   float64 `json:"true_snr_db"`
			Freq   float64 `json:"frequency_offset_hz"`
			Freq0  float64 `json:"true_frequency_offset_hz"`
			Noise  float64 `json:"noise_dbfs_hz"`
			Noise0 float64 `json:"true_noise_dbfs_hz"`
		}
		Health []wire.ListedWebSDR
	}
	mustJSON(t, &demo, "", "demo", "--once", "--duration", "4s", "--listen", "127.0.0.1:0")
	if demo.Acquisition.State != "success" || len(demo.Compared) != 7 {
		t.Fatalf("%s with %d receivers compared, want success with 7", demo.Acquisition.State, len(demo.Compared))
	}
	for _, w := range demo.Health {
		if w.Health.State != "up" {
			t.Errorf("%s is %s: %s", w.Name, w.Health.State, w.Health.Reason)
		}
	}
	if len(demo.Health) != 7 {
		t.Errorf("the health of %d receivers is shown, want 7", len(demo.Health))
	}
	for _, c := range demo.Compared {
		if math.Abs(c.SNR-c.SNR0) > 0.5 || math.Abs(c.Noise-c.Noise0) > 0.3 {
			t.Errorf("%s: SNR %.2f dB (truth %.2f), noise %.2f dBFS/Hz (truth %.2f)", c.Name, c.SNR, c.SNR0, c.Noise, c.Noise0)
		}
		if math.Abs(c.Freq-c.Freq0) > 0.1 {
			t.Errorf("%s: offset %.3f Hz, truth %.3f", c.Name, c.Freq, c.Freq0)
		}
	}
}

func TestTwoBrokenReceiversOnTheWireLeaveFiveMeasurementsAndTypedReasons(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := simnet.NorthWestItaly()
	s.Receivers[1].Faults = []simnet.Fault{{Kind: simnet.FaultBusy}}
	s.Receivers[3].Faults = []simnet.Fault{{Kind: simnet.FaultDown}}
	scenario, rows := filepath.Join(dir, "scenario.json"), filepath.Join(dir, "websdrs.json")
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(scenario, text, 0o644); err != nil {
		t.Fatal(err)
	}
	background(t, "serving", "simulate", "--scenario", scenario, "--websdrs", rows)
	data := filepath.Join(dir, "data")
	if r := command(t, data, "websdr", "import", rows); r.code != 0 {
		t.Fatal(r.stderr)
	}
	r := command(t, data, "acquire", "145.5", "-d", "2s", "-w", "6,2,7,1,4,3,5", "--json")
	if r.code != 3 {
		t.Errorf("exit code %d, want 3 for partial\n%s", r.code, r.stderr)
	}
	var got struct {
		Acquisition  wire.Acquisition
		Measurements []wire.Measurement
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	if got.Acquisition.State != "partial" || len(got.Measurements) != 5 {
		t.Errorf("%s with %d measurements, want partial with 5", got.Acquisition.State, len(got.Measurements))
	}
	for _, c := range got.Acquisition.Captures {
		want := map[int64]string{2: "busy", 4: "down"}[c.WebSDRID]
		if string(c.FailureClass) != want || (want == "") != (c.State == "success") || want != "" && c.Reason == "" {
			t.Errorf("WebSDR %d: %s, class %q, reason %q; want class %q", c.WebSDRID, c.State, c.FailureClass, c.Reason, want)
		}
	}
	if r := command(t, data, "check", "--deep"); r.code != 0 {
		t.Errorf("check: %s%s", r.stdout, r.stderr)
	}
}

func TestBadInputIsRefusedByNameBeforeAnythingIsStored(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, w := range [][]string{{"fast", "sim:///?pace=fast"}, {"off", "sim:///?pace=fast", "--inactive"},
		{"kiwi", "http://127.0.0.1:1", "--kind", "kiwisdr"}} {
		args := append([]string{"websdr", "add", w[0], w[1], "--latitude=45", "--longitude=7"}, w[2:]...)
		if len(w) < 4 {
			args = append(args, "--kind", "sim")
		}
		if r := command(t, data, args...); r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	for _, test := range []struct {
		args string
		says string // in the message: the field, the value or the fix
	}{
		{"acquire nan -w 1", "frequency_mhz"},
		{"acquire +Inf -w 1", "frequency_mhz"},
		{"acquire 0 -w 1", "frequency_mhz"},
		{"acquire -- -7 -w 1", ""},
		{"acquire 1e12 -w 1", "frequency_mhz"},
		{"acquire 7 -w 99", "99"},
		{"acquire 7 -w 1,1", "twice"},
		{"acquire 7 -w 2", "inactive"},
		{"acquire 145.5 -w 3", "cannot be tuned"},
		{"acquire 7 -w 1 -d 0s", "duration_seconds"},
		{"acquire 7 -w 1 -d 48h", "duration_seconds"},
		{"acquire 7 -w 1 --sample-rate-khz=-3", "sample_rate_khz"},
		{"acquire 7 -w 1 --sample-rate-khz=12 --channel-bandwidth-hz=50000", "channel_bandwidth_hz"},
		{"acquire 7 -w 1 --start-time=2001-01-01T00:00:00Z", "start_time"},
		{"acquire seven -w 1", "seven"},
		{"acquire 7 -w 1 --detach", "heimdall serve"},
		{"acquisitions show no-such-task", "no-such-task"},
		{"recordings export no-such-task", "no-such-task"},
		{"websdr show 99", "99"},
		{"websdr add x http://h --kind nonsense --latitude=0 --longitude=0", "kiwisdr"},
		{"websdr add x ftp://h --kind kiwisdr --latitude=0 --longitude=0", "http://"},
		{"websdr add x http://u:p@h --kind kiwisdr --latitude=0 --longitude=0", "credentials"},
		{"websdr add x http://h --kind kiwisdr --latitude=91 --longitude=0", "latitude"},
		{"websdr add fast http://h --kind kiwisdr --latitude=0 --longitude=0", "fast"},
		{"websdr set 1 no_such_field=3", "no_such_field"},
		{"measurements --snr-min-db=nan", "snr"},
		{"no-such-command", "no-such-command"},
	} {
		r := command(t, data, strings.Fields(test.args)...)
		if r.code != 2 || !strings.Contains(r.stderr, test.says) {
			t.Errorf("heimdall %s: exit code %d, want 2, and %q in %q", test.args, r.code, test.says, r.stderr)
		}
	}
	var list []wire.Acquisition
	if mustJSON(t, &list, data, "acquisitions"); len(list) != 0 {
		t.Errorf("%d acquisitions are stored", len(list))
	}
	var rows []wire.WebSDR
	if mustJSON(t, &rows, data, "websdr", "list"); len(rows) != 3 {
		t.Errorf("%d WebSDRs are stored, want the 3 good ones", len(rows))
	}
}

func TestFilesThatCannotBeMeasuredAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	samples := make([]byte, 4000)
	for i := range samples {
		samples[i] = byte(i * i / 7)
	}
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{filepath.Join(dir, "absent.wav")}, "absent.wav"},
		{[]string{write("empty.cu8", nil), "--sample-rate-hz=12000"}, "empty"},
		{[]string{write("no-rate.cu8", samples)}, "--sample-rate-hz"},
		{[]string{write("no-format.bin", samples), "--sample-rate-hz=12000"}, "--format"},
		{[]string{write("x.cu8", samples), "--sample-rate-hz=12000", "--format=ci99"}, "ci99"},
		{[]string{write("odd.ci16", samples[:4001-2]), "--sample-rate-hz=12000"}, "3"},
		{[]string{write("cut.wav", []byte("RIFF\x00\x00"))}, "cut.wav"},
		{[]string{write("text.npy", []byte("\x93NUMPY\x01\x00\x10\x00{'descr': '|O'} "))}, "text.npy"},
		{[]string{write("a.sigmf-meta", []byte(`{"global":{}}`))}, "sigmf"},
		{[]string{write("y.cu8", samples), "--sample-rate-hz=12000", "--passband-hz=7"}, "passband_hz"},
		{[]string{write("z.cu8", samples), "--sample-rate-hz=12000", "--channel-bandwidth-hz=50000"}, "--channel-bandwidth-hz"},
	} {
		r := command(t, dir, append([]string{"measure", "--json"}, test.args...)...)
		if r.code == 0 || r.stdout != "" || !strings.Contains(r.stderr, test.says) {
			t.Errorf("heimdall measure %s: exit code %d, stdout %q, want %q in %q", strings.Join(test.args, " "), r.code, r.stdout, test.says, r.stderr)
		}
	}
}

func TestCheckingAFolderWithoutDataMakesNone(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if r := command(t, data, "check"); r.code != 2 || !strings.Contains(r.stderr, "--data-dir") {
		t.Errorf("exit code %d, %q; want 2 and what to do", r.code, r.stderr)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it made the folder")
	}
}

func TestADataFolderOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if r := command(t, data, "websdr", "list"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if err := os.WriteFile(filepath.Join(data, "layout"), []byte("99\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"websdr", "list"}, {"check"}} {
		if r := command(t, data, args...); r.code == 0 || !strings.Contains(r.stderr, "newer heimdall") {
			t.Errorf("heimdall %v: exit code %d, %q; want a refusal that says what to do", args, r.code, r.stderr)
		}
	}
}

func TestAFullDiskLosesNothingThatIsWorthKeepingAndSaysSo(t *testing.T) {
	t.Parallel()
	t.Run("less than half of a recording fits", func(t *testing.T) {
		code, c, small, check := onSmallDisk(t, "4M")
		if code != "4" || c.FailureClass != "storage" || !strings.Contains(c.Reason, "free some disk space") {
			t.Errorf("exit code %s, class %q, reason %q; want 4 and storage", code, c.FailureClass, c.Reason)
		}
		if small != "0" {
			t.Errorf("a small recording after it: exit code %s, want 0: there is room again", small)
		}
		if !strings.Contains(check, "nothing amiss") {
			t.Error(check)
		}
	})
	t.Run("more than half of it fits", func(t *testing.T) {
		code, c, _, check := onSmallDisk(t, "8M")
		if code != "0" || c.State != "success" || !strings.Contains(c.Reason, "no space left") {
			t.Errorf("exit code %s, %s, reason %q; want what fits kept, and the reason said", code, c.State, c.Reason)
		}
		if !strings.Contains(check, "nothing amiss") {
			t.Error(check)
		}
	})
}

// onSmallDisk makes a recording of 9.6 MB and then one of 0.1 MB on a disk that is too small for the first.
func onSmallDisk(t *testing.T, size string) (code string, c wire.Capture, small, check string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can mount a small disk")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "full.sh")
	text := fmt.Sprintf(`set -e
mkdir -p %[1]s/disk && mount -t tmpfs -o size=%[3]s none %[1]s/disk
h="timeout 60 %[2]s --data-dir %[1]s/disk/data"
$h websdr add s 'sim:///?pace=fast' --kind sim --latitude=45 --longitude=7
set +e
$h acquire 7 -d 10s --sample-rate-khz=240 --json >%[1]s/big.json; echo $? >%[1]s/big.code
$h acquire 7 -d 2s --sample-rate-khz=12 --json >%[1]s/small.json; echo $? >%[1]s/small.code
$h check --deep >%[1]s/check.txt
exit 0
`, dir, binary(t), size)
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("unshare", "--mount", "bash", script).CombinedOutput()
	if err != nil {
		t.Skipf("SKIPPED: no small disk can be mounted here: %v: %s", err, out)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	var big struct{ Acquisition wire.Acquisition }
	if err := json.Unmarshal([]byte(read("big.json")), &big); err != nil {
		t.Fatalf("%v in %s\n%s", err, read("big.json"), out)
	}
	return read("big.code"), big.Acquisition.Captures[0], read("small.code"), read("check.txt")
}
