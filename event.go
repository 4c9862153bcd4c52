package heimdall

import (
	"strings"
	"time"
)

// An EventKind says what has happened.
type EventKind string

const (
	AcquisitionCreated EventKind = "acquisition.created" // it was asked for
	AcquisitionRunning EventKind = "acquisition.running" // a worker has taken it; again for each further claim
	AcquisitionEnded   EventKind = "acquisition.ended"
	CaptureEnded       EventKind = "capture.ended"
	WebhookTested      EventKind = "webhook.test" // somebody wants to see whether a webhook arrives; it goes to that one alone
)

// EventKinds lists the kinds that one can ask to be told of, in the order shown to users.
func EventKinds() []EventKind {
	return []EventKind{AcquisitionCreated, AcquisitionRunning, AcquisitionEnded, CaptureEnded}
}

// EventsKept is how long events can be read, and with them the deliveries of them: a reader that was away for less has
// missed nothing.
const EventsKept = 7 * 24 * time.Hour

// An Event is one thing that happened. It is written in the transaction that makes it happen, so that there is exactly
// one, and none of what was rolled back.
type Event struct {
	ID       int64 // grows in the order in which readers see events; there are gaps
	Kind     EventKind
	TaskID   string    // of the acquisition concerned; "" when none is
	WebSDRID int64     // of the capture concerned; 0 when none is
	At       time.Time // by the database's clock
	EventPayload
}

// An EventPayload is what an event says beside what it concerns: as it was at that moment. What does not apply is zero.
type EventPayload struct {
	Label          string       `json:"label,omitempty"` // of an acquisition, or of a webhook
	State          State        `json:"state,omitempty"` // of what the event concerns
	Reason         string       `json:"reason,omitempty"`
	Claims         int          `json:"claims,omitempty"`
	FailureClass   FailureClass `json:"failure_class,omitempty"`
	Attempts       int          `json:"attempts,omitempty"`
	BytesReceived  int64        `json:"bytes_received,omitempty"`
	ElapsedSeconds float64      `json:"elapsed_seconds,omitempty"`
	SNRdB          *float64     `json:"snr_db,omitempty"`
}

// maxEventReason keeps events small. The rows have the whole text.
const maxEventReason = 500

// AcquisitionEvent is what has just happened to a.
func AcquisitionEvent(kind EventKind, a *Acquisition) Event {
	return Event{Kind: kind, TaskID: a.TaskID,
		EventPayload: EventPayload{Label: a.Label, State: a.State, Reason: shortened(a.Reason), Claims: a.Claims}}
}

// CaptureEvent is the end of c, with its measurement if it has one.
func CaptureEvent(c *Capture, m *Measurement) Event {
	e := Event{Kind: CaptureEnded, TaskID: c.TaskID, WebSDRID: c.WebSDRID, EventPayload: EventPayload{State: c.State,
		Reason: shortened(c.Reason), FailureClass: c.FailureClass, Attempts: c.Attempts, BytesReceived: c.BytesReceived, ElapsedSeconds: c.Elapsed.Seconds()}}
	if m != nil {
		e.SNRdB = m.SNRdB
	}
	return e
}

func shortened(s string) string {
	if len(s) > maxEventReason {
		s = s[:maxEventReason]
	}
	return strings.ToValidUTF8(s, "\ufffd") // JSON holds nothing else
}

// An EventFilter chooses events, in the order of their ids.
type EventFilter struct {
	After    int64       // only those with a greater id
	TaskID   string      // "" means any
	WebSDRID int64       // 0 means any
	Kinds    []EventKind // nil means any
	Limit    int         // 1 to MaxPage
}

// Passes reports whether the filter chooses e, whatever After and Limit are.
func (f *EventFilter) Passes(e *Event) bool {
	if f.TaskID != "" && f.TaskID != e.TaskID || f.WebSDRID != 0 && f.WebSDRID != e.WebSDRID {
		return false
	}
	for _, k := range f.Kinds {
		if k == e.Kind {
			return true
		}
	}
	return f.Kinds == nil
}

// An EventSpan says which events can be read.
type EventSpan struct {
	PrunedTo int64 // of those up to this id some are gone; 0 before any is
	Last     int64 // every event up to this id can be seen by now, and every later one will have a greater id
}
