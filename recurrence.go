package heimdall

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A SunEvent is a moment of the sun at a place.
type SunEvent string

const (
	Sunrise          SunEvent = "sunrise" // the upper limb at the horizon: centre at -0.833 degrees, refraction counted
	Sunset           SunEvent = "sunset"
	SolarNoon        SunEvent = "solar_noon"
	CivilDawn        SunEvent = "civil_dawn"        // centre at -6 degrees
	CivilDusk        SunEvent = "civil_dusk"        //
	NauticalDawn     SunEvent = "nautical_dawn"     // centre at -12 degrees
	NauticalDusk     SunEvent = "nautical_dusk"     //
	AstronomicalDawn SunEvent = "astronomical_dawn" // centre at -18 degrees
	AstronomicalDusk SunEvent = "astronomical_dusk" //
)

// SunEvents lists all of them, in the order of a day.
func SunEvents() []SunEvent {
	return []SunEvent{AstronomicalDawn, NauticalDawn, CivilDawn, Sunrise, SolarNoon, Sunset, CivilDusk, NauticalDusk, AstronomicalDusk}
}

// A Recurrence says when runs are due, in exactly one of four ways.
type Recurrence struct {
	Every time.Duration // fixed rate, from the schedule's StartAt; without one from 1970-01-01T00:00:00Z
	Cron  string        // 5 fields, or 6 with seconds first
	RRule string        // RFC 5545: an RRULE, with DTSTART before it and EXDATE after it if need be, a line each
	Sun   SunEvent

	Offset       time.Duration // from the sun's event; negative is before it
	LatitudeDeg  float64       // where the sun is looked at
	LongitudeDeg float64
	WebSDRID     int64 // whose place that was when the schedule was stored; 0 when it was given as a place
}

// MaxSunOffset is the most that a run may lie before or after an event of the sun.
const MaxSunOffset = 12 * time.Hour

func (r *Recurrence) validate(bad *InvalidError) {
	ways := 0
	for _, given := range []bool{r.Every != 0, r.Cron != "", r.RRule != "", r.Sun != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		bad.Add("recurrence", "must have exactly one of every_seconds, cron, rrule and sun")
		return
	}
	switch {
	case r.Every != 0 && (r.Every < MinEvery || r.Every > 366*24*time.Hour || r.Every%time.Millisecond != 0):
		bad.Add("recurrence.every_seconds", "must be from %v to a year, in whole milliseconds", MinEvery.Seconds())
	case len(r.Cron) > MaxRecurrence:
		bad.Add("recurrence.cron", "must have at most %d characters", MaxRecurrence)
	case len(r.RRule) > MaxRecurrence:
		bad.Add("recurrence.rrule", "must have at most %d characters", MaxRecurrence)
	case r.Sun != "":
		r.validateSun(bad)
	}
}

func (r *Recurrence) validateSun(bad *InvalidError) {
	var names []string
	known := false
	for _, e := range SunEvents() {
		names = append(names, string(e))
		known = known || e == r.Sun
	}
	if !known {
		bad.Add("recurrence.sun", "%q is not known: use one of %s", r.Sun, strings.Join(names, ", "))
	}
	if r.Offset < -MaxSunOffset || r.Offset > MaxSunOffset || r.Offset%time.Millisecond != 0 {
		bad.Add("recurrence.offset_seconds", "must be at most %v before or after, in whole milliseconds", MaxSunOffset.Seconds())
	}
	if !within(r.LatitudeDeg, -90, 90) {
		bad.Add("recurrence.latitude", "must be degrees from -90 to 90")
	}
	if !within(r.LongitudeDeg, -180, 180) {
		bad.Add("recurrence.longitude", "must be degrees from -180 to 180")
	}
}

// A Window is a part of the day in which runs may be due, in the schedule's zone.
type Window struct {
	Days []string `json:"days"` // of mon, tue, wed, thu, fri, sat, sun: those on which it opens; none means every day
	From string   `json:"from"` // "06:00": included
	To   string   `json:"to"`   // "18:00": not included; at or before From it means the day after; "24:00" is midnight
}

// Weekdays are the names of days in a Window, in the order of time.Weekday.
func Weekdays() [7]string { return [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// Clock is the time of day of "06:00" or "06:00:30" since midnight. "24:00" is the end of the day.
func Clock(text string) (time.Duration, error) {
	if text == "24:00" {
		return 24 * time.Hour, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil && len(text) == len(layout) {
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, nil
		}
	}
	return 0, fmt.Errorf("%q is no time of day: write it as 06:00", text)
}

func (w *Window) validate(bad *InvalidError) {
	for _, text := range []string{w.From, w.To} {
		if _, err := Clock(text); err != nil {
			bad.Add("windows", "%v", err)
		}
	}
	if w.From == "24:00" {
		bad.Add("windows", "must not open at 24:00: write 00:00")
	}
	names := Weekdays()
	for _, d := range w.Days {
		if !slices.Contains(names[:], d) {
			bad.Add("windows", "names the day %q: use mon, tue, wed, thu, fri, sat, sun", d)
		}
	}
}

// String is how a window is written on the command line: "mon,tue 06:00-18:00".
func (w Window) String() string {
	text := w.From + "-" + w.To
	if len(w.Days) > 0 {
		text = strings.Join(w.Days, ",") + " " + text
	}
	return text
}
