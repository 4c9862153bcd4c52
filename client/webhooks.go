package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Webhooks returns all, in order of id, without their secrets.
func (c *Client) Webhooks(ctx context.Context) ([]wire.Webhook, error) {
	var list wire.WebhookList
	err := c.get(ctx, "/api/v1/webhooks", nil, &list)
	return list.Webhooks, err
}

// Webhook returns one, without its secret.
func (c *Client) Webhook(ctx context.Context, id int64) (w wire.Webhook, err error) {
	err = c.get(ctx, at("api", "v1", "webhooks", id), nil, &w)
	return w, err
}

// CreateWebhook has events sent to an address. The secret is in this answer alone.
func (c *Client) CreateWebhook(ctx context.Context, in wire.WebhookInput) (w wire.Webhook, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/webhooks"}, in, &w)
	return w, err
}

// ReplaceWebhook replaces every field, except that a secret left out stays.
func (c *Client) ReplaceWebhook(ctx context.Context, id int64, in wire.WebhookInput) (w wire.Webhook, err error) {
	_, err = c.call(ctx, request{method: http.MethodPut, path: at("api", "v1", "webhooks", id)}, in, &w)
	return w, err
}

// DeleteWebhook removes a webhook and its deliveries.
func (c *Client) DeleteWebhook(ctx context.Context, id int64) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: at("api", "v1", "webhooks", id)}, nil, nil)
	return err
}

// TestWebhook has a test delivered; Delivery says what became of it. It is a *Problem of status 409 when the webhook is
// not active.
func (c *Client) TestWebhook(ctx context.Context, id int64) (d wire.Delivery, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "webhooks", id, "test")}, nil, &d)
	return d, err
}

// Delivery returns the delivery of an event to a webhook.
func (c *Client) Delivery(ctx context.Context, webhookID, eventID int64) (d wire.Delivery, err error) {
	err = c.get(ctx, at("api", "v1", "webhooks", webhookID, "deliveries", eventID), nil, &d)
	return d, err
}

// Deliveries returns one page of the deliveries to a webhook, the newest event first, in these states or in any. See
// Acquisitions about cursor.
func (c *Client) Deliveries(ctx context.Context, webhookID int64, states []heimdall.DeliveryState, limit int, cursor string) (page wire.DeliveryPage, err error) {
	q := url.Values{}
	addAll(q, "state", states)
	addPage(q, limit, cursor)
	err = c.get(ctx, at("api", "v1", "webhooks", webhookID, "deliveries"), q, &page)
	return page, err
}

// RetryDelivery has a delivery tried again. It is a *Problem of status 409 when it has not ended, or the webhook is not
// active.
func (c *Client) RetryDelivery(ctx context.Context, webhookID, eventID int64) (d wire.Delivery, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "webhooks", webhookID, "deliveries", eventID, "retry")}, nil, &d)
	return d, err
}
