package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

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
INSERT INTO audit (at, token_id, actor, address, action, object, status)
VALUES (COALESCE($1, clock_timestamp()), NULLIF($2, 0), $3, $4, $5, $6, $7)`

// AddAudit appends an entry; the database gives its id, and its time when it has none.
func (s *Store) AddAudit(ctx context.Context, e heimdall.AuditEntry) error {
	return s.write(ctx, "write audit log", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, insertAudit, micros{&e.At}, e.TokenID, storable(e.Actor), storable(e.Address), storable(e.Action), storable(e.Object), e.Status)
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
		w.add("at >= $", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("at < $", ceilMicros(f.To))
	}
	if f.Action != "" {
		w.add("action = $", storable(f.Action))
	}
	if f.TokenID != 0 {
		w.add("token_id = $", f.TokenID)
	}
	if f.AfterID != 0 {
		w.add("audit_id < $", f.AfterID)
	}
	query := selectAudit + w.String() + ` ORDER BY audit_id DESC` + w.limit(f.Limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	list, err := all(rows, err, scanAudit)
	return list, failed(ctx, do, err)
}

const deleteAudit = `DELETE FROM audit WHERE at < $1`

// PruneAudit deletes the entries that are older, and returns how many there were.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, "prune audit log", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, deleteAudit, ceilMicros(before))
		n = tag.RowsAffected()
		return err
	})
	return n, err
}
