package telemetry

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/heimdall-sdr/heimdall"
)

// A Database is asked for what simply is, when somebody collects.
type Database interface {
	Describe(ctx context.Context) (heimdall.Database, error)
	Recorded(ctx context.Context) (heimdall.Recorded, error)
	// OldestDue returns since when what has waited for longest has been due; the zero time when nothing waits.
	OldestDue(ctx context.Context) (time.Time, error)
	// Backlog returns what waits, by origin and priority, and for webhooks.
	Backlog(ctx context.Context) (heimdall.Backlog, error)
}

const (
	// stateFor is how long an answer of the database is good for: several collectors must not become a load.
	stateFor      = 10 * time.Second
	statePatience = 5 * time.Second
)

var (
	depth     = prometheus.NewDesc("heimdall_queue_depth", "Acquisitions that wait for a worker or for their time.", []string{"queue"}, nil)
	waiting   = prometheus.NewDesc("heimdall_queue_waiting", "The same by who asked for them, hand or a schedule, and by priority; a line in which none waits is absent.", []string{"origin", "priority"}, nil)
	outbox    = prometheus.NewDesc("heimdall_webhook_deliveries_waiting", "Deliveries to webhooks that are tried or will be tried again, by any process.", nil, nil)
	oldestAge = prometheus.NewDesc("heimdall_queue_oldest_age_seconds", "How long the acquisition that has waited for longest has been due; 0 when none waits.", nil, nil)
	running   = prometheus.NewDesc("heimdall_acquisitions_running", "Acquisitions that run now, on any worker.", nil, nil)
	held      = prometheus.NewDesc("heimdall_store_bytes", "What is stored: database is on its disk, recordings are their data, held those of them that nothing may delete.", []string{"class"}, nil)
	free      = prometheus.NewDesc("heimdall_store_free_bytes", "Room left on the file system of the recordings.", nil, nil)
	answers   = prometheus.NewDesc("heimdall_database_up", "1 when the database answered just now, 0 when it did not.", nil, nil)
	capacity  = prometheus.NewDesc("heimdall_worker_capacity", "Acquisitions that this process runs at a time.", nil, nil)
)

// A State is asked of its parts when somebody collects.
type State struct {
	Database Database
	Free     func() (int64, error) // room where the recordings are; nil where nobody can know
	Capacity int                   // acquisitions at a time
	Now      func() time.Time      // nil means time.Now
	Log      *slog.Logger          // nil means silence
}

// Watch adds s to what is collected. It is called once.
func (t *Telemetry) Watch(s State) {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	t.registry.MustRegister(&stateCollector{State: s})
}

// stateCollector remembers the last answer. mu guards it, and is held while asking, so that many collectors at once ask
// once.
type stateCollector struct {
	State

	mu    sync.Mutex
	asked time.Time
	last  []prometheus.Metric
}

func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{depth, waiting, outbox, oldestAge, running, held, free, answers, capacity} {
		ch <- d
	}
}

func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.Now(); c.last == nil || now.Sub(c.asked) >= stateFor {
		c.asked, c.last = now, c.ask(now)
	}
	for _, m := range c.last {
		ch <- m
	}
}

// ask leaves out what cannot be known now: a gap in a graph is true, and a zero would not be.
func (c *stateCollector) ask(now time.Time) (out []prometheus.Metric) {
	add := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	add(capacity, float64(c.Capacity))
	if c.Free != nil {
		if n, err := c.Free(); err == nil {
			add(free, float64(n))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), statePatience)
	defer cancel()
	d, err := c.Database.Describe(ctx)
	var recorded heimdall.Recorded
	if err == nil {
		recorded, err = c.Database.Recorded(ctx)
	}
	var due time.Time
	if err == nil {
		due, err = c.Database.OldestDue(ctx)
	}
	var backlog heimdall.Backlog
	if err == nil {
		backlog, err = c.Database.Backlog(ctx)
	}
	if err != nil {
		c.Log.Warn("ask the database for its metrics", "err", err)
		add(answers, 0)
		return out
	}
	age := 0.0
	if !due.IsZero() {
		age = max(0, now.Sub(due).Seconds())
	}
	add(answers, 1)
	add(depth, float64(d.AcquisitionsPending), "acquisitions")
	for _, l := range backlog.Lines {
		add(waiting, float64(l.Acquisitions), cmp.Or(l.Origin, "hand"), strconv.Itoa(l.Priority))
	}
	add(outbox, float64(backlog.Deliveries))
	add(oldestAge, age)
	add(running, float64(d.AcquisitionsRunning))
	add(held, float64(d.Bytes), "database")
	add(held, float64(recorded.Bytes), "recordings")
	add(held, float64(recorded.HeldBytes), "held")
	return out
}
