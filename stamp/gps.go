package stamp

import "time"

// LeapSeconds is how far GPS time is ahead of UTC since 2017-01-01. It is an argument everywhere, because
// it changes with half a year's notice.
const LeapSeconds = 18

const week = 7 * 24 * time.Hour

// gpsEpoch is where GPS weeks are counted from (IS-GPS-200, section 3.3.4).
var gpsEpoch = time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)

// GPSTime returns the UTC of a GPS time of week, which names no week: that within half a week of now. A
// capture that runs over midnight of Saturday to Sunday needs nothing more, since now moves along with it.
func GPSTime(now time.Time, gpsSec, gpsNsec uint32, leapSeconds int) time.Time {
	leap := time.Duration(leapSeconds) * time.Second
	inWeek := time.Duration(gpsSec)*time.Second + time.Duration(gpsNsec)
	// Sunday 00:00 GPS of now's week, as UTC.
	now = now.UTC().Round(0)
	sunday := now.Add(-(now.Add(leap).Sub(gpsEpoch) % week))
	t := sunday.Add(inWeek)
	// Nearest of the weeks; in-range input is at most one week off.
	switch d := t.Sub(now); {
	case d > week/2:
		t = t.Add(-((d + week/2) / week) * week)
	case d < -week/2:
		t = t.Add(((-d + week/2) / week) * week)
	}
	return t
}

// GPSTimeOfWeek is the inverse of GPSTime: t as a GPS receiver says it, without the week.
func GPSTimeOfWeek(t time.Time, leapSeconds int) (gpsSec, gpsNsec uint32) {
	// In seconds, since a Duration ends after 292 years.
	const weekSeconds = int64(week / time.Second)
	sec := (t.Unix() - gpsEpoch.Unix() + int64(leapSeconds)) % weekSeconds
	if sec < 0 {
		sec += weekSeconds
	}
	return uint32(sec), uint32(t.Nanosecond())
}
