package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// auditColumns are in the order of the queries of this file.
func auditColumns(e *heimdall.AuditEntry) []column {
	return []column{
		{"audit_id", &e.ID}, {"at", micros{&e.At}}, {"token_id", orZero[int64]{&e.TokenID}}, {"actor", &e.Actor},
		{"address", &e.Address}, {"action", &e.Action}, {"object", &e.Object}, {"status", &e.Status},
	}
}

func scanAudit(r row) (e heimdall.AuditEntry, err error) {
	return e, r.Scan(fields(auditColumns(&e))...)
}

const insertAudit = `
INSERT INTO audit (at, token_id, actor, address, action, object, status) VALUES (?, NULLIF(?, 0), ?, ?, ?, ?, ?)`

// AddAudit appends an entry; the database gives its id, and its time when it has none.
func (s *Store) AddAudit(ctx context.Context, e heimdall.AuditEntry) error {
	return s.share(ctx, "write audit log", func(tx *sql.Tx) error {
		if e.At.IsZero() {
			e.At = s.moment()
		}
		_, err := tx.ExecContext(ctx, insertAudit, micros{&e.At}, e.TokenID, e.Actor, e.Address, e.Action, e.Object, e.Status)
		return err
	})
}

const selectAudit = `SELECT audit_id, at, token_id, actor, address, action, object, status FROM audit`

// Audit returns a page of the audit log, newest first.
func (s *Store) Audit(ctx context.Context, f heimdall.AuditFilter) ([]heimdall.AuditEntry, error) {
	const do = "read audit log"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if !f.From.IsZero() {
		w.add("at >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("at < ?", ceilMicros(f.To))
	}
	if f.Action != "" {
		w.add("action = ?", f.Action)
	}
	if f.TokenID != 0 {
		w.add("token_id = ?", f.TokenID)
	}
	if f.AfterID != 0 {
		w.add("audit_id < ?", f.AfterID)
	}
	rows, err := s.reader.QueryContext(ctx, selectAudit+w.String()+` ORDER BY audit_id DESC LIMIT ?`, append(w.args, f.Limit)...)
	list, err := all(rows, err, scanAudit)
	return list, failed(ctx, do, err)
}

const deleteAudit = `DELETE FROM audit WHERE at < ?`

// PruneAudit deletes the entries that are older, and returns how many there were.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, "prune audit log", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, deleteAudit, ceilMicros(before))
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n, err
}
