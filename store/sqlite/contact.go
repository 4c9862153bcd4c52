package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/heimdall-sdr/heimdall"
)

const (
	selectContact = `SELECT is_off, reason, changed_by, changed_at FROM contact`

	setContact = `
INSERT INTO contact (only_row, is_off, reason, changed_by, changed_at) VALUES (1, ?, ?, ?, ?)
ON CONFLICT (only_row) DO UPDATE SET is_off = excluded.is_off, reason = excluded.reason,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at`
)

// Contact says whether receivers may be contacted at all.
func (s *Store) Contact(ctx context.Context) (heimdall.Contact, error) {
	c, err := getContact(ctx, s.reader)
	return c, failed(ctx, "get contact", err)
}

func getContact(ctx context.Context, q querier) (c heimdall.Contact, err error) {
	err = q.QueryRowContext(ctx, selectContact).Scan(&c.Off, &c.Reason, &c.By, micros{&c.At})
	if errors.Is(err, sql.ErrNoRows) {
		return heimdall.Contact{}, nil
	}
	return c, err
}

// SetContact switches contact with receivers off or on, for all who work on this database. The database gives the time.
func (s *Store) SetContact(ctx context.Context, c heimdall.Contact) (heimdall.Contact, error) {
	err := s.write(ctx, "set contact", func(tx *sql.Tx) error {
		if err := c.Validate(); err != nil {
			return err
		}
		c.At = s.moment()
		_, err := tx.ExecContext(ctx, setContact, c.Off, c.Reason, c.By, micros{&c.At})
		return err
	})
	if err != nil {
		return heimdall.Contact{}, err
	}
	s.stir()
	s.wake()
	return c, nil
}

// Stirred is closed when something may have happened that running acquisitions should know at once: one was
// cancelled, or contact was switched. What other programs do to the file is not noticed.
func (s *Store) Stirred() <-chan struct{} { return *s.stirred.Load() }

// stir wakes all who wait for Stirred.
func (s *Store) stir() {
	next := make(chan struct{})
	close(*s.stirred.Swap(&next))
}
