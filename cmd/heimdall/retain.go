package main

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall/retention"
)

// retainEvery is how often old acquisitions are looked for. Every process that runs for long does so: of several at
// once, each acquisition is deleted by one.
const retainEvery = time.Hour

// retain deletes what is too old until ctx ends. What fails is logged and tried again.
func (n *node) retain(ctx context.Context) error {
	if n.stored.RetentionDays == 0 {
		return nil
	}
	c := retention.Config{Store: n.store, Blobs: n.blobs, MaxAge: time.Duration(n.stored.RetentionDays) * day, Log: n.log,
		BatchRows: n.place.deletedTogether()}
	return retention.Repeat(ctx, c, retainEvery)
}
