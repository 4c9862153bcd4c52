package schedule_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// A place of schedules, as far as the benchmark goes.
type place interface {
	schedule.Store
	CreateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error)
	CreateSchedule(ctx context.Context, s heimdall.Schedule) (heimdall.Schedule, error)
	DeleteSchedule(ctx context.Context, id int64) error
	ScheduleRuns(ctx context.Context, f heimdall.ScheduleRunFilter) ([]heimdall.ScheduleRun, error)
}

// BenchmarkLateness runs 1,000 schedules of five WebSDRs each, durably, by two runners: spread over five seconds, and
// all due at one instant. Late is by how much an acquisition was stored after it had to be, which is Ahead before its
// window begins; below 0 it was early.
//
//	go test -run '^$' -bench Lateness -benchtime 1x ./schedule
func BenchmarkLateness(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) place{
		"sqlite": func(b *testing.B) place {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "heimdall.db"), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			return s
		},
		"postgres": func(b *testing.B) place {
			s, err := postgres.Open(b.Context(), pgtest.Private(b, true).URL("postgres"), postgres.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.Close() })
			return s
		},
	} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			for i := range 5 {
				_, err := s.CreateWebSDR(b.Context(), heimdall.WebSDR{Name: fmt.Sprint("one ", i), Kind: "sim", URL: "sim://one", Active: true, Timeout: time.Second})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.Run("spread", func(b *testing.B) { lateness(b, s, 5*time.Millisecond) })
			b.Run("at once", func(b *testing.B) { lateness(b, s, 0) })
		})
	}
}

func lateness(b *testing.B, s place, apart time.Duration) {
	const many = 1000
	var late []time.Duration
	for b.Loop() {
		first := time.Now().Add(schedule.DefaultAhead + 12*time.Second).Truncate(time.Second)
		for i := range many {
			sch := a(func(s *heimdall.Schedule) {
				s.Name, s.Recurrence.Every, s.StartAt = fmt.Sprint("schedule ", i), time.Hour, first.Add(time.Duration(i)*apart)
				s.NextDueAt, s.NextStartAt = s.StartAt, s.StartAt
			})
			if _, err := s.CreateSchedule(b.Context(), sch); err != nil {
				b.Fatal(err)
			}
		}
		if d := time.Until(first) - schedule.DefaultAhead; d < time.Second {
			b.Fatalf("making the schedules took too long: %v are left", d)
		}
		runs := runUntil(b, s, first, first.Add(-schedule.DefaultAhead+many*apart+2*time.Second), many)
		for _, r := range runs {
			late = append(late, r.FiredAt.Sub(r.StartAt.Add(-schedule.DefaultAhead)))
			if err := s.DeleteSchedule(b.Context(), r.ScheduleID); err != nil {
				b.Fatal(err)
			}
		}
	}
	slices.Sort(late)
	b.ReportMetric(late[len(late)/2].Seconds()*1000, "p50-late-ms")
	b.ReportMetric(late[len(late)*99/100].Seconds()*1000, "p99-late-ms")
	b.ReportMetric(late[len(late)-1].Seconds()*1000, "max-late-ms")
	b.ReportMetric((late[len(late)-1]-late[0]).Seconds()*1000, "span-ms")
	b.ReportMetric(0, "ns/op")
}

// runUntil has two runners at work, and returns the runs due from first on.
func runUntil(b *testing.B, s place, first, end time.Time, many int) []heimdall.ScheduleRun {
	ctx, stop := context.WithDeadline(b.Context(), end)
	defer stop()
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if err := (&schedule.Runner{Store: s}).Run(ctx); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
	runs, err := s.ScheduleRuns(b.Context(), heimdall.ScheduleRunFilter{From: first, Limit: heimdall.MaxPage})
	if err != nil || len(runs) != many {
		b.Fatalf("%d runs, want %d (%v)", len(runs), many, err)
	}
	return runs
}
