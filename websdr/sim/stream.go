package sim

import (
	"context"
	"io"
	"math"
	"math/cmplx"
	"net"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// packet is how much of a stream arrives at once.
const packet = 20 * time.Millisecond

// A stream is one open simulated receiver. Everything but close and closed belongs to the goroutine that uses
// the stream.
type stream struct {
	ctx     context.Context // governs the whole life of the stream
	op      string
	timeout time.Duration
	set     params
	header  websdr.Header
	trueHz  float64   // sample rate
	start   time.Time // of sample 0

	noise      siggen.Source
	noiseLevel float64 // amplitude
	toneLevel  float64
	toneCycles float64 // per sample
	block      []complex64

	given     int64 // samples given by Read, which a gap does not count
	gapAt     int64 // index of the sample after the gap
	stopAt    int64 // index of the first sample that never comes
	overloads int64
	err       error // why there is no more

	close  sync.Once
	closed chan struct{}
}

func newStream(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning, set params, rate int64) *stream {
	nominal := float64(rate)
	trueHz := nominal * (1 + set.ppm*1e-6)
	// The reference is fast, so the tuned frequency is high and what is heard comes out low.
	heardHz := set.offsetHz - set.ppm*1e-6*float64(t.FrequencyHz-w.FrequencyOffsetHz)
	noise := math.Pow(10, set.noiseDBFSHz/10)
	tone := noise * heimdall.DefaultBandwidthHz(nominal) * math.Pow(10, set.snrDB/10)
	timeout := w.Timeout
	if timeout <= 0 {
		timeout = heimdall.DefaultTimeout
	}
	s := &stream{
		ctx: ctx, op: "receive from " + w.URL, timeout: timeout, set: set, trueHz: trueHz,
		header: websdr.Header{
			Format: set.format, NominalRateHz: nominal, FrequencyHz: t.FrequencyHz, Live: !set.fast, Dialect: "sim",
		},
		noise:      siggen.NewSource(set.seed, 0),
		noiseLevel: math.Sqrt(noise * nominal),
		toneLevel:  math.Sqrt(tone),
		toneCycles: heardHz / trueHz,
		block:      make([]complex64, max(1, int(trueHz*packet.Seconds()))),
		gapAt:      index(set.gapAt, trueHz),
		stopAt:     min(index(set.stallAfter, trueHz), index(set.dropAfter, trueHz)),
		closed:     make(chan struct{}),
	}
	s.start = time.Now()
	if !set.fast { // so that the first packet is there
		s.start = s.start.Add(-time.Duration(float64(len(s.block)) / trueHz * 1e9))
	}
	return s
}

// index is the sample at so many seconds, which may be infinitely many.
func index(seconds, rate float64) int64 {
	if math.IsInf(seconds, 1) {
		return math.MaxInt64
	}
	return int64(math.Round(seconds * rate))
}

func (s *stream) Read(p []byte) (int, error) {
	if s.err == nil {
		s.err = s.gone()
	}
	if s.err != nil {
		return 0, s.err
	}
	n := min(int64(len(p)/s.set.format.Size()), int64(len(s.block)))
	if n == 0 {
		return 0, io.ErrShortBuffer
	}
	n = min(n, s.stopAt-s.given)
	if s.given < s.gapAt {
		n = min(n, s.gapAt-s.given)
	}
	if n == 0 {
		s.err = s.stopped()
		return 0, s.err
	}
	first := s.given // on the air, where nothing is lost
	if s.given >= s.gapAt {
		first += s.set.gapSamples
	}
	if s.err = s.wait(first + n); s.err != nil {
		return 0, s.err
	}
	s.generate(s.block[:n], first)
	s.given += n
	return iq.Encode(p, s.block[:n], s.set.format) * s.set.format.Size(), nil
}

// gone says why the stream may not go on.
func (s *stream) gone() error {
	select {
	case <-s.closed:
		return websdr.Fail(heimdall.FailTransport, s.op, net.ErrClosed, "the stream is closed")
	default:
	}
	if s.ctx.Err() != nil {
		return cancelled(s.ctx, s.op)
	}
	return nil
}

// stopped is how the stream ends when the address asks for it.
func (s *stream) stopped() error {
	if s.stopAt == index(s.set.dropAfter, s.trueHz) {
		return websdr.Fail(heimdall.FailTransport, s.op, nil, "simulated: connection lost")
	}
	if err := s.sleep(s.timeout); err != nil {
		return err
	}
	return websdr.Fail(heimdall.FailTransport, s.op, nil, "no samples for %v", s.timeout)
}

// wait returns when so many samples have been on the air.
func (s *stream) wait(samples int64) error {
	if s.set.fast {
		return nil
	}
	c := stamp.Clock{Start: s.start, RateHz: s.trueHz}
	return s.sleep(time.Until(c.At(samples)))
}

func (s *stream) sleep(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.closed:
	case <-s.ctx.Done():
	}
	return s.gone()
}

// generate makes the samples from index first on.
func (s *stream) generate(z []complex64, first int64) {
	overload := false
	for i := range z {
		n := first + int64(i)
		_, cycles := math.Modf(s.toneCycles * float64(n))
		v := cmplx.Rect(s.toneLevel, 2*math.Pi*cycles)
		g := s.noise.Gauss(uint64(n))
		v += complex(s.noiseLevel*real(g), s.noiseLevel*imag(g))
		overload = overload || max(math.Abs(real(v)), math.Abs(imag(v))) > 1
		z[i] = complex64(v)
	}
	if overload {
		s.overloads++
	}
}

func (s *stream) Close() error {
	s.close.Do(func() { close(s.closed) })
	return nil
}

func (s *stream) Header() websdr.Header { return s.header }

// Clock is exact from the beginning.
func (s *stream) Clock() stamp.Clock {
	c := stamp.Clock{
		Start: s.start.UTC(), RateHz: s.trueHz, Quality: heimdall.TimeGPS,
		StartSigmaS: 1e-9, // the resolution of a time.Time
		Blocks:      (s.given + int64(len(s.block)) - 1) / int64(len(s.block)),
	}
	if s.given > s.gapAt {
		c.Gaps = []heimdall.Gap{{Sample: s.gapAt, Missing: s.set.gapSamples}}
	}
	return c
}

func (s *stream) Trailer() websdr.Trailer {
	return websdr.Trailer{Samples: s.given, Overloads: s.overloads}
}
