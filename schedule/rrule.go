package schedule

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/heimdall-sdr/heimdall"
)

// Limits on an RRULE, so that reckoning with it takes milliseconds.
const (
	maxRRuleCount    = 10_000
	maxRRuleInterval = 10_000
	maxTimesOfDay    = 1440 // of BYHOUR × BYMINUTE × BYSECOND, by the day or the week
	maxTimesSparse   = 24   // the same by the month or the year, whose days the library keeps all at once
	minStartYear     = 1990
	maxStartYear     = 2100
)

// The calendar repeats itself after 400 years, weekdays included. The library looks for a day that does not exist
// up to the year 9999, which takes seconds; from 7600 years later on it does so in milliseconds.
const laterYears = 19 * 400

// A recurRule is an RFC 5545 RRULE in wall times (see wall), laterYears ahead.
type recurRule struct {
	option rrule.ROption
	except map[time.Time]bool // wall times of EXDATE
	unit   time.Duration      // in which DTSTART may be moved closer: one INTERVAL; 0 where it may not

	// Where the last call stopped: the next mostly goes on from there, and need not begin at DTSTART again.
	mu   sync.Mutex
	last time.Time // guarded by mu
	more rrule.Next
}

// newRRule understands DTSTART, RRULE and EXDATE, a line each. Without DTSTART the rule begins with the schedule, in
// its zone, or else, if it goes by the day or more, on Monday the 1st of January 2024 at 00:00.
func newRRule(text string, zone *time.Location, start time.Time) (rule, error) {
	r, zone, err := parseRRule(text, zone, start)
	if err != nil {
		bad := &heimdall.InvalidError{}
		bad.Add("recurrence.rrule", "cannot be used: %v", err)
		return nil, bad
	}
	return wall{zone: zone, elapsed: r.option.Freq > rrule.DAILY, times: r.after}, nil
}

func parseRRule(text string, zone *time.Location, start time.Time) (_ *recurRule, in *time.Location, err error) {
	lines := rruleLines{}
	if err := lines.split(text); err != nil {
		return nil, nil, err
	}
	var first time.Time
	if lines.start != "" {
		if first, err = rrule.StrToDtStart(lines.start, zone); err != nil {
			return nil, nil, fmt.Errorf("read DTSTART: %w", err)
		}
		if strings.Contains(lines.start, "TZID=") {
			zone = first.Location()
		}
	}
	option, err := rrule.StrToROptionInLocation(lines.rule, zone)
	if err != nil {
		return nil, nil, err
	}
	r := &recurRule{option: *option, except: map[time.Time]bool{}}
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	switch {
	case !option.Dtstart.IsZero():
		return nil, nil, fmt.Errorf("DTSTART must be a line of its own before the RRULE")
	case !first.IsZero():
	case !start.IsZero():
		first = start
	case option.Freq > rrule.DAILY || option.Count > 0:
		return nil, nil, fmt.Errorf("it needs a beginning, because it counts from there: give a DTSTART line, or start_at")
	default:
		first = time.Date(2024, 1, 1, 0, 0, 0, 0, zone)
	}
	r.option.Dtstart = later(onWall(first.In(zone)))
	if y := first.Year(); y < minStartYear || y > maxStartYear {
		return nil, nil, fmt.Errorf("its beginning must lie in the years %d to %d", minStartYear, maxStartYear)
	}
	if !option.Until.IsZero() {
		r.option.Until = later(onWall(option.Until.In(zone)))
	}
	for _, line := range lines.except {
		dates, err := rrule.StrToDatesInLoc(line, zone)
		if err != nil {
			return nil, nil, fmt.Errorf("read EXDATE: %w", err)
		}
		for _, d := range dates {
			r.except[onWall(d.In(zone))] = true
		}
	}
	if _, err := rrule.NewRRule(r.option); err != nil {
		return nil, nil, err
	}
	if _, ok := r.after(onWall(first.In(zone)).Add(-1)); !ok {
		return nil, nil, fmt.Errorf("it is never due: no time fits it")
	}
	return r, zone, nil
}

// rruleLines are the texts after the names of the properties.
type rruleLines struct {
	start, rule string
	except      []string
}

