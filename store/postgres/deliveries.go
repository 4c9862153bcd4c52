package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	deliveryColumns = `
d.webhook_id, d.state, d.attempts, d.next_attempt_at, d.last_status, d.last_error, d.created_at, d.ended_at,
       e.id, e.kind, e.task_id, e.websdr_id, e.at, e.payload::text`

	selectDeliveries = `SELECT ` + deliveryColumns + ` FROM deliveries AS d JOIN events AS e ON e.id = d.event_id`
)

// deliveryFields are in the order of deliveryColumns.
func deliveryFields(d *heimdall.Delivery) []any {
	return append([]any{&d.WebhookID, &d.State, &d.Attempts, micros{&d.NextAttemptAt}, &d.LastStatus, &d.LastError,
		micros{&d.CreatedAt}, micros{&d.EndedAt}}, eventFields(&d.Event)...)
}

func scanDelivery(r row) (d heimdall.Delivery, err error) {
	err = r.Scan(deliveryFields(&d)...)
	return d, err
}

func getDelivery(ctx context.Context, q querier, webhookID, eventID int64) (heimdall.Delivery, error) {
	d, err := scanDelivery(q.QueryRow(ctx, selectDeliveries+` WHERE d.webhook_id = $1 AND d.event_id = $2`, webhookID, eventID))
	return d, notFound(err, "delivery of event %d to webhook %d", eventID, webhookID)
}

// Delivery returns one, or ErrNotFound.
func (s *Store) Delivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error) {
	d, err := getDelivery(ctx, s.pool, webhookID, eventID)
	return d, failed(ctx, "get delivery", err)
}

// Deliveries returns a page of the deliveries to one webhook, the newest event first.
func (s *Store) Deliveries(ctx context.Context, f heimdall.DeliveryFilter) ([]heimdall.Delivery, error) {
	const do = "list deliveries"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	w.add("d.webhook_id = $", f.WebhookID)
	if f.States != nil {
		w.add("d.state = ANY($::text[])", texts(f.States))
	}
	if f.Before != 0 {
		w.add("d.event_id < $", f.Before)
	}
	query := selectDeliveries + w.String() + ` ORDER BY d.event_id DESC` + w.limit(f.Limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	out, err := all(rows, err, scanDelivery)
	return out, failed(ctx, do, err)
}

// Of each webhook the oldest few, so that one with thousands keeps none of the others waiting. Rows that another program
// is claiming are passed over.
const claimDeliveries = `
WITH placed AS (
    SELECT webhook_id, event_id, row_number() OVER (PARTITION BY webhook_id ORDER BY next_attempt_at, event_id) AS place
    FROM deliveries WHERE state = 'pending' AND next_attempt_at <= clock_timestamp() AND webhook_id <> ALL ($1::bigint[])),
due AS (
    SELECT webhook_id, event_id FROM deliveries JOIN placed USING (webhook_id, event_id)
    WHERE place <= $2 AND state = 'pending' AND next_attempt_at <= clock_timestamp()
    ORDER BY next_attempt_at, event_id LIMIT $3 FOR UPDATE OF deliveries SKIP LOCKED),
claimed AS (
    UPDATE deliveries AS d SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + $4::interval
    FROM due WHERE d.webhook_id = due.webhook_id AND d.event_id = due.event_id
    RETURNING d.*)
SELECT ` + deliveryColumns + `, w.webhook_id, w.url, w.secret, w.kinds, w.label, w.is_active, w.reason, w.created_at
FROM claimed AS d JOIN events AS e ON e.id = d.event_id JOIN webhooks AS w ON w.webhook_id = d.webhook_id
ORDER BY d.event_id, d.webhook_id`

// ClaimDeliveries takes deliveries that are due, of each webhook at most so many and none of those to be left out,
// and counts an attempt of each. Until the lease ends nobody else is given them.
func (s *Store) ClaimDeliveries(ctx context.Context, leaveOut []int64, ofEach, limit int, lease time.Duration) (due []heimdall.DueDelivery, err error) {
	err = s.write(ctx, "claim deliveries", func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, claimDeliveries, append([]int64{}, leaveOut...), ofEach, limit, lease)
		due, err = all(rows, err, func(r row) (d heimdall.DueDelivery, err error) {
			err = r.Scan(append(deliveryFields(&d.Delivery), webhookFields(&d.Webhook)...)...)
			return d, err
		})
		return err
	})
	return due, err
}

const selectNextDelivery = `
SELECT extract(epoch FROM min(next_attempt_at) - clock_timestamp())::float8, min(next_attempt_at) IS NOT NULL
FROM deliveries WHERE state = 'pending'`

// NextDelivery is how long it is until the next delivery is due, by the clock of the database, or whether none is pending.
func (s *Store) NextDelivery(ctx context.Context) (in time.Duration, pending bool, err error) {
	err = s.pool.QueryRow(ctx, selectNextDelivery).Scan(seconds{&in}, &pending)
	return max(0, in), pending, failed(ctx, "find the next delivery", err)
}

const endAttempt = `
UPDATE deliveries SET state = $1, next_attempt_at = CASE WHEN $1 = 'pending' THEN clock_timestamp() + $2::interval END,
    last_status = $3, last_error = $4, ended_at = CASE WHEN $1 <> 'pending' THEN clock_timestamp() END
WHERE webhook_id = $5 AND event_id = $6 AND state = 'pending' AND attempts = $7`

// EndAttempt writes what became of the attempt that d counts: state, next attempt after a wait, status and error. Where
// somebody else has begun another meanwhile, or the webhook is gone, nothing is written, and that is no error.
func (s *Store) EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error {
	return s.write(ctx, "end attempt", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, endAttempt, string(d.State), wait, d.LastStatus, storable(d.LastError), d.WebhookID, d.Event.ID, d.Attempts)
		return err
	})
}

const (
	lockDelivery = `SELECT 1 FROM deliveries WHERE webhook_id = $1 AND event_id = $2 FOR UPDATE`

	retryDelivery = `
UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), ended_at = NULL
WHERE webhook_id = $1 AND event_id = $2`
)

// RetryDelivery has a delivery that has ended tried again, as often as a new one; ErrConflict when it has not ended or
// the webhook is not active.
func (s *Store) RetryDelivery(ctx context.Context, webhookID, eventID int64) (d heimdall.Delivery, err error) {
	err = s.write(ctx, "retry delivery", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockDelivery, webhookID, eventID); err != nil {
			return err
		}
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
		if _, err := tx.Exec(ctx, retryDelivery, webhookID, eventID); err != nil {
			return err
		}
		d, err = getDelivery(ctx, tx, webhookID, eventID)
		return err
	})
	if err != nil {
		return heimdall.Delivery{}, err
	}
	s.told()
	return d, nil
}

const endWebhook = `UPDATE webhooks SET is_active = false, reason = $1 WHERE webhook_id = $2 AND url = $3`

// EndWebhook makes w inactive because of what its other end said, unless it has got another address meanwhile.
func (s *Store) EndWebhook(ctx context.Context, w heimdall.Webhook, reason string) error {
	return s.write(ctx, "end webhook", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, endWebhook, storable(reason), w.ID, w.URL)
		return err
	})
}
