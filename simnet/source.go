package simnet

import (
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

// A sampleSource gives the samples of a receiver that has neither frames nor stamps: of a world, or a file.
type sampleSource interface {
	// start begins at a time of the world. Close the run.
	start(from time.Duration) (sampleRun, error)
}

// A sampleRun is samples in order. One goroutine uses it.
type sampleRun interface {
	// tune sets the receiver for samples taken from then on. It comes before the first read. Files ignore it.
	tune(t Tuning, gainDB float64, from time.Duration) error
	// read fills p with whole samples of a format; io.EOF after the last, which only files have.
	read(p []byte, f iq.Format) (int, error)
	// skip loses samples.
	skip(n int64)
	// taken is when the next sample is taken, since the epoch.
	taken() time.Duration
	// rateHz is the nominal sample rate.
	rateHz() float64
	close()
}

// modelSource is a receiver of a world.
type modelSource struct {
	world    *World
	receiver *Receiver
}

func (m *modelSource) start(time.Duration) (sampleRun, error) { return &modelRun{modelSource: m}, nil }

type modelRun struct {
	*modelSource
	feed  *Feed
	scale float64 // full scale per square root of a milliwatt
	next  int64
	z     []complex128
	z64   []complex64
}

func (r *modelRun) tune(t Tuning, gainDB float64, from time.Duration) error {
	feed, err := r.world.tune(r.receiver, t)
	if err != nil {
		return fmt.Errorf("tune: %w", err)
	}
	r.feed, r.scale, r.next = feed, amplitude(-r.receiver.FullScaleDBMAt(gainDB)), feed.IndexAt(from)
	return nil
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
func (r *modelRun) rateHz() float64      { return r.feed.tuning.RateHz }
func (r *modelRun) close()               {}
