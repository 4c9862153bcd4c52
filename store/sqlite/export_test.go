package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

// LimitPages lets the file grow no further, as a full disk would.
func LimitPages(t *testing.T, s *Store) {
	t.Helper()
	var pages int
	if err := s.writer.QueryRow(`PRAGMA max_page_count = 1`).Scan(&pages); err != nil { // SQLite raises it to the present size
		t.Fatal(err)
	}
}

// MeasurementsPlan is how SQLite would find the measurements of f.
func MeasurementsPlan(t *testing.T, s *Store, f heimdall.MeasurementFilter) string {
	t.Helper()
	w, err := measurementsWhere(f)
	if err != nil {
		t.Fatal(err)
	}
	return plan(t, s, selectMeasurements+w.String()+measurementsOrder, append(w.args, 100)...)
}

// ClaimPlan is how SQLite would find the next acquisition to claim.
func ClaimPlan(t *testing.T, s *Store) string {
	t.Helper()
	return plan(t, s, selectLines, 1, 1) + "; " + plan(t, s, selectBehind, 1, 1, "[]", 0, "", 1, "")
}

func plan(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.reader.Query("EXPLAIN QUERY PLAN "+query, args...)
	lines, err := all(rows, err, func(r row) (line string, err error) {
		var id, parent, unused int
		err = r.Scan(&id, &parent, &unused, &line)
		return line, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "; ")
}

// Pragma is a setting of the connection that writes.
func Pragma(t *testing.T, s *Store, name string) (value string) {
	t.Helper()
	if err := s.writer.QueryRow(`PRAGMA ` + name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// CutOff is the error of a write whose context was cancelled after its last statement and before its commit.
func CutOff(t *testing.T, s *Store) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return s.write(ctx, "cut off", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE websdrs SET notes = 'cut off'`); err != nil {
			return err
		}
		cancel()
		for { // until the transaction has noticed
			if _, err := tx.ExecContext(t.Context(), `SELECT 1`); errors.Is(err, sql.ErrTxDone) {
				return nil
			}
			runtime.Gosched()
		}
	})
}

// FillRollups makes all rollups from the rows.
const FillRollups = `INSERT INTO captures_hourly` + tallyCaptures + tallyGroups + `;
INSERT INTO captures_daily` + addHours + ` GROUP BY 1, 2, 3, 4, 5, 6`

// RetentionPlans are how SQLite would find what retention asks for, by what that is.
func RetentionPlans(t *testing.T, s *Store) map[string]string {
	t.Helper()
	return map[string]string{
		"recorded":  plan(t, s, selectRecorded),
		"expired":   plan(t, s, selectExpired, 1, 1, "", 100, true),
		"deletions": plan(t, s, selectDeletions+` WHERE (planned_at, task_id) < (?, ?) ORDER BY planned_at DESC, task_id DESC LIMIT ?`, 1, "", 100),
	}
}
