package kiwisdr

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// queueFrames is how many frames may wait to be read, 2.7 s at 12 kHz. When they do, the socket backs up, and
// the server drops what it cannot send: the sequence numbers then tell what was lost.
const queueFrames = 64

// stampSigmaS is the error of the stamps that no fit reveals: delays in the receiver that differ from model to
// model and version to version. Real recordings of one transmitter, its ground wave's path known, disagree by
// 1.5 to 8 us between pairs of receivers.
const stampSigmaS = 4e-6

// A stream is an open connection whose frames are read by a goroutine of its own; another keeps it alive.
type stream struct {
	session *session // owned by the reading goroutine, but for what never changes
	op      string
	header  websdr.Header
	order   binary.ByteOrder

	frames  chan frame // from the reading goroutine, which closes it
	end     error      // why there are no more; set before frames is closed
	closing chan struct{}
	once    sync.Once
	cancel  context.CancelFunc
	running sync.WaitGroup

	// Below: the goroutine that uses the stream.
	ahead   []frame // received and accounted for, not yet given
	rest    []byte  // of the frame being given
	given   int64   // samples
	counted int64   // samples accounted for
	seq     uint32  // of the last frame
	relied  bool    // stamps may be believed
	calib   bool
	fitter  *stamp.Fitter
	host    *stamp.HostFitter
	meter   *meter
}

// open completes the opening sequence and returns the stream once its first samples are at hand.
func (s *session) open(ctx context.Context) (*stream, error) {
	deadline := time.Now().Add(s.timeout)
	if err := s.handshake(ctx, deadline); err != nil {
		return nil, err
	}
	st := &stream{
		session: s, op: s.op,
		frames: make(chan frame, queueFrames), closing: make(chan struct{}),
		fitter: stamp.NewFitter(s.rateHz), host: stamp.NewHostFitter(s.rateHz), meter: newMeter(s.rateHz),
	}
	st.header = websdr.Header{
		Format: iq.CI16LE, NominalRateHz: s.rateHz, FrequencyHz: s.tuning.FrequencyHz,
		PassbandLowHz: float64(s.low), PassbandHighHz: float64(s.high),
		Settle: settle, Live: true, Dialect: strings.TrimSpace("kiwisdr " + s.version()),
	}
	ctx, st.cancel = context.WithCancel(ctx)
	context.AfterFunc(ctx, s.sockets.close) // whatever either goroutine is waiting for
	st.running.Go(func() { st.keepAlive(ctx) })
	st.running.Go(func() { st.receive(ctx, deadline) })
	if err := st.lookAhead(); err != nil {
		st.Close()
		return nil, err
	}
	return st, nil
}

// lookAhead waits for the first frames, for as many as it takes to tell who is speaking.
func (st *stream) lookAhead() error {
	f, ok := <-st.frames
	if !ok {
		return st.end
	}
	st.ahead = append(st.ahead, f)
	patience := time.NewTimer(aheadWait)
	defer patience.Stop()
	for len(st.ahead) < aheadFrames {
		select {
		case f, ok := <-st.frames:
			if ok {
				st.ahead = append(st.ahead, f)
				continue
			}
		case <-patience.C:
		}
		break
	}
	st.describe()
	for i := range st.ahead {
		st.account(&st.ahead[i])
	}
	return nil
}

// account takes a frame into the clock and the meter, in order.
func (st *stream) account(f *frame) {
	n := int64(f.samples())
	// Sequence numbers that jump far are a server that began anew; stamps will tell.
	if lost := f.seq - st.seq - 1; lost > 0 && lost < 1<<20 {
		missing := int64(lost) * n
		st.fitter.Lost(st.counted, missing)
		st.host.Lost(st.counted, missing)
		st.meter.gap()
	}
	st.seq = f.seq
	if st.relied && f.timed() {
		st.fitter.Add(stamp.Block{Sample: st.counted, At: st.stampTime(f), GPSAgeS: int(f.fixAgeS)})
	}
	st.counted += n
	st.host.Add(st.counted, f.at)
	st.meter.add(f, st.order)
}

