package rtltcp

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

const sampleSize = 2

// A stream is one open connection. Everything but conn and closed belongs to the goroutine that uses it.
type stream struct {
	ctx     context.Context // governs the whole life of the stream
	conn    net.Conn
	address string
	timeout time.Duration
	set     settings
	header  websdr.Header
	op      string // what is being done, for failures

	arrivals *stamp.HostFitter
	arrived  int64  // bytes of this tuning, read from conn
	kept     []byte // arrived but not yet given: the first samples, later half a sample at most
	half     [1]byte
	given    int64 // samples
	err      error // why there is no more

	unhook func() bool // of the end of ctx
	closed atomic.Bool // by Close, from any goroutine
}

func newStream(ctx context.Context, conn net.Conn, address string, timeout time.Duration, set settings) *stream {
	return &stream{
		ctx: ctx, conn: conn, address: address, timeout: timeout, set: set,
		header: websdr.Header{
			Format: iq.CU8, NominalRateHz: float64(set.rateHz), FrequencyHz: set.frequencyHz,
			Live: true, ZeroIF: true, AGC: set.gainTenths == nil,
		},
		arrivals: stamp.NewHostFitter(float64(set.rateHz)),
		unhook:   context.AfterFunc(ctx, func() { conn.Close() }),
	}
}

// drop reads and forgets what is of the old tuning, and keeps the first samples after that. Three things tell:
// so much time has passed since the commands, so many bytes have come, and no more come than the new rate
// can give. The last is for links slower than the rate that a server has before it is told, 33 Mbit/s: what
// they hold back may come seconds later.
func (s *stream) drop(settle time.Duration) error {
	begun := time.Now()
	until, patience := begun.Add(settle), begun.Add(maxDrain)
	// The time-out of the first sample begins where the old ones should have ended.
	deadline := begun.Add(max(settle, s.durationOf(oldBytes), maxDrain) + s.timeout)
	backlog := leak{perS: 1.1 * sampleSize * s.header.NominalRateHz, at: begun}
	buf := make([]byte, 1<<14)
	for dropped := int64(0); ; {
		room := int64(len(buf))
		switch left := oldBytes - dropped; {
		case left > 0:
			room = min(room, left)
		case time.Now().Before(until):
		case dropped%sampleSize != 0: // to go on from here would swap I and Q for good
			room = 1
		default:
			return s.keepFirst(buf, deadline)
		}
		n, err := s.fill(buf[:room], deadline)
		if err != nil {
			return err
		}
		dropped += int64(n)
		if now := time.Now(); backlog.add(n, now) > 5*transfer/4 && now.Before(patience) {
			until, backlog.level = now.Add(settle), 0
		}
	}
}

func (s *stream) durationOf(bytes int64) time.Duration {
	return time.Duration(float64(bytes/sampleSize) / s.header.NominalRateHz * float64(time.Second))
}

// A leak is a bucket with a hole: it fills when bytes come faster than they should for long.
type leak struct {
	perS  float64
	level float64
	at    time.Time
}

func (l *leak) add(n int, now time.Time) float64 {
	l.level = max(0, l.level-l.perS*now.Sub(l.at).Seconds()) + float64(n)
	l.at = now
	return l.level
}

// keepFirst waits for at least one sample.
func (s *stream) keepFirst(buf []byte, deadline time.Time) error {
	for len(s.kept) < sampleSize {
		n, err := s.fill(buf[len(s.kept):], deadline)
		if err != nil {
			return err
		}
		s.note(n)
		s.kept = buf[:len(s.kept)+n]
	}
	return nil
}

// fill reads at least one byte, which must come within the time-out and before the deadline, if there is one.
func (s *stream) fill(p []byte, deadline time.Time) (int, error) {
	patience := time.Now().Add(s.timeout)
	if !deadline.IsZero() && deadline.Before(patience) {
		patience = deadline
	}
	s.conn.SetReadDeadline(patience)
	n, err := s.conn.Read(p)
	if n > 0 {
		return n, nil // an error comes again
	}
	return 0, s.failure(err)
}

// note tells the clock that so many more bytes of this tuning have arrived just now.
func (s *stream) note(n int) {
	s.arrived += int64(n)
	s.arrivals.Add(s.arrived/sampleSize, time.Now())
}

func (s *stream) Read(p []byte) (int, error) {
	p = p[:len(p)/sampleSize*sampleSize]
	if len(p) == 0 {
		return 0, io.ErrShortBuffer
	}
	if s.closed.Load() {
		return 0, s.failure(net.ErrClosed)
	}
	n := copy(p, s.kept)
	s.kept = s.kept[n:]
	for n < sampleSize && s.err == nil {
		var k int
		if k, s.err = s.fill(p[n:], time.Time{}); k > 0 {
			s.note(k)
			n += k
		}
	}
	if whole := n / sampleSize * sampleSize; whole < n {
		s.half[0] = p[whole]
		s.kept, n = s.half[:], whole
	}
	if n == 0 {
		return 0, s.err
	}
	s.given += int64(n / sampleSize)
	return n, nil
}

// failure says why the connection gave no more.
func (s *stream) failure(err error) error {
	fail := func(err error, detail string) error {
		return websdr.Fail(heimdall.FailTransport, s.op, err, "%s", detail)
	}
	switch {
	case s.closed.Load():
		return fail(net.ErrClosed, "the stream is closed")
	case s.ctx.Err() != nil:
		return givenUp(s.ctx, s.op)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(err, "it sends nothing more")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fail(nil, "the server closed the connection")
	}
	return fail(err, "the connection is lost")
}

func (s *stream) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.unhook()
	s.conn.Close() // what a closing connection says no longer matters
	return nil
}

func (s *stream) Header() websdr.Header { return s.header }

// Clock goes by arrival. A server that loses samples does not say so: its rate is low, and then the rate is
// as uncertain as it is off.
func (s *stream) Clock() stamp.Clock {
	c := s.arrivals.Clock()
	if s.arrivals.Lossy() {
		ratio, _ := s.arrivals.RateRatio()
		c.RateSigmaHz = math.Abs(ratio-1) * c.RateHz
	}
	return c
}

func (s *stream) Trailer() websdr.Trailer { return websdr.Trailer{Samples: s.given} }
