package schedule

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A sun is an event of the sun at a place, every day on which there is one, and an offset from it.
type sun struct {
	event                     heimdall.SunEvent
	offset                    time.Duration
	latitudeDeg, longitudeDeg float64
}

// maxSunDays is how many days are looked at: at the poles the sun rises once a year.
const maxSunDays = 400

func (s *sun) next(after time.Time) (time.Time, bool) {
	day := after.Add(-s.offset).UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	for range maxSunDays {
		if t, ok := SunTime(s.event, day, s.latitudeDeg, s.longitudeDeg); ok {
			if t = t.Add(s.offset); t.After(after) {
				return t, true
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}
