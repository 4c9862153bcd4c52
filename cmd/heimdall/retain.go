package main

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall/retention"
)

// retainEvery is how often old acquisitions are looked for. Every process that runs for long does so: of several at
// once, each acquisition is deleted by one.
const retainEvery = time.Hour

// A roomTeller is a store of objects that knows how much room it has left.
type roomTeller interface{ FreeBytes() (int64, error) }

// freeBytes tells how much room there is where the recordings are; nil when nobody can know.
func (n *node) freeBytes() func() (int64, error) {
	if t, ok := any(n.blobs).(roomTeller); ok {
		return t.FreeBytes
	}
	return nil
}

// newKeeper is who deletes by the rules that k says.
func (n *node) newKeeper(k RetentionConfig) (*retention.Keeper, error) {
	c := retention.Config{
		Store: n.store, Blobs: n.blobs, Log: n.log, Done: n.metrics.Deleted, Free: n.freeBytes(), BatchRows: n.place.deletedTogether(),
		MaxAge: time.Duration(k.RetentionDays) * day, MaxAgeQuiet: time.Duration(k.RetentionDaysQuiet) * day,
		QuietSNRdB: k.RetentionQuietSNRdB, MaxBytes: int64(k.RetentionBytes), MinFreeBytes: int64(k.RetentionFreeBytes),
	}
	keeper, err := retention.NewKeeper(c)
	if err != nil {
		return nil, invalid("retention", err)
	}
	return keeper, nil
}

// retain deletes what the rules say until ctx ends. What fails is logged and tried again.
func (n *node) retain(ctx context.Context) error { return n.keeper.Repeat(ctx, retainEvery) }
