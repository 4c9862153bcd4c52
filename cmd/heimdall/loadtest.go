package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/loadtest"
)

// loadtestCmd measures how many acquisitions this machine can do. Server, workers and the simulated network are processes
// of their own, so that each one's memory and time is known. Receivers are always simulated, and on the loopback address:
// nobody's real receiver ever sees a load test.
type loadtestCmd struct {
	Acquisitions int           `short:"n" default:"100" help:"Acquisitions to ask for, as fast as they are accepted (${default})."`
	Concurrent   int           `short:"c" default:"100" help:"How many may run at a time, of all workers together (${default}); the others wait their turn."`
	Receivers    int           `short:"r" default:"7" help:"Receivers of each acquisition (${default}), KiwiSDRs at 12 kHz."`
	Duration     time.Duration `short:"d" default:"10s" help:"How long each records (${default})."`
	Over         time.Duration `placeholder:"TIME" help:"Spread the requests over this time instead of asking for all at once."`
	Networks     int           `placeholder:"N" help:"Sets of receivers to simulate; with fewer than run at a time, acquisitions share them by taking turns. Without it as many as run at a time."`
	Clients      int           `default:"4" help:"How many ask the server at the same time (${default})."`
	Workers      int           `help:"Run that many worker processes beside the server instead of the acquisitions in it; needs DATABASE_URL."`
	Kill         bool          `help:"Kill one of those who do acquisitions, and start it again, in the middle of it (kill -9)."`
	Patience     time.Duration `default:"15m" help:"What has not ended so long after the last request counts as lost (${default})."`
	Folder       string        `type:"path" placeholder:"DIR" help:"Keep the data here; without it in a temporary folder that goes in the end."`

	MaxSuccessP95 time.Duration `name:"max-success-p95" placeholder:"TIME" help:"Fail when 95 % of acquisitions did not end so soon after their last sample."`
	MaxAcceptP95  time.Duration `name:"max-accept-p95" placeholder:"TIME" help:"Fail when 95 % of requests were not accepted within this time."`
	MaxMemory     byteSize      `placeholder:"SIZE" help:"Fail when server or a worker ever had more memory, such as 512MiB."`
	MaxCPUSeconds float64       `name:"max-cpu-seconds" placeholder:"N" help:"Fail when an acquisition cost more CPU time than that, server and workers together."`
	MaxRescue     time.Duration `placeholder:"TIME" help:"Fail when what a killed worker had at hand was not taken over within this time."`
	JSON          bool          `help:"Print JSON."`
}

// loadFrequencyHz is where the simulated receivers hear something.
const loadFrequencyHz = 7_100_000

// Validate refuses what cannot be measured.
func (c *loadtestCmd) Validate() error {
	switch {
	case c.Acquisitions < 1 || c.Concurrent < 1 || c.Receivers < 1 || c.Clients < 1:
		return errors.New("--acquisitions, --concurrent, --receivers and --clients must be 1 or more")
	case c.Networks < 0 || c.Workers < 0:
		return errors.New("--networks and --workers must not be below 0")
	case c.Duration < 10*time.Millisecond || c.Duration > time.Hour:
		return errors.New("--duration must be from 10ms to 1h")
	}
	return nil
}

// A loadReport is what the command prints.
type loadReport struct {
	*loadtest.Result
	CPUSecondsPerAcquisition float64          `json:"cpu_seconds_per_acquisition"` // of server and workers
	PeakBytes                int64            `json:"peak_resident_bytes"`         // of the largest of them
	Processes                []namedUsage     `json:"processes"`
	Rescue                   *loadtest.Rescue `json:"rescue,omitempty"`
	Check                    *checkResult     `json:"check,omitempty"`
	Missed                   []string         `json:"missed"` // what was asked for and did not hold
}

func (c *loadtestCmd) Run(a *app) error {
	if err := c.refuse(a.config); err != nil {
		return err
	}
	dir, remove, err := c.folder()
	if err != nil {
		return err
	}
	defer remove()
	p := newProcesses(a, dir)
	defer p.stop()
	r, err := c.measure(a, p)
	if err != nil {
		return fmt.Errorf("%w%s", err, p.lastWords())
	}
	r.Missed = c.missed(r)
	if c.JSON {
		err = printJSON(a.stdout, r)
	} else {
		err = a.printLoad(r)
	}
	if err == nil && len(r.Missed) > 0 {
		err = &outcome{code: exitError}
	}
	return err
}

// refuse refuses what could do harm, or tell nothing.
func (c *loadtestCmd) refuse(config *Config) error {
	if config.Server != "" {
		u, err := url.Parse(config.Server)
		if err != nil || !isLoopback(u.Hostname()) {
			return invalid("server", fmt.Errorf("%s is not on this machine: a load test asks for simulated receivers on the loopback address, and only a server here reaches them", config.Server))
		}
		if c.Workers > 0 || c.Kill {
			return invalid("server", errors.New("is not ours to give workers or to kill: leave out --workers and --kill, or --server"))
		}
	}
	if c.Workers > 0 && !config.databasePlace().shared() {
		return invalid("workers", errors.New("share a PostgreSQL database with their server: set DATABASE_URL"))
	}
	return nil
}

