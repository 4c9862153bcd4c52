package wire

import (
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A WebhookInput is a webhook as one asks for it.
type WebhookInput struct {
	URL    string               `json:"url" doc:"Where events are POSTed to" example:"https://example.org/heimdall"`
	Kinds  []heimdall.EventKind `json:"kinds,omitempty" required:"false" nullable:"true" doc:"Of which events: acquisition.created, acquisition.running, acquisition.ended, capture.ended; null means acquisition.ended alone"`
	Label  string               `json:"label,omitempty" doc:"What you call it; at most 200 characters"`
	Secret string               `json:"secret,omitempty" doc:"What deliveries are signed with: whsec_ and 24 to 64 bytes in base64; made at random when absent"`
	Active *bool                `json:"active,omitempty" nullable:"true" doc:"Whether it is told of events; null means true"`
}

// Root converts the input. Without a secret there is none yet.
func (in WebhookInput) Root() heimdall.Webhook {
	w := heimdall.Webhook{URL: in.URL, Kinds: in.Kinds, Label: in.Label, Secret: in.Secret, Active: in.Active == nil || *in.Active}
	if in.Kinds == nil {
		w.Kinds = []heimdall.EventKind{heimdall.AcquisitionEnded}
	}
	return w
}

// A Webhook is an address that is told of events. Its secret is shown once, in the answer to its creation.
type Webhook struct {
	WebhookID int64                `json:"webhook_id" doc:"Identity of the webhook; never given again"`
	URL       string               `json:"url" doc:"Where events are POSTed to"`
	Kinds     []heimdall.EventKind `json:"kinds" nullable:"false" doc:"Of which events"`
	Label     string               `json:"label" doc:"What its maker called it"`
	Active    bool                 `json:"active" doc:"Whether it is told of events"`
	Reason    string               `json:"reason" doc:"Why Heimdall itself ended it: its other end answered 410 Gone; empty otherwise"`
	CreatedAt time.Time            `json:"created_at"`
	Secret    string               `json:"secret,omitempty" doc:"What deliveries are signed with; in the answer to POST alone, so keep it"`
}

// WebhookOf converts a webhook, without its secret.
func WebhookOf(w heimdall.Webhook) Webhook {
	return Webhook{WebhookID: w.ID, URL: w.URL, Kinds: orEmpty(w.Kinds), Label: w.Label, Active: w.Active, Reason: w.Reason, CreatedAt: w.CreatedAt.UTC()}
}

// A WebhookList is all of them, in order of webhook_id.
type WebhookList struct {
	Webhooks []Webhook `json:"webhooks" nullable:"false" doc:"All of them, in order of webhook_id"`
}

// A Delivery is one event on its way to one webhook.
type Delivery struct {
	WebhookID     int64                  `json:"webhook_id" doc:"To which webhook"`
	Event         Event                  `json:"event" doc:"What is delivered"`
	State         heimdall.DeliveryState `json:"state" enum:"pending,delivered,dead" doc:"dead: given up after about three days, or because the webhook is not active"`
	Attempts      int                    `json:"attempts" doc:"Begun since it was made, or since it was last asked to be tried again"`
	NextAttemptAt *time.Time             `json:"next_attempt_at" doc:"Of the next attempt, or when the one under way counts as lost; null unless pending"`
	LastStatus    *int                   `json:"last_status" doc:"HTTP status of the last answer; null without one"`
	LastError     string                 `json:"last_error" doc:"What was wrong with the last attempt; empty when nothing was"`
	CreatedAt     time.Time              `json:"created_at"`
	EndedAt       *time.Time             `json:"ended_at" doc:"When it was delivered or given up; null before"`
}

// DeliveryOf converts a delivery.
func DeliveryOf(d heimdall.Delivery) Delivery {
	w := Delivery{WebhookID: d.WebhookID, Event: EventOf(d.Event), State: d.State, Attempts: d.Attempts, NextAttemptAt: instant(d.NextAttemptAt),
		LastError: d.LastError, CreatedAt: d.CreatedAt.UTC(), EndedAt: instant(d.EndedAt)}
	if d.LastStatus != 0 {
		w.LastStatus = &d.LastStatus
	}
	return w
}

// A DeliveryPage is one page of a list, newest event first.
type DeliveryPage struct {
	Deliveries []Delivery `json:"deliveries" nullable:"false" doc:"The newest event first"`
	NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// A WebhookMessage is the body of a delivery, in the shape that Standard Webhooks recommends.
type WebhookMessage struct {
	Type      heimdall.EventKind `json:"type"`
	Timestamp time.Time          `json:"timestamp"` // of the event
	Data      WebhookData        `json:"data"`
}

// WebhookData is what a delivery says: the event, and of an acquisition how it stands when the delivery is made.
type WebhookData struct {
	Event       Event               `json:"event"`
	Acquisition *WebhookAcquisition `json:"acquisition"` // null when there is none, or when it has been deleted
}

// A WebhookAcquisition is the summary of an acquisition.
type WebhookAcquisition struct {
	TaskID          string           `json:"task_id"`
	Label           string           `json:"label"`
	State           heimdall.State   `json:"state"`
	Reason          string           `json:"reason"`
	FrequencyMHz    float64          `json:"frequency_mhz"`
	DurationSeconds float64          `json:"duration_seconds"`
	CreatedAt       time.Time        `json:"created_at"`
	EndedAt         *time.Time       `json:"ended_at"`
	WindowStart     *time.Time       `json:"window_start"`
	Captures        []WebhookCapture `json:"captures"`
	Links           Links            `json:"links"` // relative to the server
}

// A WebhookCapture is the summary of a capture.
type WebhookCapture struct {
	WebSDRID     int64                 `json:"websdr_id"`
	State        heimdall.State        `json:"state"`
	FailureClass heimdall.FailureClass `json:"failure_class"`
	Reason       string                `json:"reason"`
	SNRdB        *float64              `json:"snr_db"`
	Recording    *string               `json:"recording"` // address of its IQ, relative to the server; null without one
}

// WebhookAcquisitionOf sums up an acquisition, its captures and its measurements.
func WebhookAcquisitionOf(a heimdall.Acquisition, captures []heimdall.Capture, measurements []heimdall.Measurement) *WebhookAcquisition {
	snr := make(map[int64]*float64, len(measurements))
	for i := range measurements {
		snr[measurements[i].WebSDRID] = measurements[i].SNRdB
	}
	w := &WebhookAcquisition{TaskID: a.TaskID, Label: a.Label, State: a.State, Reason: a.Reason, FrequencyMHz: MHz(a.FrequencyHz),
		DurationSeconds: a.Duration.Seconds(), CreatedAt: a.CreatedAt.UTC(), EndedAt: instant(a.EndedAt), WindowStart: instant(a.WindowStart),
		Captures: []WebhookCapture{}, Links: linksOf(a.TaskID)}
	for _, c := range captures {
		one := WebhookCapture{WebSDRID: c.WebSDRID, State: c.State, FailureClass: c.FailureClass, Reason: c.Reason, SNRdB: finitePointer(snr[c.WebSDRID])}
		if c.Recording != nil {
			one.Recording = new("/api/v1/recordings/" + url.PathEscape(c.TaskID) + "/" + strconv.FormatInt(c.WebSDRID, 10))
		}
		w.Captures = append(w.Captures, one)
	}
	return w
}
