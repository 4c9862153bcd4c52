package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/web"
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
	log     *slog.Logger

	keeper  *retention.Keeper // deletes what is too old or too much
	deletes bool              // by itself, while it runs
}

// openNode builds the parts in the order of what they need.
func (a *app) openNode(w WorkerConfig, k StoreConfig, log *slog.Logger) (_ *node, err error) {
	n := &node{place: a.config.databasePlace(), log: log}
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
	acquirer, err := acquire.New(acquire.Config{
		Store: n.store, Blobs: n.blobs, Drivers: drivers(), SpoolDir: n.folder.path("spool"),
		Identity: w.identity(), Log: log,
	})
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	n.worker = &acquire.Worker{
		Acquirer: acquirer, Name: fmt.Sprintf("%s/%d", host, os.Getpid()), Concurrency: w.Acquisitions,
		Lease: w.Lease, Ahead: claimAhead, Grace: w.Grace,
	}
	if n.keeper, err = n.newKeeper(k.RetentionConfig); err != nil {
		return nil, err
	}
	n.handler = api.New(api.Config{Store: n.store, Blobs: n.blobs, Log: log, Version: heimdall.Version, Retention: n.keeper,
		Settings: api.Settings{RetentionDays: k.RetentionDays, Objects: n.objects.String()}})
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
	if err := n.folder.announce(serverURL(l)); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	// Event streams end with the server, not with the last client.
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	server.BaseContext = func(net.Listener) context.Context { return streams }
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	g.Go(func() error { return n.sweep(ctx) })
	if n.deletes {
		g.Go(func() error { return n.retain(ctx) })
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
	}
	return g.Wait()
}

// work acquires until ctx ends, and answers nobody.
func (n *node) work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return n.retain(ctx) })
	g.Go(func() error { return n.sweep(ctx) })
	g.Go(func() error { return n.worker.Run(ctx) })
	return g.Wait()
}

// close gives everything back, last opened first.
func (n *node) close() {
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

// connect calls f with a client of the server to speak to: the one named, the one that runs on the data
// folder, or, when there is none, one that runs in this process as long as f does. work says whether that one
// should also do acquisitions.
func (a *app) connect(work bool, f func(ctx context.Context, c *client.Client) error) error {
	return a.connectTo(work, StoreConfig{}, f)
}

// connectStored is connect with rules for what is deleted, which count when the server runs in this process. By itself it
// applies none.
func (a *app) connectStored(rules RetentionConfig, f func(ctx context.Context, c *client.Client) error) error {
	return a.connectTo(false, StoreConfig{RetentionConfig: rules}, f)
}

func (a *app) connectTo(work bool, k StoreConfig, f func(ctx context.Context, c *client.Client) error) error {
	if a.config.Server != "" {
		return a.callServer(a.config.Server, f)
	}
	w := WorkerConfig{Lease: 15 * time.Second}
	if work {
		w.Acquisitions = 1
	}
	n, err := a.openNode(w, k, a.logger(slog.LevelWarn))
	if errors.Is(err, errInUse) {
		return a.connectRunning(f)
	}
	if err != nil {
		return err
	}
	defer n.close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return a.runWhile(n, l, f)
}

// connectRunning calls f with a client of a server that goes on when this process has ended.
func (a *app) connectRunning(f func(ctx context.Context, c *client.Client) error) error {
	if a.config.Server != "" {
		return a.callServer(a.config.Server, f)
	}
	held, err := openFolder(a.config.DataDir)
	if err == nil {
		held.close()
		return &outcome{code: exitUsage, text: fmt.Sprintf("no server runs on %s: start heimdall serve, or leave out --detach", a.config.DataDir)}
	}
	if !errors.Is(err, errInUse) {
		return err
	}
	url, err := announced(a.config.DataDir)
	if err != nil {
		return err
	}
	return a.callServer(url, f)
}

func (a *app) callServer(url string, f func(ctx context.Context, c *client.Client) error) error {
	c, err := client.New(url, client.Options{})
	if err != nil {
		return err
	}
	return f(a.ctx, c)
}

// runWhile runs n as long as f does. An interrupt ends f, and only then n.
func (a *app) runWhile(n *node, l net.Listener, f func(ctx context.Context, c *client.Client) error) error {
	ctx, stop := context.WithCancel(context.WithoutCancel(a.ctx))
	defer stop()
	var g errgroup.Group
	g.Go(func() error { return n.run(ctx, l) })
	err := a.callServer(serverURL(l), f)
	stop()
	if e := g.Wait(); err == nil {
		err = e
	}
	return err
}
