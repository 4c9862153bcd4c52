package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/heimdall-sdr/heimdall"
)

// Look reports where the database of a file stands, and changes nothing. A file that is not there is
// fs.ErrNotExist.
func Look(ctx context.Context, path string) (heimdall.Database, error) {
	do := "look at database " + path
	if _, err := os.Stat(path); err != nil {
		return heimdall.Database{}, fmt.Errorf("%s: %w", do, err)
	}
	db, err := connect(path, "_query_only=1")
	if err != nil {
		return heimdall.Database{}, fmt.Errorf("%s: %w", do, err)
	}
	defer db.Close()
	d, err := describe(ctx, db)
	return d, failed(ctx, do, err)
}

// Plan returns the SQL that Open would run on the file, and changes nothing.
func Plan(ctx context.Context, path string) (string, error) {
	d, err := Look(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		err = listMigrations(&d)
	}
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range d.Pending {
		text, err := migrations.ReadFile("migrations/" + name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "-- %s\n%s\n", name, text)
	}
	return b.String(), nil
}

// Describe returns what the database is and how much it holds.
func (s *Store) Describe(ctx context.Context) (heimdall.Database, error) {
	d, err := describe(ctx, s.reader)
	return d, failed(ctx, "describe database", err)
}

const (
	selectMigrated = `SELECT count(*) FROM sqlite_schema WHERE name IN ('goose_db_version', 'acquisitions')`
	selectSchema   = `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`
	selectSize     = `SELECT sqlite_version(), page_count * page_size FROM pragma_page_count, pragma_page_size`
	selectQueue    = `
SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'running'),
       min(created_at) FILTER (WHERE state = 'pending')
FROM acquisitions WHERE state IN ('pending', 'running')`
	// A row is a success that has not been deleted: no million rows must be counted for a page of the dashboard.
	countMeasurements = `SELECT COALESCE(sum(captures - deleted), 0) FROM captures_daily WHERE state = 'success'`
)

func describe(ctx context.Context, db *sql.DB) (d heimdall.Database, err error) {
	d.Backend, d.Reason = "sqlite", "DATABASE_URL is not set: one file serves one machine"
	var version string
	if err := db.QueryRowContext(ctx, selectSize).Scan(&version, &d.Bytes); err != nil {
		return d, err
	}
	d.Version = "SQLite " + version
	var tables int
	if err := db.QueryRowContext(ctx, selectMigrated).Scan(&tables); err != nil {
		return d, err
	}
	if tables == 2 {
		if err := db.QueryRowContext(ctx, selectSchema).Scan(&d.Schema); err != nil {
			return d, err
		}
		if err := db.QueryRowContext(ctx, selectQueue).Scan(&d.AcquisitionsPending, &d.AcquisitionsRunning, micros{&d.PendingSince}); err != nil {
			return d, err
		}
		d.Measurements = new(int64)
		if err := db.QueryRowContext(ctx, countMeasurements).Scan(d.Measurements); err != nil {
			return d, err
		}
	}
	return d, listMigrations(&d)
}

// listMigrations adds what the program knows.
func listMigrations(d *heimdall.Database) error {
	files, err := fs.ReadDir(migrations, "migrations") // in order of their numbers
	if err != nil {
		return err
	}
	for _, f := range files {
		version, err := goose.NumericComponent(f.Name())
		if err != nil {
			return err
		}
		d.Known = max(d.Known, version)
		if version > d.Schema {
			d.Pending = append(d.Pending, f.Name())
		}
	}
	return nil
}
