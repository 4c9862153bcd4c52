package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/recompute"
)

type healthOutput struct{ Body wire.Health }

func (s *service) health(context.Context, *struct{}) (*healthOutput, error) {
	return &healthOutput{wire.Health{Status: "healthy", Service: "heimdall", Version: s.Version}}, nil
}

type indexOutput struct{ Body wire.Index }

func (s *service) index(context.Context, *struct{}) (*indexOutput, error) {
	return &indexOutput{wire.Index{Service: "heimdall", Version: s.Version, AlgorithmVersion: recompute.Version, Links: map[string]string{
		"acquisitions": "/api/v1/acquisitions",
		"audit":        "/api/v1/audit",
		"captures":     "/api/v1/captures",
		"contact":      "/api/v1/contact",
		"deletions":    "/api/v1/deletions",
		"emitters":     "/api/v1/emitters",
		"events":       "/api/v1/events",
		"measurements": "/api/v1/measurements",
		"metrics":      "/api/v1/metrics",
		"retention":    "/api/v1/retention",
		"schedules":    "/api/v1/schedules",
		"statistics":   "/api/v1/statistics/snr",
		"system":       "/api/v1/system",
		"webhooks":     "/api/v1/webhooks",
		"session":      "/api/v1/session",
		"tokens":       "/api/v1/tokens",
		"websdrs":      "/api/v1/websdrs",
		"workers":      "/api/v1/workers",
		"docs":         "/docs",
		"openapi":      "/openapi.json",
		"health":       "/healthz",
		"ready":        "/readyz",
	}}}, nil
}

const (
	readyFor      = time.Second     // how long an answer is good for: probes must not become a load
	readyDeadline = 2 * time.Second // on both questions together
	readyKey      = "ready/probe"   // an object that need not exist: "not found" is an answer, too
)

// readiness remembers the last answer. mu guards all of it, and is held while asking, so that many probes at
// once ask once.
type readiness struct {
	mu      sync.Mutex
	checked time.Time
	last    wire.Ready
}

type readyOutput struct{ Body wire.Ready }

func (s *service) readyz(ctx context.Context, _ *struct{}) (*readyOutput, error) {
	r := s.readyNow(ctx)
	if r.Ready {
		return &readyOutput{r}, nil
	}
	p := newProblem(ctx, http.StatusServiceUnavailable, "")
	for _, d := range r.Dependencies {
		if d.Status == "down" {
			p.Detail += d.Name + " is down; "
			p.Errors = append(p.Errors, wire.FieldError{Location: d.Name, Message: d.Error})
		}
	}
	p.Detail = p.Detail[:len(p.Detail)-2]
	p.header = http.Header{"Retry-After": {"5"}}
	return nil, p
}

func (s *service) readyNow(ctx context.Context) wire.Ready {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if age := time.Since(s.ready.checked); age < readyFor {
		return s.ready.last
	}
	// The answer serves others, too: it must not depend on whether this caller waits for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyDeadline)
	defer cancel()
	var group sync.WaitGroup
	var database, objects error
	group.Go(func() { database = s.Store.Ping(ctx) })
	group.Go(func() {
		if _, err := s.Blobs.Stat(ctx, readyKey); !errors.Is(err, blob.ErrNotFound) {
			objects = err
		}
	})
	group.Wait()
	now := wire.Ready{
		Ready:        database == nil && objects == nil,
		Dependencies: []wire.Dependency{dependency("database", database), dependency("objects", objects)},
	}
	if was := s.ready.checked.IsZero() || s.ready.last.Ready; now.Ready != was {
		s.Log.WarnContext(ctx, "readiness changed", "ready", now.Ready, "database", database, "objects", objects)
	}
	s.ready.last, s.ready.checked = now, time.Now()
	return now
}

func dependency(name string, err error) wire.Dependency {
	switch {
	case err == nil:
		return wire.Dependency{Name: name, Status: "up"}
	case errors.Is(err, context.DeadlineExceeded):
		return wire.Dependency{Name: name, Status: "down", Error: "did not answer within " + readyDeadline.String()}
	}
	return wire.Dependency{Name: name, Status: "down", Error: "cannot be reached: the server's log says why"}
}
