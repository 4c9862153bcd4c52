// Package rtltcp is the driver of rtl_tcp: an RTL-SDR dongle, or anything that imitates one, served over a
// TCP connection.
//
// The server says 12 bytes when a client connects and then sends pairs of unsigned bytes without end;
// commands go the other way and are never answered. So there is no way to learn that a command was refused,
// that samples were lost, or when they were taken. The driver makes up for it: it keeps to what every tuner
// accepts, throws away what may still be of the old tuning, times samples by their arrival and compares the
// rate at which they come with the rate that was asked for.
//
// A dongle's own oscillator leaks to the middle of its band. So when the acquisition says how wide a span it
// wants, and the band is wide enough, the dongle is tuned a quarter of its rate below, and the header says so.
//
// What it leaves out: frequency correction (a dongle's error is measured, not hidden: see ClockSigmaPPM),
// direct sampling and the tuner's own offset tuning and bandwidth. They stay as the owner set them.
//
// The surprising part: the stream is the dongle's own, at no less than 225 kS/s, however narrow the signal.
// Decimating would save space, but a recording keeps what the receiver sent: it is lossless that way, and
// 8 bits at a high rate hold what 8 bits at a low one do not.
package rtltcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

const (
	defaultPort   = "1234"
	defaultRateHz = 240_000
	// headerTimeout is how long the header may take after the connection stands. The server speaks first and
	// serves one client: whoever connects while it is taken waits in the backlog and hears nothing.
	headerTimeout = 3 * time.Second
	leastSettle   = 300 * time.Millisecond
	// transfer is what the server gets from the dongle at once, in bytes.
	transfer = 262_144
	// oldBytes may be of the old tuning when the commands arrive: one transfer is half full, another waits to
	// be sent.
	oldBytes = 2 * transfer
	// maxDrain is how long a server may send faster than it should before that is taken for its way.
	maxDrain = 2 * time.Second
)

// A Driver opens streams from rtl_tcp servers. The zero value is ready for use.
type Driver struct {
	// Settle is for how long after the last command arriving samples are taken for those of the old tuning;
	// 0 means as long as two transfers of the server take, at least 300 ms.
	Settle time.Duration
	// DialContext opens TCP connections; nil means a net.Dialer. A *websdr.Failure of its own is passed on.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Open connects, tunes, and waits until samples of the new tuning arrive.
func (d *Driver) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	set, err := settingsFor(w, t)
	if err != nil {
		return nil, err
	}
	address, err := addressOf(w.URL)
	if err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, "open rtl_tcp receiver", nil, "%v", err)
	}
	timeout := w.Timeout
	if timeout <= 0 {
		timeout = heimdall.DefaultTimeout
	}
	conn, err := d.connect(ctx, address, timeout)
	if err != nil {
		return nil, err
	}
	s := newStream(ctx, conn, address, timeout, set)
	if err := s.begin(d.Settle); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// addressOf reads the host and port of a URL.
func addressOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "tcp" && u.Scheme != "rtl_tcp") || u.Hostname() == "" || u.User != nil {
		return "", errors.New("the address must look like tcp://host:1234")
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

func (d *Driver) connect(ctx context.Context, address string, timeout time.Duration) (net.Conn, error) {
	op := "connect to rtl_tcp at " + address
	dial := d.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	inTime, cancel := context.WithTimeout(ctx, timeout) // on connecting alone
	defer cancel()
	conn, err := dial(inTime, "tcp", address)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, givenUp(ctx, op)
	}
	if f, ok := errors.AsType[*websdr.Failure](err); ok {
		return nil, f
	}
	return nil, websdr.Fail(heimdall.FailTransport, op, err,
		"is the server running there and listening for others (rtl_tcp -a 0.0.0.0)?")
}

func givenUp(ctx context.Context, op string) error {
	return websdr.Fail(heimdall.FailTransport, op, ctx.Err(), "given up")
}

