package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// CopyImport is the part of an import that nothing can be quicker than: COPY in its binary form into a table of that name.
func CopyImport(t testing.TB, s *Store, table string, rows []heimdall.ImportedMeasurement) {
	t.Helper()
	b := &importing{rows: rows}
	for i := range rows {
		id, err := parseTaskID(rows[i].TaskID)
		if err != nil {
			t.Fatal(err)
		}
		b.accepted, b.ids = append(b.accepted, &rows[i]), append(b.ids, id)
	}
	if err := s.transact(t.Context(), func(tx pgx.Tx) error { return b.copyTo(t.Context(), tx, table) }); err != nil {
		t.Fatal(err)
	}
}

// ImportWithoutRollups is an import but for its rollups.
func ImportWithoutRollups(t testing.TB, s *Store, rows []heimdall.ImportedMeasurement) {
	t.Helper()
	err := s.makeDaysOf(t.Context(), rows, heimdall.ImportOptions{})
	if err == nil {
		b := &importing{can: s.can, rows: rows}
		err = s.transact(t.Context(), func(tx pgx.Tx) error {
			if err := b.sort(t.Context(), tx, false); err != nil {
				return err
			}
			var writes pgx.Batch
			b.queueAcquisitions(&writes)
			b.queueCaptures(&writes)
			if err := tx.SendBatch(t.Context(), &writes).Close(); err != nil {
				return err
			}
			return b.copyTo(t.Context(), tx, "measurement_rows")
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}
