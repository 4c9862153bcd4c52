package main

import (
	"log/slog"
	"time"
)

// Config is what every command can be told, by flag or by environment. Every field has a safe default.
type Config struct {
	DataDir string `env:"HEIMDALL_DATA_DIR" default:"heimdall-data" type:"path" placeholder:"DIR" help:"Folder with the database, the recordings and the spool; made if absent (${default})."`
	Server  string `env:"HEIMDALL_SERVER" placeholder:"URL" help:"Speak to the server at this address. Without it: to the one that runs on the data folder, or to none."`
	Verbose bool   `short:"v" help:"Log what happens, not only what goes wrong."`
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
