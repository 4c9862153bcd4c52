package kiwisdr

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall/stamp"
)

// hostDisagreement is how far stamps may be off our own clock without a word.
const hostDisagreement = time.Minute

// describe completes the header from the first frames.
func (st *stream) describe() {
	f := &st.ahead[0]
	st.seq = f.seq - 1
	st.order = binary.BigEndian
	if f.flags&flagLittleEndian != 0 {
		st.order = binary.LittleEndian
	}
	switch {
	case !f.stamped:
		// UberSDR's imitation: plain samples at the gain of its own AGC, which it does not switch off.
		st.header.Dialect, st.header.AGC = "ubersdr", true
	case st.frozen():
		st.header.Dialect, st.calib = "web-888", true
	default:
		st.calib, st.relied = true, true
		if d := st.disagreement(); d.Abs() > hostDisagreement {
			st.header.Dialect += fmt.Sprintf(" (stamps %+.0f s off our clock)", d.Seconds())
		}
	}
}

// frozen reports whether stamps do not advance with the samples, as those of a Web-888.
func (st *stream) frozen() bool {
	judged := 0
	for i := 1; i < len(st.ahead); i++ {
		a, b := &st.ahead[i-1], &st.ahead[i]
		if !a.timed() || !b.timed() {
			return false
		}
		judged++
		want := float64(b.seq-a.seq) * float64(a.samples()) / st.header.NominalRateHz
		got := st.stampTime(b).Sub(st.stampTime(a)).Seconds()
		if math.Abs(got-want) < 0.1*want {
			return false
		}
	}
	return judged >= 2
}

// disagreement is how far the first stamps are off our own clock; that of the best of them, since single ones
// are wrong. Such stamps are used all the same: they agree among themselves, and our own clock may be the
// wrong one. But it shall be seen.
func (st *stream) disagreement() (least time.Duration) {
	seen := false
	for i := range st.ahead {
		f := &st.ahead[i]
		if !f.timed() {
			continue
		}
		if d := st.stampTime(f).Sub(f.at); !seen || d.Abs() < least.Abs() {
			least, seen = d, true
		}
	}
	return least
}

func (st *stream) stampTime(f *frame) time.Time {
	return stamp.GPSTime(f.at, f.gpsSec, f.gpsNsec, st.session.driver.leapSeconds())
}
