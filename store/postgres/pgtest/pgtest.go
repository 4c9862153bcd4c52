// Package pgtest gives tests a PostgreSQL server, and each test a database of its own in it.
//
// The server is a private one, started from the machine's own programs the first time that a test asks, with its
// files and its socket in a folder of /dev/shm, or of /tmp. Beside it the same tests can run on servers that are there already:
//
//	HEIMDALL_TEST_POSTGRES_URL   instead of the private one
//	HEIMDALL_TEST_APACHE_URL     on an Apache-only TimescaleDB, too
//	HEIMDALL_TEST_TIMESCALE_URL  on a full TimescaleDB, too
//	HEIMDALL_TEST_POSTGRES       "required" makes it a failure that there is no PostgreSQL at all
//
// Such a URL names a user who may create databases. What is missing is skipped, in one line that says so.
//
// It leaves out: what the databases hold. Main is told how to migrate one, so that nothing of ours is imported.
//
// The surprising part: the private server does not sync to the disk, which nobody can tell from outside as long as
// the machine runs, and lives in an odd time zone, so that no test passes by leaning on UTC.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Server is where databases are made.
type Server struct {
	Name    string // plain, apache or timescale
	migrate func(ctx context.Context, url string) error
	admin   func() (*pgxpool.Pool, error) // of a database that is always there
	copied  func() (string, error)        // a migrated database to copy; nil where none is left behind
}

var (
	migrateNew func(ctx context.Context, url string) error
	numbers    atomic.Int64            // of databases
	running    atomic.Pointer[Cluster] // the private server, once a test has asked for it
	plain      = sync.OnceValues(openPlain)
)

var errAbsent = errors.New("no PostgreSQL: install postgresql, or set HEIMDALL_TEST_POSTGRES_URL")

// Main runs the tests and stops the private server. migrate brings a new database to the newest schema.
func Main(m *testing.M, migrate func(ctx context.Context, url string) error) int {
	migrateNew = migrate
	defer func() {
		if c := running.Load(); c != nil {
			if err := c.Remove(); err != nil {
				fmt.Fprintln(os.Stderr, "stop the tests' PostgreSQL:", err)
			}
		}
	}()
	return m.Run()
}

func openPlain() (*Server, error) {
	if at := os.Getenv("HEIMDALL_TEST_POSTGRES_URL"); at != "" {
		return newServer("plain", at), nil
	}
	c, err := Start(false)
	if err != nil {
		return nil, err
	}
	running.Store(c)
	s := newServer("plain", c.URL("postgres"))
	s.copied = sync.OnceValues(func() (string, error) {
		name, at, err := s.create(context.Background(), "")
		if err == nil {
			err = s.migrate(context.Background(), at)
		}
		return name, err
	})
	return s, nil
}

func newServer(name, at string) *Server {
	s := &Server{Name: name, migrate: migrateNew}
	s.admin = sync.OnceValues(func() (*pgxpool.Pool, error) { return pgxpool.New(context.Background(), at) })
	return s
}

// Plain is the server without TimescaleDB.
func Plain(t testing.TB) *Server {
	t.Helper()
	s, err := plain()
	skipWithout(t, err)
	return s
}

func skipWithout(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("HEIMDALL_TEST_POSTGRES") != "required":
		t.Skip("SKIP: ", err)
	case err != nil:
		t.Fatal(err)
	}
}

// Timescale is the full TimescaleDB; without one t is skipped.
func Timescale(t testing.TB) *Server {
	t.Helper()
	at := os.Getenv("HEIMDALL_TEST_TIMESCALE_URL")
	if at == "" {
		t.Skip("SKIP: HEIMDALL_TEST_TIMESCALE_URL is not set")
	}
	return newServer("timescale", at)
}

// Each runs fn on every server that there is.
func Each(t *testing.T, fn func(t *testing.T, s *Server)) {
	t.Run("plain", func(t *testing.T) { fn(t, Plain(t)) })
	for name, variable := range map[string]string{"apache": "HEIMDALL_TEST_APACHE_URL", "timescale": "HEIMDALL_TEST_TIMESCALE_URL"} {
		t.Run(name, func(t *testing.T) {
			at := os.Getenv(variable)
			if at == "" {
				t.Skipf("SKIP: %s is not set", variable)
			}
			fn(t, newServer(name, at))
		})
	}
}

// Database is the URL of a new, migrated database that is dropped at the end of t.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	if s.copied == nil {
		at := s.Empty(t)
		if err := s.migrate(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	template, err := s.copied()
	if err != nil {
		t.Fatal(err)
	}
	return s.database(t, template)
}

// Empty is the URL of a new database without any table.
func (s *Server) Empty(t testing.TB) string {
	t.Helper()
	return s.database(t, "")
}

func (s *Server) database(t testing.TB, template string) string {
	t.Helper()
	name, at, err := s.create(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return at
}

func (s *Server) create(ctx context.Context, template string) (name, at string, err error) {
	name = fmt.Sprintf("heimdall_test_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), numbers.Add(1))
	query := "CREATE DATABASE " + name
	if template != "" {
		query += " TEMPLATE " + template
	}
	if err := s.exec(ctx, query); err != nil {
		return "", "", fmt.Errorf("%s: %w", query, err)
	}
	at, err = s.url(name)
	return name, at, err
}

func (s *Server) exec(ctx context.Context, query string) error {
	pool, err := s.admin()
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, query)
	return err
}

// url is that of the server with another database.
func (s *Server) url(database string) (string, error) {
	pool, err := s.admin()
	if err != nil {
		return "", err
	}
	return At(pool.Config().ConnString(), database)
}

// At is a server's URL with another database.
func At(server, database string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + database
	return u.String(), nil
}

// Connect is another program's view of a database.
func Connect(t testing.TB, at string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
