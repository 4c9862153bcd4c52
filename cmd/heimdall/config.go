package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// Config is what every command can be told, by flag or by environment. Every field has a safe default.
type Config struct {
	DataDir string `env:"HEIMDALL_DATA_DIR" default:"heimdall-data" type:"path" placeholder:"DIR" help:"Folder of this process: the spool, and unless you say otherwise the database and the recordings; made if absent (${default})."`
	// Only from the environment is it hidden from the other users of the machine.
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"Keep the rows in this PostgreSQL database, such as postgres://user:password@host:5432/heimdall; set it in the environment, where others cannot read the password. Without it: in a SQLite file in the data folder."`
	ObjectsDir  string `env:"HEIMDALL_OBJECTS_DIR" type:"path" placeholder:"DIR" help:"Folder with the recordings, which all who work on one database must share; without it objects in the data folder."`
	Server      string `env:"HEIMDALL_SERVER" placeholder:"URL" help:"Speak to the server at this address. Without it: to the one that runs on the data folder, or to none."`
	Verbose     bool   `short:"v" help:"Log what happens, not only what goes wrong."`
}

// StoreConfig is what server and worker can be told about what is stored. All on one database should be told the
// same.
type StoreConfig struct {
	RetentionDays     int           `env:"RETENTION_DAYS" default:"30" help:"Days after its end that an acquisition is kept, rows and recordings; 0 keeps it for ever (${default})."`
	CompressAfterDays int           `env:"COMPRESS_AFTER_DAYS" default:"2" help:"Age in days at which measurements are compressed, where the database can (${default})."`
	DatabaseWait      time.Duration `env:"HEIMDALL_DATABASE_WAIT" default:"30s" help:"How long to wait at the start for a database server that does not answer (${default})."`
}

const day = 24 * time.Hour

// Validate refuses what would delete data by a slip.
func (c *StoreConfig) Validate() error {
	const most = 100_000 // days: what a time.Duration holds
	if c.RetentionDays < 0 || c.RetentionDays > most {
		return fmt.Errorf("RETENTION_DAYS is %d: it must be from 1 to %d, or 0 to keep everything for ever", c.RetentionDays, most)
	}
	if c.CompressAfterDays < 1 || c.CompressAfterDays > most {
		return fmt.Errorf("COMPRESS_AFTER_DAYS is %d: it must be from 1 to %d", c.CompressAfterDays, most)
	}
	return nil
}

func (c *StoreConfig) databaseOptions(log *slog.Logger) databaseOptions {
	return databaseOptions{wait: c.DatabaseWait, compressAfter: time.Duration(c.CompressAfterDays) * day, log: log}
}

// objectsDir is where the recordings are.
func (c *Config) objectsDir() string {
	if c.ObjectsDir != "" {
		return c.ObjectsDir
	}
	return filepath.Join(c.DataDir, "objects")
}

// WorkerConfig is what a worker can be told.
type WorkerConfig struct {
	Acquisitions int           `env:"HEIMDALL_ACQUISITIONS" default:"16" help:"Acquisitions at a time (${default})."`
	Lease        time.Duration `env:"HEIMDALL_LEASE" default:"15s" help:"How long others wait before they take over from a dead worker (${default})."`
	Grace        time.Duration `env:"HEIMDALL_GRACE" default:"30s" help:"How long running acquisitions may go on at shutdown; then they are handed back (${default})."`
	Contact      string        `env:"HEIMDALL_CONTACT" placeholder:"TEXT" help:"Who you are, shown to the receivers' owners: a call sign or an e-mail address."`
}

// identity is how we introduce ourselves to the owners of receivers.
func (c *WorkerConfig) identity() string {
	if c.Contact == "" {
		return "heimdall"
	}
	return "heimdall " + c.Contact
}

// logger logs what the user asked to see.
func (a *app) logger(level slog.Level) *slog.Logger {
	if a.config.Verbose {
		level = min(level, slog.LevelInfo)
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}
