package iqfile

import (
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
)

const (
	// staleStamps is how many blocks at the beginning of a connection a KiwiSDR may stamp with an old time.
	staleStamps = 2
	// noFixAgeS and above say that the receiver had no GPS fix to speak of.
	noFixAgeS     = 253
	secondsOfWeek = 7 * 86400
	// stampSigmaS is the error of a KiwiSDR's stamps that no fit reveals; see package kiwisdr.
	stampSigmaS = 4e-6
)

// A Name is what the name of a file says of the recording in it; zero means nothing.
type Name struct {
	Start       time.Time
	FrequencyHz int64 // only beside Start
}

// nameOf matches the names that kiwirecorder gives: time, frequency in hertz, station, mode, as in
// 20171127T104156Z_77500_DF0KL_iq.wav. The time alone is understood, too.
var nameOf = regexp.MustCompile(`^(\d{8}T\d{6}Z)(?:_(\d{1,11})_)?`)

// ParseName reads the name of the file at path.
func ParseName(path string) Name {
	m := nameOf.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return Name{}
	}
	start, err := time.Parse("20060102T150405Z", m[1])
	if err != nil {
		return Name{}
	}
	hz, _ := strconv.ParseInt(m[2], 10, 64) // at most eleven digits, or none
	return Name{Start: start.UTC(), FrequencyHz: hz}
}

// A kiwiClock fits a line through the stamps of a Kiwi WAV.
type kiwiClock struct {
	rateHz float64
	near   time.Time // when the file begins, to within half a week: a stamp names no week
	fitter *stamp.Fitter
	met    int            // stamps
	first  []iq.KiwiStamp // those that may be stale, and the one after them
	ahead  bool           // ScanStamps has met all stamps: those that Read comes by are known
	unread []iq.KiwiStamp // for File.Stamps
}

// newKiwiClock takes the week from the first of these that is there: the start that the user gave, the time
// in the file's name, the time of the file's last change.
func newKiwiClock(rateHz float64, given time.Time, path string, changed time.Time) *kiwiClock {
	near := given
	if near.IsZero() {
		near = ParseName(path).Start
	}
	if near.IsZero() {
		near = changed
	}
	return &kiwiClock{rateHz: rateHz, near: near, fitter: stamp.NewFitter(rateHz)}
}

// read takes the stamps that Read came by.
func (k *kiwiClock) read(stamps []iq.KiwiStamp) {
	k.unread = append(k.unread, stamps...)
	if !k.ahead {
		k.add(stamps)
	}
}

func (k *kiwiClock) add(stamps []iq.KiwiStamp) {
	for _, s := range stamps {
		k.met++
		if len(k.first) <= staleStamps {
			k.first = append(k.first, s)
		}
		if k.met > staleStamps && usable(s) {
			k.fitter.Add(stamp.Block{Sample: s.Sample, At: k.timeOf(s), GPSAgeS: int(s.AgeS)})
		}
	}
}

// usable is false for a stamp without a fix, one of a receiver that gives none, and one that cannot be.
func usable(s iq.KiwiStamp) bool {
	return s.AgeS < noFixAgeS && (s.GPSSec != 0 || s.GPSNsec != 0) && s.GPSSec < secondsOfWeek && s.GPSNsec < 1e9
}

func (k *kiwiClock) timeOf(s iq.KiwiStamp) time.Time {
	near := k.near.Add(durationOf(s.Sample, k.rateHz))
	return stamp.GPSTime(near, s.GPSSec, s.GPSNsec, stamp.LeapSeconds)
}

// clock is the line through the stamps so far; false when there are none to believe.
func (k *kiwiClock) clock() (stamp.Clock, bool) {
	c := k.fitter.Clock()
	if c.Quality != heimdall.TimeGPS {
		return stamp.Clock{}, false
	}
	c.StartSigmaS = math.Hypot(c.StartSigmaS, stampSigmaS)
	return c, true
}

// staleSamples is how many samples come before the first block whose stamp is its own.
func (k *kiwiClock) staleSamples() (samples int64) {
	clock, ok := k.clock()
	if !ok {
		return 0
	}
	for b := 0; b < staleStamps && b+1 < len(k.first); b++ {
		s := k.first[b]
		off := k.timeOf(s).Sub(clock.At(s.Sample)).Abs().Seconds()
		if !usable(s) || off > 0.5/clock.RateHz {
			samples = k.first[b+1].Sample
		}
	}
	return samples
}
