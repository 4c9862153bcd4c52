package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	selectContact = `SELECT is_off, reason, changed_by, changed_at FROM contact`

	setContact = `
INSERT INTO contact (only_row, is_off, reason, changed_by, changed_at) VALUES (true, $1, $2, $3, $4)
ON CONFLICT (only_row) DO UPDATE SET is_off = excluded.is_off, reason = excluded.reason,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at`
)

// Contact says whether receivers may be contacted at all.
func (s *Store) Contact(ctx context.Context) (heimdall.Contact, error) {
	c, err := getContact(ctx, s.pool)
	return c, failed(ctx, "get contact", err)
}

func getContact(ctx context.Context, q querier) (c heimdall.Contact, err error) {
	err = q.QueryRow(ctx, selectContact).Scan(&c.Off, &c.Reason, &c.By, micros{&c.At})
	if errors.Is(err, pgx.ErrNoRows) {
		return heimdall.Contact{}, nil
	}
	return c, err
}

// SetContact switches contact with receivers off or on, for all who work on this database. The database gives the time.
func (s *Store) SetContact(ctx context.Context, c heimdall.Contact) (heimdall.Contact, error) {
	c.Reason, c.By = storable(c.Reason), storable(c.By)
	err := s.write(ctx, "set contact", func(tx pgx.Tx) (err error) {
		if err := c.Validate(); err != nil {
			return err
		}
		if c.At, err = moment(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, setContact, c.Off, c.Reason, c.By, micros{&c.At}); err != nil {
			return err
		}
		if err := s.notifyRunning(ctx, tx); err != nil {
			return err
		}
		return s.notify(ctx, tx)
	})
	if err != nil {
		return heimdall.Contact{}, err
	}
	s.stir()
	s.wake()
	return c, nil
}

// Stirred is closed when something may have happened that running acquisitions should know at once: one was
// cancelled, or contact was switched, here or by another program on the same database.
func (s *Store) Stirred() <-chan struct{} { return *s.stirred.Load() }

// stir wakes all who wait for Stirred.
func (s *Store) stir() {
	next := make(chan struct{})
	close(*s.stirred.Swap(&next))
}
