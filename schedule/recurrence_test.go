package schedule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
)

func every(d time.Duration) func(*heimdall.Schedule) {
	return func(s *heimdall.Schedule) { s.Recurrence.Every = d }
}

func cron(spec, zone string) func(*heimdall.Schedule) {
	return func(s *heimdall.Schedule) { s.Recurrence.Cron, s.Zone = spec, zone }
}

func rrule(text, zone string) func(*heimdall.Schedule) {
	return func(s *heimdall.Schedule) { s.Recurrence.RRule, s.Zone = text, zone }
}

const rome = "Europe/Rome"

func TestAnIntervalCountsFromItsStartAndDoesNotDrift(t *testing.T) {
	p := compile(t, func(s *heimdall.Schedule) {
		s.Recurrence.Every, s.StartAt = 7*time.Second, at(t, "2026-03-01T00:00:03Z")
	})
	wantRuns(t, upcoming(t, p, "2026-01-01T00:00:00Z", "UTC", 2), "2026-03-01T00:00:03+00:00", "2026-03-01T00:00:10+00:00")
	start := at(t, "2026-03-01T00:00:03Z")
	for _, late := range []time.Duration{0, 1, 3 * time.Second, 6*time.Second + 999*time.Millisecond} {
		asked := start.Add(7_000_000*7*time.Second + late)
		got, ok := p.Next(asked)
		if want := start.Add(7_000_001 * 7 * time.Second); !ok || !got.Equal(want) {
			t.Errorf("asked %v after a run, the next is %v, want %v", late, got, want)
		}
	}
}

func TestAnIntervalWithoutAStartFallsOnRoundTimes(t *testing.T) {
	wantRuns(t, upcoming(t, compile(t, every(10*time.Minute)), "2026-03-01T11:53:20.5Z", "UTC", 2),
		"2026-03-01T12:00:00+00:00", "2026-03-01T12:10:00+00:00")
}

func TestACronRunOfATimeOfDayIsDueOnceOnEveryDay(t *testing.T) {
	t.Run("also where the clock is put forward over it", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, cron("30 2 * * *", rome)), "2026-03-28T00:00:00Z", rome, 3),
			"2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00")
	})
	t.Run("also where the clock is put back over it", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, cron("30 2 * * *", rome)), "2026-10-24T00:00:00Z", rome, 3),
			"2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00")
	})
	t.Run("and asked in the second of the two hours it is not due again", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, cron("30 2 * * *", rome)), "2026-10-25T01:10:00Z", rome, 1), "2026-10-26T02:30:00+01:00")
	})
	t.Run("and a run that is moved onto another is one", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, cron("30 2,3 * * *", rome)), "2026-03-29T00:00:00Z", rome, 2),
			"2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00")
	})
	t.Run("where midnight does not exist", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, cron("0 0 * * *", "America/Santiago")), "2026-09-05T12:00:00Z", "America/Santiago", 2),
			"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00")
	})
}

func TestACronRunOfEveryHourGoesOnThroughChangesOfTheClock(t *testing.T) {
	for _, day := range []string{"2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"} {
		p := compile(t, cron("*/20 * * * *", rome))
		last := at(t, day)
		for range 15 {
			next, ok := p.Next(last)
			if !ok || next.Sub(last) != 20*time.Minute {
				t.Fatalf("the run after %v is %v", last, next)
			}
			last = next
		}
	}
}

func TestCronHasSecondsWhenThereAreSixFields(t *testing.T) {
	wantRuns(t, upcoming(t, compile(t, cron("15 */30 6-7 * * mon", "")), "2026-03-01T00:00:00Z", "UTC", 3),
		"2026-03-02T06:00:15+00:00", "2026-03-02T06:30:15+00:00", "2026-03-02T07:00:15+00:00")
}

