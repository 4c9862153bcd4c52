package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
)

// serveCmd runs the server.
type serveCmd struct {
	Listen string `env:"HEIMDALL_LISTEN" default:"127.0.0.1:8001" help:"Address to answer on (${default}). Beyond loopback everybody needs a token."`
	AccessConfig
	WorkerConfig
	StoreConfig
}

// Validate is of both, because neither of two embedded ones counts.
func (c *serveCmd) Validate() error {
	return errors.Join(c.StoreConfig.Validate(), c.AccessConfig.Validate())
}

func (c *serveCmd) Run(a *app) error {
	log := a.logger(slog.LevelInfo)
	a.access = c.AccessConfig
	a.access.loopback = listensLocally(c.Listen)
	n, err := a.openNode(c.WorkerConfig, c.StoreConfig, log)
	if err != nil {
		return err
	}
	defer n.close()
	n.deletes, n.schedules, n.probes = true, true, true
	if err := a.access.mayListen(a.ctx, c.Listen, n.store, log); err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (choose another with --listen)", c.Listen, err)
	}
	a.warnOfPassword(log)
	log.Info("serving", "url", n.publicURL(l), "data", a.config.DataDir, "database", n.place.String(), "objects", n.objects.String(),
		"retention_days", c.RetentionDays)
	return n.run(a.ctx, l)
}
