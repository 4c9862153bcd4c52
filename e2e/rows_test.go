package e2e_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A rows is the database behind a server, asked beside its API. Questions are written for both databases: ? stands for an
// argument, and a time is given as one.
type rows struct {
	db       *sql.DB
	postgres bool
}

// openRows opens a database by its driver.
func openRows(t testing.TB, driver, at string) rows {
	t.Helper()
	db, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return rows{db, driver == "pgx"}
}

// one scans the only row that a query finds.
func (r rows) one(t testing.TB, dest []any, query string, args ...any) {
	t.Helper()
	for i, arg := range args {
		if r.postgres {
			query = strings.Replace(query, "?", fmt.Sprintf("$%d", i+1), 1)
		} else if at, is := arg.(time.Time); is {
			args[i] = at.UnixMicro()
		}
	}
	if err := r.db.QueryRowContext(t.Context(), query, args...).Scan(dest...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// count gives the only number that a query finds.
func (r rows) count(t testing.TB, query string, args ...any) (n int64) {
	t.Helper()
	r.one(t, []any{&n}, query, args...)
	return n
}
