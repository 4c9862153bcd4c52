package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall/retention"
)

// upkeepEvery is how often old data is looked for. Every process that runs for long does it: of several at once one
// does the work, by the database's own locks.
const upkeepEvery = time.Hour

// upkeep deletes what is too old and maintains the database until ctx ends. What fails is logged and tried again.
func (n *node) upkeep(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if n.keep.RetentionDays > 0 {
		c := retention.Config{Store: n.store, Blobs: n.blobs, MaxAge: time.Duration(n.keep.RetentionDays) * day, Log: n.log}
		g.Go(func() error { return retention.Repeat(ctx, c, upkeepEvery) })
	}
	if n.keep.CompressAfterDays > 0 { // not as long as a command lasts
		g.Go(func() error { return n.maintain(ctx) })
	}
	return g.Wait()
}

func (n *node) maintain(ctx context.Context) error {
	ticker := time.NewTicker(upkeepEvery)
	defer ticker.Stop()
	for {
		if err := n.store.Maintain(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("maintain database: it will be tried again", "next", upkeepEvery, "err", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
