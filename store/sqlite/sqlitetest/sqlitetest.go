// Package sqlitetest gives tests a database in a file, as pgtest gives them one in a server.
//
// Migrating a new database takes a dozen transactions, each of which waits for the disk. Here that happens once in a
// process, and every test gets a copy.
package sqlitetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// Create makes a migrated, empty database at path, which it returns. There must be none.
func Create(t testing.TB, path string) string {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal("migrate a database to copy: ", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	return path
}

var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "heimdall-sqlitetest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "empty.db")
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
