package iqfile

import (
	"path/filepath"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
)

const (
	staleStamps    = 2                  // at the beginning of a KiwiSDR's stream are of an earlier connection
	noFixAgeS      = 253                // and above: the receiver had no GPS fix to speak of
	kiwiNameLayout = "20060102T150405Z" // begins the name: 20171127T104156Z_77500_DF0KL_iq.wav
)

// A kiwiClock fits a line through the stamps of a Kiwi WAV as Read comes by them.
type kiwiClock struct {
	fitter *stamp.Fitter
	rateHz float64
	near   time.Time // when the file begins, to within half a week: a stamp names no week
	met    int       // stamps
	unread []iq.KiwiStamp
}

// newKiwiClock takes the week from the first of these that is there: the start that the user gave, the time
// in the file's name as kiwirecorder writes it, the time of the file's last change.
func newKiwiClock(rateHz float64, given time.Time, path string, changed time.Time) *kiwiClock {
	near := given
	if name := filepath.Base(path); near.IsZero() && len(name) >= len(kiwiNameLayout) {
		if t, err := time.Parse(kiwiNameLayout, name[:len(kiwiNameLayout)]); err == nil {
			near = t
		}
	}
	if near.IsZero() {
		near = changed
	}
	return &kiwiClock{fitter: stamp.NewFitter(rateHz), rateHz: rateHz, near: near}
}

func (k *kiwiClock) add(stamps []iq.KiwiStamp) {
	k.unread = append(k.unread, stamps...)
	for _, s := range stamps {
		k.met++
		switch {
		case k.met <= staleStamps, s.AgeS >= noFixAgeS, s.GPSSec == 0 && s.GPSNsec == 0: // stale, no fix, stamps switched off
			continue
		}
		near := k.near.Add(durationOf(s.Sample, k.rateHz))
		k.fitter.Add(stamp.Block{Sample: s.Sample, At: stamp.GPSTime(near, s.GPSSec, s.GPSNsec, stamp.LeapSeconds), GPSAgeS: int(s.AgeS)})
	}
}

// Stamps returns the GPS stamps of the blocks that Read has entered since the last call; nil unless KiwiWAV.
func (f *File) Stamps() []iq.KiwiStamp {
	if f.kiwi == nil {
		return nil
	}
	s := f.kiwi.unread
	f.kiwi.unread = nil
	return s
}

// Clock returns the times of the samples, and false when the file says nothing of them. For a Kiwi WAV that is
// the line through the stamps that Read has come by, so ask again when more has been read; for SigMF it is
// what the metadata says, with the gaps between its captures.
func (f *File) Clock() (stamp.Clock, bool) {
	if f.kiwi != nil {
		if c := f.kiwi.fitter.Clock(); c.Quality == heimdall.TimeGPS {
			return c, true
		}
	}
	c := stamp.Clock{Start: f.Start, RateHz: f.SampleRateHz, Quality: heimdall.TimeNone, GPSAgeMaxS: -1, Gaps: f.Gaps()}
	if !f.Start.IsZero() {
		c.Quality = heimdall.TimeHostArrival // at whoever recorded it
	}
	if f.Metadata != nil && len(f.Metadata.Captures) > 0 {
		said := f.Metadata.Captures[0].Other
		var q heimdall.TimeQuality
		said.Get("heimdall:time_quality", &q)
		switch q {
		case heimdall.TimeGPS, heimdall.TimeHostDisciplined, heimdall.TimeHostArrival, heimdall.TimeNone:
			c.Quality = q
		}
		said.Get("heimdall:time_uncertainty_s", &c.StartSigmaS)
	}
	return c, !f.Start.IsZero() || len(c.Gaps) > 0
}
