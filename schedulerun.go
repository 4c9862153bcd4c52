package heimdall

import "time"

// A SkipReason says why a run made no acquisition.
type SkipReason string

const (
	SkippedPaused  SkipReason = "paused"  // the schedule was paused when it was due
	SkippedMisfire SkipReason = "misfire" // nobody started it in time
	SkippedOverlap SkipReason = "overlap" // the run before had not ended
	SkippedWebSDRs SkipReason = "websdrs" // a WebSDR could not take part, or none could
	SkippedInvalid SkipReason = "invalid" // the request, or the recurrence, is refused by now
)

// A ScheduleRun is what became of one time at which a schedule was due, or of several in a row that were skipped
// for the same reason. Its key is (ScheduleID, DueAt).
type ScheduleRun struct {
	ScheduleID int64
	DueAt      time.Time // without jitter; of the first where it stands for several
	StartAt    time.Time // with jitter: where the common window was to begin
	FiredAt    time.Time // when it was decided: by the database's clock
	TaskID     string    // the acquisition it made; "" when it was skipped
	Skipped    SkipReason
	Detail     string    // in words
	Count      int64     // how many it stands for: 1, or more where they were skipped
	LastDueAt  time.Time // of the last of them
	ByHand     bool      // asked for by a user and not by the clock
}

// A Firing is one run as it is to be stored. Request is nil when the run is skipped from the outset; the database
// skips it where the WebSDRs, or the run before, do not allow it.
type Firing struct {
	Run     ScheduleRun
	Request *Acquisition
}

// A ScheduleStep is what a schedule does at one moment: its firings in order of DueAt, and when it is due next.
type ScheduleStep struct {
	Firings     []Firing
	NextDueAt   time.Time // zero: never again
	NextStartAt time.Time
}

// A ScheduleRunFilter chooses runs, newest first by DueAt. Of several schedules the lower id is first.
type ScheduleRunFilter struct {
	ScheduleID      int64 // 0 means any
	From, To        time.Time
	SkippedOnly     bool
	AfterDueAt      time.Time // cursor: key of the last row of the page before
	AfterScheduleID int64
	Limit           int // 1 to MaxPage
}
