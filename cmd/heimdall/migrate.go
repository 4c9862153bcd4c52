package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

// migrateCmd is about the schema of the database.
type migrateCmd struct {
	Status migrateStatusCmd `cmd:"" default:"withargs" help:"Say what keeps the rows, and which migrations are still to run."`
	Plan   migratePlanCmd   `cmd:"" help:"Print the SQL that up would run, and run nothing."`
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema to the newest version. Server and workers do so when they start."`

	AdoptSeed migrateAdoptSeedCmd `cmd:"" help:"Take over the tables of the Python system, with every row."`
}

type migrateStatusCmd struct {
	JSON bool `help:"Print JSON."`
}

// A schemaStatus is what status prints.
type schemaStatus struct {
	Database      string   `json:"database"` // where, without password
	Backend       string   `json:"backend"`
	Version       string   `json:"version"`
	Reason        string   `json:"reason"`
	Schema        int64    `json:"schema"`
	Newest        int64    `json:"newest_schema"`
	Pending       []string `json:"pending"`
	Partitions    int64    `json:"partitions"`
	Compressed    int64    `json:"compressed_partitions"`
	CompressAfter string   `json:"compress_after"` // "" where nothing is compressed
	Bytes         int64    `json:"bytes"`
}

func (c *migrateStatusCmd) Run(a *app) error {
	place := a.config.databasePlace()
	if err := existing(a.ctx, place, a.config.DataDir); err != nil {
		return err
	}
	d, err := place.look(a.ctx)
	if err != nil {
		return err
	}
	s := statusOf(place, d)
	if c.JSON {
		return printJSON(a.stdout, s)
	}
	return a.printFields(s)
}

func statusOf(place databasePlace, d heimdall.Database) schemaStatus {
	s := schemaStatus{
		Database: place.String(), Backend: d.Backend, Version: d.Version, Reason: d.Reason, Schema: d.Schema, Newest: d.Known,
		Pending: append([]string{}, d.Pending...), Partitions: d.Partitions, Compressed: d.Compressed, Bytes: d.Bytes,
	}
	if d.CompressAfter > 0 {
		s.CompressAfter = d.CompressAfter.String()
	}
	return s
}

type migratePlanCmd struct{}

func (c *migratePlanCmd) Run(a *app) error {
	text, err := a.config.databasePlace().plan(a.ctx)
	if err != nil {
		return err
	}
	if text == "" {
		text = "-- nothing to run: the schema is of the newest version\n"
	}
	_, err = fmt.Fprint(a.stdout, text)
	return err
}

type migrateUpCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *migrateUpCmd) Run(a *app) error {
	place := a.config.databasePlace()
	before, err := place.look(a.ctx)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(a.config.DataDir, 0o755)
	}
	if err != nil {
		return err
	}
	s, err := place.open(a.ctx, databaseOptions{log: a.logger(slog.LevelWarn)})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	after, err := place.look(a.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.stdout, statusOf(place, after))
	}
	if before.Schema == after.Schema {
		fmt.Fprintf(a.stdout, "%s: schema %d, the newest; nothing was done\n", place, after.Schema)
		return nil
	}
	fmt.Fprintf(a.stdout, "%s: migrated from schema %d to %d (%s)\n", place, before.Schema, after.Schema, strings.TrimSpace(after.Version))
	return nil
}
