package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/bulk"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/legacy"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/schedule"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/telemetry"
	"github.com/heimdall-sdr/heimdall/webhook"
)

// A database is what the parts of the program ask of one together.
type database interface {
	acquire.Store
	api.Store
	check.RepairStore
	retention.Store
	probe.Store
	bulk.Store
	legacy.Store
	schedule.Store
	webhook.Store
	hostStore
	pruneStore
	telemetry.Database
	Close() error
}

// A databasePlace is where a database is or will be. Which of the two it is, is decided in databasePlace alone.
type databasePlace interface {
	// open migrates as needed.
	open(ctx context.Context, o databaseOptions) (database, error)
	// look changes nothing. fs.ErrNotExist: there is none yet.
	look(ctx context.Context) (heimdall.Database, error)
	// plan is the SQL that open would run to migrate.
	plan(ctx context.Context) (string, error)
	// shared tells whether other processes may use it at the same time.
	shared() bool
	// deletedTogether is how many rows one transaction may delete; 0 leaves it to package retention.
	deletedTogether() int64
	// String names the place without its password.
	String() string
}

// databaseOptions are what a database may be told.
type databaseOptions struct {
	wait          time.Duration // how long to wait for a server that does not answer
	compressAfter time.Duration // of measurements, where the database can; 0 leaves that as it is
	log           *slog.Logger
}

// databasePlace is DATABASE_URL, or else a file in the data folder.
func (c *Config) databasePlace() databasePlace {
	if c.DatabaseURL == "" {
		return sqliteFile(filepath.Join(c.DataDir, "heimdall.db"))
	}
	return postgresServer(plainScheme(c.DatabaseURL))
}

// plainScheme removes the driver that SQLAlchemy wants to read in a URL, so that one environment serves both.
func plainScheme(at string) string {
	scheme, rest, ok := strings.Cut(at, "://")
	if name, _, hasDriver := strings.Cut(scheme, "+"); ok && hasDriver {
		return name + "://" + rest
	}
	return at
}

// A sqliteFile is the path of a database of one machine.
type sqliteFile string

func (f sqliteFile) String() string { return string(f) }

func (f sqliteFile) shared() bool { return false }

func (f sqliteFile) deletedTogether() int64 { return 0 }

func (f sqliteFile) look(ctx context.Context) (heimdall.Database, error) {
	return sqlite.Look(ctx, string(f))
}

func (f sqliteFile) plan(ctx context.Context) (string, error) { return sqlite.Plan(ctx, string(f)) }

func (f sqliteFile) open(ctx context.Context, _ databaseOptions) (database, error) {
	s, err := sqlite.Open(ctx, string(f), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// A postgresServer is the URL of a database of many machines.
type postgresServer string

func (p postgresServer) shared() bool { return true }

// A day of a fleet: nobody waits for it.
func (p postgresServer) deletedTogether() int64 { return 2_000_000 }

func (p postgresServer) look(ctx context.Context) (heimdall.Database, error) {
	return postgres.Look(ctx, string(p))
}

func (p postgresServer) plan(ctx context.Context) (string, error) {
	return postgres.Plan(ctx, string(p))
}

// String is never the URL itself: a password may stand in several places of it.
func (p postgresServer) String() string {
	c, err := pgconn.ParseConfig(string(p))
	if err != nil {
		return "DATABASE_URL"
	}
	u := url.URL{Scheme: "postgres", User: url.User(c.User), Host: fmt.Sprintf("%s:%d", c.Host, c.Port), Path: "/" + c.Database}
	if strings.HasPrefix(c.Host, "/") {
		u.Host, u.RawQuery = "", "host="+c.Host
	}
	return u.String()
}

// retryDatabase is how often a server that does not answer is asked again.
const retryDatabase = time.Second

// open waits for a server that is only just starting, as after a power cut; what waiting does not mend is returned at
// once.
func (p postgresServer) open(ctx context.Context, o databaseOptions) (database, error) {
	opt := postgres.Options{Log: o.log, CompressAfter: o.compressAfter}
	if o.compressAfter == 0 {
		opt.CompressAfter = -1
	}
	for deadline := time.Now().Add(o.wait); ; {
		s, err := postgres.Open(ctx, string(p), opt)
		if err == nil {
			return s, nil
		}
		left := time.Until(deadline).Round(time.Second)
		if left <= 0 || !mayComeUp(err) {
			return nil, err
		}
		o.log.Warn("the database is not there yet: it is tried again", "for", left, "err", err)
		select {
		case <-time.After(retryDatabase):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// mayComeUp tells a server that is away or starting (class 57) from one that has said no.
func mayComeUp(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(answer.Code, "57")
	}
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// existing is look for commands that must not make a database where there is none.
func existing(ctx context.Context, p databasePlace, dataDir string) error {
	_, err := p.look(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return invalid("data_dir", fmt.Errorf("%s holds no data of heimdall: name the folder with --data-dir", dataDir))
	}
	return err
}
