// Package postgres keeps everything but the samples in a PostgreSQL database: WebSDRs, acquisitions and their queue,
// captures, measurements. It is the database of a fleet: any number of programs share one, and workers on other
// machines are woken by it. Package sqlite is that of one machine, written file by file beside this one, and package
// storetest holds what both promise.
//
// migrations/0001_create_tables.sql is the schema to read. It stands on full TimescaleDB, on its Apache edition and
// on PostgreSQL 14 or later alike, under the same names; capabilities.go says how the choice is made. A write that
// returns without error is on the server's disk (its synchronous_commit being on) and may be repeated, so that a
// worker that lost its connection simply does again whatever it was told nothing about.
//
// It leaves out: validation of a request against the clock of its sender, retries, and connection poolers that hand
// out a connection per transaction, through which no notification comes: there workers see new work after they poll.
//
// The surprising part: the acquisition's row is the job, and the guard of exactly-once is the capture's row. Whoever
// changes a capture first locks its acquisition's row, which is all the locking there is. A lease that has run
// out is still its holder's until somebody else claims the acquisition, which the fence tells. The clock of leases
// is the server's: those of workers differ.
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heimdall-sdr/heimdall/acquire"
)

// Options are what Open may be told. The zero value is right for a program.
type Options struct {
	MaxConns         int           // connections at most, beside one that listens and one that ends captures; 0 means 2 for each CPU, at least 4 and at most 32
	StatementTimeout time.Duration // of one query that is no stream; 0 means 30 s
	CompressAfter    time.Duration // age of a chunk at which TimescaleDB compresses it; 0 means DefaultCompressAfter, and less that it is left as it is
	Log              *slog.Logger  // of what happens in the background and meets no caller; nil means silence
}

// A Store is an open database. Its methods are safe for concurrent use, and return promptly when their context
// is cancelled.
type Store struct {
	pool          *pgxpool.Pool
	writer        *pgxpool.Pool // of the one connection that ends captures
	log           *slog.Logger
	compressAfter time.Duration
	can           Capabilities // never changed after Open
	id            string       // tells our own notifications from others'
	work          chan struct{}
	schedules     chan struct{}   // word for WaitSchedules
	bell          bell            // of events
	news          chan struct{}   // of events, for other programs; taken by announce alone
	finishes      chan *finishing // taken by the writer alone
	closing       chan struct{}   // closed by Close
	close         func()
	stirred       atomic.Pointer[chan struct{}] // see Stirred; never nil
	group         sync.WaitGroup                // the listener, the writer and who maintains
}

var _ acquire.Store = (*Store)(nil)

const (
	connectTimeout = 10 * time.Second
	// How long a statement waits for a lock: transactions here last milliseconds, so a holder for so long is stuck.
	lockTimeoutOf = 10 * time.Second
)

// Open opens the database of a URL such as postgres://user:password@host:5432/heimdall, migrating it as needed.
func Open(ctx context.Context, url string, opt Options) (*Store, error) {
	const do = "open database"
	s := &Store{log: opt.Log, compressAfter: opt.CompressAfter, id: newID(), work: make(chan struct{}, 1), schedules: make(chan struct{}, 1), finishes: make(chan *finishing), news: make(chan struct{}, 1), closing: make(chan struct{})}
	s.stirred.Store(new(make(chan struct{})))
	if s.log == nil {
		s.log = silent()
	}
	switch {
	case s.compressAfter == 0:
		s.compressAfter = DefaultCompressAfter
	case s.compressAfter > 0 && s.compressAfter < time.Hour:
		return nil, fmt.Errorf("%s: chunks compressed after %v would still be written to: it must be at least an hour", do, s.compressAfter)
	}
	config, err := poolConfig(url, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", do, err)
	}
	if err := migrate(ctx, url, s.log); err != nil {
		return nil, failed(ctx, do, err)
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, failed(ctx, do, err)
	}
	if s.writer, err = pgxpool.NewWithConfig(ctx, writerConfig(config)); err != nil {
		s.pool.Close()
		return nil, failed(ctx, do, err)
	}
	if err := s.start(ctx); err != nil {
		s.pool.Close()
		s.writer.Close()
		return nil, failed(ctx, do, err)
	}
	return s, nil
}

