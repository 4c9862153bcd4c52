package stamp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// drawClock draws a clock with up to eight gaps, and the number of samples it speaks of.
func drawClock(t *rapid.T) (stamp.Clock, int64) {
	c := stamp.Clock{
		Start:       time.Unix(1_700_000_000, rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).UTC(),
		RateHz:      rapid.Float64Range(1000, 3e6).Draw(t, "rateHz"),
		Quality:     heimdall.TimeGPS,
		StartSigmaS: 1e-8,
		RateSigmaHz: 1e-4,
	}
	var at int64
	for range rapid.IntRange(0, 8).Draw(t, "gaps") {
		at += rapid.Int64Range(1, 1_000_000).Draw(t, "held")
		c.Gaps = append(c.Gaps, heimdall.Gap{Sample: at, Missing: rapid.Int64Range(1, 100_000).Draw(t, "missing")})
	}
	return c, at + 1_000_000
}

func TestSampleAtIsTheInverseOfAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, end := drawClock(t)
		n := rapid.Int64Range(-1000, end).Draw(t, "sample")
		at := c.At(n)
		if got := c.SampleAt(at); got != n {
			t.Fatalf("SampleAt(At(%d)) = %d", n, got)
		}
		// Half a sample later, the next sample held is due; a gap changes nothing about that.
		half := time.Duration(0.5e9 / c.RateHz)
		if got := c.SampleAt(at.Add(half)); got != n+1 {
			t.Fatalf("SampleAt(At(%d) + half a sample) = %d", n, got)
		}
		if got := c.SampleAt(at.Add(-half)); got != n {
			t.Fatalf("SampleAt(At(%d) - half a sample) = %d", n, got)
		}
	})
}

func TestATimeInsideAGapBelongsToTheFirstSampleAfterIt(t *testing.T) {
	c := stamp.Clock{Start: time.Unix(0, 0), RateHz: 1000, Gaps: []heimdall.Gap{{Sample: 10, Missing: 100}, {Sample: 10, Missing: 50}, {Sample: 20, Missing: 7}}}
	for _, tt := range []struct{ ms, want int64 }{{9, 9}, {10, 10}, {60, 10}, {159, 10}, {160, 10}, {161, 11}, {169, 19}, {170, 20}, {176, 20}, {177, 20}, {178, 21}} {
		if got := c.SampleAt(time.Unix(0, tt.ms*1e6)); got != tt.want {
			t.Errorf("SampleAt(%d ms) = %d, want %d", tt.ms, got, tt.want)
		}
	}
	if got := c.At(10).Sub(c.Start); got != 160*time.Millisecond {
		t.Errorf("At(10) is %v after the start, want 160ms", got)
	}
}

func TestARebasedClockGivesEverySampleTheSameTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, end := drawClock(t)
		cut := rapid.Int64Range(0, end).Draw(t, "cut")
		n := rapid.Int64Range(0, end).Draw(t, "sample")
		r := c.Rebase(cut)
		if d := r.At(n).Sub(c.At(cut + n)).Abs(); d > time.Nanosecond {
			t.Fatalf("sample %d after the cut at %d moved by %v", n, cut, d)
		}
		if r.StartSigmaS < c.StartSigmaS {
			t.Fatalf("the start became surer: %g, was %g", r.StartSigmaS, c.StartSigmaS)
		}
	})
}

func TestRebaseDropsTheGapsUpToTheCut(t *testing.T) {
	c := stamp.Clock{Start: time.Unix(100, 0), RateHz: 1000, Gaps: []heimdall.Gap{{Sample: 10, Missing: 5}, {Sample: 20, Missing: 6}, {Sample: 30, Missing: 7}}}
	got := c.Rebase(20)
	want := stamp.Clock{Start: time.Unix(100, 31e6), RateHz: 1000, Gaps: []heimdall.Gap{{Sample: 10, Missing: 7}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clock of the stream from sample 20 (-want +got):\n%s", diff)
	}
	if len(c.Gaps) != 3 || c.Gaps[2].Sample != 30 {
		t.Errorf("the old clock changed: %v", c.Gaps)
	}
}

func TestAClockWithoutARateDoesNotPanic(t *testing.T) {
	for _, c := range []stamp.Clock{{}, {RateHz: -1}, {RateHz: 1e-300}} {
		c.At(1 << 40)
		c.SampleAt(time.Unix(1, 0))
		c.Rebase(7)
	}
}
