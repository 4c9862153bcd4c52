package schedule

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/heimdall-sdr/heimdall"
)

// everyHour are the bits of all hours in a cron.SpecSchedule.
const everyHour = 1<<24 - 1

// newCron understands minute, hour, day of month, month, day of week, with seconds before them if there are six.
// The library only ever reckons in UTC, on wall times: what it does about changes of the clock is not what wall
// promises.
func newCron(text string, zone *time.Location) (rule, error) {
	bad := &heimdall.InvalidError{}
	if strings.Contains(text, "TZ=") { // the library would take it, and panics on some
		bad.Add("recurrence.cron", "must not name a zone: give it as zone")
		return nil, bad
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(text)
	if err != nil {
		bad.Add("recurrence.cron", "cannot be understood: %v; write minute, hour, day, month, weekday, such as \"*/5 * * * *\"", err)
		return nil, bad
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		bad.Add("recurrence.cron", "must not be @every: use every_seconds")
		return nil, bad
	}
	spec.Location = time.UTC
	w := wall{zone: zone, elapsed: spec.Hour&everyHour == everyHour, times: func(after time.Time) (time.Time, bool) {
		t := spec.Next(after)
		return t, !t.IsZero()
	}}
	if _, ok := w.times(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); !ok { // before a leap day
		bad.Add("recurrence.cron", "is never due: there is no such day")
		return nil, bad
	}
	return w, nil
}