func (c *loadtestCmd) folder() (dir string, remove func(), err error) {
	if c.Folder != "" {
		return c.Folder, func() {}, os.MkdirAll(c.Folder, 0o755)
	}
	dir, err = os.MkdirTemp("", "heimdall-loadtest-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// measure starts everything, drives the load, and looks at what is left.
func (c *loadtestCmd) measure(a *app, p *processes) (*loadReport, error) {
	rows, err := p.startNetwork(c)
	if err != nil {
		return nil, err
	}
	cl, err := c.startServer(a, p)
	if err != nil {
		return nil, err
	}
	groups, err := registered(a.ctx, cl, rows, c.Receivers)
	if err != nil {
		return nil, err
	}
	if a.config.Server != "" { // it stays when we have gone
		defer forget(a.ctx, cl, groups)
	}
	bar := newLoadProgress(a.stderr, c.Acquisitions)
	defer bar.end()
	load := &loadtest.Load{
		Server: cl, Groups: groups, Acquisitions: c.Acquisitions, Clients: c.Clients, Over: c.Over, FrequencyHz: loadFrequencyHz,
		Duration: c.Duration, Patience: c.Patience, Now: time.Now, Progress: bar.show,
	}
	if err := p.mark(); err != nil {
		return nil, err
	}
	r := &loadReport{}
	g, ctx := errgroup.WithContext(a.ctx)
	watching, stop := context.WithCancel(ctx)
	g.Go(func() (err error) {
		defer stop()
		r.Result, err = load.Run(ctx)
		return err
	})
	if c.Kill {
		g.Go(func() (err error) {
			r.Rescue, err = load.Rescue(watching, c.Concurrent, p.killOne)
			if watching.Err() != nil && ctx.Err() == nil {
				err = nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	bar.end()
	return r, c.look(a, p, r)
}

// look takes the processes' figures, and compares what is stored.
func (c *loadtestCmd) look(a *app, p *processes, r *loadReport) (err error) {
	if r.Processes, err = p.usage(); err != nil {
		return err
	}
	for _, u := range r.Processes {
		if u.Measured {
			r.CPUSecondsPerAcquisition += u.CPUSeconds / float64(r.Acquisitions)
			r.PeakBytes = max(r.PeakBytes, u.PeakBytes)
		}
	}
	if a.config.Server != "" {
		return nil // where its rows and objects are is not known
	}
	r.Check, err = p.check()
	return err
}

// startServer returns a client of the server that is to be measured.
func (c *loadtestCmd) startServer(a *app, p *processes) (*client.Client, error) {
	at := a.config.Server
	if at == "" {
		var err error
		if at, err = p.startServer(c); err != nil {
			return nil, err
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = c.Clients + 2 // a new connection for each request would be measured, too
	cl, err := client.New(at, client.Options{HTTP: &http.Client{Transport: transport}})
	if err != nil || a.config.Server != "" {
		return cl, err
	}
	there, err := cl.WebSDRs(a.ctx, false)
	if err == nil && len(there) > 0 {
		err = invalid("database", fmt.Errorf("has %d WebSDRs: give a load test a database of its own, it leaves its rows there", len(there)))
	}
	if err != nil {
		return nil, err
	}
	return cl, p.startWorkers(c)
}

// registered adds the simulated receivers and returns their ids, a group for each acquisition at a time.
func registered(ctx context.Context, cl *client.Client, rows []wire.WebSDRInput, each int) (groups [][]int64, err error) {
	if _, err := cl.ImportWebSDRs(ctx, rows, false); err != nil {
		return nil, err
	}
	ids, err := idsOf(ctx, cl, rows)
	if err != nil {
		return nil, err
	}
	for group := range slices.Chunk(ids, each) {
		groups = append(groups, group)
	}
	return groups, nil
}

// forget takes the simulated receivers out of use, for they end with us.
func forget(ctx context.Context, cl *client.Client, groups [][]int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	for _, id := range slices.Concat(groups...) {
		if _, err := cl.PatchWebSDR(ctx, id, map[string]any{"active": false}, ""); err != nil {
			return // the server has gone, too
		}
	}
}

// missed names what was lost, and the goals that were not reached.
func (c *loadtestCmd) missed(r *loadReport) []string {
	missed := []string{}
	miss := func(when bool, format string, args ...any) {
		if when {
			missed = append(missed, fmt.Sprintf(format, args...))
		}
	}
	over := func(v float64, limit time.Duration) bool { return limit > 0 && v > limit.Seconds() }
	miss(r.LostCaptures() > 0, "%d of %d captures were lost", r.LostCaptures(), r.Captures)
	miss(r.Duplicates > 0, "%d rows are there twice", r.Duplicates)
	miss(r.Measurements != r.Successful, "%d recordings have %d measurements", r.Successful, r.Measurements)
	miss(r.Check != nil && len(r.Check.Problems) > 0, "heimdall check finds something amiss")
	miss(over(r.Success.P95S, c.MaxSuccessP95), "95 %% of acquisitions ended within %.3f s of their last sample, not %v", r.Success.P95S, c.MaxSuccessP95)
	miss(over(r.Accept.P95S, c.MaxAcceptP95), "95 %% of requests were accepted within %.3f s, not %v", r.Accept.P95S, c.MaxAcceptP95)
	miss(c.MaxMemory > 0 && r.PeakBytes > int64(c.MaxMemory), "a process had %s of memory, not %s", showBytes(r.PeakBytes), showBytes(int64(c.MaxMemory)))
	miss(c.MaxCPUSeconds > 0 && r.CPUSecondsPerAcquisition > c.MaxCPUSeconds, "an acquisition cost %.3f s of CPU time, not %g", r.CPUSecondsPerAcquisition, c.MaxCPUSeconds)
	miss(c.Kill && r.Rescue == nil, "nobody was killed: it was over too soon")
	miss(r.Rescue != nil && over(r.Rescue.SlowestSeconds, c.MaxRescue), "the last acquisition of a killed worker was taken over after %.1f s, not %v",
		rescueSeconds(r), c.MaxRescue)
	return missed
}

func rescueSeconds(r *loadReport) float64 {
	if r.Rescue == nil {
		return 0
	}
	return r.Rescue.SlowestSeconds
}
