package main

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/webhook"
)

// An eventStore is what telling of events asks of a database, beside what package api does.
type eventStore interface {
	webhook.Store

	// PruneEvents deletes the events of before that time, unless they are still to be delivered.
	PruneEvents(ctx context.Context, before time.Time) (int64, error)
}

// pruneEvery is how often old events are looked for. Whoever runs for long does so.
const pruneEvery = time.Hour

// prune deletes events that are too old until ctx ends. What fails is tried again.
func (n *node) prune(ctx context.Context) error {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		gone, err := n.store.PruneEvents(ctx, time.Now().Add(-heimdall.EventsKept))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			n.log.Warn("old events were not deleted: it is tried again in an hour", "err", err)
		case gone > 0:
			n.log.Info("old events deleted", "events", gone)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
