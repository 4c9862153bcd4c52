package main

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A pruneStore is a database in which some things are told for a while only. Each method deletes those that are older, and
// returns how many there were.
type pruneStore interface {
	// PruneEvents leaves the events that are still to be delivered.
	PruneEvents(ctx context.Context, before time.Time) (int64, error)
	PruneAudit(ctx context.Context, before time.Time) (int64, error)
	// PruneLogins takes the tokens of logins that expired before that time, and no others.
	PruneLogins(ctx context.Context, before time.Time) (int64, error)
}

// pruneEvery is how often such things are looked for. Whoever runs for long does so.
const pruneEvery = time.Hour

// prune deletes what is too old to be told until ctx ends. What fails is tried again.
func (n *node) prune(ctx context.Context) error {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		n.pruneOlder(ctx, "events", heimdall.EventsKept, n.store.PruneEvents)
		n.pruneOlder(ctx, "logins", heimdall.LoginsKept, n.store.PruneLogins)
		if n.auditDays > 0 {
			n.pruneOlder(ctx, "entries of the audit log", time.Duration(n.auditDays)*day, n.store.PruneAudit)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (n *node) pruneOlder(ctx context.Context, what string, kept time.Duration, prune func(context.Context, time.Time) (int64, error)) {
	gone, err := prune(ctx, time.Now().Add(-kept))
	switch {
	case ctx.Err() != nil:
	case err != nil:
		n.log.Warn("old "+what+" were not deleted: it is tried again in an hour", "err", err)
	case gone > 0:
		n.log.Info("old "+what+" deleted", "count", gone)
	}
}
