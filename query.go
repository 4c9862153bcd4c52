package heimdall

import "time"

// MaxPage is the most rows one page may hold.
const MaxPage = 1000

// A WebSDRFilter chooses WebSDRs. The zero value chooses all, in order of id.
type WebSDRFilter struct {
	IDs        []int64 // nil means any
	ActiveOnly bool
}

// An AcquisitionFilter chooses acquisitions, newest first by (CreatedAt, TaskID).
type AcquisitionFilter struct {
	States         []State   // nil means any
	WebSDRIDs      []int64   // with a capture of one of these; nil means any
	Label          string    // part of the label; A to Z match whatever their case; "" means any
	Near           *Near     // with a capture of a WebSDR in it; nil means anywhere
	From           time.Time // created at or after; zero means no limit
	To             time.Time // created before; zero means no limit
	Origin         *string   // nil means any; "" those by hand
	FrequencyMinHz int64     // both ends included; 0 means no limit
	FrequencyMaxHz int64
	Text           string  // found in its label, or in the name or location of one of its WebSDRs; see MeasurementFilter
	ScheduleIDs    []int64 // see MeasurementFilter
	After          string  // cursor: the TaskID of the last row of the page before (task ids sort by time)
	Limit          int     // 1 to MaxPage
}

// A CaptureFilter chooses captures, newest acquisition first, then by websdr_id.
type CaptureFilter struct {
	TaskID         string // "" means any
	WebSDRID       int64  // 0 means any
	Near           *Near  // of WebSDRs in it; nil means anywhere
	States         []State
	FailureClass   FailureClass // "" means any
	From, To       time.Time    // StartedAt in [From, To)
	FrequencyMinHz int64        // of the acquisition, both ends included; 0 means no limit
	FrequencyMaxHz int64
	Text           string  // see MeasurementFilter
	ScheduleIDs    []int64 // see MeasurementFilter
	AfterTaskID    string  // cursor: key of the last row of the page before
	AfterWebSDRID  int64
	Limit          int
}

// A MeasurementFilter chooses measurements, newest first by (Timestamp, TaskID, WebSDRID).
type MeasurementFilter struct {
	TaskID           string // "" means any
	WebSDRIDs        []int64
	From, To         time.Time // Timestamp in [From, To)
	FrequencyMinHz   int64     // both ends included; 0 means no limit
	FrequencyMaxHz   int64
	SNRMinDB         *float64 // both ends included; rows without an SNR satisfy neither
	SNRMaxDB         *float64
	DetectedOnly     bool
	UndetectedOnly   bool
	FrequencyMethods []string // one of these; nil means any, and none
	Flags            []string // all of these
	FlagsNot         []string // none of these
	Near             *Near    // of WebSDRs in it; nil means anywhere
	// Text is found in the label of the acquisition, or in the name or the location of the WebSDR. The letters A to Z
	// are found in either case, any other character as it is. "" means any.
	Text string
	// ScheduleIDs are schedules one of which asked for the acquisition, nil meaning any, and none. What a schedule asked
	// for is found when the schedule has been deleted, too; its id is never given again.
	ScheduleIDs         []int64
	AlgorithmVersionNot string          // "" means any; otherwise only rows of another AlgorithmVersion that were not imported
	After               *MeasurementKey // cursor: the last row of the page before
	Limit               int             // 1 to MaxPage; 0 means no limit where rows are streamed
}

// A MeasurementKey is the natural key of a measurement.
type MeasurementKey struct {
	Timestamp time.Time
	TaskID    string
	WebSDRID  int64
}
