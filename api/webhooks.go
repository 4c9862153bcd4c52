package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/webhook"
)

// A WebhookStore keeps webhooks and deliveries.
type WebhookStore interface {
	// Webhooks returns all, in order of id.
	Webhooks(ctx context.Context) ([]heimdall.Webhook, error)
	// Webhook returns one, or heimdall.ErrNotFound.
	Webhook(ctx context.Context, id int64) (heimdall.Webhook, error)
	// CreateWebhook stores w and returns it with its id and time.
	CreateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error)
	// UpdateWebhook replaces the row.
	UpdateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error)
	// DeleteWebhook removes the row and its deliveries.
	DeleteWebhook(ctx context.Context, id int64) error
	// TestWebhook makes an event for that webhook alone; heimdall.ErrConflict when it is not active.
	TestWebhook(ctx context.Context, id int64) (heimdall.Delivery, error)
	// Delivery returns one, or heimdall.ErrNotFound.
	Delivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error)
	// Deliveries returns a page, the newest event first.
	Deliveries(ctx context.Context, f heimdall.DeliveryFilter) ([]heimdall.Delivery, error)
	// RetryDelivery has a delivery that has ended tried again; heimdall.ErrConflict when it has not, or cannot be.
	RetryDelivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error)
}

type webhookListOutput struct{ Body wire.WebhookList }

func (s *service) listWebhooks(ctx context.Context, _ *struct{}) (*webhookListOutput, error) {
	list, err := s.Store.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	out := &webhookListOutput{wire.WebhookList{Webhooks: []wire.Webhook{}}}
	for _, w := range list {
		out.Body.Webhooks = append(out.Body.Webhooks, wire.WebhookOf(w))
	}
	return out, nil
}

type createWebhookInput struct{ Body wire.WebhookInput }

type createWebhookOutput struct {
	Location string `header:"Location"`
	Body     wire.Webhook
}

func (s *service) createWebhook(ctx context.Context, in *createWebhookInput) (*createWebhookOutput, error) {
	w := in.Body.Root()
	if w.Secret == "" {
		w.Secret = newSecret()
	}
	if err := s.checkWebhook(&w); err != nil {
		return nil, err
	}
	w, err := s.Store.CreateWebhook(ctx, w)
	if err != nil {
		return nil, err
	}
	out := &createWebhookOutput{Location: "/api/v1/webhooks/" + strconv.FormatInt(w.ID, 10), Body: wire.WebhookOf(w)}
	out.Body.Secret = w.Secret
	return out, nil
}

// newSecret has as many bytes as the hash that it keys.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand says so
	return heimdall.SecretPrefix + base64.StdEncoding.EncodeToString(key)
}

// checkWebhook finds everything that is wrong at once.
func (s *service) checkWebhook(w *heimdall.Webhook) error {
	var bad heimdall.InvalidError
	for _, err := range []error{w.Validate(), webhook.CheckURL(w.URL, s.WebhookPrivate)} {
		if wrong, ok := errors.AsType[*heimdall.InvalidError](err); ok {
			bad.Fields = append(bad.Fields, wrong.Fields...)
		}
	}
	return bad.Err()
}

// A WebhookPath names a webhook.
type WebhookPath struct {
	WebhookID int64 `path:"webhook_id" minimum:"1" doc:"Identity of the webhook"`
}

type webhookOutput struct{ Body wire.Webhook }

func (s *service) getWebhook(ctx context.Context, in *WebhookPath) (*webhookOutput, error) {
	w, err := s.Store.Webhook(ctx, in.WebhookID)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{wire.WebhookOf(w)}, nil
}

type replaceWebhookInput struct {
	WebhookPath
	Body wire.WebhookInput
}

func (s *service) replaceWebhook(ctx context.Context, in *replaceWebhookInput) (*webhookOutput, error) {
	old, err := s.Store.Webhook(ctx, in.WebhookID)
	if err != nil {
		return nil, err
	}
	w := in.Body.Root()
	w.ID = old.ID
	if w.Secret == "" {
		w.Secret = old.Secret
	}
	if err := s.checkWebhook(&w); err != nil {
		return nil, err
	}
	if w, err = s.Store.UpdateWebhook(ctx, w); err != nil {
		return nil, err
	}
	return &webhookOutput{wire.WebhookOf(w)}, nil
}

func (s *service) deleteWebhook(ctx context.Context, in *WebhookPath) (*struct{}, error) {
	return nil, s.Store.DeleteWebhook(ctx, in.WebhookID)
}

type deliveryOutput struct{ Body wire.Delivery }

func (s *service) testWebhook(ctx context.Context, in *WebhookPath) (*deliveryOutput, error) {
	d, err := s.Store.TestWebhook(ctx, in.WebhookID)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{wire.DeliveryOf(d)}, nil
}

type listDeliveriesInput struct {
	WebhookPath
	States []heimdall.DeliveryState `query:"state,explode" nullable:"false" enum:"pending,delivered,dead" doc:"Only these states; may be given more than once"`
	Page
}

type deliveryPageOutput struct{ Body wire.DeliveryPage }

func (s *service) listDeliveries(ctx context.Context, in *listDeliveriesInput) (*deliveryPageOutput, error) {
	before, err := deliveryBefore(in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := s.Store.Webhook(ctx, in.WebhookID); err != nil {
		return nil, err
	}
	list, err := s.Store.Deliveries(ctx, heimdall.DeliveryFilter{WebhookID: in.WebhookID, States: in.States, Before: before, Limit: in.limit()})
	if err != nil {
		return nil, ofList(err)
	}
	out := &deliveryPageOutput{wire.DeliveryPage{Deliveries: []wire.Delivery{}}}
	for _, d := range list {
		out.Body.Deliveries = append(out.Body.Deliveries, wire.DeliveryOf(d))
	}
	if len(list) == in.limit() {
		out.Body.NextCursor = encodeCursor(deliveryCursor, strconv.FormatInt(list[len(list)-1].Event.ID, 10))
	}
	return out, nil
}

// A DeliveryPath names the delivery of an event to a webhook.
type DeliveryPath struct {
	WebhookPath
	EventID int64 `path:"event_id" minimum:"1" doc:"Id of the event"`
}

func (s *service) getDelivery(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
	d, err := s.Store.Delivery(ctx, in.WebhookID, in.EventID)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{wire.DeliveryOf(d)}, nil
}

func (s *service) retryDelivery(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
	d, err := s.Store.RetryDelivery(ctx, in.WebhookID, in.EventID)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{wire.DeliveryOf(d)}, nil
}
