package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// The migrations are NNNN_verb_object.sql, forward only, each one transaction unless it says otherwise.
//
//go:embed migrations/*.sql
var migrations embed.FS

// A Schema says where a database stands.
type Schema struct {
	Have    int64    // version of the database; 0 when it is new
	Know    int64    // the newest version that this program knows
	Pending []string // files of the migrations that Migrate would run, in order
	Backend string   // what keeps the rows, in words for people; "" when the database is new
}

// Migrate brings the schema to the newest version. It may be called by any number of programs at once, and again.
func Migrate(ctx context.Context, url string) error {
	return failed(ctx, "migrate database", migrate(ctx, url, silent()))
}

// Status reports where a database stands, and changes nothing.
func Status(ctx context.Context, url string) (Schema, error) {
	var s Schema
	err := withConn(ctx, url, func(conn *pgx.Conn) (err error) {
		if s, err = schemaOf(ctx, conn); err != nil || s.Have == 0 {
			return err
		}
		can, err := probe(ctx, conn)
		s.Backend = can.String()
		return err
	})
	return s, failed(ctx, "read schema version", err)
}

// Plan returns the SQL that Migrate would run, and changes nothing. Where Migrate would refuse, it does so, too.
func Plan(ctx context.Context, url string) (string, error) {
	s, err := Status(ctx, url)
	if err != nil {
		return "", err
	}
	err = withConn(ctx, url, func(conn *pgx.Conn) error { return refuseSeed(ctx, conn, s.Have, silent()) })
	if err != nil {
		return "", failed(ctx, "plan migrations", err)
	}
	var b strings.Builder
	if s.Have == 0 {
		fmt.Fprintf(&b, "-- on a connection of its own, where the server has the extension; without it everything works but compression\n%s;\n\n", createExtension)
	}
	for _, name := range s.Pending {
		text, err := migrations.ReadFile("migrations/" + name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "-- %s\n%s\n", name, text)
	}
	return b.String(), nil
}

// A lock of the session's, so that it ends with it. The number is "heimdall" in ASCII.
const lockMigrations = `SELECT pg_advisory_lock(x'6865696d64616c6c'::bigint)`

// migrate brings the schema to the newest version, and refuses a database that a newer program has migrated: it may
// hold promises that this program would break. One of the seed is refused before anything is changed.
func migrate(ctx context.Context, url string, log *slog.Logger) error {
	return withConn(ctx, url, func(conn *pgx.Conn) error {
		s, err := schemaOf(ctx, conn)
		if err != nil {
			return err
		}
		if len(s.Pending) == 0 {
			return refuseSeed(ctx, conn, s.Have, log)
		}
		if _, err := conn.Exec(ctx, lockMigrations); err != nil {
			return err
		}
		if s, err = schemaOf(ctx, conn); err != nil {
			return err
		}
		if err := refuseSeed(ctx, conn, s.Have, log); err != nil || len(s.Pending) == 0 { // another program was first
			return err
		}
		return migrateLocked(ctx, conn, s, log)
	})
}

// migrateLocked migrates from s, under the lock.
func migrateLocked(ctx context.Context, conn *pgx.Conn, s Schema, log *slog.Logger) error {
	if s.Have == 0 {
		if err := offerTimescale(ctx, conn, log); err != nil {
			return err
		}
	}
	if err := up(ctx, conn.Config()); err != nil {
		return fmt.Errorf("migrate from schema %d to %d: %w", s.Have, s.Know, err)
	}
	log.Info("database migrated", "from", s.Have, "to", s.Know)
	return nil
}

// up runs on connections of its own, opened under the lock and so after the extension was created.
func up(ctx context.Context, config *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*config)
	defer db.Close()
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	_, err = p.Up(ctx)
	return err
}

const (
	selectMigrated = `SELECT to_regclass('goose_db_version') IS NOT NULL`
	selectVersion  = `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`
)

// schemaOf refuses a database that is newer than the program.
func schemaOf(ctx context.Context, conn *pgx.Conn) (s Schema, err error) {
	var migrated bool
	if err := conn.QueryRow(ctx, selectMigrated).Scan(&migrated); err != nil {
		return s, err
	}
	if migrated {
		if err := conn.QueryRow(ctx, selectVersion).Scan(&s.Have); err != nil {
			return s, err
		}
	}
	files, err := fs.ReadDir(migrations, "migrations") // in order of their numbers
	if err != nil {
		return s, err
	}
	for _, f := range files {
		version, err := goose.NumericComponent(f.Name())
		if err != nil {
			return s, err
		}
		s.Know = max(s.Know, version)
		if version > s.Have {
			s.Pending = append(s.Pending, f.Name())
		}
	}
	if s.Have > s.Know {
		return s, fmt.Errorf("the database has schema %d, but this program knows only up to %d: use the newer program that last opened it", s.Have, s.Know)
	}
	return s, nil
}

// withConn runs fn on a connection of its own, on which statements may take as long as they need.
func withConn(ctx context.Context, url string, fn func(*pgx.Conn) error) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("read DATABASE_URL, which must be like postgres://user:password@host:5432/heimdall: %w", err)
	}
	setDefaults(config.ConnConfig)
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return fn(conn)
}
