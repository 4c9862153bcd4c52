package schedule_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
)

// A place and what others publish of its sun.
type published struct {
	event         heimdall.SunEvent
	latDeg, lon   float64
	utc           string
	tolerance     time.Duration
	publishedWhat string
}

func TestTheSunIsWhereOthersSayItIs(t *testing.T) {
	const (
		site     = "timeanddate.com, to the minute"
		schlyter = "the program of P. Schlyter, minutes cut off"
	)
	for _, p := range []published{
		{heimdall.Sunrise, 51.5, -0.1278, "2015-01-01T08:06:00Z", time.Minute, site},
		{heimdall.Sunset, 51.5, -0.1278, "2015-01-01T16:02:00Z", time.Minute, site},
		{heimdall.CivilDawn, 51.5, -0.1278, "2015-12-12T07:17:00Z", time.Minute, site},
		{heimdall.NauticalDawn, 51.5, -0.1278, "2015-12-12T06:34:00Z", time.Minute, site},
		{heimdall.Sunrise, 51.5, -0.1278, "2015-12-12T07:57:00Z", time.Minute, site},
		{heimdall.SolarNoon, 51.5, -0.1278, "2015-12-12T11:54:00Z", time.Minute, site},
		{heimdall.Sunset, 51.5, -0.1278, "2015-12-12T15:51:00Z", time.Minute, site},
		{heimdall.CivilDusk, 51.5, -0.1278, "2015-12-12T16:31:00Z", time.Minute, site},
		{heimdall.NauticalDusk, 51.5, -0.1278, "2015-12-12T17:14:00Z", time.Minute, site},
		{heimdall.SolarNoon, 51.5, -0.1278, "2015-12-25T12:00:00Z", time.Minute, site},
		{heimdall.AstronomicalDawn, 51.467, 0, "2013-03-21T04:06:30Z", time.Minute, schlyter},
		{heimdall.AstronomicalDusk, 51.467, 0, "2013-03-21T20:08:30Z", time.Minute, schlyter},
		{heimdall.Sunrise, 51.467, 0, "2013-06-21T03:43:30Z", time.Minute, schlyter},
		{heimdall.Sunset, 51.467, 0, "2013-06-21T20:21:30Z", time.Minute, schlyter},
		{heimdall.Sunrise, -0.25, -78.583, "2013-03-21T11:18:30Z", time.Minute, schlyter}, // Quito
		{heimdall.Sunset, -0.25, -78.583, "2013-03-21T23:25:30Z", time.Minute, schlyter},
		{heimdall.Sunrise, 27.733, -18.05, "2013-01-01T08:03:30Z", time.Minute, schlyter}, // El Hierro
		{heimdall.Sunset, 27.733, -18.05, "2013-01-01T18:29:30Z", time.Minute, schlyter},
		{heimdall.Sunrise, 64.067, -21.967, "2013-06-21T02:57:30Z", 2 * time.Minute, schlyter}, // Reykjavik
	} {
		want := at(t, p.utc)
		got, ok := schedule.SunTime(p.event, want, p.latDeg, p.lon)
		if d := got.Sub(want); !ok || d.Abs() > p.tolerance {
			t.Errorf("%s at %g, %g is %v, %s says %v", p.event, p.latDeg, p.lon, got, p.publishedWhat, want)
		}
	}
}

// Meeus, examples 25.a and 28.a: 1992 October 13 at 0h dynamical time.
func TestThePositionOfTheSunIsThatOfMeeus(t *testing.T) {
	declination, equation := schedule.SunAt(at(t, "1992-10-13T00:00:00Z").Add(-70 * time.Second))
	if math.Abs(declination+7.78507) > 1e-4 {
		t.Errorf("the declination is %.5f degrees, want -7.78507", declination)
	}
	if math.Abs(equation-3.427351) > 3e-3 { // 0.7 s: his example 28.a takes the sun of higher accuracy
		t.Errorf("the equation of time is %.5f degrees, want 3.42735", equation)
	}
}

