// Package webhook delivers events to the addresses that asked for them.
//
// The outbox is the database's: a delivery is written in the transaction of its event, so that nothing is announced
// that was rolled back, and nothing forgotten. Here it is claimed under a lease, POSTed, signed as Standard Webhooks
// (standardwebhooks.com) say, and its outcome written down. What fails is tried again, less and less often, for about
// three days, and then shown as dead. Any number of programs may deliver from one database.
//
// Promised is at least once: when a program dies between the other end's answer and the writing down of it, the event
// is delivered again, with the same webhook-id, by which receivers tell. The order of deliveries is not promised: events
// have ids that grow. A receiver that is slow or away keeps no other one waiting.
//
// It leaves out: whoever configures webhooks (package api), and proxies, behind which nobody could say where a request
// ends up.
//
// The surprising part: an address is checked when it is dialled, not when it is looked up, so that no name can lead into
// the network that the server itself stands in; see guard.go.
package webhook

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Store is what delivering asks of a database.
type Store interface {
	// EventsChanged returns a channel that is closed when the next event has been written.
	EventsChanged() <-chan struct{}
	// NextDelivery is how long it is until the next delivery is due, or whether none is pending.
	NextDelivery(ctx context.Context) (in time.Duration, pending bool, err error)
	// ClaimDeliveries takes deliveries that are due, and counts an attempt of each. Until the lease ends nobody else is
	// given them.
	ClaimDeliveries(ctx context.Context, leaveOut []int64, ofEach, limit int, lease time.Duration) ([]heimdall.DueDelivery, error)
	// EndAttempt writes what became of an attempt, unless another has been begun since.
	EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error
	// EndWebhook makes a webhook inactive.
	EndWebhook(ctx context.Context, w heimdall.Webhook, reason string) error

	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error)
}

// Config says what a Deliverer is made of. Only Store is needed.
type Config struct {
	Store   Store
	Log     *slog.Logger  // nil means silence
	Private bool          // deliver also to loopback and private addresses
	Timeout time.Duration // on one attempt; 0 means 10 s

	Now    func() time.Time // for the time stamps of signatures; nil means time.Now
	Jitter func() float64   // from 0 to 1; nil means at random
	Poll   time.Duration    // how often to look for what other programs left; 0 means 5 s
}

// A Deliverer delivers.
type Deliverer struct {
	Config
	client *http.Client

	mu       sync.Mutex
	inFlight map[int64]int // attempts under way, by webhook; guarded by mu
}

const (
	atOnce     = 32              // attempts under way in all
	ofEach     = 4               // and of one webhook
	lease      = time.Minute     // after which an attempt counts as lost: much longer than one can take
	grace      = 3 * time.Second // what is under way at shutdown may still end in
	leastPause = 50 * time.Millisecond

	writeTimeout = 10 * time.Second // on writing down what became of an attempt
)

// New returns a Deliverer, which does nothing before it is Run.
func New(c Config) *Deliverer {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Timeout, c.Poll = cmp.Or(c.Timeout, 10*time.Second), cmp.Or(c.Poll, 5*time.Second)
	return &Deliverer{Config: c, client: newClient(c.Private, c.Timeout), inFlight: map[int64]int{}}
}

// Run delivers until ctx ends, and then waits a moment for what is under way.
func (d *Deliverer) Run(ctx context.Context) error {
	posting, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })()
	var group sync.WaitGroup
	defer group.Wait()
	ended := make(chan struct{}, 1)
	for ctx.Err() == nil {
		changed := d.Store.EventsChanged()
		list, wait, err := d.claim(ctx)
		if err != nil && ctx.Err() == nil {
			d.Log.Warn("deliveries to webhooks have to wait", "err", err)
		}
		for _, due := range list {
			group.Go(func() {
				d.attempt(posting, due)
				d.release(due.WebhookID)
				select {
				case ended <- struct{}{}:
				default: // word is waiting already
				}
			})
		}
		d.pause(ctx, wait, changed, ended)
	}
	return nil
}

