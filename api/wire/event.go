package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// An Event is one thing that happened, as it was at that moment.
type Event struct {
	ID             int64                 `json:"id" doc:"Grows in the order of events; there are gaps" example:"3129344"`
	Kind           heimdall.EventKind    `json:"kind" doc:"What happened: acquisition.created, acquisition.running, acquisition.ended, capture.ended, or webhook.test; there may be more one day"`
	TaskID         string                `json:"task_id" doc:"Of the acquisition concerned; empty when none is"`
	WebSDRID       *int64                `json:"websdr_id" doc:"Of the capture concerned; null when it is the whole acquisition"`
	At             time.Time             `json:"at" doc:"When it happened"`
	Label          string                `json:"label" doc:"Of the acquisition; empty in events of captures"`
	State          heimdall.State        `json:"state" doc:"State of the acquisition or the capture from then on"`
	Reason         string                `json:"reason" doc:"Why, where there is something to say; long ones are cut"`
	Claims         int                   `json:"claims" doc:"How many times a worker had taken the acquisition; 0 in events of captures"`
	FailureClass   heimdall.FailureClass `json:"failure_class" doc:"What kind of thing went wrong with the capture; empty when nothing did"`
	Attempts       int                   `json:"attempts" doc:"Of the capture; 0 in events of acquisitions"`
	BytesReceived  int64                 `json:"bytes_received" doc:"Of the capture"`
	ElapsedSeconds float64               `json:"elapsed_seconds" doc:"Recorded time of the capture"`
	SNRdB          *float64              `json:"snr_db" doc:"Of the capture's measurement, in dB; null when it has none"`
}

// EventOf converts an event.
func EventOf(e heimdall.Event) Event {
	w := Event{ID: e.ID, Kind: e.Kind, TaskID: e.TaskID, At: e.At.UTC(), Label: e.Label, State: e.State, Reason: e.Reason, Claims: e.Claims,
		FailureClass: e.FailureClass, Attempts: e.Attempts, BytesReceived: e.BytesReceived, ElapsedSeconds: finite(e.ElapsedSeconds), SNRdB: finitePointer(e.SNRdB)}
	if e.WebSDRID != 0 {
		w.WebSDRID = &e.WebSDRID
	}
	return w
}

// Live is how far the acquisitions that have not ended are.
type Live struct {
	Acquisitions []Acquisition `json:"acquisitions" nullable:"false"`
}
