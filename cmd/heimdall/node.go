package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/schedule"
	"github.com/heimdall-sdr/heimdall/telemetry"
	"github.com/heimdall-sdr/heimdall/tracing"
	"github.com/heimdall-sdr/heimdall/web"
	"github.com/heimdall-sdr/heimdall/webhook"
)

// A node is everything that one process needs to acquire and to answer: reading it is reading the system.
type node struct {
	folder  *folder         // the data folder, ours alone
	place   databasePlace   // where the rows are
	store   database        // rows
	objects blobPlace       // where the recordings are
	blobs   blobStore       // recordings
	worker  *acquire.Worker // does the acquisitions
	handler http.Handler    // the API, and the dashboard before it
	metrics *telemetry.Telemetry
	tracing *tracing.Tracing // nil: nobody wants to know
	policy  *access.Policy   // who may use it
	own     string           // token of commands on the data folder
	tls     *certificate     // nil: none
	log     *slog.Logger

	deliverer *webhook.Deliverer // tells others what happens

	keeper  *retention.Keeper // deletes what is too old or too much
	deletes bool              // by itself, while it runs

	schedules bool          // whether run fires what is scheduled: not while it serves one command only
	prober    *probe.Runner // asks receivers how they are
	probes    bool          // by itself, while it runs
	auditDays int           // how long the audit log is kept; 0 means for ever
}

// openNode builds the parts in the order of what they need.
func (a *app) openNode(w WorkerConfig, k StoreConfig, log *slog.Logger) (_ *node, err error) {
	n := &node{place: a.config.databasePlace(), metrics: telemetry.New(heimdall.Version), log: log}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.objects, err = a.config.blobPlace(); err != nil {
		return nil, err
	}
	if n.folder, err = openFolder(a.config.DataDir); err != nil {
		return nil, err
	}
	if n.store, err = n.place.open(a.ctx, k.databaseOptions(log)); err != nil {
		return nil, err
	}
	if n.blobs, err = n.objects.open(a.ctx, k.blobOptions(log)); err != nil {
		return nil, err
	}
	rule, err := a.config.Receivers.rule()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	instance := fmt.Sprintf("%s/%d", host, os.Getpid())
	if err := n.trace(a.ctx, instance); err != nil {
		return nil, err
	}
	probing := w.probing(n.store, rule, log)
	n.prober = probe.NewRunner(probing)
	acquirer, err := acquire.New(acquire.Config{
		Store: n.metrics.Store(n.store), Blobs: n.metrics.Blobs(n.blobs), Drivers: n.metrics.Drivers(drivers(rule)),
		SpoolDir: n.folder.path("spool"),
		Identity: w.identity(), Log: log, Tracer: n.tracer(),
		// The breaker comes last: its trial is one of a kind, and should not be refused after it.
		Gates: []acquire.Gate{&acquire.Manners{Store: n.store, Interval: w.HostInterval, Log: log}, probe.NewBreaker(probing)},
	})
	if err != nil {
		return nil, err
	}
	n.worker = &acquire.Worker{
		Acquirer: acquirer, Name: instance, Concurrency: w.Acquisitions,
		Lease: w.Lease, Ahead: claimAhead, Grace: w.Grace,
		Host: host, Room: n.room(int64(k.MinFreeBytes)),
	}
	if n.keeper, err = n.newKeeper(k.RetentionConfig); err != nil {
		return nil, err
	}
	n.deliverer = webhook.New(webhook.Config{Store: n.metrics.Outbox(n.store), Log: log, Private: a.config.WebhookPrivate})
	if err = n.lock(&a.access); err != nil {
		return nil, err
	}
	n.metrics.Watch(telemetry.State{Database: n.store, Free: n.freeBytes(), Capacity: w.Acquisitions, Log: log})
	served := api.Config{
		Metrics: n.metrics.Handler(), Observe: n.metrics.Request,
		Access: n.policy, OIDC: a.access.OIDC.provider(), Origins: a.access.CORSOrigins, Receivers: rule.allow,
		Store: n.store, Blobs: n.blobs, Log: log, Version: heimdall.Version, Retention: n.keeper, Prober: n.prober,
		QueueLimit: k.QueueLimit, Room: n.worker.Room, WebhookPrivate: a.config.WebhookPrivate,
		Settings: api.Settings{RetentionDays: k.RetentionDays, Objects: n.objects.String()}}
	n.traceAPI(&served)
	n.handler = api.New(served)
	if n.handler, err = web.Handler(n.handler); err != nil {
		return nil, err
	}
	return n, nil
}