// pause waits for work, but a moment at least: events come in crowds.
func (d *Deliverer) pause(ctx context.Context, wait time.Duration, changed, ended <-chan struct{}) {
	most, least := time.NewTimer(wait), time.NewTimer(leastPause)
	defer most.Stop()
	defer least.Stop()
	select {
	case <-most.C:
	case <-changed:
	case <-ended:
	case <-ctx.Done():
		return
	}
	select {
	case <-least.C:
	case <-ctx.Done():
	}
}

// claim takes what is due, as far as there is room, and says how long to wait for more.
func (d *Deliverer) claim(ctx context.Context) (list []heimdall.DueDelivery, wait time.Duration, err error) {
	in, pending, err := d.Store.NextDelivery(ctx)
	if err != nil || !pending {
		return nil, d.Poll, err
	}
	if in > 0 {
		return nil, min(in, d.Poll), nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	room := atOnce
	var busy []int64
	for id, n := range d.inFlight {
		busy, room = append(busy, id), room-n
	}
	if room <= 0 {
		return nil, d.Poll, nil
	}
	if list, err = d.Store.ClaimDeliveries(ctx, busy, ofEach, room, lease); err != nil {
		return nil, d.Poll, err
	}
	for _, due := range list {
		d.inFlight[due.WebhookID]++
	}
	if len(list) == 0 {
		return nil, d.Poll, nil // it is another program's, or of a webhook that is busy
	}
	return list, 0, nil
}

func (d *Deliverer) release(webhookID int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inFlight[webhookID]--; d.inFlight[webhookID] == 0 {
		delete(d.inFlight, webhookID)
	}
}

// attempt makes one, and writes down what became of it.
func (d *Deliverer) attempt(ctx context.Context, due heimdall.DueDelivery) {
	out := due.Delivery
	wait := d.try(ctx, due, &out)
	// What is known is written down, whatever stops meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	log := d.Log.With("webhook", due.WebhookID, "event", due.Event.ID, "acquisition", due.Event.TaskID)
	switch out.State {
	case heimdall.DeliveryDead:
		log.Warn("an event was not delivered, and is given up: heimdall webhook retry has it tried again", "attempts", out.Attempts, "why", out.LastError)
	case heimdall.DeliveryPending:
		log.Info("an event was not delivered yet", "attempts", out.Attempts, "why", out.LastError, "again_in", wait)
	}
	err := d.Store.EndAttempt(ctx, out, wait)
	if err == nil && out.LastStatus == http.StatusGone {
		err = d.Store.EndWebhook(ctx, due.Webhook, "it answered 410 Gone")
	}
	if err != nil {
		log.Warn("what became of a delivery could not be written down: it will be made again", "err", err)
	}
}

// try makes the attempt and says in out what became of it, and how long to wait before the next.
func (d *Deliverer) try(ctx context.Context, due heimdall.DueDelivery, out *heimdall.Delivery) (wait time.Duration) {
	out.LastStatus, out.LastError = 0, ""
	if !due.Webhook.Active {
		out.State, out.LastError = heimdall.DeliveryDead, "the webhook is not active"
		return 0
	}
	a, err := d.post(ctx, due)
	out.LastStatus = a.status
	switch {
	case err == nil:
		out.State = heimdall.DeliveryDelivered
		return 0
	case ctx.Err() != nil:
		out.LastError = "the server was stopped meanwhile"
		return 0
	}
	out.LastError = err.Error()
	if due.Attempts >= MaxAttempts || a.status == http.StatusGone {
		out.State = heimdall.DeliveryDead
		return 0
	}
	return max(d.backoff(due.Attempts), min(a.retryAfter, maxWait))
}

// summary reads what a message says beside the event.
func (d *Deliverer) summary(ctx context.Context, e heimdall.Event) (heimdall.Acquisition, []heimdall.Capture, []heimdall.Measurement, error) {
	a, captures, err := d.Store.Acquisition(ctx, e.TaskID)
	if err != nil {
		return a, nil, nil, err
	}
	list, err := d.Store.Measurements(ctx, heimdall.MeasurementFilter{TaskID: e.TaskID, Limit: heimdall.MaxPage})
	if err != nil {
		err = fmt.Errorf("read measurements: %w", err)
	}
	return a, captures, list, err
}
