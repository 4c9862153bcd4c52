package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const selectDeliveries = `
SELECT d.webhook_id, d.state, d.attempts, d.next_attempt_at, d.last_status, d.last_error, d.created_at, d.ended_at,
       e.id, e.kind, e.task_id, e.websdr_id, e.at, e.payload
FROM deliveries AS d JOIN events AS e ON e.id = d.event_id`

// deliveryFields are in the order of selectDeliveries.
func deliveryFields(d *heimdall.Delivery) []any {
	return append([]any{&d.WebhookID, &d.State, &d.Attempts, micros{&d.NextAttemptAt}, &d.LastStatus, &d.LastError,
		micros{&d.CreatedAt}, micros{&d.EndedAt}}, eventFields(&d.Event)...)
}

func scanDelivery(r row) (d heimdall.Delivery, err error) {
	err = r.Scan(deliveryFields(&d)...)
	return d, err
}

func getDelivery(ctx context.Context, q querier, webhookID, eventID int64) (heimdall.Delivery, error) {
	d, err := scanDelivery(q.QueryRowContext(ctx, selectDeliveries+` WHERE d.webhook_id = ? AND d.event_id = ?`, webhookID, eventID))
	return d, notFound(err, "delivery of event %d to webhook %d", eventID, webhookID)
}

// Delivery returns one, or ErrNotFound.
func (s *Store) Delivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error) {
	d, err := getDelivery(ctx, s.reader, webhookID, eventID)
	return d, failed(ctx, "get delivery", err)
}

// Deliveries returns a page of the deliveries to one webhook, the newest event first.
func (s *Store) Deliveries(ctx context.Context, f heimdall.DeliveryFilter) ([]heimdall.Delivery, error) {
	const do = "list deliveries"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	w.add("d.webhook_id = ?", f.WebhookID)
	if f.States != nil {
		states, err := asJSON(f.States)
		if err != nil {
			return nil, failed(ctx, do, err)
		}
		w.add("d.state IN (SELECT value FROM json_each(?))", states)
	}
	if f.Before != 0 {
		w.add("d.event_id < ?", f.Before)
	}
	rows, err := s.reader.QueryContext(ctx, selectDeliveries+w.String()+` ORDER BY d.event_id DESC LIMIT ?`, append(w.args, f.Limit)...)
	out, err := all(rows, err, scanDelivery)
	return out, failed(ctx, do, err)
}

const (
	// Of each webhook the oldest few, so that one with thousands keeps none of the others waiting.
	selectDueDeliveries = `
SELECT webhook_id, event_id FROM (
    SELECT webhook_id, event_id, next_attempt_at, row_number() OVER (PARTITION BY webhook_id ORDER BY next_attempt_at, event_id) AS place
    FROM deliveries WHERE state = 'pending' AND next_attempt_at <= ?1 AND webhook_id NOT IN (SELECT value FROM json_each(?2)))
WHERE place <= ?3 ORDER BY next_attempt_at, event_id LIMIT ?4`

	beginAttempt = `UPDATE deliveries SET attempts = attempts + 1, next_attempt_at = ? WHERE webhook_id = ? AND event_id = ?`
)

// ClaimDeliveries takes deliveries that are due, of each webhook at most so many and none of those to be left out,
// and counts an attempt of each. Until the lease ends nobody else is given them.
func (s *Store) ClaimDeliveries(ctx context.Context, leaveOut []int64, ofEach, limit int, lease time.Duration) (due []heimdall.DueDelivery, err error) {
	type key struct{ webhookID, eventID int64 }
	err = s.write(ctx, "claim deliveries", func(tx *sql.Tx) error {
		due = nil
		now := s.moment()
		until := now.Add(lease)
		out, err := asJSON(append([]int64{}, leaveOut...))
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, selectDueDeliveries, micros{&now}, out, ofEach, limit)
		keys, err := all(rows, err, func(r row) (k key, err error) { err = r.Scan(&k.webhookID, &k.eventID); return k, err })
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, beginAttempt, micros{&until}, k.webhookID, k.eventID); err != nil {
				return err
			}
			var d heimdall.DueDelivery
			if d.Delivery, err = getDelivery(ctx, tx, k.webhookID, k.eventID); err != nil {
				return err
			}
			if d.Webhook, err = getWebhook(ctx, tx, k.webhookID); err != nil {
				return err
			}
			due = append(due, d)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

const selectNextDelivery = `SELECT min(next_attempt_at) FROM deliveries WHERE state = 'pending'`

// NextDelivery is how long it is until the next delivery is due, by the clock of the database, or whether none is pending.
func (s *Store) NextDelivery(ctx context.Context) (in time.Duration, pending bool, err error) {
	var at time.Time
	err = s.reader.QueryRowContext(ctx, selectNextDelivery).Scan(micros{&at})
	if err != nil || at.IsZero() {
		return 0, false, failed(ctx, "find the next delivery", err)
	}
	return max(0, at.Sub(s.moment())), true, nil
}

const endAttempt = `
UPDATE deliveries SET state = ?, next_attempt_at = ?, last_status = ?, last_error = ?, ended_at = ?
WHERE webhook_id = ? AND event_id = ? AND state = 'pending' AND attempts = ?`

// EndAttempt writes what became of the attempt that d counts: state, next attempt after a wait, status and error. Where
// somebody else has begun another meanwhile, or the webhook is gone, nothing is written, and that is no error.
func (s *Store) EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error {
	return s.write(ctx, "end attempt", func(tx *sql.Tx) error {
		var next, ended time.Time
		switch now := s.moment(); d.State {
		case heimdall.DeliveryPending:
			next = now.Add(wait)
		default:
			ended = now
		}
		_, err := tx.ExecContext(ctx, endAttempt, d.State, micros{&next}, d.LastStatus, d.LastError, micros{&ended}, d.WebhookID, d.Event.ID, d.Attempts)
		return err
	})
}

const retryDelivery = `
UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = ?, ended_at = NULL WHERE webhook_id = ? AND event_id = ?`

// RetryDelivery has a delivery that has ended tried again, as often as a new one; ErrConflict when it has not ended or
// the webhook is not active.
func (s *Store) RetryDelivery(ctx context.Context, webhookID, eventID int64) (d heimdall.Delivery, err error) {
	err = s.write(ctx, "retry delivery", func(tx *sql.Tx) error {
		if d, err = getDelivery(ctx, tx, webhookID, eventID); err != nil {
			return err
		}
		w, err := getWebhook(ctx, tx, webhookID)
		switch {
		case err != nil:
			return err
		case d.State == heimdall.DeliveryPending:
			return fmt.Errorf("the delivery of event %d to webhook %d is pending already: %w", eventID, webhookID, heimdall.ErrConflict)
		case !w.Active:
			return fmt.Errorf("webhook %d is not active, activate it first: %w", webhookID, heimdall.ErrConflict)
		}
		now := s.moment()
		if _, err := tx.ExecContext(ctx, retryDelivery, micros{&now}, webhookID, eventID); err != nil {
			return err
		}
		d, err = getDelivery(ctx, tx, webhookID, eventID)
		return err
	})
	if err != nil {
		return heimdall.Delivery{}, err
	}
	s.bell.ring()
	return d, nil
}

const endWebhook = `UPDATE webhooks SET is_active = 0, reason = ? WHERE webhook_id = ? AND url = ?`

// EndWebhook makes w inactive because of what its other end said, unless it has got another address meanwhile.
func (s *Store) EndWebhook(ctx context.Context, w heimdall.Webhook, reason string) error {
	return s.write(ctx, "end webhook", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, endWebhook, reason, w.ID, w.URL)
		return err
	})
}
