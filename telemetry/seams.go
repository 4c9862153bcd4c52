package telemetry

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// Store is s, counting what ends.
func (t *Telemetry) Store(s acquire.Store) acquire.Store { return &countingStore{Store: s, t: t} }

type countingStore struct {
	acquire.Store
	t *Telemetry
}

// FinishCapture counts a capture when it is stored. One that was stored before, by a process that died before it could
// tell, counts here, too: it was ended once, and seen to end once by whoever lived.
func (s *countingStore) FinishCapture(ctx context.Context, l acquire.Lease, c heimdall.Capture, m *heimdall.Measurement) error {
	if err := s.Store.FinishCapture(ctx, l, c, m); err != nil {
		return err
	}
	if took := c.EndedAt.Sub(c.StartedAt); !c.StartedAt.IsZero() && took >= 0 {
		s.t.captures.WithLabelValues(string(c.State)).Observe(took.Seconds())
	}
	if c.Recording == nil {
		return nil
	}
	id := label(c.WebSDRID)
	s.t.samples.WithLabelValues(id).Add(float64(c.Recording.SamplesCount))
	lost := s.t.gapSamples.WithLabelValues(id)
	for _, g := range c.Recording.Gaps {
		lost.Add(float64(max(0, g.Missing)))
	}
	s.t.uncertainty.WithLabelValues(id).Set(c.Recording.TimeUncertaintyS)
	if m != nil && m.SNRdB != nil {
		s.t.snr.WithLabelValues(id).Set(*m.SNRdB)
	}
	return nil
}

func (s *countingStore) FinishAcquisition(ctx context.Context, l acquire.Lease, state heimdall.State, reason string) error {
	err := s.Store.FinishAcquisition(ctx, l, state, reason)
	if err == nil {
		s.t.acquisitions.WithLabelValues(string(state)).Inc()
	}
	return err
}

// Drivers are those of byKind, counting attempts.
func (t *Telemetry) Drivers(byKind map[string]websdr.Driver) map[string]websdr.Driver {
	out := make(map[string]websdr.Driver, len(byKind))
	for kind, d := range byKind {
		out[kind] = &countingDriver{Driver: d, t: t, kind: kind}
	}
	return out
}

type countingDriver struct {
	websdr.Driver
	t    *Telemetry
	kind string
}

func (d *countingDriver) Open(ctx context.Context, w *heimdall.WebSDR, tuning websdr.Tuning) (websdr.Stream, error) {
	s, err := d.Driver.Open(ctx, w, tuning)
	f, isFailure := errors.AsType[*websdr.Failure](err)
	up := d.t.up.WithLabelValues(label(w.ID))
	switch {
	case err == nil:
		d.t.attempts.WithLabelValues(d.kind, "open").Inc()
		up.Set(1)
	case ctx.Err() != nil:
		d.t.attempts.WithLabelValues(d.kind, "cancelled").Inc() // says nothing about the receiver
	case isFailure:
		d.t.attempts.WithLabelValues(d.kind, string(f.Class)).Inc()
		up.Set(0)
	default:
		d.t.attempts.WithLabelValues(d.kind, string(heimdall.FailInternal)).Inc()
	}
	return s, err
}

// Blobs is s, counting puts.
func (t *Telemetry) Blobs(s blob.Store) blob.Store {
	counting := &countingBlobs{Store: s, t: t}
	if l, ok := s.(linker); ok {
		return &countingLinks{countingBlobs: counting, linker: l}
	}
	return counting
}

type countingBlobs struct {
	blob.Store
	t *Telemetry
}

func (b *countingBlobs) Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	return b.timed(func() error { return b.Store.Put(ctx, key, r, want) })
}

func (b *countingBlobs) timed(put func() error) error {
	began := time.Now()
	err := put()
	outcome := "success"
	if err != nil {
		outcome = "failed"
	}
	b.t.puts.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	return err
}

// A linker is a store that takes a file of this machine as it is; package acquire asks for it.
type linker interface {
	Link(ctx context.Context, key, file string, want blob.Sum) error
}

type countingLinks struct {
	*countingBlobs
	linker linker
}

func (b *countingLinks) Link(ctx context.Context, key, file string, want blob.Sum) error {
	return b.timed(func() error { return b.linker.Link(ctx, key, file, want) })
}
