package acquire

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Worker claims acquisitions and runs them, several at a time, until it is stopped.
type Worker struct {
	Acquirer    *Acquirer
	Name        string        // unique among the processes of one database
	Concurrency int           // acquisitions at a time
	Lease       time.Duration // how long the others wait before they take over from a dead worker
	Ahead       time.Duration // how long before its start an acquisition is claimed: time to connect and settle
	Grace       time.Duration // how long running acquisitions may still go on when the worker is stopped
	Host        string        // the machine it runs on, to be told
	Room        func() error  // says why nothing new should be begun, such as a full disk; nil means that there always is room

	running atomic.Int64 // acquisitions under way
	stops   stops
}

// glance is how often a worker looks whether what it runs may go on, at the least; a lease that could not be renewed is
// tried again as often.
const glance = 500 * time.Millisecond

const (
	// poll is how often the queue is looked at when nothing else gives a reason.
	poll = time.Second
	// minPoll is between two looks at a queue in which something is about to be due.
	minPoll = 50 * time.Millisecond
)

// errStopped is the cause of the end of acquisitions that are handed back.
var errStopped = errors.New("worker stopped")

// Run claims and runs acquisitions until ctx ends. Then it claims no more, gives those that are running the
// grace time, hands the others back, and returns nil.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.Acquirer.sweep(ctx); err != nil && ctx.Err() == nil {
		w.Acquirer.Log.Warn("sweep spool", "err", err)
	}
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var jobs, others sync.WaitGroup
	others.Go(func() { w.collectOthers(ctx) })
	others.Go(func() { w.KeepHouse(running) })
	others.Go(func() { w.watchStops(running) })
	defer others.Wait()
	defer stop(nil)
	local := newLocalJobs()
	free := make(chan struct{}, w.Concurrency)
	var room roomWatch
	for ctx.Err() == nil {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		var job *Job
		if room.check(ctx, w) {
			job = w.claim(ctx)
		}
		if job == nil {
			<-free
			continue
		}
		w.running.Add(1)
		claimed := time.Now()
		jobs.Go(func() {
			defer func() { <-free }()
			defer w.running.Add(-1)
			defer local.enter(job.TaskID)()
			w.hold(running, job, claimed)
		})
	}
	defer time.AfterFunc(w.Grace, func() { stop(errStopped) }).Stop()
	jobs.Wait()
	return nil
}

// claim returns a job, or nil after having waited for one in vain.
func (w *Worker) claim(ctx context.Context) *Job {
	a := w.Acquirer
	job, err := a.Store.Claim(ctx, w.Name, w.Lease, w.Ahead)
	if err == nil {
		return job
	}
	if !errors.Is(err, heimdall.ErrNoWork) && ctx.Err() == nil {
		a.Log.Warn("claim an acquisition", "err", err)
		// The database is away: asking it again at once would not bring it back.
		if sleep(ctx, time.Second) != nil {
			return nil
		}
	}
	// A lease that runs out wakes nobody: its work is to be taken over at that moment. What is due already and was
	// not claimed, because a host is taken, has to wait for something else.
	until, err := a.Store.UntilDue(ctx, poll)
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("look for leases that run out", "err", err)
	}
	if until == 0 {
		until = poll
	}
	if err := a.Store.Wait(ctx, max(until, minPoll)); err != nil && ctx.Err() == nil {
		a.Log.Warn("wait for acquisitions", "err", err)
		sleep(ctx, time.Second) //nolint:errcheck // the loop looks at ctx
	}
	return nil
}

// hold runs one job under its lease.
func (w *Worker) hold(ctx context.Context, job *Job, claimed time.Time) {
	a := w.Acquirer
	log := a.Log.With("acquisition", job.TaskID)
	log.Info("acquisition claimed", "worker", w.Name, "captures", len(job.Captures), "claims", job.Acquisition.Claims)
	whole := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cancelled, forget := w.stops.expect(job.TaskID)
	defer forget()
	var beating sync.WaitGroup
	beating.Go(func() { w.beat(ctx, job, claimed, stop) })

	running, ended := a.traced(ctx, job, w.Name)
	err := a.run(running, job, cancelled)
	ended(err)
	stopped := errors.Is(context.Cause(ctx), errStopped)
	stop(nil)
	beating.Wait()
	switch {
	case err == nil:
		log.Info("acquisition ended")
		w.collect(whole, job.TaskID)
	case errors.Is(err, heimdall.ErrLost):
		log.Warn("acquisition lost to another worker")
	case stopped:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := a.Store.Release(ctx, job.Lease); err != nil {
			log.Warn("hand acquisition back", "err", err)
		}
	default:
		// Its lease runs out, and whoever claims it next goes on from the spool.
		log.Error("run acquisition", "err", err)
	}
}

// beat renews the lease in good time until ctx ends, and stops the job when the lease is lost.
func (w *Worker) beat(ctx context.Context, job *Job, claimed time.Time, stop context.CancelCauseFunc) {
	next := w.Lease/3 - time.Since(claimed)
	for sleep(ctx, next) == nil {
		next = w.Lease / 3
		_, err := w.Acquirer.Store.Extend(ctx, job.Lease, w.Lease)
		switch {
		case errors.Is(err, heimdall.ErrLost):
			stop(fmt.Errorf("renew lease: %w", err))
			return
		case err != nil && ctx.Err() == nil:
			next = min(next, glance)
			w.Acquirer.Log.Warn("renew lease", "acquisition", job.TaskID, "err", err)
		}
	}
}

// localJobs keeps this process from running one acquisition twice at a time, when its lease ran out while the
// database was away and it is claimed again before the first run has noticed.
type localJobs struct {
	mu   sync.Mutex
	idle *sync.Cond
	busy map[string]bool // by task id; guarded by mu
}

func newLocalJobs() *localJobs {
	l := &localJobs{busy: map[string]bool{}}
	l.idle = sync.NewCond(&l.mu)
	return l
}

// enter waits for an earlier run of the acquisition to end.
func (l *localJobs) enter(taskID string) (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.busy[taskID] {
		l.idle.Wait()
	}
	l.busy[taskID] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.busy, taskID)
		l.idle.Broadcast()
	}
}

// sweep removes what the spool still holds of captures that have ended: the process died between the row and
// the removal. What was rejected, or belongs to an acquisition that the database does not know, stays.
func (a *Acquirer) sweep(ctx context.Context) error {
	entries, err := a.spool.entries()
	if err != nil {
		return err
	}
	for taskID, ids := range entries {
		_, captures, err := a.Store.Acquisition(ctx, taskID)
		if errors.Is(err, heimdall.ErrNotFound) {
			a.Log.Warn("the spool holds samples of an acquisition that the database does not know", "acquisition", taskID, "path", a.spool.dir)
			continue
		}
		if err != nil {
			return fmt.Errorf("sweep spool: %w", err)
		}
		ended := map[int64]bool{}
		for _, c := range captures {
			ended[c.WebSDRID] = c.State.Ended() && c.FailureClass != heimdall.FailInternal
		}
		for _, id := range ids {
			if ended[id] {
				if err := a.spool.entry(taskID, id).remove(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
