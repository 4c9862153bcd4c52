package heimdall

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Webhook is an address that wants to be told of events.
type Webhook struct {
	ID        int64 // webhook_id: given by the database, never reused
	URL       string
	Secret    string      // what deliveries are signed with: "whsec_" and base64; never shown again after it was made
	Kinds     []EventKind // of which events, at least one
	Label     string      // what the user calls it
	Active    bool        // only of the active ones are deliveries made
	Reason    string      // why Heimdall itself ended it; "" otherwise
	CreatedAt time.Time
}

// Limits on a webhook, Standard Webhooks' for the secret.
const (
	SecretPrefix   = "whsec_"
	MinSecretBytes = 24
	MaxSecretBytes = 64
	maxWebhookURL  = 2000
)

// Validate reports everything wrong with w as one *InvalidError. Where its address may lie is the deliverer's question.
func (w *Webhook) Validate() error {
	var bad InvalidError
	u, err := url.Parse(w.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(w.URL) > maxWebhookURL:
		bad.Add("url", "must be an address such as https://example.org/heimdall")
	case u.User != nil:
		bad.Add("url", "must not hold credentials: deliveries are signed")
	case u.Fragment != "":
		bad.Add("url", "must have no fragment: servers never see it")
	}
	if len(w.Kinds) == 0 {
		bad.Add("kinds", "must name at least one of %s", kindsText())
	}
	for i, k := range w.Kinds {
		switch {
		case !slices.Contains(EventKinds(), k):
			bad.Add("kinds", "names %q, which is none of %s", k, kindsText())
		case slices.Contains(w.Kinds[:i], k):
			bad.Add("kinds", "names %s twice", k)
		}
	}
	if len(w.Label) > MaxLabel {
		bad.Add("label", "must have at most %d characters", MaxLabel)
	}
	text, found := strings.CutPrefix(w.Secret, SecretPrefix)
	if key, err := base64.StdEncoding.DecodeString(text); !found || err != nil || len(key) < MinSecretBytes || len(key) > MaxSecretBytes {
		bad.Add("secret", "must be %s followed by %d to %d bytes in base64, or absent to have one made", SecretPrefix, MinSecretBytes, MaxSecretBytes)
	}
	return bad.Err()
}

func kindsText() string {
	var names []string
	for _, k := range EventKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// A DeliveryState is where a delivery stands.
type DeliveryState string

const (
	DeliveryPending   DeliveryState = "pending"   // it is tried, or will be tried again
	DeliveryDelivered DeliveryState = "delivered" // the other end said yes
	DeliveryDead      DeliveryState = "dead"      // given up; somebody may have it tried again
)

// A Delivery is one event on its way to one webhook. It is made in the transaction of the event.
type Delivery struct {
	WebhookID     int64
	Event         Event
	State         DeliveryState
	Attempts      int       // begun since it was made, or since somebody had it tried again
	NextAttemptAt time.Time // of the next one; while one is under way, when it counts as lost. Zero unless pending
	LastStatus    int       // HTTP status of the last answer; 0 without one
	LastError     string    // what was wrong with the last attempt; "" when nothing was
	CreatedAt     time.Time
	EndedAt       time.Time // when it was delivered or given up
}

// A DueDelivery is one that its claimer is to attempt now.
type DueDelivery struct {
	Delivery
	Webhook Webhook
}

// A DeliveryFilter chooses deliveries of one webhook, newest event first.
type DeliveryFilter struct {
	WebhookID int64
	States    []DeliveryState // nil means any
	Before    int64           // cursor: event id of the last row of the page before; 0 means none
	Limit     int             // 1 to MaxPage
}
