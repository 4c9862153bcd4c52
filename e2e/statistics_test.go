package e2e_test

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestStatisticsAndSpectrogramsAreThereWithoutAServer(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	if r := command(t, data, "acquire", "7.1", "--duration=1s"); r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	var snr wire.SNRStatistics
	mustJSON(t, &snr, data, "statistics", "snr")
	if len(snr.Points) != 7 || snr.Bucket != "1h" {
		t.Errorf("there are %d points by %s, want one for each of 7 receivers", len(snr.Points), snr.Bucket)
	}
	for _, q := range []struct {
		name   string
		lines  int // the header is one; 0 means any
		column string
	}{
		{"snr", 8, "SNR dB"}, {"drift", 0, "DRIFT Hz/day"}, {"websdrs", 8, "LAST SUCCESS"}, {"coverage", 8, "DAY BY DAY"}, {"occupancy", 2, "OCCUPIED %"},
		{"noise", 8, "NOISE dBFS/Hz"}, {"clocks", 0, "OWN SHARE ppm"},
	} {
		r := command(t, data, "statistics", q.name, "--since=24h")
		if n := strings.Count(r.stdout, "\n"); r.code != 0 || !strings.Contains(r.stdout, q.column) || q.lines > 0 && n != q.lines {
			t.Errorf("statistics %s: exit code %d, %d lines\n%s%s", q.name, r.code, n, r.stdout, r.stderr)
		}
		if r := command(t, data, "statistics", q.name, "--csv"); r.code != 0 || q.name != "websdrs" && q.name != "clocks" && !strings.Contains(r.stdout, "start") {
			t.Errorf("statistics %s --csv: exit code %d\n%s%s", q.name, r.code, r.stdout, r.stderr)
		}
	}
	keepsTables(t, data)
	if r := command(t, data, "statistics", "snr", "--from=2026-03-02T00:00:00Z", "--to=2026-03-01T00:00:00Z"); r.code != 2 {
		t.Errorf("a range that ends before it begins: exit code %d, %s", r.code, r.stderr)
	}

	var list []wire.Acquisition
	mustJSON(t, &list, data, "acquisitions", "list")
	path := filepath.Join(t.TempDir(), "x.png")
	recording := fmt.Sprintf("%s/%d", list[0].TaskID, snr.Points[0].WebSDRID)
	if r := command(t, data, "spectrogram", recording, "-o", path, "--width=200", "--height=100"); r.code != 0 || !strings.Contains(r.stdout, path) {
		t.Fatalf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil || picture.Bounds().Dx() != 200 || picture.Bounds().Dy() != 100 {
		t.Errorf("the picture is %v (%v)", picture, err)
	}
	nowhere := filepath.Join(t.TempDir(), "x")
	for _, wrong := range [][]string{
		{"measurements", "--format=arrow", "--csv"}, {"statistics", "coverage", "--format=arrow", "--json"}, {"statistics", "coverage", "--csv", "--json"},
		{"statistics", "coverage", "--format=xml"}, {"statistics", "coverage", "-o", nowhere},
	} {
		if r := command(t, data, wrong...); r.code != 2 {
			t.Errorf("%s: exit code %d", wrong, r.code)
		}
	}
}

// keepsTables fails t unless rows can be had as files, whole or not at all.
func keepsTables(t *testing.T, data string) {
	t.Helper()
	for format, begins := range map[string]string{"csv": "start,", "ndjson": `{"start":`, "parquet": "PAR1", "arrow": "\xff\xff\xff\xff"} {
		path := filepath.Join(t.TempDir(), "snr")
		r := command(t, data, "statistics", "snr", "--format", format, "-o", path)
		if text, err := os.ReadFile(path); r.code != 0 || r.stdout != "" || !strings.HasPrefix(string(text), begins) {
			t.Errorf("statistics snr --format %s: exit code %d, %q (%v)\n%s", format, r.code, text, err, r.stderr)
		}
		begins = strings.Replace(begins, "start", "task_id", 1)
		if r := command(t, data, "measurements", "--format", format); r.code != 0 || !strings.HasPrefix(r.stdout, begins) {
			t.Errorf("measurements --format %s: exit code %d, %q\n%s", format, r.code, r.stdout, r.stderr)
		}
	}
	for _, wrong := range [][]string{
		{"measurements", "--format=arrow", "--csv"}, {"statistics", "coverage", "--format=arrow", "--json"}, {"statistics", "coverage", "--csv", "--json"},
		{"statistics", "coverage", "--format=xml"}, {"statistics", "coverage", "-o", filepath.Join(t.TempDir(), "x")},
	} {
		if r := command(t, data, wrong...); r.code != 2 {
			t.Errorf("%s: exit code %d", wrong, r.code)
		}
	}
}
