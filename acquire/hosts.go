package acquire

import (
	"context"
	"net/url"
	"slices"
	"sync"

	"github.com/heimdall-sdr/heimdall"
)

// hosts sees to it that this process has at most one connection to any receiver's host at a time: receivers
// count connections per address, and ban those that open several.
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

// hostOf is what of a WebSDR's address may be connected to only once; "" for a file or a simulation in the process.
func hostOf(w *heimdall.WebSDR) string {
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme == "sim" || u.Scheme == "file" {
		return ""
	}
	return u.Host
}

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
