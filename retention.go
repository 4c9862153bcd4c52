package heimdall

import (
	"fmt"
	"strings"
	"time"
)

// A Deletion is the journal of an acquisition that is being deleted, or has been: first it is planned, then its
// objects go, then its rows, in the transaction that notes that it is done. A plan is never taken back, so
// between the two the objects of its recordings may be missing. Rollups stay.
type Deletion struct {
	TaskID    string
	Reason    string    // such as "older than 720h0m0s"
	EndedAt   time.Time // of the acquisition
	Rows      int64     // acquisition, captures and measurements
	Objects   int64     // when it was planned
	Bytes     int64     // of these objects
	PlannedAt time.Time // zero before
	DoneAt    time.Time // zero before

	// Facts about an acquisition that may go, for who decides. The journal does not keep them.
	LatestAt      time.Time // the last of EndedAt, the ends of its captures and the starts of its recordings
	RecordedBytes int64     // of the data of its recordings, as its captures say
	Heard         bool      // a measurement detected a signal; only where an ExpiredFilter asks for it
	BestSNRdB     *float64  // of its measurements; likewise
}

// An ExpiredFilter chooses acquisitions that may go, in order of (EndedAt, TaskID). One that is pending or running, held,
// or planned to be deleted may not.
type ExpiredFilter struct {
	Before      time.Time // LatestAt is before it; zero means whatever the age
	Heard       bool      // find out Heard and BestSNRdB
	AfterEnd    time.Time // cursor: EndedAt and TaskID of the last row of the page before
	AfterTaskID string
	Limit       int // 1 to MaxPage
}

// A DeletionFilter chooses a page of the journal, newest plan first.
type DeletionFilter struct {
	AfterPlannedAt time.Time // cursor: PlannedAt and TaskID of the last row of the page before
	AfterTaskID    string
	Limit          int // 1 to MaxPage
}

// Recorded is how much the data of all recordings hold, as their captures say. Metadata are not counted.
type Recorded struct {
	Bytes        int64 // whose deletion is not planned
	HeldBytes    int64 // of Bytes, those of acquisitions that are held
	PlannedBytes int64 // whose deletion is planned and not done; not in Bytes
}

// A Hold keeps an acquisition from being deleted, whoever wishes it. The zero Hold is none.
type Hold struct {
	By     string // who holds it, in words for people
	Reason string
	At     time.Time
}

// IsZero reports that nobody holds it.
func (h Hold) IsZero() bool { return h.At.IsZero() }

func (h Hold) String() string {
	return fmt.Sprintf("held by %s since %s: %s", h.By, h.At.UTC().Format(time.RFC3339), h.Reason)
}

// MaxHoldText is the most characters that a hold's holder and reason may have each.
const MaxHoldText = 1000

// Validate reports everything wrong with a hold that somebody asks for, as one *InvalidError.
func (h Hold) Validate() error {
	var bad InvalidError
	for _, f := range []struct{ name, text, example string }{
		{"by", h.By, "your name or call sign"}, {"reason", h.Reason, "such as: evidence in case 17"}} {
		switch {
		case strings.TrimSpace(f.text) == "":
			bad.Add(f.name, "must be given: %s", f.example)
		case len(f.text) > MaxHoldText:
			bad.Add(f.name, "must have at most %d characters", MaxHoldText)
		}
	}
	return bad.Err()
}
