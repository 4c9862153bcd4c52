// Package sqlite keeps everything but the samples in one SQLite file: WebSDRs, acquisitions and their queue,
// captures, measurements. It is the database of one machine; package postgres is that of a fleet, written file
// by file beside this one, and package storetest holds what both promise.
//
// schema.sql is the schema to read. One connection writes and a few read. A write that returns without error
// survives kill -9 and a power cut (WAL with synchronous=FULL: 0.15 ms a commit instead of 0.02 ms on a 2-core
// cloud machine with an ext4 virtual disk, Nov 2026, which buys nothing being lost), and may be repeated.
//
// It leaves out: validation of a request against the clock of its sender, retries, logging, and any sharing of a
// file over a network file system, which SQLite forbids.
//
// The surprising part: the acquisition's row is the job, and the guard of exactly-once is the capture's row. A
// lease that has run out is still its holder's until somebody else claims the acquisition, which the fence tells.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/heimdall-sdr/heimdall/acquire"
)

// Options are what Open may be told. The zero value is right for a program.
type Options struct {
	Now func() time.Time // the clock of leases and of created_at; nil means time.Now
}

// A Store is an open database. Its methods are safe for concurrent use, and return promptly when their context
// is cancelled.
type Store struct {
	now    func() time.Time
	writer *sql.DB // one connection: SQLite has one writer, and a wait for it in Go can be cancelled
	reader *sql.DB // sees what was committed before its query began
	work   chan struct{}

	schedules chan struct{}                 // word for WaitSchedules
	shares    shares                        // small writes that wait for a transaction
	stirred   atomic.Pointer[chan struct{}] // see Stirred; never nil
	bell      bell                          // of events
}

var _ acquire.Store = (*Store)(nil)

const (
	readers = 4
	// The setting of a file whose room can be given back; it is made at the creation of the file, or by VACUUM.
	incrementalVacuum = 2
	// How long a write waits for another program that writes to the same file.
	busyTimeout = 10 * time.Second
	// SQLite's own wait cannot be cancelled, so it is short and repeated.
	busyStep = 100 * time.Millisecond
)

// Open opens the database file, creating and migrating it as needed. Its folder must exist.
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	if err := create(ctx, path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{now: opt.Now, work: make(chan struct{}, 1), schedules: make(chan struct{}, 1)}
	s.stirred.Store(new(make(chan struct{})))
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.writer, err = connect(path, "_txlock=immediate"); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	s.writer.SetMaxOpenConns(1)
	if err = migrate(ctx, s.writer, path); err == nil {
		err = s.fillHosts(ctx)
	}
	if err == nil {
		s.reader, err = connect(path, "_query_only=1")
	}
	if err != nil {
		return nil, failed(ctx, "open database "+path, errors.Join(err, s.writer.Close()))
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return s, nil
}

// create creates the file before SQLite would, because it holds the passwords of receivers: SQLite gives its
// companions (-wal, -shm) the same mode. The one thing to be settled before the first table is that the room of
// deleted rows can be given back. Where another program is creating the same file, it does that.
func create(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil || info.Size() > 0 {
		return err
	}
	db, err := connect(path, "_auto_vacuum=INCREMENTAL")
	if err != nil {
		return err
	}
	err = db.PingContext(ctx)
	if isBusy(err) {
		err = nil
	}
	return errors.Join(err, db.Close())
}

func connect(path, extra string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}
	return open(fmt.Sprintf(
		"%s?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_busy_timeout=%d&_dqs=0&_pragma=journal_size_limit(67108864)&%s",
		file.String(), busyStep.Milliseconds(), extra))
}

// Close closes the database. Calls in progress end first; later ones are errors.
func (s *Store) Close() error {
	return errors.Join(s.reader.Close(), s.writer.Close())
}

const pingDatabase = `SELECT count(*) FROM websdrs`

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var n int64
	return failed(ctx, "ping database", s.reader.QueryRowContext(ctx, pingDatabase).Scan(&n))
}

// write runs fn in a transaction that is durable when write returns nil, and has changed nothing otherwise.
func (s *Store) write(ctx context.Context, do string, fn func(*sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return failed(ctx, do, err)
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := fn(tx); err != nil {
		return failed(ctx, do, err)
	}
	return failed(ctx, do, tx.Commit())
}

// begin takes the write lock. Within this program the pool has one connection to wait for; busy is only another
// program, such as a second heimdall on the same file.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	for deadline := time.Now().Add(busyTimeout); ; {
		tx, err := s.writer.BeginTx(ctx, nil)
		if !isBusy(err) || time.Now().After(deadline) {
			return tx, err
		}
	}
}

// read runs fn in a transaction that sees one state of the database.
func (s *Store) read(ctx context.Context, do string, fn func(*sql.Tx) error) error {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return failed(ctx, do, err)
	}
	defer tx.Rollback() // nothing was written
	return failed(ctx, do, fn(tx))
}

// moment is now, as the database keeps it.
func (s *Store) moment() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
