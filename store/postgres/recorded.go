package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const (
	// Fewer changes than these are summed up in a moment.
	manyChanges = 1000

	hasManyChanges = `SELECT count(*) > $1 FROM (SELECT 1 FROM recorded_changes LIMIT $1 + 1) AS few`

	// Whoever folds takes what nobody else is folding, and gives back its sum: at any moment the sum of all is the same.
	foldChanges = `
WITH taken AS (DELETE FROM recorded_changes RETURNING bytes)
INSERT INTO recorded_changes SELECT sum(bytes) FROM taken HAVING count(*) > 0`
)

// foldRecorded makes one of all changes to how much is recorded when they are many, so that the sum of them stays quick.
func (s *Store) foldRecorded(ctx context.Context) error {
	var many bool
	if err := s.pool.QueryRow(ctx, hasManyChanges, manyChanges).Scan(&many); err != nil || !many {
		return err
	}
	return s.transact(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, foldChanges)
		return err
	})
}
