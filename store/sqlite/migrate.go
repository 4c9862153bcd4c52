package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// The migrations are NNNN_verb_object.sql, forward only, each one transaction. schema.sql is what they lead to.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema to the newest version, and refuses a file that a newer program has migrated: it may
// hold promises that this program would break.
//
// Programs that open one file at the same moment all try. The losers fail where their transaction meets tables
// that exist by now; it is rolled back whole, so they simply look again.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	const tries = 5
	var err error
	for try := range tries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(try) * 50 * time.Millisecond): // the winner needs about that long
			}
		}
		var newer bool
		if newer, err = migrateOnce(ctx, db, path); err == nil || newer || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// migrateOnce reports whether the file is newer than the program, which trying again would not change.
func migrateOnce(ctx context.Context, db *sql.DB, path string) (newer bool, err error) {
	p, err := provider(db)
	if err != nil {
		return false, err
	}
	have, know, err := p.GetVersions(ctx)
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	if have > know {
		return true, fmt.Errorf("database %s has schema %d, but this program knows only up to %d: use the newer program that last opened it", path, have, know)
	}
	if _, err := p.Up(ctx); err != nil {
		return false, fmt.Errorf("migrate from schema %d to %d: %w", have, know, err)
	}
	return false, nil
}

func provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
