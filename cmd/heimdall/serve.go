package main

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
)

// serveCmd runs the server.
type serveCmd struct {
	Listen string `env:"HEIMDALL_LISTEN" default:"127.0.0.1:8001" help:"Address to answer on (${default}). There is no access control yet: keep it on loopback, or behind a proxy that has."`
	WorkerConfig
	StoreConfig
}

func (c *serveCmd) Run(a *app) error {
	log := a.logger(slog.LevelInfo)
	n, err := a.openNode(c.WorkerConfig, c.StoreConfig, log)
	if err != nil {
		return err
	}
	defer n.close()
	n.deletes, n.schedules, n.probes = true, true, true
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (choose another with --listen)", c.Listen, err)
	}
	if host, _, _ := net.SplitHostPort(c.Listen); !isLoopback(host) {
		log.Warn("anybody who reaches this address may use it: there is no access control", "listen", c.Listen)
	}
	a.warnOfPassword(log)
	log.Info("serving", "url", serverURL(l), "data", a.config.DataDir, "database", n.place.String(), "objects", n.objects.String(),
		"retention_days", c.RetentionDays)
	return n.run(a.ctx, l)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