func (l *rruleLines) split(text string) error {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimSpace(line)
		end := strings.IndexAny(line, ":;=")
		if line == "" {
			continue
		}
		if end < 0 {
			return fmt.Errorf("there is nothing after %q", firstWord(line))
		}
		name, rest := strings.ToUpper(line[:end]), line[end+1:]
		switch {
		case name == "DTSTART" && l.start == "" && l.rule == "":
			l.start = rest
		case name == "EXDATE":
			l.except = append(l.except, rest)
		case name == "RRULE" && l.rule == "":
			l.rule = strings.ToUpper(rest)
		case line[end] == '=' && l.rule == "":
			l.rule = strings.ToUpper(line)
		default:
			return fmt.Errorf("a line begins with %q: write DTSTART, then one RRULE, then EXDATE, a line each", firstWord(name))
		}
	}
	if l.rule == "" {
		return fmt.Errorf("it has no RRULE, such as FREQ=DAILY;BYHOUR=6")
	}
	return nil
}

func firstWord(s string) string { return s[:min(len(s), 20)] }

// check refuses what the library can only reckon with by trying every second of years, or by keeping them all.
func (r *recurRule) check() error {
	o := &r.option
	if o.Interval < 0 || o.Interval > maxRRuleInterval || o.Count < 0 || o.Count > maxRRuleCount {
		return fmt.Errorf("INTERVAL and COUNT must be from 1 to %d", maxRRuleCount)
	}
	o.Interval = max(o.Interval, 1)
	if len(o.Byeaster) > 0 {
		return fmt.Errorf("BYEASTER is no part of RFC 5545")
	}
	times := max(len(o.Byhour), 1) * max(len(o.Byminute), 1) * max(len(o.Bysecond), 1)
	if most := map[bool]int{false: maxTimesOfDay, true: maxTimesSparse}[o.Freq == rrule.YEARLY || o.Freq == rrule.MONTHLY]; times > most {
		return fmt.Errorf("BYHOUR, BYMINUTE and BYSECOND make %d times a day, at most %d are allowed with this FREQ", times, most)
	}
	units := map[rrule.Frequency]time.Duration{rrule.SECONDLY: time.Second, rrule.MINUTELY: time.Minute, rrule.HOURLY: time.Hour,
		rrule.DAILY: 24 * time.Hour, rrule.WEEKLY: 7 * 24 * time.Hour}
	if o.Count == 0 {
		r.unit = units[o.Freq] * time.Duration(o.Interval)
	}
	days := len(o.Bymonth) + len(o.Bymonthday) + len(o.Byyearday) + len(o.Byweekno) + len(o.Byweekday) + len(o.Bysetpos)
	filters := map[rrule.Frequency]int{rrule.HOURLY: len(o.Byhour), rrule.MINUTELY: len(o.Byhour) + len(o.Byminute),
		rrule.SECONDLY: len(o.Byhour) + len(o.Byminute) + len(o.Bysecond)}
	if n, fine := filters[o.Freq]; fine && n+days > 0 {
		return fmt.Errorf("with FREQ=%s nothing may choose hours or days: use windows, or FREQ=DAILY with BYHOUR and BYMINUTE", o.Freq)
	}
	return nil
}

// farUnits is how many INTERVALs are sooner begun anew than walked through.
const farUnits = 100

// after is the first wall time after another.
func (r *recurRule) after(t time.Time) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	far := r.unit > 0 && t.Sub(r.last) > farUnits*r.unit
	if r.more == nil || t.Before(r.last) || far {
		r.begin(t)
	}
	for {
		found, ok := r.more()
		if !ok {
			r.more = nil
			return time.Time{}, false
		}
		if on := found.AddDate(-laterYears, 0, 0); on.After(t) && !r.except[on] {
			r.last = on
			return on, true
		}
	}
}

// begin sets the library at DTSTART, or as close before t as may be.
func (r *recurRule) begin(t time.Time) {
	o := r.option
	if from := later(t); r.unit > 0 {
		if since := from.Sub(o.Dtstart); since > 2*r.unit { // not so close that a part of a week is lost
			o.Dtstart = o.Dtstart.Add(since - since%r.unit - r.unit)
		}
	}
	r.more = func() (time.Time, bool) { return time.Time{}, false }
	if rule, err := rrule.NewRRule(o); err == nil { // always: parseRRule has tried
		r.more = rule.Iterator()
	}
}

func later(t time.Time) time.Time { return t.AddDate(laterYears, 0, 0) }
