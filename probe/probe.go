// Package probe asks every active receiver from time to time how it is, by the cheapest way that its kind has, keeps what
// it says, and spares the receivers that fail: their breakers refuse attempts until somebody finds them well again.
//
// A Runner probes in the background, and a Breaker stands before captures (acquire.Gate) and learns from them. Neither
// keeps anything by itself: health, history and claims are in the database, so that any number of processes ask each
// receiver once, and one host never twice at a time.
//
// It leaves out how a receiver is asked, which is a websdr.Prober's part, and when a breaker opens and closes, which is
// heimdall.Health.After's.
//
// Politeness comes first. Only what an operator has registered and left active is asked; a public host at most once a
// minute, one whose probe takes its only listening slot at most every ten; one that fails, at waits that double up to an
// hour; one that names a time, not before; one that has shut us out, never again until somebody says so.
//
// The surprising part: an open breaker lets one trial through a minute all the same. Where the kind has a cheap probe,
// the trial is that probe, made while the attempt waits; otherwise it is the attempt itself. So whoever wants one
// recording is not refused because the next probe would be in an hour.
package probe

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Store is what probing asks of a database. Methods are safe for concurrent use, and return promptly when ctx is
// cancelled. Each write is one transaction.
type Store interface {
	// ClaimProbe takes the active WebSDR whose probe has been due longest, that may is content with and whose host nobody
	// asks, for the time of the lease; heimdall.ErrNoWork when there is none. One that was never probed is due.
	ClaimProbe(ctx context.Context, lease time.Duration, may func(*heimdall.WebSDR) bool) (heimdall.ProbeJob, error)

	// ClaimProbeOf takes one WebSDR, whenever its probe is due. It is heimdall.ErrTooSoon when it was claimed less than
	// least ago, or its host is being asked; heimdall.ErrConflict when it must not be asked now.
	ClaimProbeOf(ctx context.Context, websdrID int64, lease, least time.Duration) (heimdall.ProbeJob, error)

	// FinishProbe writes down what a probe has found, and when the next is due; heimdall.ErrLost when somebody else has
	// claimed the WebSDR since.
	FinishProbe(ctx context.Context, job heimdall.ProbeJob, o heimdall.Observation, next time.Duration) (heimdall.Health, error)

	// ReleaseProbe gives back a probe that was not made; it is due again after so long.
	ReleaseProbe(ctx context.Context, job heimdall.ProbeJob, next time.Duration) error

	// Observe writes down what was learnt of a WebSDR otherwise, and returns its health after it.
	Observe(ctx context.Context, o heimdall.Observation) (heimdall.Health, error)

	// ClaimTrial half opens a breaker that is not closed, and reports whether the caller may make the one trial: nobody may
	// when somebody contacted the WebSDR less than every ago.
	ClaimTrial(ctx context.Context, websdrID int64, every time.Duration) (claimed bool, err error)

	// Health returns how the WebSDRs of ids are, in order of id.
	Health(ctx context.Context, ids []int64) ([]heimdall.Health, error)

	// DropObservations deletes at most so many observations from before a time, and returns how many.
	DropObservations(ctx context.Context, before time.Time, most int) (int64, error)
}

// A Config is what a Runner and a Breaker are made of.
type Config struct {
	Store    Store
	Probers  map[string]websdr.Prober // by kind; a kind without one is not probed
	Identity string                   // how we introduce ourselves to receivers' owners
	Log      *slog.Logger

	Interval    time.Duration // between two probes of a WebSDR that is well; 0 means that only those asked for are made
	KeepFor     time.Duration // age at which observations are dropped; 0 keeps them for ever
	Concurrency int           // probes at a time; 0 means 8

	// LoopbackOnly keeps a demonstration from asking anybody beyond this machine.
	LoopbackOnly bool
	// Contact says whether anybody may be contacted now; nil means yes.
	Contact func() bool
	// Take takes a WebSDR's host for the time of a probe, or says that somebody else has it; nil means that it is free.
	Take func(w *heimdall.WebSDR) (release func(), taken bool)

	Now    func() time.Time // time.Now if nil
	Jitter func() float64   // in [0, 1); rand.Float64 if nil
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Concurrency == 0 {
		c.Concurrency = 8
	}
	if c.Contact == nil {
		c.Contact = func() bool { return true }
	}
	if c.Take == nil {
		c.Take = func(*heimdall.WebSDR) (func(), bool) { return func() {}, true }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	return c
}

const (
	// DefaultInterval is what observations of captures assume where nobody probes.
	DefaultInterval = 5 * time.Minute

	leastPublic = time.Minute      // between two probes of somebody else's host
	leastCostly = 10 * time.Minute // where a probe takes the listening slot
	mostWait    = time.Hour        // between two probes of a WebSDR that fails

	// holdsFor is for how many waits an observation is taken to hold.
	holdsFor = 3

	// lease is longer than any probe takes, by probeTimeout. For so long a process that died keeps its host from being asked.
	lease = time.Minute
)

// wait is how long after a probe that ended in f the next is due, when so many failed in a row. It is stretched by up to a
// tenth, so that a fleet's probes spread.
func (c *Config) wait(w *heimdall.WebSDR, f *websdr.Failure, failures int) time.Duration {
	d := c.interval(w)
	var o heimdall.Observation
	if f != nil {
		o.FailureClass = f.Class
		if o.Says() == heimdall.Down {
			d = max(d, min(d<<min(failures, 10), mostWait))
		}
		d = max(d, f.After)
	}
	return d + time.Duration(c.Jitter()*float64(d)/10)
}

// interval is the wait between two probes of a WebSDR that is well.
func (c *Config) interval(w *heimdall.WebSDR) time.Duration {
	d := c.Interval
	if d <= 0 {
		d = DefaultInterval
	}
	if w.Reach() == heimdall.ReachPublic {
		d = max(d, leastPublic)
	}
	if !heimdall.CheapProbe(w.Kind) && w.Reach() != heimdall.ReachLoopback {
		d = max(d, leastCostly)
	}
	return d
}

// mayAsk reports whether anybody may ask w by itself.
func (c *Config) mayAsk(w *heimdall.WebSDR) bool {
	_, known := c.Probers[w.Kind]
	return known && (!c.LoopbackOnly || w.Reach() == heimdall.ReachLoopback)
}

// ask probes once within the time given, and returns what was learnt.
func (c *Config) ask(ctx context.Context, w *heimdall.WebSDR, within time.Duration) (heimdall.Observation, *websdr.Failure) {
	row := *w
	if row.Timeout <= 0 || row.Timeout > within {
		row.Timeout = within
	}
	ctx, cancel := context.WithTimeout(ctx, row.Timeout)
	defer cancel()
	report, err := c.Probers[w.Kind].Probe(ctx, &row, c.Identity)
	o := report.Observation()
	o.WebSDRID, o.At, o.Source, o.OK = w.ID, c.Now(), heimdall.FromProbe, err == nil
	f := websdr.AsFailure(err)
	if f != nil {
		o.FailureClass, o.Reason = f.Class, f.Error()
	}
	return o, f
}
