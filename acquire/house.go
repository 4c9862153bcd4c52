package acquire

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const (
	houseInterval = time.Second     // how often overdue acquisitions are looked for
	seenInterval  = 5 * time.Second // how often a worker says that it is there
)

// KeepHouse says that the worker is there, and ends acquisitions whose deadline has passed, until ctx ends. Run does it,
// too; a process that claims nothing does it so that deadlines hold when every worker is busy or away.
func (w *Worker) KeepHouse(ctx context.Context) {
	a := w.Acquirer
	tick := time.NewTicker(houseInterval)
	defer tick.Stop()
	began := a.Now()
	var seen time.Time
	for {
		if n, err := a.Store.FailOverdue(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("end overdue acquisitions", "err", err)
		} else if n > 0 {
			a.Log.Warn("acquisitions were not begun by their deadline", "count", n)
		}
		if now := a.Now(); w.Concurrency > 0 && now.Sub(seen) >= seenInterval {
			seen = now
			w.beSeen(ctx, began)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.leave(ctx)
			return
		}
	}
}

func (w *Worker) beSeen(ctx context.Context, began time.Time) {
	err := w.Acquirer.Store.SeeWorker(ctx, heimdall.WorkerStatus{
		Name: w.Name, Host: w.Host, Version: heimdall.Version, StartedAt: began, Slots: w.Concurrency, Running: int(w.running.Load()),
	})
	if err != nil && ctx.Err() == nil {
		w.Acquirer.Log.Warn("note that this worker is there", "err", err)
	}
}

// leave takes the worker off the list; one that is killed stays on it for a day.
func (w *Worker) leave(ctx context.Context) {
	if w.Concurrency == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTime)
	defer cancel()
	if err := w.Acquirer.Store.ForgetWorker(ctx, w.Name); err != nil {
		w.Acquirer.Log.Warn("take this worker off the list", "err", err)
	}
}

// A roomWatch logs once that there is no room, and once that there is again.
type roomWatch struct{ full bool }

// check reports whether there is room to begin something. When there is none, it comes back after a while.
func (r *roomWatch) check(ctx context.Context, w *Worker) bool {
	if w.Room == nil {
		return true
	}
	err := w.Room()
	if err == nil && r.full {
		w.Acquirer.Log.Info("there is room again: acquisitions are claimed")
	}
	if err != nil && !r.full {
		w.Acquirer.Log.Error("nothing new is begun until there is room; what runs goes on", "err", err)
	}
	if r.full = err != nil; r.full {
		sleep(ctx, houseInterval) //nolint:errcheck // the loop looks at ctx
	}
	return !r.full
}
