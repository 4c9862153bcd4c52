package main

import (
	"log/slog"
	"net/url"
	"strings"
)

// workerCmd runs acquisitions without a server of its own.
type workerCmd struct {
	WorkerConfig
	StoreConfig
}

func (c *workerCmd) Run(a *app) error {
	if !a.config.databasePlace().shared() {
		return &outcome{code: exitUsage, text: "a worker shares a PostgreSQL database with its server: set DATABASE_URL (without one, heimdall serve does the acquisitions itself)"}
	}
	if a.config.ObjectsDir == "" {
		return &outcome{code: exitUsage, text: "a worker must put its recordings where the server finds them: name the folder that all share with HEIMDALL_OBJECTS_DIR"}
	}
	log := a.logger(slog.LevelInfo)
	n, err := a.openNode(c.WorkerConfig, c.StoreConfig, log)
	if err != nil {
		return err
	}
	defer n.close()
	a.warnOfPassword(log)
	log.Info("working", "worker", n.worker.Name, "data", a.config.DataDir, "database", n.place.String(), "objects", a.config.objectsDir(),
		"retention_days", c.RetentionDays)
	return n.work(a.ctx)
}

// warnOfPassword warns of one that every user of the machine can read in the list of processes.
func (a *app) warnOfPassword(log *slog.Logger) {
	for _, arg := range a.args {
		if u, err := url.Parse(strings.TrimPrefix(arg, "--database-url=")); err == nil {
			if _, has := u.User.Password(); has || u.Query().Get("password") != "" {
				log.Warn("other users of this machine can read the password of the database on the command line: set DATABASE_URL in the environment instead")
				return
			}
		}
	}
}
