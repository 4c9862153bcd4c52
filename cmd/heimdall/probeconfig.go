package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/openwebrx"
)

// ProbeConfig is what asks receivers in the background how they are.
type ProbeConfig struct {
	ProbeInterval    time.Duration `env:"HEIMDALL_PROBE_INTERVAL" default:"5m" help:"How often each active WebSDR is asked how it is; others' hosts at most once a minute, and 0 asks nobody by itself (${default})."`
	ProbeHistoryDays int           `env:"HEIMDALL_PROBE_HISTORY_DAYS" default:"90" help:"Days that the history of WebSDRs is kept; 0 keeps it for ever (${default})."`

	loopbackOnly bool // asks nobody beyond this machine
}

// Validate refuses what means nothing.
func (c *ProbeConfig) Validate() error {
	if c.ProbeInterval < 0 || c.ProbeInterval > 0 && c.ProbeInterval < time.Second {
		return fmt.Errorf("HEIMDALL_PROBE_INTERVAL is %v: it must be at least 1s, or 0 to ask nobody", c.ProbeInterval)
	}
	if c.ProbeHistoryDays < 0 || c.ProbeHistoryDays > maxDays {
		return fmt.Errorf("HEIMDALL_PROBE_HISTORY_DAYS is %d: it must be from 1 to %d, or 0 to keep everything for ever", c.ProbeHistoryDays, maxDays)
	}
	return nil
}

// probing is what runner and breaker are made of.
func (c *WorkerConfig) probing(store database, rule receiverRule, log *slog.Logger) probe.Config {
	return probe.Config{
		Contact: func() bool { return mayContact(store) },
		Take:    func(w *heimdall.WebSDR) (func(), bool) { return takeSlot(store, w, log) },
		Store:   store, Probers: probers(rule), Identity: c.identity(), Log: log,
		Interval: c.ProbeInterval, KeepFor: time.Duration(c.ProbeHistoryDays) * day, LoopbackOnly: c.loopbackOnly,
	}
}

// A hostStore lends hosts to what is no acquisition.
type hostStore interface {
	TakeHost(ctx context.Context, host, holder string, lease time.Duration) error
	FreeHost(ctx context.Context, host, holder string) error
}

// takeSlot takes the host of a WebSDR whose probe needs its listening slot, so that no acquisition begins there meanwhile.
func takeSlot(store database, w *heimdall.WebSDR, log *slog.Logger) (release func(), taken bool) {
	if heimdall.CheapProbe(w.Kind) || w.Host() == "" {
		return func() {}, true
	}
	const holder, longest = "probe", time.Minute // no probe takes so long
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := store.TakeHost(ctx, w.Host(), holder, longest); err != nil {
		if !errors.Is(err, heimdall.ErrBusyHost) && !errors.Is(err, heimdall.ErrContactOff) {
			log.Warn("take a host for a probe", "websdr", w.ID, "err", err)
		}
		return nil, false
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := store.FreeHost(ctx, w.Host(), holder); err != nil {
			log.Warn("free a host after a probe", "websdr", w.ID, "err", err)
		}
	}, true
}

// mayContact asks the switch that stops all contact. A database that does not answer now plans no probe either.
func mayContact(store database) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := store.Contact(ctx)
	return err == nil && !c.Off
}

// probers is every kind of WebSDR that this program can ask how it is: those of the drivers, and some that give no IQ.
func probers(rule receiverRule) map[string]websdr.Prober {
	all := map[string]websdr.Prober{"openwebrx": &openwebrx.Prober{DialContext: rule.dial}}
	for kind, d := range drivers(rule) {
		if p, ok := d.(websdr.Prober); ok {
			all[kind] = p
		}
	}
	return all
}