// elevation of the sun by the low-precision formulas of the Astronomical Almanac (page C5) and sidereal time: no
// equation of time, no hour angle of ours.
func elevation(at time.Time, latDeg, lonDeg float64) float64 {
	const rad = math.Pi / 180
	n := float64(at.UnixMilli()-946_728_000_000) / 86_400_000
	g := (357.528 + 0.9856003*n) * rad
	lambda := (280.460 + 0.9856474*n + 1.915*math.Sin(g) + 0.020*math.Sin(2*g)) * rad
	epsilon := (23.439 - 0.0000004*n) * rad
	alpha := math.Atan2(math.Cos(epsilon)*math.Sin(lambda), math.Cos(lambda))
	delta := math.Asin(math.Sin(epsilon) * math.Sin(lambda))
	sidereal := (18.697374558 + 24.06570982441908*n) * 15 * rad
	hour := sidereal + lonDeg*rad - alpha
	return math.Asin(math.Sin(latDeg*rad)*math.Sin(delta)+math.Cos(latDeg*rad)*math.Cos(delta)*math.Cos(hour)) / rad
}

func TestAtAnEventTheSunStandsWhereItsNameSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := rapid.Float64Range(-66, 66).Draw(t, "latitude"), rapid.Float64Range(-180, 180).Draw(t, "longitude")
		date := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 365*60).Draw(t, "day"))
		noon, _ := schedule.SunTime(heimdall.SolarNoon, date, lat, lon)
		for event, want := range map[heimdall.SunEvent]float64{heimdall.Sunrise: -0.8333, heimdall.Sunset: -0.8333, heimdall.CivilDawn: -6,
			heimdall.CivilDusk: -6, heimdall.NauticalDawn: -12, heimdall.NauticalDusk: -12, heimdall.AstronomicalDawn: -18, heimdall.AstronomicalDusk: -18} {
			got, ok := schedule.SunTime(event, date, lat, lon)
			if !ok {
				continue // a bright night: the next test's
			}
			if e := elevation(got, lat, lon); math.Abs(e-want) > 0.03 {
				t.Errorf("%s at %v: the sun is at %.3f degrees, want %.3f", event, got, e, want)
			}
			morning := event == heimdall.Sunrise || event == heimdall.CivilDawn || event == heimdall.NauticalDawn || event == heimdall.AstronomicalDawn
			if got.Before(noon) != morning {
				t.Errorf("%s is at %v, noon at %v", event, got, noon)
			}
		}
		if e := elevation(noon, lat, lon); e < elevation(noon.Add(-5*time.Minute), lat, lon) || e < elevation(noon.Add(5*time.Minute), lat, lon) {
			t.Errorf("the sun is not highest at noon, %v", noon)
		}
	})
}

func TestWhereTheSunDoesNotRiseThereIsNoSunrise(t *testing.T) {
	const lat, lon = 78.22, 15.65 // Longyearbyen: polar night from the end of October to the middle of February
	for _, day := range []string{"2026-12-21T00:00:00Z", "2026-06-21T00:00:00Z"} {
		if got, ok := schedule.SunTime(heimdall.Sunrise, at(t, day), lat, lon); ok {
			t.Errorf("the sun rises on %s: %v", day, got)
		}
		if _, ok := schedule.SunTime(heimdall.SolarNoon, at(t, day), lat, lon); !ok {
			t.Errorf("there is no noon on %s", day)
		}
	}
	p := compile(t, func(s *heimdall.Schedule) {
		s.Recurrence = heimdall.Recurrence{Sun: heimdall.Sunrise, LatitudeDeg: lat, LongitudeDeg: lon}
	})
	first, ok := p.Next(at(t, "2026-12-01T00:00:00Z"))
	if !ok || first.Before(at(t, "2027-02-13T00:00:00Z")) || first.After(at(t, "2027-02-18T00:00:00Z")) {
		t.Errorf("after the polar night the sun rises on %v", first)
	}
}

func TestARunMayLieBeforeOrAfterTheSun(t *testing.T) {
	for _, offset := range []time.Duration{-12 * time.Hour, -30 * time.Minute, 0, time.Hour, 12 * time.Hour} {
		p := compile(t, func(s *heimdall.Schedule) {
			s.Recurrence = heimdall.Recurrence{Sun: heimdall.Sunset, Offset: offset, LatitudeDeg: 45, LongitudeDeg: 7.5}
		})
		last := at(t, "2026-03-01T00:00:00Z")
		for range 30 {
			next, ok := p.Next(last)
			if e := elevation(next.Add(-offset), 45, 7.5); !ok || math.Abs(e+0.8333) > 0.03 {
				t.Fatalf("%v from sunset is %v, when the sun is at %.2f degrees", offset, next, e)
			}
			if d := next.Sub(last); d > 25*time.Hour || last.Hour() != 0 && d < 23*time.Hour {
				t.Fatalf("the run after %v is %v", last, next)
			}
			last = next
		}
	}
}
