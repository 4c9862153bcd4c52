package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// An answer is what the other end said.
type answer struct {
	status     int // 0 without one
	retryAfter time.Duration
}

// maxAnswer is how much of an answer is read, so that its connection can be used again. Nobody looks at it.
const maxAnswer = 64 << 10

// post makes one attempt. Whatever is not a yes is an error.
func (d *Deliverer) post(ctx context.Context, due heimdall.DueDelivery) (answer, error) {
	body, err := d.message(ctx, due.Event)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, due.Webhook.URL, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Heimdall/"+heimdall.Version)
	if err := sign(req.Header, due, body, d.Now()); err != nil {
		return answer{}, err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // its address is known, and may hold what is not for a log
		}
		return answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	a := answer{status: resp.StatusCode, retryAfter: retryAfter(resp.Header, d.Now())}
	switch {
	case a.status >= 200 && a.status < 300:
		return a, nil
	case a.status >= 300 && a.status < 400:
		return a, fmt.Errorf("answered %s, and redirects are not followed: give the webhook the address that it leads to", resp.Status)
	}
	return a, fmt.Errorf("answered %s", resp.Status)
}

// message is the body of a delivery.
func (d *Deliverer) message(ctx context.Context, e heimdall.Event) ([]byte, error) {
	m := wire.WebhookMessage{Type: e.Kind, Timestamp: e.At.UTC(), Data: wire.WebhookData{Event: wire.EventOf(e)}}
	if e.TaskID != "" {
		a, captures, measurements, err := d.summary(ctx, e)
		switch {
		case err == nil:
			m.Data.Acquisition = wire.WebhookAcquisitionOf(a, captures, measurements)
		case !errors.Is(err, heimdall.ErrNotFound): // deleted since: the event stands
			return nil, fmt.Errorf("read acquisition: %w", err)
		}
	}
	return json.Marshal(m)
}

// MessageID is the webhook-id of an event's deliveries, the same for every attempt.
func MessageID(eventID int64) string { return fmt.Sprintf("evt_%d", eventID) }

// sign adds the headers of Standard Webhooks.
func sign(h http.Header, due heimdall.DueDelivery, body []byte, now time.Time) error {
	key, err := standardwebhooks.NewWebhook(due.Webhook.Secret)
	if err != nil {
		return errors.New("the webhook's secret cannot be read: give it a new one") // whose text the library would show
	}
	id := MessageID(due.Event.ID)
	signature, err := key.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}