// receive reads frames until the connection ends.
func (st *stream) receive(ctx context.Context, deadline time.Time) {
	defer close(st.frames)
	var first frame
	for k := 0; ; k++ {
		f, err := st.nextFrame(ctx, deadline)
		switch {
		case err != nil:
		case k < staleFrames:
			continue
		case k == staleFrames:
			first = f
			err = st.deliver(ctx, f)
		case (f.flags^first.flags)&(flagIQ|flagLittleEndian) != 0:
			err = websdr.Fail(heimdall.FailProtocol, st.op, nil, "it changed the format of its samples")
		default:
			err = st.deliver(ctx, f)
		}
		if err != nil {
			st.end = err
			return
		}
		deadline = time.Now().Add(st.session.timeout)
	}
}

// deliver waits for room in the queue.
func (st *stream) deliver(ctx context.Context, f frame) error {
	select {
	case st.frames <- f:
		return nil
	case <-ctx.Done():
		return st.session.givenUp(ctx)
	case <-st.closing:
		return st.closed()
	}
}

// nextFrame reads messages up to the next frame of samples.
func (st *stream) nextFrame(ctx context.Context, deadline time.Time) (frame, error) {
	for {
		msg, err := st.session.readMessage(ctx, deadline)
		if err != nil {
			return frame{}, err
		}
		switch tag(msg) {
		case "SND":
			return st.session.sound(msg)
		case "MSG":
			if err := st.session.message(ctx, msg); err != nil {
				return frame{}, err
			}
		}
	}
}

// keepAlive tells the server once a second that we still listen.
func (st *stream) keepAlive(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-st.closing:
			return
		case <-tick.C:
			if st.session.send(ctx, keepalive) != nil {
				return // the reading goroutine learns why
			}
		}
	}
}

// Read gives whole samples, at most those of one frame.
func (st *stream) Read(p []byte) (int, error) {
	p = p[:len(p)/sampleSize*sampleSize]
	if len(p) == 0 {
		return 0, io.ErrShortBuffer
	}
	select {
	case <-st.closing:
		return 0, st.closed()
	default:
	}
	if len(st.rest) == 0 {
		f, err := st.next()
		if err != nil {
			return 0, err
		}
		st.rest = f.iq
		if st.order == binary.BigEndian {
			swapBytes(st.rest)
		}
	}
	n := copy(p, st.rest)
	st.rest = st.rest[n:]
	st.given += int64(n / sampleSize)
	return n, nil
}

// swapBytes makes big-endian numbers little-endian, in place. Nothing is lost by it, and the tools that read
// recordings expect it: few know any other order.
func swapBytes(p []byte) {
	k := 0
	for ; k+8 <= len(p); k += 8 {
		binary.LittleEndian.PutUint64(p[k:], swapFour(binary.LittleEndian.Uint64(p[k:])))
	}
	for ; k+1 < len(p); k += 2 {
		p[k], p[k+1] = p[k+1], p[k]
	}
}

// next waits for a frame.
func (st *stream) next() (frame, error) {
	if len(st.ahead) > 0 {
		f := st.ahead[0]
		st.ahead = st.ahead[1:]
		return f, nil
	}
	select {
	case f, ok := <-st.frames:
		if !ok {
			return frame{}, st.end
		}
		st.account(&f)
		return f, nil
	case <-st.closing:
		return frame{}, st.closed()
	}
}

// Close frees the receiver's channel.
func (st *stream) Close() error {
	st.once.Do(func() {
		close(st.closing)
		st.session.hangUp()
		st.cancel()
	})
	st.running.Wait()
	return nil
}

func (st *stream) closed() error {
	return websdr.Fail(heimdall.FailTransport, st.op, net.ErrClosed, "the stream is closed")
}

// Header describes the stream.
func (st *stream) Header() websdr.Header { return st.header }

// Clock is the line through the GPS stamps, or where there is none the earliest arrival.
func (st *stream) Clock() stamp.Clock {
	c := st.fitter.Clock()
	if c.Quality == heimdall.TimeNone {
		return st.host.Clock()
	}
	c.StartSigmaS = math.Hypot(c.StartSigmaS, stampSigmaS)
	return c
}

// Trailer sums up what has been received so far.
func (st *stream) Trailer() websdr.Trailer {
	t := websdr.Trailer{Samples: st.given}
	st.meter.trailer(&t, st.calib)
	return t
}
