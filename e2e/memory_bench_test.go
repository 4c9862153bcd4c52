package e2e_test

import (
	"path/filepath"
	"syscall"
	"testing"
)

// The largest resident memory of a whole program that records 10 s and 300 s of a receiver at 12 kHz.
func BenchmarkResidentMemory(b *testing.B) {
	data := filepath.Join(b.TempDir(), "data")
	r := command(b, data, "websdr", "add", "sim", "sim:///?pace=fast", "--kind", "sim", "--latitude", "45", "--longitude", "7", "--sample-rate-hz", "12000")
	if r.code != 0 {
		b.Fatal(r.stderr)
	}
	var short, long float64
	for b.Loop() {
		short += residentMB(b, data, "10s")
		long += residentMB(b, data, "300s")
	}
	b.ReportMetric(short/float64(b.N), "MB-10s")
	b.ReportMetric(long/float64(b.N), "MB-300s")
	b.ReportMetric(long/short, "ratio")
	b.ReportMetric(0, "ns/op")
}

func residentMB(b *testing.B, data, duration string) float64 {
	b.Helper()
	cmd := program(b, "--data-dir", data, "acquire", "7.1", "-d", duration)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1e3
}
