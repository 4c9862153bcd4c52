package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall/client"
)

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
		return a.callServer(a.config.Server, a.config.Token, f)
	}
	// What has just ended is still to be written down among the objects.
	w := WorkerConfig{Lease: 15 * time.Second, HostInterval: time.Second, Grace: 5 * time.Second}
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
		return a.callServer(a.config.Server, a.config.Token, f)
	}
	held, err := openFolder(a.config.DataDir)
	if err == nil {
		held.close()
		return &outcome{code: exitUsage, text: fmt.Sprintf("no server runs on %s: start heimdall serve, or leave out --detach", a.config.DataDir)}
	}
	if !errors.Is(err, errInUse) {
		return err
	}
	url, token, err := announced(a.config.DataDir)
	if err != nil {
		return err
	}
	return a.callServer(url, token, f)
}

func (a *app) callServer(url, token string, f func(ctx context.Context, c *client.Client) error) error {
	c, err := client.New(url, client.Options{Token: token})
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
	err := a.callServer(serverURL(l), n.own, f)
	stop()
	if e := g.Wait(); err == nil {
		err = e
	}
	return err
}
