package api

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// An EventStore tells what happened.
type EventStore interface {
	// Events returns a page of events in the order of their ids. None appears later with an id smaller than one that
	// could be seen.
	Events(ctx context.Context, f heimdall.EventFilter) ([]heimdall.Event, error)
	// EventSpan says which events can be read now.
	EventSpan(ctx context.Context) (heimdall.EventSpan, error)
	// EventsChanged returns a channel that is closed when the next event has been written. An event may take a little
	// longer to appear.
	EventsChanged() <-chan struct{}
}

// A feed reads the database for all event streams of a process: as long as there is a stream, one goroutine looks for
// events and reads the acquisitions that are watched, once for all who watch them. Streams read from the feed, each at
// its own pace, and one that is slow reads older events from the database: nobody waits for anybody.
type feed struct {
	s *service

	mu      sync.Mutex
	readers int    // guarded by mu
	run     *run   // nil while there are no readers; guarded by mu
	stop    func() // ends run, and waits for it; guarded by mu
}

const (
	leastPause = 20 * time.Millisecond // between two looks, however much happens
	liveEvery  = time.Second           // how often all that is live is read
	maxLive    = 200                   // acquisitions that are shown as live
)

// join returns the run, which goes on until as many have left as have joined.
func (f *feed) join(ctx context.Context) (*run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == nil {
		span, err := f.s.Store.EventSpan(ctx)
		if err != nil {
			return nil, err
		}
		r := &run{changed: make(chan struct{}), from: span.Last, last: span.Last, boards: map[string]*board{}}
		background, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.follow(background, r)
		}()
		f.run, f.stop = r, func() { cancel(); <-done }
	}
	f.readers++
	return f.run, nil
}

// leave ends the run with its last reader.
func (f *feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readers--; f.readers == 0 {
		f.stop() // it takes no lock of the feed
		f.run, f.stop = nil, nil
	}
}

// follow looks for events when there are some, and at least every EventPoll, until ctx ends.
func (f *feed) follow(ctx context.Context, r *run) {
	poll := time.NewTicker(f.s.EventPoll)
	defer poll.Stop()
	failing, polled := false, true
	for {
		changed := f.s.Store.EventsChanged()
		err := f.look(ctx, r, polled)
		if ctx.Err() != nil {
			return
		}
		if failing != (err != nil) {
			failing = err != nil
			f.s.Log.WarnContext(ctx, "event streams cannot see the database, or can again", "err", err)
		}
		select {
		case <-time.After(min(leastPause, f.s.EventPoll)):
		case <-ctx.Done():
			return
		}
		select {
		case <-changed:
			polled = false
		case <-poll.C:
			polled = true
		case <-ctx.Done():
			return
		}
	}
}

// look reads what has happened, and the acquisitions to which it did; when it is their time, all that are watched.
func (f *feed) look(ctx context.Context, r *run, all bool) error {
	touched := map[string]bool{}
	for {
		page, err := f.s.Store.Events(ctx, heimdall.EventFilter{After: r.lastID(), Limit: heimdall.MaxPage})
		if err != nil {
			return err
		}
		r.add(page)
		for _, e := range page {
			touched[e.TaskID] = true
		}
		if len(page) < heimdall.MaxPage {
			break
		}
	}
	for _, id := range r.watched() {
		if !all && !touched[id] {
			continue
		}
		eventID := r.lastID()
		a, err := f.s.shown(ctx, id)
		if err != nil && !errors.Is(err, heimdall.ErrNotFound) {
			return err
		}
		if err := r.show(id, a, eventID, err); err != nil {
			return err
		}
	}
	if !r.wantsLive() {
		return nil
	}
	return f.lookAtLive(ctx, r)
}

func (f *feed) lookAtLive(ctx context.Context, r *run) error {
	list, err := f.s.Store.Acquisitions(ctx, heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Pending, heimdall.Running}, Limit: maxLive})
	if err != nil {
		return err
	}
	live := wire.Live{Acquisitions: []wire.Acquisition{}}
	for _, a := range list {
		var captures []heimdall.Capture
		if a.State == heimdall.Running {
			if a, captures, err = f.s.Store.Acquisition(ctx, a.TaskID); errors.Is(err, heimdall.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		live.Acquisitions = append(live.Acquisitions, wire.AcquisitionOf(a, captures, false))
	}
	text, err := json.Marshal(live)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = time.Now()
	if r.live.set(text, r.last) {
		r.tell()
	}
	return nil
}
