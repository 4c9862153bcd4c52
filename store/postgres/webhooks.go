package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectWebhooks = `SELECT webhook_id, url, secret, kinds, label, is_active, reason, created_at FROM webhooks`

// webhookFields are in the order of selectWebhooks.
func webhookFields(w *heimdall.Webhook) []any {
	return []any{&w.ID, &w.URL, &w.Secret, &w.Kinds, &w.Label, &w.Active, &w.Reason, micros{&w.CreatedAt}}
}

func scanWebhook(r row) (w heimdall.Webhook, err error) {
	err = r.Scan(webhookFields(&w)...)
	return w, err
}

// Webhooks returns all, in order of id.
func (s *Store) Webhooks(ctx context.Context) ([]heimdall.Webhook, error) {
	rows, err := s.pool.Query(ctx, selectWebhooks+` ORDER BY webhook_id`)
	out, err := all(rows, err, scanWebhook)
	return out, failed(ctx, "list webhooks", err)
}

// Webhook returns one, or ErrNotFound.
func (s *Store) Webhook(ctx context.Context, id int64) (heimdall.Webhook, error) {
	w, err := getWebhook(ctx, s.pool, id)
	return w, failed(ctx, "get webhook", err)
}

func getWebhook(ctx context.Context, q querier, id int64) (heimdall.Webhook, error) {
	w, err := scanWebhook(q.QueryRow(ctx, selectWebhooks+` WHERE webhook_id = $1`, id))
	return w, notFound(err, "webhook %d", id)
}

const insertWebhook = `
INSERT INTO webhooks (url, secret, kinds, label, is_active, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
RETURNING webhook_id, url, secret, kinds, label, is_active, reason, created_at`

// CreateWebhook stores w and returns it with its id and time.
func (s *Store) CreateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error) {
	err := s.write(ctx, "create webhook", func(tx pgx.Tx) (err error) {
		if err := w.Validate(); err != nil {
			return err
		}
		w, err = scanWebhook(tx.QueryRow(ctx, insertWebhook, storable(w.URL), w.Secret, texts(w.Kinds), storable(w.Label), w.Active, storable(w.Reason)))
		return err
	})
	if err != nil {
		return heimdall.Webhook{}, err
	}
	return w, nil
}

const updateWebhook = `
UPDATE webhooks SET url = $2, secret = $3, kinds = $4, label = $5, is_active = $6, reason = $7 WHERE webhook_id = $1
RETURNING webhook_id, url, secret, kinds, label, is_active, reason, created_at`

// UpdateWebhook replaces a webhook; ErrNotFound when there is none. What is pending for one that is not active any more
// is given up when it is due.
func (s *Store) UpdateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error) {
	err := s.write(ctx, "update webhook", func(tx pgx.Tx) (err error) {
		if err := w.Validate(); err != nil {
			return err
		}
		id := w.ID
		w, err = scanWebhook(tx.QueryRow(ctx, updateWebhook, id, storable(w.URL), w.Secret, texts(w.Kinds), storable(w.Label), w.Active, storable(w.Reason)))
		return notFound(err, "webhook %d", id)
	})
	if err != nil {
		return heimdall.Webhook{}, err
	}
	s.told()
	return w, nil
}

const deleteWebhook = `DELETE FROM webhooks WHERE webhook_id = $1`

// DeleteWebhook removes a webhook and its deliveries, delivered or not; ErrNotFound when there is none.
func (s *Store) DeleteWebhook(ctx context.Context, id int64) error {
	return s.write(ctx, "delete webhook", func(tx pgx.Tx) error {
		result, err := tx.Exec(ctx, deleteWebhook, id)
		if err != nil || result.RowsAffected() > 0 {
			return err
		}
		return fmt.Errorf("webhook %d: %w", id, heimdall.ErrNotFound)
	})
}

const (
	insertTest = `
INSERT INTO events (id, kind, websdr_id, at, payload)
SELECT (pg_current_xact_id()::text::bigint + base) << 14, $1, 0, clock_timestamp(), $2::json FROM event_state
RETURNING id, at`

	insertDelivery = `
INSERT INTO deliveries (webhook_id, event_id, state, attempts, next_attempt_at, last_status, last_error, created_at)
VALUES ($1, $2, 'pending', 0, $3, 0, '', $3)`
)

// TestWebhook makes an event of kind WebhookTested, for that webhook alone; ErrNotFound when there is none, ErrConflict
// when it is not active.
func (s *Store) TestWebhook(ctx context.Context, id int64) (d heimdall.Delivery, err error) {
	err = s.write(ctx, "test webhook", func(tx pgx.Tx) error {
		w, err := getWebhook(ctx, tx, id)
		if err != nil {
			return err
		}
		if !w.Active {
			return fmt.Errorf("webhook %d is not active, activate it first: %w", id, heimdall.ErrConflict)
		}
		payload, err := json.Marshal(heimdall.EventPayload{Label: w.Label})
		if err != nil {
			return err
		}
		var eventID int64
		var at time.Time
		if err := tx.QueryRow(ctx, insertTest, heimdall.WebhookTested, string(payload)).Scan(&eventID, micros{&at}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertDelivery, id, eventID, at); err != nil {
			return err
		}
		d, err = getDelivery(ctx, tx, id, eventID)
		return err
	})
	if err != nil {
		return heimdall.Delivery{}, err
	}
	s.told()
	return d, nil
}
