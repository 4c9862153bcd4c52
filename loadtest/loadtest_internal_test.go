package loadtest

import (
	"os"
	"testing"
	"time"
)

func TestAPercentileIsTheLeastThatEnoughDoNotExceed(t *testing.T) {
	var list []time.Duration
	for i := 100; i >= 1; i-- {
		list = append(list, time.Duration(i)*time.Second)
	}
	if got, want := latencies(list), (Latency{Count: 100, P50S: 50, P95S: 95, P99S: 99, MaxS: 100}); got != want {
		t.Errorf("of 1 to 100 s: %+v, want %+v", got, want)
	}
	if got, want := latencies([]time.Duration{time.Second}), (Latency{Count: 1, P50S: 1, P95S: 1, P99S: 1, MaxS: 1}); got != want {
		t.Errorf("of one: %+v", got)
	}
	if got := latencies(nil); got != (Latency{}) {
		t.Errorf("of none: %+v", got)
	}
}

func TestTimeIsReadPastANameThatHoldsAnything(t *testing.T) {
	const after = " S 1 2 3 4 5 6 7 8 9 10 150 75 0 0 20 0 1"
	for _, name := range []string{"(heimdall)", "(a b)", "(a) b)", "()"} {
		if got, err := cpuOf("42 " + name + after); err != nil || got != 2.25 {
			t.Errorf("%s: %g s, %v; want 2.25", name, got, err)
		}
	}
	for _, bad := range []string{"", "42 (x) S 1 2", "42 (x) S 1 2 3 4 5 6 7 8 9 10 x 75 0"} {
		if _, err := cpuOf(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestAProcessUsesMoreAndMore(t *testing.T) {
	before, err := UsageOf(os.Getpid())
	if err != nil {
		t.Skip("SKIP: ", err)
	}
	f, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for deadline := time.Now().Add(10 * time.Second); ; { // asking is work, too
		after, err := UsageOf(os.Getpid())
		if err != nil || after.PeakBytes < 1<<20 || after.Threads < 1 || after.Descriptors < 4 {
			t.Fatalf("%+v, %v", after, err)
		}
		if after.Since(before).CPUSeconds > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no more than %g s after 10 s of asking", after.CPUSeconds)
		}
	}
}

func FuzzProcStat(f *testing.F) {
	f.Add("42 (heimdall) S 1 2 3 4 5 6 7 8 9 10 150 75 0 0 20 0 1")
	f.Add("42 (a) b) S")
	f.Fuzz(func(t *testing.T, stat string) {
		if seconds, err := cpuOf(stat); err == nil && seconds < 0 {
			t.Errorf("%g s", seconds)
		}
	})
}
