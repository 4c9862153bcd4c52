package schedule

import (
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// The position of the sun after J. Meeus, Astronomical Algorithms (2nd ed.), chapter 25, low accuracy: 0.01 degrees
// of its longitude, and chapter 28 for the equation of time. Below 66 degrees of latitude that is well within a
// minute of a sunrise; the refraction of the day, which nobody foresees, is more.

// elevations are where the sun's centre stands at an event. Sunrise: half its diameter and the usual refraction at
// the horizon, 16 and 34 minutes of arc.
var elevations = map[heimdall.SunEvent]float64{
	heimdall.Sunrise: -50. / 60, heimdall.Sunset: -50. / 60,
	heimdall.CivilDawn: -6, heimdall.CivilDusk: -6,
	heimdall.NauticalDawn: -12, heimdall.NauticalDusk: -12,
	heimdall.AstronomicalDawn: -18, heimdall.AstronomicalDusk: -18,
}

var mornings = map[heimdall.SunEvent]bool{
	heimdall.Sunrise: true, heimdall.CivilDawn: true, heimdall.NauticalDawn: true, heimdall.AstronomicalDawn: true,
}

// SunTime is when an event of the sun happens at a place on the solar day whose noon is the one next to 12:00 local
// mean time of a UTC date; false when it does not happen on that day. To the second; the air is not.
func SunTime(event heimdall.SunEvent, date time.Time, latitudeDeg, longitudeDeg float64) (time.Time, bool) {
	y, m, d := date.UTC().Date()
	meanNoon := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Add(-degreesOfTime(longitudeDeg))
	t := meanNoon
	for range 3 {
		_, equation := sunAt(t)
		t = meanNoon.Add(-degreesOfTime(equation))
	}
	elevation, crosses := elevations[event]
	if !crosses {
		return t.Round(time.Second), true
	}
	noon := t
	// The declination is that of the event, which moves it: a few rounds are enough for the second.
	for range 6 {
		declination, equation := sunAt(t)
		angle, ok := hourAngle(elevation, latitudeDeg, declination)
		if !ok {
			return time.Time{}, false
		}
		if mornings[event] {
			angle = -angle
		}
		t = meanNoon.Add(degreesOfTime(angle - equation))
	}
	if t.Sub(noon).Abs() > 12*time.Hour {
		return time.Time{}, false
	}
	return t.Round(time.Second), true
}

// degreesOfTime is how long the earth takes to turn so far under the mean sun.
func degreesOfTime(deg float64) time.Duration {
	return time.Duration(deg / 360 * 24 * float64(time.Hour))
}

// hourAngle is that of the sun at an elevation, in degrees; false when it does not get there. Meeus, (15.1).
func hourAngle(elevationDeg, latitudeDeg, declinationDeg float64) (float64, bool) {
	sinLat, cosLat := math.Sincos(radians(latitudeDeg))
	sinDec, cosDec := math.Sincos(radians(declinationDeg))
	c := (math.Sin(radians(elevationDeg)) - sinLat*sinDec) / (cosLat * cosDec)
	if math.IsNaN(c) || c < -1 || c > 1 {
		return 0, false
	}
	return degrees(math.Acos(c)), true
}

// sunAt is the declination of the sun and the equation of time, both in degrees.
func sunAt(at time.Time) (declinationDeg, equationDeg float64) {
	const deltaT = 70                                                            // seconds of dynamical time ahead of UTC, in our decades
	t := (float64(at.UnixMilli())/1000 + deltaT - 946_728_000) / 86_400 / 36_525 // centuries since J2000.0
	mean := 280.46646 + t*(36_000.76983+t*0.0003032)
	anomaly := radians(357.52911 + t*(35_999.05029-t*0.0001537))
	centre := (1.914602-t*(0.004817+t*0.000014))*math.Sin(anomaly) +
		(0.019993-t*0.000101)*math.Sin(2*anomaly) + 0.000289*math.Sin(3*anomaly)
	node := radians(125.04 - 1934.136*t)
	longitude := radians(mean + centre - 0.00569 - 0.00478*math.Sin(node))
	obliquity := radians(23.439291 - t*(0.0130042+t*1.64e-7) + 0.00256*math.Cos(node))

	sinLon, cosLon := math.Sincos(longitude)
	declinationDeg = degrees(math.Asin(math.Sin(obliquity) * sinLon))
	ascension := degrees(math.Atan2(math.Cos(obliquity)*sinLon, cosLon))
	nutation := -0.00478 * math.Sin(node) * math.Cos(obliquity)
	equationDeg = math.Remainder(mean-0.0057183-ascension+nutation, 360)
	return declinationDeg, equationDeg
}

func radians(deg float64) float64 { return deg * math.Pi / 180 }
func degrees(rad float64) float64 { return rad * 180 / math.Pi }
