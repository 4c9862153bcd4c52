package acquire

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// hosts sees to it that this process has at most one connection to any receiver's host at a time: receivers
// count connections per address, and ban those that open several. The database sees to it that no two workers have one
// (see Store.Claim), but it cannot close a connection: a worker that was cut off from it, and whose acquisitions others
// took over, may have some open for a while. At least none of its own then makes two.
//
// An acquisition takes all its hosts at once or waits, so that two of them cannot hold one half each. Who
// asked first is served first, as far as their hosts overlap.
type hosts struct {
	mu    sync.Mutex
	taken map[string]bool // guarded by mu
	queue []*hostRequest  // in order of arrival; guarded by mu
}

type hostRequest struct {
	names   []string
	granted chan struct{}
}

func newHosts() *hosts { return &hosts{taken: map[string]bool{}} }

// take waits until all names are free and takes them, or takes none and returns the cause of ctx's end. Each
// is given back on its own, once. Empty names are nobody's.
func (h *hosts) take(ctx context.Context, names []string) error {
	names = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(names))), func(s string) bool { return s == "" })
	r := &hostRequest{names: names, granted: make(chan struct{})}
	h.mu.Lock()
	h.queue = append(h.queue, r)
	h.grant()
	h.mu.Unlock()
	select {
	case <-r.granted:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.queue, r); i >= 0 {
		h.queue = slices.Delete(h.queue, i, i+1)
	} else {
		for _, name := range names {
			delete(h.taken, name)
		}
	}
	h.grant()
	return context.Cause(ctx)
}

// giveBack frees one host.
func (h *hosts) giveBack(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.taken, name)
	h.grant()
}

// grant serves the queue; mu is held.
func (h *hosts) grant() {
	wanted := map[string]bool{} // by earlier requests still waiting
	h.queue = slices.DeleteFunc(h.queue, func(r *hostRequest) bool {
		free := !slices.ContainsFunc(r.names, func(n string) bool { return h.taken[n] || wanted[n] })
		for _, n := range r.names {
			if free {
				h.taken[n] = true
			} else {
				wanted[n] = true
			}
		}
		if free {
			close(r.granted)
		}
		return free
	})
}

// takeHosts takes the hosts that the captures will connect to, and arranges for each to be given back, here and in the
// database. Of several captures at one host the first is to connect, and the others are told so.
func (a *Acquirer) takeHosts(ctx context.Context, l Lease, captures []*capture) error {
	var names []string
	first := map[string]*heimdall.WebSDR{}
	for _, k := range captures {
		k.release = func() {}
		if k.w == nil || k.w.Host() == "" {
			continue
		}
		name := k.w.Host()
		if k.beside = first[name]; k.beside != nil {
			continue
		}
		first[name] = k.w
		names = append(names, name)
	}
	if err := a.hosts.take(ctx, names); err != nil {
		return err
	}
	for _, k := range captures {
		if k.w != nil && k.w.Host() != "" && k.beside == nil {
			k.release = sync.OnceFunc(func() { a.returnHost(ctx, l, k.w.Host()) })
		}
	}
	return nil
}

// returnTime is for a database that does not answer.
const returnTime = 5 * time.Second

func (a *Acquirer) returnHost(ctx context.Context, l Lease, name string) {
	a.hosts.giveBack(name)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTime)
	defer cancel()
	if err := a.Store.ReturnHost(ctx, l, name); err != nil { // it goes with the acquisition, then
		a.Log.Warn("give host back", "acquisition", l.TaskID, "host", name, "err", err)
	}
}
