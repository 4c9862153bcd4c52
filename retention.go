package heimdall

import "time"

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
}

// An ExpiredFilter chooses acquisitions that may go, in order of (EndedAt, TaskID).
type ExpiredFilter struct {
	// Before is the age limit: the acquisition ended before it, and so did each of its captures and recordings
	// begin and end. One that is pending or running has not ended.
	Before      time.Time
	AfterEnd    time.Time // cursor: EndedAt and TaskID of the last row of the page before
	AfterTaskID string
	Limit       int // 1 to MaxPage
}
