package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
)

// workerCmd runs acquisitions without a server of its own.
type workerCmd struct {
	MetricsListen string `env:"HEIMDALL_METRICS_LISTEN" placeholder:"ADDRESS" help:"Answer Prometheus on this address, such as 127.0.0.1:8002: /metrics and /healthz. Beyond loopback it shows a token of scope read."`
	WorkerConfig
	StoreConfig
}

func (c *workerCmd) Run(a *app) error {
	if !a.config.databasePlace().shared() {
		return &outcome{code: exitUsage, text: "a worker shares a PostgreSQL database with its server: set DATABASE_URL (without one, heimdall serve does the acquisitions itself)"}
	}
	objects, err := a.config.blobPlace()
	if err != nil {
		return err
	}
	if !objects.shared() {
		return &outcome{code: exitUsage, text: "a worker must put its recordings where the server finds them: set S3_ENDPOINT to the S3 server that all use, or name the folder that all share with HEIMDALL_OBJECTS_DIR"}
	}
	log := a.logger(slog.LevelInfo)
	a.access.loopback = listensLocally(c.MetricsListen)
	n, err := a.openNode(c.WorkerConfig, c.StoreConfig, log)
	if err != nil {
		return err
	}
	defer n.close()
	a.warnOfPassword(log)
	log.Info("working", "worker", n.worker.Name, "data", a.config.DataDir, "database", n.place.String(), "objects", objects.String(),
		"retention_days", c.RetentionDays)
	if c.MetricsListen == "" {
		return n.work(a.ctx, nil)
	}
	l, err := net.Listen("tcp", c.MetricsListen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (choose another with --metrics-listen)", c.MetricsListen, err)
	}
	return n.work(a.ctx, l)
}

// warnOfPassword warns of one that every user of the machine can read in the list of processes.
func (a *app) warnOfPassword(log *slog.Logger) {
	for _, arg := range a.args {
		if strings.HasPrefix(arg, "--token") {
			log.Warn("other users of this machine can read the token on the command line: set HEIMDALL_TOKEN in the environment instead")
			continue
		}
		if strings.HasPrefix(arg, "--s3-secret-key") {
			log.Warn("other users of this machine can read the secret key on the command line: set S3_SECRET_KEY in the environment instead")
			continue
		}
		if name, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(name, "--") {
			arg = value
		}
		if u, err := url.Parse(arg); err == nil {
			if _, has := u.User.Password(); has || u.Query().Get("password") != "" {
				log.Warn("other users of this machine can read the password of a URL on the command line: set DATABASE_URL, S3_ENDPOINT or MINIO_URL in the environment instead")
			}
		}
	}
}
