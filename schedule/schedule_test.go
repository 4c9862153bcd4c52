package schedule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
)

// a schedule of every day's business, as change makes it.
func a(change func(*heimdall.Schedule)) heimdall.Schedule {
	s := heimdall.Schedule{ID: 1, Name: "beacon", Active: true, FrequencyHz: 7_074_000, Duration: 10 * time.Second,
		Misfire: heimdall.MisfireSkip, Grace: heimdall.DefaultGrace, Overlap: heimdall.OverlapAllow}
	change(&s)
	return s
}

func compile(t testing.TB, change func(*heimdall.Schedule)) *schedule.Plan {
	t.Helper()
	p, err := schedule.Compile(a(change))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// upcoming are the next n runs after an instant, as the clock of a zone shows them.
func upcoming(t testing.TB, p *schedule.Plan, after, zone string, n int) []string {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	last := at(t, after)
	for range n {
		next, ok := p.Next(last)
		if !ok {
			break
		}
		if !next.After(last) {
			t.Fatalf("the run after %v is %v", last, next)
		}
		out, last = append(out, next.In(loc).Format("2006-01-02T15:04:05-07:00")), next
	}
	return out
}

func wantRuns(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}