// begin reads the header, tunes, and drops what is not of this tuning.
func (s *stream) begin(settle time.Duration) error {
	tuner, err := s.readHeader()
	if err != nil {
		return err
	}
	s.header.Dialect = "rtl_tcp " + tuner
	s.op = "tune rtl_tcp at " + s.address
	s.conn.SetWriteDeadline(time.Now().Add(s.timeout))
	if _, err := s.conn.Write(s.set.commands()); err != nil {
		return s.failure(err)
	}
	if settle <= 0 {
		settle = max(leastSettle, s.durationOf(oldBytes))
	}
	s.op = "receive from rtl_tcp at " + s.address
	return s.drop(settle)
}

// readHeader returns the name of the tuner.
func (s *stream) readHeader() (string, error) {
	s.op = "read the header of rtl_tcp at " + s.address
	s.conn.SetReadDeadline(time.Now().Add(min(s.timeout, headerTimeout)))
	b := make([]byte, headerSize)
	n, err := io.ReadFull(s.conn, b)
	tuner, wrong := parseHeader(b[:n])
	switch {
	case n > 0 && wrong != nil:
		return "", websdr.Fail(heimdall.FailProtocol, s.op, nil, "%v", wrong)
	case err == nil:
		return tuner, nil
	case n == 0 && s.ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded):
		return "", websdr.Fail(heimdall.FailBusy, s.op, nil,
			"it took the connection but said nothing: rtl_tcp serves one client at a time, so probably another is connected")
	}
	return "", s.failure(err)
}

// settings are what the receiver is set to.
type settings struct {
	tunedHz     uint32 // what the dongle is tuned to
	frequencyHz int64  // the radio frequency that this is
	rateHz      uint32
	gainTenths  *int32 // in 0.1 dB; nil means automatic
}

func settingsFor(w *heimdall.WebSDR, t websdr.Tuning) (settings, error) {
	op := "tune " + w.URL
	if u, err := url.Parse(w.URL); err != nil || u.User != nil {
		op = "tune rtl_tcp receiver" // never show what may be a password
	}
	low, high := w.TuningRangeHz()
	tuned := t.FrequencyHz - w.FrequencyOffsetHz
	if t.FrequencyHz < low || t.FrequencyHz > high || tuned < 0 || tuned > math.MaxUint32 {
		return settings{}, websdr.Fail(heimdall.FailOutOfRange, op, nil,
			"%d Hz is outside its range of %d to %d Hz", t.FrequencyHz, low, high)
	}
	set := settings{tunedHz: uint32(tuned), frequencyHz: t.FrequencyHz}
	wanted := t.SampleRateHz
	if wanted == 0 {
		wanted = w.SampleRateHz
	}
	if wanted == 0 {
		wanted = defaultRateHz
	}
	rate, err := validRateHz(wanted)
	if err != nil {
		return settings{}, websdr.Fail(heimdall.FailUnsupported, op, nil, "%v", err)
	}
	set.rateHz = rate
	if aside := clearOf(rate, t.SpanHz); aside <= tuned {
		set.tunedHz -= uint32(aside)
		set.frequencyHz -= aside
	}
	if w.GainDB != nil {
		tenths := int32(math.Round(*w.GainDB * 10))
		set.gainTenths = &tenths
	}
	return set, nil
}

// clearOf is how far below the wanted frequency to tune, so that the span about it keeps away from the leakage
// in the middle of the band and from the band's edge; 0 when there is no room.
func clearOf(rateHz uint32, spanHz float64) int64 {
	quarter, guard := float64(rateHz)/4, 0.05*float64(rateHz)
	if spanHz <= 0 || spanHz/2+guard > quarter {
		return 0
	}
	return int64(quarter)
}

// validRateHz is the nearest rate at or above wanted that an RTL2832U can do: 225001 to 300000 and 900001 to
// 3200000. Above 2.4 MS/s most machines lose samples over USB.
func validRateHz(wanted int64) (uint32, error) {
	switch {
	case wanted <= 300_000:
		return uint32(max(wanted, 225_001)), nil
	case wanted <= 3_200_000:
		return uint32(max(wanted, 900_001)), nil
	}
	return 0, fmt.Errorf("an RTL-SDR gives at most 3200000 samples a second, not %d", wanted)
}