func TestARuleFollowsRFC5545(t *testing.T) {
	t.Run("by day in a zone", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("FREQ=DAILY;BYHOUR=6;BYMINUTE=30", rome)), "2026-03-28T12:00:00Z", rome, 2),
			"2026-03-29T06:30:00+02:00", "2026-03-30T06:30:00+02:00")
	})
	t.Run("a zone of its own, and dates that it leaves out", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("DTSTART;TZID=America/New_York:20260302T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE\nEXDATE;TZID=America/New_York:20260304T090000,20260309T090000", "")),
			"2026-01-01T00:00:00Z", "America/New_York", 3),
			"2026-03-02T09:00:00-05:00", "2026-03-11T09:00:00-04:00", "2026-03-16T09:00:00-04:00")
	})
	t.Run("the last Friday of the month", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=12", "")), "2026-01-01T00:00:00Z", "UTC", 2),
			"2026-01-30T12:00:00+00:00", "2026-02-27T12:00:00+00:00")
	})
	t.Run("COUNT and UNTIL end it", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("DTSTART:20260301T000000Z\nRRULE:FREQ=HOURLY;COUNT=2", "")), "2026-01-01T00:00:00Z", "UTC", 9),
			"2026-03-01T00:00:00+00:00", "2026-03-01T01:00:00+00:00")
		wantRuns(t, upcoming(t, compile(t, rrule("DTSTART:20260301T000000Z\nRRULE:FREQ=DAILY;UNTIL=20260302T000000Z", "")), "2026-01-01T00:00:00Z", "UTC", 9),
			"2026-03-01T00:00:00+00:00", "2026-03-02T00:00:00+00:00")
	})
	t.Run("an interval of weeks keeps its weeks, years later", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("DTSTART:20200102T000000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "")), "2026-03-01T00:00:00Z", "UTC", 2),
			"2026-03-05T00:00:00+00:00", "2026-03-19T00:00:00+00:00")
	})
	t.Run("at a time of day once, where the clock is put forward and back", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", rome)), "2026-03-28T12:00:00Z", rome, 2),
			"2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00")
		wantRuns(t, upcoming(t, compile(t, rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", rome)), "2026-10-24T12:00:00Z", rome, 2),
			"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00")
	})
	t.Run("by the minute the time that elapses counts", func(t *testing.T) {
		wantRuns(t, upcoming(t, compile(t, rrule("DTSTART;TZID=Europe/Rome:20250101T000000\nRRULE:FREQ=MINUTELY;INTERVAL=30", "")), "2026-10-25T00:10:00Z", rome, 4),
			"2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00")
	})
}

func TestWhatCannotBeReckonedWithIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*heimdall.Schedule)
		says   string
	}{
		"a cron of too few fields":       {cron("* * *", ""), "cannot be understood"},
		"a cron with a zone":             {cron("TZ=Europe/Rome 0 6 * * *", ""), "zone"},
		"a cron of a day that never is":  {cron("0 0 30 2 *", ""), "never due"},
		"an interval as cron":            {cron("@every 10s", ""), "every_seconds"},
		"a rule without FREQ":            {rrule("BYHOUR=1", ""), "FREQ"},
		"a rule of a day that never is":  {rrule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ""), "never due"},
		"a rule that tries every second": {rrule("DTSTART:20260101T000000Z\nFREQ=SECONDLY;BYMONTH=2", ""), "windows"},
		"a rule of too many times":       {rrule("FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9", ""), "at most 24"},
		"a count that begins nowhere":    {rrule("FREQ=DAILY;COUNT=3", ""), "beginning"},
		"an unknown zone":                {cron("0 6 * * *", "Europe/Roma"), "Europe/Roma"},
		"two recurrences":                {func(s *heimdall.Schedule) { s.Recurrence.Every, s.Recurrence.Cron = time.Hour, "0 6 * * *" }, "exactly one"},
		"no recurrence":                  {func(*heimdall.Schedule) {}, "exactly one"},
		"a latitude beyond the pole":     {func(s *heimdall.Schedule) { s.Recurrence = heimdall.Recurrence{Sun: heimdall.Sunrise, LatitudeDeg: 91} }, "-90 to 90"},
		"an event that the sun has not":  {func(s *heimdall.Schedule) { s.Recurrence.Sun = "moonrise" }, "moonrise"},
		"a window of no time": {func(s *heimdall.Schedule) {
			s.Recurrence.Every = 1e9
			s.Windows = []heimdall.Window{{From: "25:00", To: "26:00"}}
		}, "25:00"},
		"a jitter longer than the rate": {func(s *heimdall.Schedule) { s.Recurrence.Every, s.Jitter = time.Second, time.Minute }, "jitter"},
		"an end that is before the start": {func(s *heimdall.Schedule) {
			s.Recurrence.Every = 1e9
			s.StartAt, s.EndAt = at(t, "2026-03-02T00:00:00Z"), at(t, "2026-03-01T00:00:00Z")
		}, "end_at"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.Compile(a(c.change))
			var bad *heimdall.InvalidError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestWindowsAdmitWhatLiesInThem(t *testing.T) {
	workdays := heimdall.Window{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "06:00", To: "06:20"}
	t.Run("from is included and to is not", func(t *testing.T) {
		p := compile(t, func(s *heimdall.Schedule) {
			s.Recurrence.Every, s.Zone, s.Windows = 10*time.Minute, rome, []heimdall.Window{workdays}
		})
		wantRuns(t, upcoming(t, p, "2026-03-27T05:05:00Z", rome, 3), // a Friday before the change of the clock
			"2026-03-27T06:10:00+01:00", "2026-03-30T06:00:00+02:00", "2026-03-30T06:10:00+02:00")
	})
	t.Run("one over midnight belongs to the day on which it opens", func(t *testing.T) {
		p := compile(t, func(s *heimdall.Schedule) {
			s.Recurrence.Every, s.Windows = time.Hour, []heimdall.Window{{Days: []string{"sat"}, From: "23:00", To: "01:30"}}
		})
		wantRuns(t, upcoming(t, p, "2026-03-01T12:00:00Z", "UTC", 4),
			"2026-03-07T23:00:00+00:00", "2026-03-08T00:00:00+00:00", "2026-03-08T01:00:00+00:00", "2026-03-14T23:00:00+00:00")
	})
	t.Run("where none ever admits a run there is none", func(t *testing.T) {
		p := compile(t, func(s *heimdall.Schedule) {
			s.Recurrence.Cron, s.Windows = "0 12 * * *", []heimdall.Window{{From: "13:00", To: "14:00"}}
		})
		if next, ok := p.Next(at(t, "2026-03-01T12:00:00Z")); ok {
			t.Errorf("the next run is %v", next)
		}
	})
}

func TestRunsLieBetweenStartAndEnd(t *testing.T) {
	p := compile(t, func(s *heimdall.Schedule) {
		s.Recurrence.Cron, s.StartAt, s.EndAt = "0 * * * *", at(t, "2026-03-01T10:00:00Z"), at(t, "2026-03-01T12:00:00Z")
	})
	wantRuns(t, upcoming(t, p, "2026-01-01T00:00:00Z", "UTC", 5), "2026-03-01T10:00:00+00:00", "2026-03-01T11:00:00+00:00")
}

func TestJitterIsTheSameForAllWhoReckonItAndSpreadOverItsRange(t *testing.T) {
	jittery := func(name string) *schedule.Plan {
		return compile(t, func(s *heimdall.Schedule) { s.Name, s.Recurrence.Every, s.Jitter = name, time.Minute, 30*time.Second })
	}
	one, again, other := jittery("one"), jittery("one"), jittery("other")
	due := at(t, "2026-03-01T12:00:00Z")
	var quarters [4]int
	differs := false
	for range 1000 {
		d := one.StartOf(due).Sub(due)
		if d < 0 || d > 30*time.Second || again.StartOf(due) != one.StartOf(due) {
			t.Fatalf("jitter of %v at %v", d, due)
		}
		quarters[min(3, int(d/(7500*time.Millisecond)))]++
		differs = differs || other.StartOf(due) != one.StartOf(due)
		due = due.Add(time.Minute)
	}
	for i, n := range quarters {
		if n < 180 || n > 320 { // 250 ± 5 sigma
			t.Errorf("quarter %d has %d of 1000", i, n)
		}
	}
	if !differs {
		t.Error("two schedules have the same jitter")
	}
}

func TestARuleAnswersAlikeInWhateverOrderItIsAsked(t *testing.T) {
	for _, text := range []string{"FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=6,18", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "DTSTART:20260101T000000Z\nRRULE:FREQ=HOURLY;INTERVAL=5",
		"DTSTART:20260101T000000Z\nRRULE:FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU", "DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY;COUNT=400"} {
		used := compile(t, rrule(text, rome))
		for i := range 100 {
			asked := at(t, "2026-01-01T00:00:00Z").Add(time.Duration(i*7919%400*24) * time.Hour).Add(time.Duration(i) * time.Minute)
			got, ok1 := used.Next(asked)
			want, ok2 := compile(t, rrule(text, rome)).Next(asked)
			if !got.Equal(want) || ok1 != ok2 {
				t.Fatalf("%s: after %v comes %v, asked first %v", text, asked, got, want)
			}
		}
	}
}
