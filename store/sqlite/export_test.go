package sqlite

import (
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
	return plan(t, s, claimAcquisition, "worker", 1, 1, 1)
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
