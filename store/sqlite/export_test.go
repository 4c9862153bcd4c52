package sqlite

import "testing"

// LimitPages lets the file grow no further, as a full disk would.
func LimitPages(t *testing.T, s *Store) {
	t.Helper()
	var pages int
	if err := s.writer.QueryRow(`PRAGMA max_page_count = 1`).Scan(&pages); err != nil { // SQLite raises it to the present size
		t.Fatal(err)
	}
}
