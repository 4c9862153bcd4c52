package schedule_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/schedule"
)

// Whatever a user writes: it is refused, or it can be reckoned with, forwards, in little time.
func reckon(t *testing.T, p *schedule.Plan, err error) {
	if err != nil {
		return
	}
	last := time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)
	for range 5 {
		next, ok := p.Next(last)
		if !ok {
			return
		}
		if !next.After(last) {
			t.Fatalf("the run after %v is %v", last, next)
		}
		if again, _ := p.Next(next.Add(-1)); !again.Equal(next) {
			t.Fatalf("the run after %v is %v, asked just before it is %v", last, next, again)
		}
		last = next
	}
}

func FuzzCron(f *testing.F) {
	for _, seed := range []string{"*/5 * * * *", "30 2 * * *", "0 0 29 2 *", "15 */30 6-7 * * mon", "@daily", "@every 1s", "TZ=", "CRON_TZ=UTC * * * * *", "* * * * * *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := schedule.Compile(a(cron(text, rome)))
		reckon(t, p, err)
	})
}

func FuzzRRule(f *testing.F) {
	for _, seed := range []string{
		"FREQ=DAILY;BYHOUR=6;BYMINUTE=30", "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=12", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
		"DTSTART;TZID=America/New_York:20260302T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE\nEXDATE;TZID=America/New_York:20260304T090000",
		"DTSTART:20200101T000000Z\nRRULE:FREQ=SECONDLY;INTERVAL=7", "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"DTSTART:20260301T000000Z\nRRULE:FREQ=HOURLY;COUNT=2", "DTSTART", "EXDATE", "FREQ=YEARLY;BYYEARDAY=-1,366",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := schedule.Compile(a(rrule(text, rome)))
		reckon(t, p, err)
	})
}
