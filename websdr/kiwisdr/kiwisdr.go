// Package kiwisdr records I/Q from KiwiSDR receivers, and from the servers that speak their protocol.
//
// A KiwiSDR is a public shortwave receiver with a GPS: every block of 512 samples carries the time of its
// first one, which makes recordings of different receivers comparable to a fraction of a microsecond. The
// driver speaks the WebSocket protocol as the maintained clients do, one connection for each stream, and never
// asks for more than the I/Q of one channel.
//
// Two relatives are recognised by what they send, since both claim to be a KiwiSDR: a Web-888, whose stamps
// stand still, and UberSDR's compatible port, which sends no stamps at all. Both are timed by arrival.
//
// Left out: the waterfall, audio modes, extensions, and the full receiver's offer to wait in line. The driver
// reports how a receiver refuses (package websdr's classes) and leaves it alone; patience is the caller's part.
//
// The surprising part: the first two frames of a connection are never delivered. Their stamps and S-meter
// readings are left over from whoever used the channel before, up to hours ago. Sample 0 of a stream is the
// first of the third frame.
package kiwisdr

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Driver opens streams from KiwiSDRs. The zero value is ready for use.
type Driver struct {
	// DialContext opens TCP connections; nil means a net.Dialer. A *websdr.Failure of its own is passed on.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is for receivers behind https; nil means the defaults.
	TLS *tls.Config
	// Now is the clock that names the GPS week and times what has no stamps; nil means time.Now.
	Now func() time.Time
	// LeapSeconds is how far GPS time is ahead of UTC; 0 means the 18 s valid since 2017.
	LeapSeconds int
}

const (
	// settle is how long after tuning some versions of the server change their oscillator's phase once more.
	settle = 2 * time.Second

	staleFrames = 2 // at the beginning of a connection; see the package comment
	aheadFrames = 3 // looked at before Open returns: what it takes to see stamps advance
	aheadWait   = time.Second
)

// Open connects to the receiver of w, tunes it to t.FrequencyHz in I/Q mode with the gain fixed, and returns
// when the first trustworthy samples have come.
//
// Two settings may say that a converter sits before the receiver: w.FrequencyOffsetHz and the server's own
// freq_offset, which its owner configures. They are two accounts of the same converter, so they are never
// added: the row's wins where it is set, otherwise the server's holds.
//
// The sample rate is the server's (12 kHz on most, 20.25 kHz on some); a higher one is refused as unsupported.
func (d *Driver) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	timeout := w.Timeout
	if timeout <= 0 {
		timeout = heimdall.DefaultTimeout
	}
	row := *w
	s := &session{driver: d, w: &row, tuning: t, timeout: timeout, op: "receive from " + w.URL}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	st, err := s.open(ctx)
	if err != nil {
		s.hangUp()
		return nil, err
	}
	return st, nil
}

func (d *Driver) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

func (d *Driver) leapSeconds() int {
	if d.LeapSeconds != 0 {
		return d.LeapSeconds
	}
	return stamp.LeapSeconds
}
