package heimdall

import (
	"errors"
	"time"
)

// ErrContactOff: contact with receivers is switched off, so nothing that would connect to one is begun.
var ErrContactOff = errors.New("contact with receivers is switched off: see heimdall contact status")

// ErrBusyHost: somebody else holds the receiver's host; there is one connection to it at a time.
var ErrBusyHost = errors.New("another connection to this host is open")

// Contact says whether this system may contact receivers at all. The zero value is that it may.
type Contact struct {
	Off    bool
	Reason string    // why it was switched; shown wherever it stops something
	By     string    // who switched it
	At     time.Time // when; zero if nobody ever did
}

// MaxContactText is how long the texts of a Contact may be.
const MaxContactText = 500

// Validate reports everything wrong with c as one *InvalidError.
func (c *Contact) Validate() error {
	var bad InvalidError
	if c.Off && c.Reason == "" {
		bad.Add("reason", "must say why nobody is to be contacted: whoever finds everything waiting will ask")
	}
	if len(c.Reason) > MaxContactText {
		bad.Add("reason", "must have at most %d characters", MaxContactText)
	}
	if len(c.By) > MaxContactText {
		bad.Add("by", "must have at most %d characters", MaxContactText)
	}
	return bad.Err()
}

// Why is the contact's state in words, for those whom it stops.
func (c Contact) Why() string {
	s := "all contact with receivers is switched off"
	if c.By != "" {
		s += " by " + c.By
	}
	if c.Reason != "" {
		s += ": " + c.Reason
	}
	return s
}

// A WorkerStatus is what a worker last said of itself. Rows of those that have said nothing for WorkerForgotten go.
type WorkerStatus struct {
	Name      string // unique among the processes of one database
	Host      string // the machine it runs on
	Version   string // of its program
	StartedAt time.Time
	SeenAt    time.Time // when it last said so; on the database's clock
	Slots     int       // acquisitions that it does at a time
	Running   int       // how many it does now
}

const (
	// WorkerMissing is after how long without a word a worker is taken for gone.
	WorkerMissing = 30 * time.Second
	// WorkerForgotten is after how long the row of one that is gone is removed.
	WorkerForgotten = 24 * time.Hour
)

// A Block is why a receiver must not be contacted for a while: what it said when it was last asked. It counts for
// every WebSDR at the same host, except that a refused password counts for the WebSDR that has it.
type Block struct {
	Class  FailureClass
	Reason string    // what the receiver said
	Since  time.Time // when it said so
	Until  time.Time // no attempt before
}

// IsZero reports whether nothing stands against contacting the receiver.
func (b Block) IsZero() bool { return b.Class == "" }

// A Standing is how we stand with one receiver: what it holds against us, and how much of its day we have used.
type Standing struct {
	WebSDRID  int64
	Block     Block         // zero when nothing stands against contacting it
	UsedToday time.Duration // connected to its host since 00:00 UTC, by all WebSDRs at that host
}

// DayOf is the UTC day that t lies in, by its beginning: the day of daily budgets.
func DayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// OverdueReason is why an acquisition failed that was not begun by its deadline.
func OverdueReason(deadline time.Time) string {
	return "it was not begun by its deadline, " + deadline.UTC().Format(time.RFC3339) + ": nobody was contacted; the queue was full, or every worker was busy or away (see heimdall workers)"
}
