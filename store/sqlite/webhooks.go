package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

const selectWebhooks = `SELECT webhook_id, url, secret, kinds, label, is_active, reason, created_at FROM webhooks`

// webhookFields are in the order of selectWebhooks.
func webhookFields(w *heimdall.Webhook) []any {
	return []any{&w.ID, &w.URL, &w.Secret, list[heimdall.EventKind]{&w.Kinds}, &w.Label, &w.Active, &w.Reason, micros{&w.CreatedAt}}
}

func scanWebhook(r row) (w heimdall.Webhook, err error) {
	err = r.Scan(webhookFields(&w)...)
	return w, err
}

// Webhooks returns all, in order of id.
func (s *Store) Webhooks(ctx context.Context) ([]heimdall.Webhook, error) {
	rows, err := s.reader.QueryContext(ctx, selectWebhooks+` ORDER BY webhook_id`)
	out, err := all(rows, err, scanWebhook)
	return out, failed(ctx, "list webhooks", err)
}

// Webhook returns one, or ErrNotFound.
func (s *Store) Webhook(ctx context.Context, id int64) (heimdall.Webhook, error) {
	w, err := getWebhook(ctx, s.reader, id)
	return w, failed(ctx, "get webhook", err)
}

func getWebhook(ctx context.Context, q querier, id int64) (heimdall.Webhook, error) {
	w, err := scanWebhook(q.QueryRowContext(ctx, selectWebhooks+` WHERE webhook_id = ?`, id))
	return w, notFound(err, "webhook %d", id)
}

const insertWebhook = `
INSERT INTO webhooks (url, secret, kinds, label, is_active, reason, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`

// CreateWebhook stores w and returns it with its id and time.
func (s *Store) CreateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error) {
	err := s.write(ctx, "create webhook", func(tx *sql.Tx) error {
		if err := w.Validate(); err != nil {
			return err
		}
		w.CreatedAt = s.moment()
		result, err := tx.ExecContext(ctx, insertWebhook, webhookFields(&w)[1:]...)
		if err == nil {
			w.ID, err = result.LastInsertId()
		}
		return err
	})
	if err != nil {
		return heimdall.Webhook{}, err
	}
	return w, nil
}

const updateWebhook = `
UPDATE webhooks SET url = ?, secret = ?, kinds = ?, label = ?, is_active = ?, reason = ? WHERE webhook_id = ?`

// UpdateWebhook replaces a webhook; ErrNotFound when there is none. What is pending for one that is not active any more
// is given up when it is due.
func (s *Store) UpdateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error) {
	err := s.write(ctx, "update webhook", func(tx *sql.Tx) error {
		if err := w.Validate(); err != nil {
			return err
		}
		f := webhookFields(&w)
		if _, err := tx.ExecContext(ctx, updateWebhook, append(f[1:7:7], w.ID)...); err != nil {
			return err
		}
		var err error
		w, err = getWebhook(ctx, tx, w.ID)
		return err
	})
	if err != nil {
		return heimdall.Webhook{}, err
	}
	s.bell.ring()
	return w, nil
}

const deleteWebhook = `DELETE FROM webhooks WHERE webhook_id = ?`

// DeleteWebhook removes a webhook and its deliveries, delivered or not; ErrNotFound when there is none.
func (s *Store) DeleteWebhook(ctx context.Context, id int64) error {
	return s.write(ctx, "delete webhook", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, deleteWebhook, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n > 0 || err != nil {
			return err
		}
		return fmt.Errorf("webhook %d: %w", id, heimdall.ErrNotFound)
	})
}

const insertDelivery = `
INSERT INTO deliveries (webhook_id, event_id, state, attempts, next_attempt_at, last_status, last_error, created_at)
VALUES (?1, ?2, 'pending', 0, ?3, 0, '', ?3)`

// TestWebhook makes an event of kind WebhookTested, for that webhook alone; ErrNotFound when there is none, ErrConflict
// when it is not active.
func (s *Store) TestWebhook(ctx context.Context, id int64) (d heimdall.Delivery, err error) {
	err = s.write(ctx, "test webhook", func(tx *sql.Tx) error {
		w, err := getWebhook(ctx, tx, id)
		if err != nil {
			return err
		}
		if !w.Active {
			return fmt.Errorf("webhook %d is not active, activate it first: %w", id, heimdall.ErrConflict)
		}
		e := heimdall.Event{Kind: heimdall.WebhookTested, EventPayload: heimdall.EventPayload{Label: w.Label}}
		if err := s.addEvent(ctx, tx, &e); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, insertDelivery, id, e.ID, micros{&e.At}); err != nil {
			return err
		}
		d, err = getDelivery(ctx, tx, id, e.ID)
		return err
	})
	if err != nil {
		return heimdall.Delivery{}, err
	}
	s.bell.ring()
	return d, nil
}
