package simnet

import (
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

// A sampleSource gives the samples of a receiver that has no frames and no stamps.
type sampleSource interface {
	// start begins a run of samples at a time of the world.
	start(t Tuning, gainDB float64, from time.Duration) (sampleRun, error)
}

// A sampleRun is samples in order. One goroutine uses it.
type sampleRun interface {
	// read fills p with whole samples of a format; io.EOF after the last, which only files have.
	read(p []byte, f iq.Format) (int, error)
	// skip loses samples.
	skip(n int64)
	// taken is when the next sample is taken, since the epoch.
	taken() time.Duration
}

// modelSource is a receiver of a world.
type modelSource struct {
	world    *World
	receiver *Receiver
}

type modelRun struct {
	feed  *Feed
	scale float64
	next  int64
	z     []complex128
	z64   []complex64
}

func (m *modelSource) start(t Tuning, gainDB float64, from time.Duration) (sampleRun, error) {
	feed, err := m.world.tune(m.receiver, t)
	if err != nil {
		return nil, fmt.Errorf("start samples: %w", err)
	}
	return &modelRun{feed: feed, scale: amplitude(-m.receiver.FullScaleDBMAt(gainDB)), next: feed.IndexAt(from)}, nil
}

func (r *modelRun) read(p []byte, f iq.Format) (int, error) {
	n := len(p) / f.Size()
	if cap(r.z) < n {
		r.z, r.z64 = make([]complex128, n), make([]complex64, n)
	}
	z, z64 := r.z[:n], r.z64[:n]
	r.feed.Samples(z, r.next)
	for i, v := range z {
		z64[i] = complex(float32(real(v)*r.scale), float32(imag(v)*r.scale))
	}
	r.next += int64(n)
	return iq.Encode(p, z64, f) * f.Size(), nil
}

func (r *modelRun) skip(n int64)         { r.next += n }
func (r *modelRun) taken() time.Duration { return r.feed.TimeOf(r.next) }
