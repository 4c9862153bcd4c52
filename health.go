package heimdall

import (
	"errors"
	"slices"
	"time"
)

// ErrTooSoon: it was asked for a moment ago, and whoever is asked must not be asked so often.
var ErrTooSoon = errors.New("asked again too soon")

// A HealthState is what is known of a WebSDR: whether it answers as what it claims to be.
type HealthState string

const (
	Up      HealthState = "up"
	Down    HealthState = "down"
	Unknown HealthState = "unknown" // nobody has asked yet, or it has shut us out
)

// A BreakerState says whether acquisitions may contact a WebSDR.
type BreakerState string

const (
	BreakerClosed   BreakerState = "closed"
	BreakerOpen     BreakerState = "open"      // it failed several times in a row: attempts are refused at once
	BreakerHalfOpen BreakerState = "half_open" // one probe or attempt is under way to see whether it is back
)

// BreakerFailures is how many failures in a row open a breaker.
const BreakerFailures = 3

// An ObservationSource says how something was learnt of a WebSDR.
type ObservationSource string

const (
	FromProbe   ObservationSource = "probe"
	FromCapture ObservationSource = "capture" // an attempt of a capture to open a stream
)

// MaxHolds bounds how long an observation may hold: three times the longest wait between two probes.
const MaxHolds = 4 * time.Hour

// An Observation is what was learnt of a WebSDR at one moment. A nil pointer means that it did not say.
type Observation struct {
	ID           int64 // given by the database
	WebSDRID     int64
	At           time.Time
	Source       ObservationSource
	OK           bool // it answered, and gave what it was asked for
	FailureClass FailureClass
	Reason       string
	Latency      time.Duration // until the answer was there; 0 when not measured
	Users        *int
	UsersMax     *int
	FixesPerMin  *int // of its GPS
	Satellites   *int // that its GPS uses
	SNRdB        *float64
	Version      string // of its software

	// Holds is how long it is taken to say how the WebSDR is, when nothing follows: three times the wait that was
	// planned until the next probe. What lies beyond is not known.
	Holds time.Duration

	// Details is what else it said, for people to read. Only those of the last probe are kept.
	Details map[string]string
}

// Says is what the observation says of the WebSDR's health. One that is busy, or has no time left for us, is up; one
// that has shut us out says nothing, and neither do failures of our own.
func (o *Observation) Says() HealthState {
	if o.OK {
		return Up
	}
	switch o.FailureClass {
	case FailDown, FailTransport, FailProtocol, FailAuth:
		return Down
	case FailBusy, FailQuota, FailRedirect, FailUnsupported, FailOutOfRange:
		return Up
	}
	return Unknown
}

// Health is how a WebSDR is, as far as is known, and whether its breaker lets attempts pass.
type Health struct {
	WebSDRID    int64
	State       HealthState
	Breaker     BreakerState
	Failures    int       // in a row, of probes and of attempts
	OpenedAt    time.Time // when the breaker opened; zero while it is closed
	NextProbeAt time.Time // zero when none is planned
	LastAt      time.Time // of the last observation; zero when there is none
	LastUpAt    time.Time // of the last one that found it up
	LastClass   FailureClass
	LastError   string // of the last observation that was not ok, until it is ok again

	// Of the last probe that found it up; nil or empty when it did not say.
	Latency     time.Duration
	Users       *int
	UsersMax    *int
	FixesPerMin *int
	Satellites  *int
	SNRdB       *float64
	Version     string
	Details     map[string]string
}

// Banned reports whether it has shut us out, as far as is known: then no probe asks it, nor anything at its host, until an
// attempt is let in or somebody says so.
//
// The same ban stands as a Block, too, and neither would do for both. A Block ends by itself, after a day, as most bans do:
// then whoever wants a recording may try. What asks by itself, again and again, must not be what finds out whether a ban is
// over. Whoever forgives one forgives both.
func (h *Health) Banned() bool { return h.LastClass == FailBanned }

// After is h once o has been made, of a WebSDR of that kind. It is the one rule of the breaker: it opens after
// BreakerFailures failures in a row, and closes when the WebSDR is up again.
func (h Health) After(o Observation, kind string) Health {
	h.LastAt = later(h.LastAt, o.At) // two processes may write in another order than they asked
	if o.OK {
		h.LastClass, h.LastError = "", ""
	} else {
		h.LastClass, h.LastError = o.FailureClass, o.Reason
	}
	h.State = o.Says()
	switch h.State {
	case Up:
		h.LastUpAt = later(h.LastUpAt, o.At)
		h = h.Closed()
		if o.Source == FromProbe {
			h.Latency, h.Users, h.UsersMax, h.Version = o.Latency, o.Users, o.UsersMax, o.Version
			h.FixesPerMin, h.Satellites, h.SNRdB, h.Details = o.FixesPerMin, o.Satellites, o.SNRdB, o.Details
		}
	case Down:
		h.Failures++
		if h.Breaker == BreakerClosed && h.Failures >= BreakerFailures && MayBreak(kind) {
			h.OpenedAt = o.At
			h.Breaker = BreakerOpen
		}
	}
	if h.Breaker == BreakerHalfOpen {
		h.Breaker = BreakerOpen
	}
	return h
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Closed is h with its breaker closed.
func (h Health) Closed() Health {
	h.Breaker, h.OpenedAt, h.Failures = BreakerClosed, time.Time{}, 0
	return h
}

// MayBreak reports whether the breaker of that kind ever opens: what is on this machine is not spared.
func MayBreak(kind string) bool { return kind != "replay" && kind != "sim" }

// CheapProbe reports whether a WebSDR of that kind can be asked how it is without taking a listening slot.
func CheapProbe(kind string) bool {
	return slices.Contains([]string{"kiwisdr", "openwebrx", "http_iq", "replay", "sim"}, kind)
}

// An ObservationFilter chooses observations, newest first by (At, ID).
type ObservationFilter struct {
	WebSDRID int64     // 0 means any
	From, To time.Time // At in [From, To)
	AfterAt  time.Time // cursor: key of the last row of the page before
	AfterID  int64
	Limit    int // 1 to MaxPage
}

// An Uptime says for how much of a time a WebSDR was up.
//
// Each observation holds from its time until the next one, but no longer than its Holds: a time in which nobody looked
// is neither up nor down, it is unknown. An observation from before the time counts as long as it still holds.
type Uptime struct {
	WebSDRID  int64
	Up        time.Duration
	Down      time.Duration
	Attempts  int64 // of captures
	Successes int64 // of these
}

// Share is the share of the time known in which it was up; nil when nothing is known.
func (u *Uptime) Share() *float64 {
	if u.Up+u.Down <= 0 {
		return nil
	}
	return new(u.Up.Seconds() / (u.Up + u.Down).Seconds())
}
