package replay

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// packet is how much of a recording arrives at once when it is played at its own pace.
const packet = 20 * time.Millisecond

// A stream is one recording being played. Everything but file and closed belongs to the goroutine that uses
// the stream.
type stream struct {
	ctx    context.Context // governs the whole life of the stream
	op     string
	header websdr.Header
	clock  stamp.Clock // of what is played
	packet int64       // samples that arrive at once, at the pace of the recording
	began  time.Time   // when sample 0 was due, at that pace
	given  int64       // samples
	err    error       // why there is no more

	reading sync.Mutex // guards file, which Close takes away
	file    *iqfile.File

	once   sync.Once
	closed chan struct{}
	unhook func() bool // of the end of ctx
}

func newStream(ctx context.Context, op string, file *iqfile.File, clock stamp.Clock, h websdr.Header) *stream {
	s := &stream{
		ctx: ctx, op: op, header: h, clock: clock, file: file, closed: make(chan struct{}),
		packet: max(1, int64(h.NominalRateHz*packet.Seconds())),
	}
	first := time.Duration(float64(s.packet) / h.NominalRateHz * float64(time.Second))
	s.began = time.Now().Add(-first) // so that the first packet is there
	s.unhook = context.AfterFunc(ctx, s.shut)
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	size := s.header.Format.Size()
	if len(p) < size {
		return 0, io.ErrShortBuffer
	}
	if err := s.gone(); err != nil {
		return 0, err
	}
	if s.err != nil {
		return 0, s.err
	}
	if s.header.Live {
		n := min(int64(len(p)/size), s.packet)
		p = p[:n*int64(size)]
		if err := s.wait(s.given + n); err != nil {
			return 0, err
		}
	}
	n, err := s.fill(p)
	s.given += int64(n / size)
	if err != nil {
		s.err = err
	}
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// fill reads from the file, unless it was taken away.
func (s *stream) fill(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.file == nil {
		return 0, s.gone()
	}
	n, err := s.file.Read(p)
	s.file.Stamps() // known already; not to pile up
	if err != nil && !errors.Is(err, io.EOF) {
		err = fileFailure(s.op, err)
	}
	return n, err
}

// wait returns when so many samples are due. The time of gaps is not waited for.
func (s *stream) wait(samples int64) error {
	c := stamp.Clock{Start: s.began, RateHz: s.header.NominalRateHz}
	d := time.Until(c.At(samples))
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

// gone says why the stream may not go on.
func (s *stream) gone() error {
	select {
	case <-s.closed:
		return websdr.Fail(heimdall.FailTransport, s.op, net.ErrClosed, "the stream is closed")
	default:
	}
	if s.ctx.Err() != nil {
		return givenUp(s.ctx, s.op)
	}
	return nil
}

// shut closes the file as soon as nobody reads it.
func (s *stream) shut() {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

func (s *stream) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.unhook()
		s.shut()
	})
	return nil
}

func (s *stream) Header() websdr.Header { return s.header }

// Clock is as good as it gets from the beginning, but for the gaps: those still ahead are not yet lost.
func (s *stream) Clock() stamp.Clock {
	c := s.clock
	past := 0
	for past < len(c.Gaps) && c.Gaps[past].Sample < s.given {
		past++
	}
	c.Gaps = slices.Clone(c.Gaps[:past])
	return c
}

func (s *stream) Trailer() websdr.Trailer { return websdr.Trailer{Samples: s.given} }
