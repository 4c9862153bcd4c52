package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// A loadReport is what heimdall loadtest --json prints.
type loadReport struct {
	Acquisitions int
	Captures     int
	Successful   int
	Measurements int
	Duplicates   int
	Lost         []any
	Missed       []string
	TakenOver    int `json:"taken_over"`
	Success      struct {
		Count int
		P50S  float64 `json:"p50_s"`
		P95S  float64 `json:"p95_s"`
	}
	Processes []struct {
		Name       string
		CPUSeconds float64 `json:"cpu_seconds"`
		PeakBytes  int64   `json:"peak_resident_bytes"`
	}
	Rescue *struct {
		Running int
		Taken   int `json:"taken_over"`
	}
	Check *struct{ Recordings int }
}

func TestALoadTestCountsWhatCameOfIt(t *testing.T) {
	t.Parallel()
	var r loadReport
	mustJSON(t, &r, filepath.Join(t.TempDir(), "data"), "loadtest", "-n", "4", "-c", "2", "-r", "2", "-d", "200ms")
	if r.Acquisitions != 4 || r.Captures != 8 || r.Successful != 8 || r.Measurements != 8 || len(r.Lost)+r.Duplicates+len(r.Missed) > 0 {
		t.Errorf("%+v, want 4 acquisitions of 2 and nothing lost", r)
	}
	if r.Success.Count != 4 || r.Success.P50S <= 0 || r.Success.P50S > r.Success.P95S {
		t.Errorf("latencies %+v", r.Success)
	}
	if r.Check == nil || r.Check.Recordings != 8 {
		t.Errorf("the check has seen %+v", r.Check)
	}
	for _, p := range r.Processes {
		if p.CPUSeconds <= 0 || p.PeakBytes < 1<<20 {
			t.Errorf("a process that used nothing: %+v", p)
		}
	}
}

func TestALoadTestSharesTheWorkAmongWorkersAndKillsOneOfThem(t *testing.T) {
	t.Parallel()
	setenv(t, "DATABASE_URL", pgtest.Plain(t).Database(t))
	onS3(t, s3test.Shared(t, "minio"))
	setenv(t, "HEIMDALL_LEASE", "2s")
	var r loadReport
	mustJSON(t, &r, filepath.Join(t.TempDir(), "data"), "loadtest", "-n", "8", "-c", "4", "-r", "2", "-d", "1s", "--workers", "2", "--kill")
	if r.Successful != 16 || r.Measurements != 16 || r.Rescue == nil || r.Rescue.Running == 0 || len(r.Processes) != 4 {
		t.Errorf("%+v, want all of it done by two workers, one of whom died", r)
	}
}

func TestALoadTestRefusesAnyReceiverOrServerButItsOwn(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"--server", "http://heimdall.example:8001"},
		{"--workers", "2"},
		{"--server", "http://127.0.0.1:1", "--kill"},
		{"--acquisitions", "0"},
	} {
		r := command(t, data, append([]string{"loadtest", "-d", "100ms"}, args...)...)
		if r.code != 2 {
			t.Errorf("%s: exit code %d, %s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
		}
	}
}
