package kiwisdr

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A session is one connection and what its server has said. While it is being opened it belongs to Open, then
// to the goroutine that reads.
type session struct {
	driver  *Driver
	w       *heimdall.WebSDR
	tuning  websdr.Tuning
	timeout time.Duration
	op      string

	conn    *websocket.Conn
	sockets *sockets
	inbox   inbox

	heard       bool   // the server has said anything
	reason      string // why it is down
	major       string // version
	minor       string
	offsetHz    int64 // of the converter, as the server has it
	bandwidthHz float64
	rateHz      float64
	audioRate   bool // AR OK has been sent
	tuned       bool // all settings have been sent
	low, high   int  // passband
}

// usualBandwidthHz is what receivers cover that do not say.
const usualBandwidthHz = 32e6

// defaultGainDB leaves 10 to 20 dB of headroom above strong broadcasters. The server's integers wrap around
// instead of clipping, so too much gain is worse than too little.
const defaultGainDB = 50

// readMessage returns the next message before the deadline.
func (s *session) readMessage(ctx context.Context, deadline time.Time) ([]byte, error) {
	msg, late, err := s.receiveUntil(deadline)
	if err == nil {
		return msg, nil
	}
	switch {
	case ctx.Err() != nil:
		return nil, s.givenUp(ctx)
	case late:
		what := "no samples"
		if !s.heard {
			what = "not a word"
		}
		return nil, websdr.Fail(heimdall.FailTransport, s.op, context.DeadlineExceeded, "%s for %v", what, s.timeout)
	case websocket.CloseStatus(err) == websocket.StatusMessageTooBig || errors.Is(err, websocket.ErrMessageTooBig):
		return nil, websdr.Fail(heimdall.FailProtocol, s.op, err, "it sends messages of more than %d bytes: is it a KiwiSDR?", maxMessage)
	case !s.heard:
		return nil, &websdr.Failure{Class: heimdall.FailBanned, Op: s.op, After: afterBan, Err: err,
			Detail: "it hung up without a word: our address may be on its blacklist, or it has no connection left"}
	}
	return nil, websdr.Fail(heimdall.FailTransport, s.op, err, "it ended the connection")
}

// handshake signs on and tunes.
func (s *session) handshake(ctx context.Context, deadline time.Time) error {
	defer context.AfterFunc(ctx, s.sockets.close)() // later the stream sees to it
	// What cannot be sent shows in what cannot be read, and there the server may have said why.
	s.send(ctx, "SET auth t=kiwi p="+escape(s.w.Password))
	for !s.tuned {
		msg, err := s.readMessage(ctx, deadline)
		if err != nil {
			return err
		}
		if tag(msg) == "MSG" {
			if err := s.message(ctx, msg); err != nil {
				return err
			}
		}
	}
	return nil
}

// tag returns the first three bytes of a message.
func tag(msg []byte) string { return string(msg[:min(3, len(msg))]) }

// sound reads a frame and notes when it came.
func (s *session) sound(msg []byte) (frame, error) {
	at := s.driver.now()
	f, err := parseSND(msg)
	if err != nil {
		return frame{}, websdr.Fail(heimdall.FailProtocol, s.op, err, "its samples cannot be read")
	}
	f.at = at
	return f, nil
}

