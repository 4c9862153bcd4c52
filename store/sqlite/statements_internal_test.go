package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// one is a database of one connection, and its number of statements.
func one(t *testing.T) (*sql.DB, func() int) {
	t.Helper()
	db, err := open(filepath.Join(t.TempDir(), "one.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // nothing is lost
	return db, func() (n int) {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // it goes back to the pool
		err = c.Raw(func(inner any) error { n = len(inner.(*conn).statements); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func TestAQueryWithinItsOwnRowsHasRowsOfItsOwn(t *testing.T) {
	t.Parallel()
	db, statements := one(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	numbers := func(inner func()) (got []int) {
		t.Helper()
		rows, err := tx.QueryContext(t.Context(), "SELECT value FROM json_each(?)", "[1,2,3]")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
			inner()
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return got
	}
	var within [][]int
	got := numbers(func() { within = append(within, numbers(func() {})) })
	if want := "[1 2 3] [[1 2 3] [1 2 3] [1 2 3]]"; fmt.Sprint(got, within) != want {
		t.Errorf("got %v %v, want %s", got, within, want)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := statements(); n != 1 {
		t.Errorf("%d statements are remembered, want 1", n)
	}
}

func TestAConnectionRemembersSoManyStatementsAndAnswersAll(t *testing.T) {
	t.Parallel()
	db, statements := one(t)
	for round := range 2 {
		for n := range 2 * maxStatements {
			var got int
			if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d + ?", n), round).Scan(&got); err != nil || got != n+round {
				t.Fatalf("%d + %d is %d, %v", n, round, got, err)
			}
		}
	}
	if n := statements(); n != maxStatements {
		t.Errorf("%d statements are remembered, want %d", n, maxStatements)
	}
}

func TestAStatementThatFailedAnswersAgain(t *testing.T) {
	t.Parallel()
	db, _ := one(t)
	exec := func(query string, args ...any) error {
		_, err := db.ExecContext(t.Context(), query, args...)
		return err
	}
	if err := exec("CREATE TABLE t (n INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	const insert = "INSERT INTO t VALUES (?)"
	for _, step := range []struct {
		n  int
		ok bool
	}{{1, true}, {1, false}, {2, true}, {2, false}, {3, true}} {
		if err := exec(insert, step.n); (err == nil) != step.ok {
			t.Errorf("insert %d: %v", step.n, err)
		}
	}
	if err := exec("ALTER TABLE t ADD COLUMN m INTEGER DEFAULT 7"); err != nil { // what was compiled is out of date
		t.Fatal(err)
	}
	var sum int
	if err := db.QueryRowContext(t.Context(), "SELECT sum(n) + sum(m) FROM t").Scan(&sum); err != nil || sum != 27 {
		t.Errorf("the sum is %d, %v", sum, err)
	}
	if err := exec(insert, 4); err == nil {
		t.Error("a row of one column is taken where two are needed")
	}
}
