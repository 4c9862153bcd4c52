package acquire

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// afford refuses a capture that would connect to its receiver's host for longer than the budget leaves today. When the
// database cannot say, it lets the capture pass.
func (k *capture) afford(ctx context.Context) error {
	if k.w.DailyBudget == 0 || k.w.Host() == "" {
		return nil
	}
	list, err := k.a.Store.Standings(ctx, []int64{k.w.ID})
	if err != nil {
		if ctx.Err() == nil {
			k.a.Log.Warn("look up what is left of a budget", "acquisition", k.job.TaskID, "websdr", k.w.ID, "err", err)
		}
		return nil
	}
	var used time.Duration
	for _, st := range list {
		used = st.UsedToday
	}
	if needed := k.job.Acquisition.Duration; used+needed > k.w.DailyBudget {
		return websdr.Fail(heimdall.FailQuota, "contact "+k.w.Name, nil,
			"its budget of %v is used up until 00:00 UTC: %v were used today, and this needs %v; daily_budget_seconds of WebSDR %d sets it",
			k.w.DailyBudget, used.Round(time.Second), needed, k.w.ID)
	}
	return nil
}

// useInterval is how often the use of a host is added up: a worker that is killed has counted all but the last.
const useInterval = 30 * time.Second

// countUse counts for how long the capture's host is connected to, from now until the function returned is called.
func (k *capture) countUse(ctx context.Context) (stop func()) {
	host := k.w.Host()
	if host == "" {
		return func() {}
	}
	ctx = context.WithoutCancel(ctx)
	from := k.a.Now()
	count := func() {
		to := k.a.Now()
		ctx, cancel := context.WithTimeout(ctx, returnTime)
		defer cancel()
		for from.Before(to) { // a day at a time
			until := to
			if midnight := heimdall.DayOf(from).AddDate(0, 0, 1); midnight.Before(to) {
				until = midnight
			}
			if err := k.a.Store.CountUse(ctx, host, from, until.Sub(from)); err != nil {
				k.a.Log.Warn("count the use of a host", "acquisition", k.job.TaskID, "websdr", k.w.ID, "host", host, "err", err)
				return // and again with what comes next
			}
			from = until
		}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(useInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				count()
			case <-done:
				count()
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