// message obeys a MSG.
func (s *session) message(ctx context.Context, msg []byte) error {
	s.heard = true
	for _, p := range parseMSG(string(msg[3:])) {
		if f := s.refused(p); f != nil {
			return f
		}
		if err := s.learn(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// learn takes over what the server says about itself, and answers where an answer is due.
func (s *session) learn(ctx context.Context, p param) error {
	switch p.name {
	case "version_maj":
		s.major = p.value
	case "version_min":
		s.minor = p.value
	case "freq_offset":
		if kHz, ok := number(p.value); ok && math.Abs(kHz) < 1e9 {
			s.offsetHz = int64(math.Round(kHz * 1000))
		}
	case "bandwidth":
		if hz, ok := number(p.value); ok && hz > 0 {
			s.bandwidthHz = hz
		}
	case "audio_rate":
		s.acceptAudioRate(ctx, p.value)
	case "sample_rate":
		return s.learnRate(ctx, p.value)
	}
	return nil
}

func (s *session) acceptAudioRate(ctx context.Context, rate string) {
	hz, ok := number(rate)
	if !ok || s.audioRate {
		return
	}
	s.audioRate = true
	s.send(ctx, fmt.Sprintf("SET AR OK in=%.0f out=44100", hz))
}

func (s *session) learnRate(ctx context.Context, value string) error {
	hz, ok := number(value)
	if !ok || hz < 1000 || hz > 10e6 {
		return websdr.Fail(heimdall.FailProtocol, s.op, nil, "it claims a sample rate of %s", s.quote(value))
	}
	if s.tuned {
		if math.Abs(hz-s.rateHz) > 1e-3*s.rateHz {
			return websdr.Fail(heimdall.FailProtocol, s.op, nil, "it changed its sample rate from %g to %g Hz", s.rateHz, hz)
		}
		return nil // the same rate, known better
	}
	s.rateHz = hz
	s.acceptAudioRate(ctx, strconv.FormatFloat(hz, 'f', 0, 64)) // a server that did not ask for it wants it all the same
	return s.tune(ctx)
}

// tune sends all settings. Samples come when the last of them has arrived.
func (s *session) tune(ctx context.Context) error {
	asked := s.tuning.SampleRateHz
	if asked == 0 {
		asked = s.w.SampleRateHz
	}
	if float64(asked) > 1.01*s.rateHz {
		return websdr.Fail(heimdall.FailUnsupported, s.op, nil,
			"it samples at %.0f Hz and cannot give the %d Hz asked for: ask for less, or name no rate", s.rateHz, asked)
	}
	basebandHz := s.tuning.FrequencyHz - s.converterHz()
	top := s.bandwidthHz
	if top == 0 {
		top = usualBandwidthHz
	}
	if basebandHz < 0 || float64(basebandHz) > top {
		return websdr.Fail(heimdall.FailOutOfRange, s.op, nil, "it covers %.6g to %.6g MHz, not %.9g MHz",
			float64(s.converterHz())/1e6, (float64(s.converterHz())+top)/1e6, float64(s.tuning.FrequencyHz)/1e6)
	}
	if err := s.choosePassband(); err != nil {
		return err
	}
	s.tuned = true
	identity := s.tuning.Identity
	if identity == "" {
		identity = "heimdall/" + heimdall.Version
	}
	gain := float64(defaultGainDB)
	if s.w.GainDB != nil {
		gain = min(max(*s.w.GainDB, 0), 120)
	}
	for _, c := range []string{
		"SET squelch=0 max=0",
		"SET genattn=0",
		"SET gen=0 mix=-1",
		"SET ident_user=" + escape(identity),
		fmt.Sprintf("SET mod=iq low_cut=%d high_cut=%d freq=%.3f", s.low, s.high, float64(basebandHz)/1000),
		fmt.Sprintf("SET agc=0 hang=0 thresh=-100 slope=6 decay=1000 manGain=%.0f", gain),
		keepalive,
	} {
		s.send(ctx, c)
	}
	return nil
}

// converterHz is what is to be subtracted from a radio frequency; see Open.
func (s *session) converterHz() int64 {
	if s.w.FrequencyOffsetHz != 0 {
		return s.w.FrequencyOffsetHz
	}
	return s.offsetHz
}

// choosePassband takes the row's, within what the server allows, or by default five sixths of the band, ±5 kHz
// of 12: the outer part is where the server's decimation filters fall off.
func (s *session) choosePassband() error {
	most := math.Floor(s.rateHz/2) - 1
	low, high := s.w.PassbandLowHz, s.w.PassbandHighHz
	if low == 0 && high == 0 {
		high = math.Round(s.rateHz*5/12/100) * 100
		low = -high
	}
	s.low = int(min(max(math.Round(low), -most), most))
	s.high = int(min(max(math.Round(high), -most), most))
	if s.low >= s.high {
		return websdr.Fail(heimdall.FailUnsupported, s.op, nil,
			"its passband must lie within ±%.0f Hz and cannot be %g to %g Hz", most, low, high)
	}
	return nil
}

const keepalive = "SET keepalive"

// send sends a command. That it could not be sent will show in the next read.
func (s *session) send(ctx context.Context, command string) error {
	return s.conn.Write(ctx, websocket.MessageText, []byte(command))
}

// version is what the server calls itself, such as "1.709".
func (s *session) version() string {
	if s.major == "" || s.minor == "" {
		return ""
	}
	return s.quote(s.major + "." + s.minor)
}

func (s *session) givenUp(ctx context.Context) error {
	return websdr.Fail(heimdall.FailTransport, s.op, ctx.Err(), "given up by us")
}

// hangUp ends the connection and frees the receiver's channel. It takes leave if that goes quickly.
func (s *session) hangUp() {
	impatience := time.AfterFunc(leaveWait, s.sockets.close)
	s.conn.Close(websocket.StatusNormalClosure, "")
	impatience.Stop()
	s.sockets.close()
}

// leaveWait is what the server has to answer our farewell. It frees the channel when the connection ends,
// with or without one.
const leaveWait = 200 * time.Millisecond

// escape encodes what is not plain: a space would end the value.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// number is a finite number.
func number(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}