// start learns what the server can do and starts what works in the background until Close.
func (s *Store) start(ctx context.Context) (err error) {
	if s.can, err = probe(ctx, s.pool); err != nil {
		return err
	}
	if err := s.fillHosts(ctx); err != nil {
		return err
	}
	if err := s.Maintain(ctx); err != nil && s.can.Hypertable() {
		s.log.Warn("the compression of old rows could not be set: it is tried again in an hour", "err", err)
	} else if err != nil {
		return err
	}
	if s.can, err = probe(ctx, s.pool); err != nil { // with what has just been set
		return err
	}
	if _, err := s.pool.Exec(ctx, raiseBase); err != nil && code(err) != readOnly { // nothing will happen there
		return err
	}
	ear, err := listen(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	s.log.Info("database opened", "backend", s.can.String())
	background, cancel := context.WithCancel(context.Background())
	s.close = sync.OnceFunc(func() {
		close(s.closing)
		cancel()
		s.group.Wait()
		s.pool.Close()
		s.writer.Close()
	})
	s.group.Go(func() { s.hear(background, ear) })
	s.group.Go(s.finishAll)
	s.group.Go(func() { s.announce(background) })
	s.group.Go(func() { s.keepMaintained(background) })
	return nil
}

// poolConfig is url with the limits of opt, where url does not set its own.
func poolConfig(url string, opt Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read DATABASE_URL, which must be like postgres://user:password@host:5432/heimdall: %w", err)
	}
	switch {
	case opt.MaxConns > 0:
		config.MaxConns = int32(opt.MaxConns)
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = int32(min(max(4, 2*runtime.GOMAXPROCS(0)), 32))
	}
	statement := opt.StatementTimeout
	if statement == 0 {
		statement = 30 * time.Second
	}
	setDefaults(config.ConnConfig)
	config.AfterConnect = limits(config.ConnConfig, statement)
	return config, nil
}

// The rows that a batch changes are always few against the table, so one plan is right for all. The server may think
// otherwise where it keeps a plan from when the table was new, and read all of it for minutes. It holds for a
// transaction or, with false, for a session. Where there is no index, as of the few webhooks, what is off counts as so
// expensive that it would be compiled first, for a second.
const useIndexes = `
SELECT set_config('enable_seqscan', 'off', $1), set_config('enable_hashjoin', 'off', $1),
       set_config('enable_mergejoin', 'off', $1), set_config('plan_cache_mode', 'force_generic_plan', $1),
       set_config('jit', 'off', $1)`

// writerConfig is config for the one connection of the writer.
func writerConfig(config *pgxpool.Config) *pgxpool.Config {
	one := config.Copy()
	one.MaxConns, one.MinConns, one.MinIdleConns = 1, 0, 0
	one.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := config.AfterConnect(ctx, conn); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, useIndexes, false)
		return err
	}
	return one
}

func setDefaults(config *pgx.ConnConfig) {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "heimdall"
	}
}

const setLimits = `SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), set_config('TimeZone', 'UTC', false)`

// limits sets the time-outs of a new connection. They are no parameters of its start, which poolers refuse.
func limits(config *pgx.ConnConfig, statement time.Duration) func(context.Context, *pgx.Conn) error {
	wait := lockTimeoutOf
	return func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, setLimits, millis(statement), millis(wait))
		return err
	}
}

// millis is a duration as PostgreSQL's settings take it.
func millis(d time.Duration) string {
	return fmt.Sprintf("%dms", max(d, time.Millisecond).Milliseconds())
}

// Close closes the database. Calls in progress end first; later ones are errors.
func (s *Store) Close() error {
	s.close()
	return nil
}

const pingDatabase = `SELECT count(*) FROM (SELECT 1 FROM websdrs LIMIT 1) AS any_row`

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var n int64
	return failed(ctx, "ping database", s.pool.QueryRow(ctx, pingDatabase).Scan(&n))
}

// write runs fn in a transaction that is durable when write returns nil, and has changed nothing otherwise. Only
// where the connection is lost while it commits is that not known: the caller repeats, and a repeat changes nothing.
func (s *Store) write(ctx context.Context, do string, fn func(pgx.Tx) error) error {
	return failed(ctx, do, s.transact(ctx, fn))
}

// transact is write without words.
func (s *Store) transact(ctx context.Context, fn func(pgx.Tx) error) (err error) {
	return repeatedly(func() error { return pgx.BeginFunc(ctx, s.pool, fn) })
}

// repeatedly runs a transaction again when the server rolled it back for no fault of its own.
func repeatedly(transaction func() error) (err error) {
	const tries = 3
	for range tries {
		if err = transaction(); !mayRepeat(err) {
			break
		}
	}
	return err
}

// snapshot sees one state of the database, whatever is written meanwhile.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// read runs fn in a transaction that sees one state of the database.
func (s *Store) read(ctx context.Context, do string, fn func(pgx.Tx) error) error {
	return failed(ctx, do, pgx.BeginTxFunc(ctx, s.pool, snapshot, fn))
}

const noTimeout = `SET LOCAL statement_timeout = 0`

// readLong is read for queries that look at as many rows as there are.
func (s *Store) readLong(ctx context.Context, do string, fn func(pgx.Tx) error) error {
	return s.read(ctx, do, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noTimeout); err != nil {
			return err
		}
		return fn(tx)
	})
}

const selectMoment = `SELECT clock_timestamp()`

// moment is now by the server's clock.
func moment(ctx context.Context, q querier) (now time.Time, err error) {
	err = q.QueryRow(ctx, selectMoment).Scan(micros{&now})
	return now, err
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
