package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// tokenColumns are in the order of the queries of this file.
func tokenColumns(t *heimdall.Token) []column {
	return []column{
		{"token_id", &t.ID}, {"name", &t.Name}, {"scope", &t.Scope}, {"created_at", micros{&t.CreatedAt}},
		{"expires_at", micros{&t.ExpiresAt}}, {"last_used_at", micros{&t.LastUsedAt}}, {"revoked_at", micros{&t.RevokedAt}},
	}
}

func scanToken(r row) (t heimdall.Token, err error) {
	return t, r.Scan(fields(tokenColumns(&t))...)
}

const selectTokens = `SELECT token_id, name, scope, created_at, expires_at, last_used_at, revoked_at FROM tokens`

const insertToken = `
INSERT INTO tokens (name, scope, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
RETURNING token_id, name, scope, created_at, expires_at, last_used_at, revoked_at`

// CreateToken stores t and the hash of its value, and returns it with its id and time; ErrExists when a token that is
// not revoked has its name.
func (s *Store) CreateToken(ctx context.Context, t heimdall.Token, hash heimdall.TokenHash) (created heimdall.Token, err error) {
	err = s.write(ctx, "create token", func(tx *sql.Tx) error {
		if err := t.Validate(); err != nil {
			return err
		}
		now := s.moment()
		created, err = scanToken(tx.QueryRowContext(ctx, insertToken, t.Name, t.Scope, hash[:], micros{&now}, micros{&t.ExpiresAt}))
		if isTaken(err) {
			return fmt.Errorf("token %q: %w", t.Name, heimdall.ErrExists)
		}
		return err
	})
	return created, err
}

// Tokens returns a page of all tokens, also those that are of no use any more, in order of token_id, after the one
// given.
func (s *Store) Tokens(ctx context.Context, afterID int64, limit int) ([]heimdall.Token, error) {
	const do = "list tokens"
	if err := checkLimit(limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	rows, err := s.reader.QueryContext(ctx, selectTokens+` WHERE token_id > ? ORDER BY token_id LIMIT ?`, afterID, limit)
	list, err := all(rows, err, scanToken)
	return list, failed(ctx, do, err)
}

// TokenOf returns the token whose value has that hash, whether or not it may still be used, or ErrNotFound.
func (s *Store) TokenOf(ctx context.Context, hash heimdall.TokenHash) (heimdall.Token, error) {
	t, err := scanToken(s.reader.QueryRowContext(ctx, selectTokens+` WHERE hash = ?`, hash[:]))
	return t, failed(ctx, "find token", notFound(err, "token"))
}

const useToken = `
UPDATE tokens SET last_used_at = ?1 WHERE token_id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)`

// UseToken notes when a token was last used. A time that is known to be older changes nothing.
func (s *Store) UseToken(ctx context.Context, id int64, at time.Time) error {
	return s.write(ctx, "note the use of a token", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, useToken, micros{&at}, id)
		return err
	})
}

const revokeToken = `UPDATE tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL`

// RevokeToken makes a token useless at once and for ever, and returns it. One that is revoked already stays as it is.
func (s *Store) RevokeToken(ctx context.Context, id int64) (t heimdall.Token, err error) {
	err = s.write(ctx, "revoke token", func(tx *sql.Tx) error {
		now := s.moment()
		if _, err := tx.ExecContext(ctx, revokeToken, micros{&now}, id); err != nil {
			return err
		}
		t, err = scanToken(tx.QueryRowContext(ctx, selectTokens+` WHERE token_id = ?`, id))
		return notFound(err, "token %d", id)
	})
	return t, err
}

const deleteLogins = `DELETE FROM tokens WHERE substr(name, 1, length(?1)) = ?1 AND expires_at < ?2`

// PruneLogins deletes the tokens of logins that expired before that time, and returns how many there were. The audit log
// goes on saying what was done with them.
func (s *Store) PruneLogins(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, "prune logins", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, deleteLogins, heimdall.LoginPrefix, ceilMicros(before))
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n, err
}
