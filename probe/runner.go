package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Runner probes WebSDRs when their time has come, and when somebody asks. It is safe for concurrent use.
type Runner struct{ Config }

// NewRunner returns a Runner.
func NewRunner(c Config) *Runner { return &Runner{c.withDefaults()} }

const (
	leastPoll, mostPoll = time.Second, 15 * time.Second // between two looks for probes that are due

	probeTimeout = 30 * time.Second // of a probe in the background, at most
	takenWait    = 10 * time.Second // until a host that somebody else has is tried again
	dropEvery    = time.Hour
	dropTogether = 10_000

	// manualLeast is the least wait between two probes of a WebSDR that people ask for.
	manualLeast = 10 * time.Second
)

// Run probes until ctx ends, waits for the probes under way, and returns nil.
func (r *Runner) Run(ctx context.Context) error {
	if r.Interval <= 0 {
		<-ctx.Done()
		return nil
	}
	var probes sync.WaitGroup
	defer probes.Wait()
	probes.Go(func() { r.dropOld(ctx) })
	free := make(chan struct{}, r.Concurrency)
	// A fleet's processes must not be a load on its database: a probe may be a twentieth of the interval late.
	tick := time.NewTicker(min(max(r.Interval/20, leastPoll), mostPoll))
	defer tick.Stop()
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		job, ok := r.claim(ctx)
		if ok {
			probes.Go(func() {
				defer func() { <-free }()
				r.probe(ctx, job)
			})
			continue
		}
		<-free
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *Runner) claim(ctx context.Context) (job heimdall.ProbeJob, ok bool) {
	if !r.Contact() {
		return job, false
	}
	job, err := r.Store.ClaimProbe(ctx, lease, r.mayAsk)
	if err != nil && !errors.Is(err, heimdall.ErrNoWork) && ctx.Err() == nil {
		r.Log.Warn("claim a probe", "err", err)
	}
	return job, err == nil
}

// probe makes one probe in the background.
func (r *Runner) probe(ctx context.Context, job heimdall.ProbeJob) {
	before := job.Health.State
	h, _, err := r.do(ctx, job)
	switch {
	case errors.Is(err, heimdall.ErrLost), errors.Is(err, heimdall.ErrTooSoon), ctx.Err() != nil:
	case err != nil:
		r.Log.Warn("probe", "websdr", job.WebSDR.ID, "err", err)
	case h.State != before:
		r.Log.Info("receiver is "+string(h.State), "websdr", h.WebSDRID, "name", job.WebSDR.Name, "was", before, "reason", h.LastError)
	}
}

// do makes the probe that was claimed, or gives it back.
func (r *Runner) do(ctx context.Context, job heimdall.ProbeJob) (heimdall.Health, heimdall.Observation, error) {
	w := &job.WebSDR
	release, taken := r.Take(w)
	if !taken {
		err := r.Store.ReleaseProbe(ctx, job, takenWait)
		return heimdall.Health{}, heimdall.Observation{}, errors.Join(err, fmt.Errorf("the host of %s is in use: %w", w.Name, heimdall.ErrTooSoon))
	}
	o, f := r.ask(ctx, w, probeTimeout)
	release()
	// What was learnt is written down, and what was not is given back, also while everything ends.
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if ctx.Err() != nil {
		return heimdall.Health{}, o, errors.Join(context.Cause(ctx), r.Store.ReleaseProbe(writing, job, 0))
	}
	next := r.wait(w, f, job.Health.Failures)
	o.Holds = holdsFor * next
	h, err := r.Store.FinishProbe(writing, job, o, next)
	return h, o, err
}

// Probe asks a WebSDR now, whenever its probe is due, and returns its health and what was learnt; that it is down is no
// error. It is heimdall.ErrTooSoon when it was probed a moment ago, and heimdall.ErrConflict when it must not be asked.
func (r *Runner) Probe(ctx context.Context, websdrID int64) (heimdall.Health, heimdall.Observation, error) {
	fail := func(err error) (heimdall.Health, heimdall.Observation, error) {
		return heimdall.Health{}, heimdall.Observation{}, fmt.Errorf("probe WebSDR %d: %w", websdrID, err)
	}
	if !r.Contact() {
		return fail(fmt.Errorf("nobody is contacted at present: %w", heimdall.ErrConflict))
	}
	job, err := r.Store.ClaimProbeOf(ctx, websdrID, lease, manualLeast)
	if err != nil {
		return fail(err)
	}
	if !r.mayAsk(&job.WebSDR) {
		err := r.Store.ReleaseProbe(ctx, job, r.interval(&job.WebSDR))
		return fail(errors.Join(err, fmt.Errorf("this server cannot ask a WebSDR of kind %s, or not at that address: %w", job.WebSDR.Kind, heimdall.ErrConflict)))
	}
	h, o, err := r.do(ctx, job)
	if err != nil {
		return fail(err)
	}
	return h, o, nil
}

// dropOld drops old observations, now and from time to time.
func (r *Runner) dropOld(ctx context.Context) {
	if r.KeepFor <= 0 {
		return
	}
	tick := time.NewTicker(dropEvery)
	defer tick.Stop()
	for {
		n, err := r.Store.DropObservations(ctx, r.Now().Add(-r.KeepFor), dropTogether)
		if err != nil && ctx.Err() == nil {
			r.Log.Warn("drop old observations", "err", err)
		}
		if n == dropTogether && err == nil {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