// claimAhead is how long before its start an acquisition is claimed: time to connect and to settle.
const claimAhead = 10 * time.Second

// run answers on l and acquires until ctx ends. Then, in this order: no new requests, no new claims, running
// acquisitions end within the grace time or are handed back.
func (n *node) run(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: n.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	local := l
	if n.tls != nil { // commands on the data folder need not trust the certificate
		var err error
		if local, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("listen for commands: %w", err)
		}
		server.TLSConfig = n.tls.config()
	}
	if err := n.folder.announce(serverURL(local), n.own); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	// Event streams end with the server, not with the last client.
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	server.BaseContext = func(net.Listener) context.Context { return streams }
	g.Go(func() error {
		if err := server.Serve(local); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	if n.tls != nil {
		g.Go(func() error {
			if err := server.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve over TLS: %w", err)
			}
			return nil
		})
	}
	g.Go(func() error { return n.sweep(ctx) })
	g.Go(func() error { return n.deliverer.Run(ctx) })
	if n.deletes {
		g.Go(func() error { return n.retain(ctx) })
		g.Go(func() error { return n.prune(ctx) })
	}
	if n.probes {
		g.Go(func() error { return n.prober.Run(ctx) })
	}
	g.Go(func() error {
		<-ctx.Done()
		endStreams()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return server.Close()
		}
		return nil
	})
	if n.worker.Concurrency > 0 {
		g.Go(func() error { return n.worker.Run(ctx) })
	} else {
		g.Go(func() error { n.worker.KeepHouse(ctx); return nil })
	}
	if n.schedules {
		g.Go(func() error { return n.runner().Run(ctx) })
	}
	return g.Wait()
}

// work acquires until ctx ends, and answers nobody but, on l if there is one, those who watch it.
func (n *node) work(ctx context.Context, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	if l != nil {
		g.Go(func() error { return n.beWatched(ctx, l) })
	}
	g.Go(func() error { return n.retain(ctx) })
	g.Go(func() error { return n.sweep(ctx) })
	g.Go(func() error { return n.prober.Run(ctx) })
	g.Go(func() error { return n.worker.Run(ctx) })
	g.Go(func() error { return n.runner().Run(ctx) })
	return g.Wait()
}

// runner fires what is scheduled, when workers may claim it at once.
func (n *node) runner() *schedule.Runner {
	return n.observed(&schedule.Runner{Store: n.store, Ahead: claimAhead - schedule.Lead, Log: n.log})
}

// close gives everything back, last opened first.
func (n *node) close() {
	n.endTraces()
	if n.blobs != nil {
		if err := n.blobs.Close(); err != nil {
			n.log.Warn("close object store", "err", err)
		}
	}
	if n.store != nil {
		if err := n.store.Close(); err != nil {
			n.log.Warn("close database", "err", err)
		}
	}
	if n.folder != nil {
		n.folder.close()
	}
}

// serverURL is where this machine reaches the server.
func serverURL(l net.Listener) string {
	a, ok := l.Addr().(*net.TCPAddr)
	if ok && a.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", a.Port)
	}
	return "http://" + l.Addr().String()
}

// publicURL is serverURL with the scheme that others use.
func (n *node) publicURL(l net.Listener) string {
	at := serverURL(l)
	if n.tls != nil {
		at = "https" + strings.TrimPrefix(at, "http")
	}
	return at
}
