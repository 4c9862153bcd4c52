package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Capabilities are what the server offers and what the database was set up for.
//
// The choice between hypertable and plain partitions is made once, when the tables are created, and kept in the
// table heimdall_backend: a database does not change its kind because an extension was installed, or was lost in
// a restore.
type Capabilities struct {
	Backend     string // what the tables were made for: plain, apache or timescale; see the first migration
	Offered     string // what the server offers now, in the same words
	PostgreSQL  string // version of the server, such as 17.2
	TimescaleDB string // version of the extension; "" without it
	// CompressAfter is the age at which chunks are compressed; 0 where nothing is.
	CompressAfter time.Duration
}

// Hypertable reports whether the rows are in TimescaleDB's chunks; otherwise they are in PostgreSQL's partitions.
func (c Capabilities) Hypertable() bool { return c.Backend != "plain" }

// Compression reports whether TimescaleDB compresses chunks and runs policies and continuous aggregates: its
// Apache edition refuses them all.
func (c Capabilities) Compression() bool { return c.Hypertable() && c.Offered == "timescale" }

// String is for display: one line.
func (c Capabilities) String() string {
	s := "PostgreSQL " + c.PostgreSQL
	switch c.Backend {
	case "timescale":
		s = fmt.Sprintf("TimescaleDB %s on %s", c.TimescaleDB, s)
	case "apache":
		s = fmt.Sprintf("TimescaleDB %s (Apache edition: no compression) on %s", c.TimescaleDB, s)
	}
	if c.CompressAfter > 0 {
		s += fmt.Sprintf(", chunks older than %v compressed", c.CompressAfter)
	}
	if c.Offered != c.Backend {
		s += fmt.Sprintf(", set up as %s where the server now offers %s", c.Backend, c.Offered)
	}
	return s
}

// Capabilities returns what was found when the database was opened.
func (s *Store) Capabilities() Capabilities { return s.can }

// Backend is what keeps the rows, in words for people.
func (s *Store) Backend() string { return s.can.String() }

const selectCapabilities = `
SELECT (SELECT backend FROM heimdall_backend), heimdall_offered(), split_part(current_setting('server_version'), ' ', 1),
       COALESCE((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), '')`

func probe(ctx context.Context, q querier) (c Capabilities, err error) {
	err = q.QueryRow(ctx, selectCapabilities).Scan(&c.Backend, &c.Offered, &c.PostgreSQL, &c.TimescaleDB)
	if err != nil {
		return c, fmt.Errorf("read what the database was set up for: %w", err)
	}
	if c.Hypertable() && c.Offered == "plain" {
		return c, fmt.Errorf("the database was set up for TimescaleDB, which the server does not offer any more: install the extension again")
	}
	if c.Compression() {
		_, c.CompressAfter, err = policy(ctx, q)
	}
	return c, err
}

const (
	selectExtension = `
SELECT installed_version IS NOT NULL FROM pg_available_extensions WHERE name = 'timescaledb'`

	createExtension = `CREATE EXTENSION IF NOT EXISTS timescaledb`
)

// offerTimescale creates the extension in a new database, if the server has it. Where the files are there but the
// library is not preloaded, the server ends the connection, so it is one to throw away; without the extension
// everything works but compression.
func offerTimescale(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	var installed bool
	err := conn.QueryRow(ctx, selectExtension).Scan(&installed)
	if errors.Is(err, pgx.ErrNoRows) {
		log.Info("the server has no TimescaleDB: rows are kept in plain partitions, uncompressed")
		return nil
	}
	if err != nil || installed {
		return err
	}
	other, err := pgx.ConnectConfig(ctx, conn.Config())
	if err != nil {
		return err
	}
	defer other.Close(context.WithoutCancel(ctx))
	if _, err := other.Exec(ctx, createExtension); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		log.Warn("TimescaleDB is installed on the server but cannot be used, so rows are kept in plain partitions for good; "+
			"to have it, drop this empty database, add timescaledb to shared_preload_libraries, restart the server and begin again", "err", err)
	}
	return nil
}
