package acquire

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall/collect"
)

const (
	// collectEvery is how often it is looked for acquisitions that ended without a collection: their worker died, or
	// they were cancelled before any had begun.
	collectEvery = 30 * time.Second
	collectPage  = 100
)

// collect describes an acquisition that has ended among the objects. What fails is left to collectOthers.
func (w *Worker) collect(ctx context.Context, taskID string) {
	a := w.Acquirer
	if err := collect.Acquisition(ctx, a.Store, a.Blobs, taskID); err != nil && ctx.Err() == nil {
		a.Log.Warn("describe acquisition among the objects", "acquisition", taskID, "err", err)
	}
}

// collectOthers does the same for those that nobody has described, at once and from time to time until ctx ends.
func (w *Worker) collectOthers(ctx context.Context) {
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		w.collectAll(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker) collectAll(ctx context.Context) {
	for after := ""; ; {
		page, err := w.Acquirer.Store.Uncollected(ctx, after, collectPage)
		if err != nil && ctx.Err() == nil {
			w.Acquirer.Log.Warn("look for acquisitions to describe", "err", err)
		}
		for _, taskID := range page {
			w.collect(ctx, taskID)
		}
		if err != nil || len(page) < collectPage || ctx.Err() != nil {
			return
		}
		after = page[len(page)-1]
	}
}
