package httpiq

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

const sampleSize = 4

// A stream is one open answer. Everything but closed belongs to the goroutine that uses the stream.
type stream struct {
	ctx    context.Context    // governs the whole life of the stream
	cancel context.CancelFunc // ends the request
	r      *request
	body   io.ReadCloser
	header websdr.Header

	arrivals *stamp.HostFitter // of a live stream
	began    time.Time         // when the first bytes arrived
	arrived  int64             // bytes
	kept     []byte            // arrived but not yet given: the first samples, later part of one at most
	part     [sampleSize]byte
	given    int64 // samples
	err      error // why there is no more

	closed atomic.Bool // by Close, from any goroutine
}

func newStream(ctx context.Context, cancel context.CancelFunc, r *request, resp *http.Response) *stream {
	return &stream{
		ctx: ctx, cancel: cancel, r: r, body: resp.Body,
		header: websdr.Header{
			Format: iq.CI16LE, NominalRateHz: float64(r.rateHz), FrequencyHz: r.frequencyHz,
			Live: resp.ContentLength < 0, Dialect: "http_iq",
		},
		arrivals: stamp.NewHostFitter(float64(r.rateHz)),
	}
}

// begin waits for the first sample.
func (s *stream) begin() error {
	first := make([]byte, 4096)
	n := 0
	for n < sampleSize && s.err == nil {
		n += s.fill(first[n:])
	}
	switch {
	case n >= sampleSize && looksLikeHTML(first[:n]):
		return s.r.fail(heimdall.FailProtocol, nil, "a web page came instead of samples")
	case n == 0 && errors.Is(s.err, io.EOF):
		return s.r.fail(heimdall.FailProtocol, nil, "empty stream: the bridge answered and sent no samples")
	case n < sampleSize:
		s.kept = first[:n]
		return s.ending()
	}
	s.kept = first[:n]
	return nil
}

// fill reads what there is, and leaves an error in s.err.
func (s *stream) fill(p []byte) int {
	n, err := s.body.Read(p)
	if n > 0 {
		now := time.Now()
		if s.arrived == 0 {
			s.began = now
		}
		s.arrived += int64(n)
		s.arrivals.Add(s.arrived/sampleSize, now)
	}
	s.err = err
	return n
}

func (s *stream) Read(p []byte) (int, error) {
	p = p[:len(p)/sampleSize*sampleSize]
	if len(p) == 0 {
		return 0, io.ErrShortBuffer
	}
	if s.closed.Load() {
		return 0, s.ending()
	}
	n := copy(p, s.kept)
	s.kept = s.kept[n:]
	for n < sampleSize && s.err == nil {
		n += s.fill(p[n:])
	}
	whole := n / sampleSize * sampleSize
	if whole < n {
		s.kept = s.part[:copy(s.part[:], p[whole:n])]
	}
	if whole == 0 {
		return 0, s.ending()
	}
	s.given += int64(whole / sampleSize)
	return whole, nil
}

// ending says why there is no more.
func (s *stream) ending() error {
	switch {
	case s.closed.Load():
		return s.r.fail(heimdall.FailTransport, net.ErrClosed, "the stream is closed")
	case s.ctx.Err() != nil:
		return givenUp(s.ctx, s.r.op)
	case !errors.Is(s.err, io.EOF): // also an answer cut short, which is io.ErrUnexpectedEOF
		return s.r.transportFailure(s.err, "the connection was lost in the middle of the samples")
	case len(s.kept) > 0:
		return s.r.fail(heimdall.FailProtocol, nil,
			"the stream ends with %d of the %d bytes of a sample: it is not pairs of int16, or it was cut off", len(s.kept), sampleSize)
	}
	return io.EOF
}

func (s *stream) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.cancel()
	s.body.Close() // its error is about bytes that nobody wants any more
	return nil
}

func (s *stream) Header() websdr.Header { return s.header }

// Clock goes by arrival. A live stream that comes at another rate than the nominal one has lost samples or
// is sampled at that rate; either way the rate is as uncertain as it is off.
func (s *stream) Clock() stamp.Clock {
	if !s.header.Live {
		return stamp.Clock{
			Start: s.began.UTC(), RateHz: s.header.NominalRateHz, Quality: heimdall.TimeNone, GPSAgeMaxS: -1,
		}
	}
	c := s.arrivals.Clock()
	if s.arrivals.Lossy() {
		ratio, _ := s.arrivals.RateRatio()
		c.RateSigmaHz = math.Abs(ratio-1) * c.RateHz
	}
	return c
}

func (s *stream) Trailer() websdr.Trailer { return websdr.Trailer{Samples: s.given} }
