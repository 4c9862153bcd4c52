package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
)

// beWatched answers /metrics and /healthz on l until ctx ends, for a process without an API.
func (n *node) beWatched(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", n.guarded(n.metrics.Handler()))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "healthy\n") })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer Prometheus: %w", err)
	}
	return nil
}

// guarded asks for what the server's own /metrics asks for.
func (n *node) guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := n.policy.Caller(r)
		if err == nil {
			_, err = n.policy.Take(caller, r)
		}
		if err == nil {
			err = n.policy.Authorize(r, caller, heimdall.ScopeRead)
		}
		if refusal, ok := errors.AsType[*access.Refusal](err); ok {
			http.Error(w, refusal.Detail, refusal.Status)
			return
		}
		if err != nil {
			n.log.Error("check token", "err", err)
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}
