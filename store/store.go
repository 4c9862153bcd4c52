// Package store is the seam to the database: what the folders below it have in common, which is little.
//
// Each of them is one database, written in its own SQL, and shares no other code with the others. What they promise
// is declared where it is needed (acquire.Store, the interfaces of package api) and tested in package storetest.
// Here stand only the vocabulary of the whole-state check, which every database runs on itself (heimdall check runs
// it on a live system, and storetest after every test), and the order of the queue, which is one for all.
package store

import "fmt"

// Kinds of problems. The promise each one breaks is that of its words negated.
const (
	DatabaseDamaged           = "database_damaged"            // the database itself reports damage
	AcquisitionWithoutCapture = "acquisition_without_capture" // an acquisition has at least one capture
	AcquisitionOpen           = "acquisition_ended_too_early" // all captures of an ended acquisition have ended
	OutcomeDiffers            = "outcome_differs"             // an ended acquisition's state is heimdall.Outcome
	LeaseDiffers              = "lease_differs"               // running acquisitions, and no others, have a lease
	CaptureWithoutWorker      = "capture_without_worker"      // a running capture is of a running acquisition
	TimesDiffer               = "times_differ"                // what has ended, and nothing else, has a time of its end
	RecordingMissing          = "recording_missing"           // a successful capture has a whole recording, unless it was imported
	RecordingUnexpected       = "recording_unexpected"        // no other capture has one
	CountsDiffer              = "counts_differ"               // a recording has samples, bytes and a checksum
	MeasurementMissing        = "measurement_missing"         // a successful capture has exactly one measurement; imported, at least one
	MeasurementUnexpected     = "measurement_unexpected"      // no other capture has one
	MeasurementDiffers        = "measurement_differs"         // it is of the capture's own recording
	RollupDiffers             = "rollup_differs"              // a rollup is the sum of its rows, and of those deleted
	HealthDiffers             = "health_differs"              // a breaker that is not closed, and no other, has opened for failures
	DeletionDiffers           = "deletion_differs"            // what is to be deleted has ended; what is deleted is gone
	ScheduleDiffers           = "schedule_differs"            // a run has an acquisition or says why not; a schedule knows its next run whole
	DeliveryDiffers           = "delivery_differs"            // a delivery that is pending, and no other, has a next attempt
)

// A Problem is one broken promise found in a database.
type Problem struct {
	Kind     string // one of the kinds above
	TaskID   string // of the acquisition concerned; "" when the whole database is
	WebSDRID int64  // of the capture concerned; 0 when the whole acquisition is
	Object   string // key of the object concerned; "" when none is
	Detail   string // what was found
}

func (p Problem) String() string {
	switch {
	case p.TaskID == "":
		return fmt.Sprintf("%s: %s", p.Kind, p.Detail)
	case p.WebSDRID == 0:
		return fmt.Sprintf("%s: acquisition %s: %s", p.Kind, p.TaskID, p.Detail)
	}
	return fmt.Sprintf("%s: acquisition %s, WebSDR %d: %s", p.Kind, p.TaskID, p.WebSDRID, p.Detail)
}
