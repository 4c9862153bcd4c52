package acquire

import (
	"context"
	"sync"
	"time"
)

// stops tells acquisitions under way why they must end: the user has cancelled, or nobody may be contacted any more. One
// look at the database serves them all.
type stops struct {
	mu    sync.Mutex
	under map[string]chan<- error // by task id, of those not yet told; guarded by mu
}

// expect returns where the reason comes, once if at all, until forget is called.
func (s *stops) expect(taskID string) (reason <-chan error, forget func()) {
	c := make(chan error, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == nil {
		s.under = map[string]chan<- error{}
	}
	s.under[taskID] = c
	return c, func() { s.tell(taskID, nil) }
}

// tell gives the reason to one acquisition, if it expects one, and forgets it.
func (s *stops) tell(taskID string, reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.under[taskID]; c != nil && reason != nil {
		c <- reason
	}
	delete(s.under, taskID)
}

// waiting are those that were not told.
func (s *stops) waiting() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]string, 0, len(s.under))
	for taskID := range s.under {
		list = append(list, taskID)
	}
	return list
}

// watchStops looks at once when something is known to have happened, and regularly because not all is, until ctx ends.
func (w *Worker) watchStops(ctx context.Context) {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		stirred := w.Acquirer.Store.Stirred()
		if running := w.stops.waiting(); len(running) > 0 {
			w.lookForStops(ctx, running)
		}
		select {
		case <-tick.C:
		case <-stirred:
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker) lookForStops(ctx context.Context, running []string) {
	a := w.Acquirer
	cancelled, err := a.Store.Cancellations(ctx, w.Name)
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("look for cancellations", "worker", w.Name, "err", err)
	}
	for _, taskID := range cancelled {
		w.stops.tell(taskID, errCancelled)
	}
	contact, err := a.Store.Contact(ctx)
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("look whether receivers may be contacted", "worker", w.Name, "err", err)
	}
	if err != nil || !contact.Off {
		return
	}
	for _, taskID := range running {
		w.stops.tell(taskID, &contactOff{contact})
	}
}
