package kiwisdr_test

import (
	"context"
	"encoding/binary"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

// A peer is the server's side of one connection, which sends exactly the bytes that a test gives it.
type peer struct {
	t    *testing.T
	ws   *websocket.Conn
	raw  net.Conn
	ctx  context.Context
	path string
}

type rawConn struct{}

// serve starts a server that plays script with every client, and returns its address.
func serve(t *testing.T, script func(*peer)) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ws, err := websocket.Accept(w, req, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		raw, _ := req.Context().Value(rawConn{}).(net.Conn)
		script(&peer{t: t, ws: ws, raw: raw, ctx: ctx, path: req.URL.Path})
	}))
	srv.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, rawConn{}, c)
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL
}

// msg sends a MSG.
func (p *peer) msg(text string) { p.send([]byte("MSG " + text)) }

// send sends a binary message. That the client has gone is no error: the test sees what it came to see.
func (p *peer) send(b []byte) bool { return p.ws.Write(p.ctx, websocket.MessageBinary, b) == nil }

// command returns the next command of the client, or "" when it has gone.
func (p *peer) command() string {
	_, b, err := p.ws.Read(p.ctx)
	if err != nil {
		return ""
	}
	return string(b)
}

// wait reads commands until the client goes.
func (p *peer) wait() {
	for p.command() != "" {
	}
}

// until reads commands up to and including one.
func (p *peer) until(last string) []string {
	var got []string
	for {
		c := p.command()
		got = append(got, c)
		if c == "" || c == last {
			return got
		}
	}
}

// A dialogue is what a server says of itself while it is being opened.
type dialogue struct {
	version string // the whole message
	band    string
	rate    string
	audio   string
}

var usual = dialogue{
	version: "version_maj=1 version_min=709 debian_ver=11 model=2 platform=0 ext_clk=0 abyy=A17 freq_offset=0.000",
	band:    "center_freq=15000000 bandwidth=30000000 adc_clk_nom=66666600",
	rate:    "sample_rate=12001.144994",
	audio:   "audio_init=0 audio_rate=12000",
}

// greet plays the opening as real servers do and returns all commands of the client, in order.
func (p *peer) greet(d dialogue) []string {
	got := []string{p.command()}
	for _, m := range []string{
		"client_public_ip=192.0.2.7", "rx_chans=4", "chan_no_pwd=0", "chan_no_pwd_true=0", "is_local=0,0,0", "max_camp=4",
		"badp=0", d.version, "load_cfg=%7B%22rx_gps%22:%22(45.1,%207.9)%22%7D" + strings.Repeat("%20", 100_000), "load_dxcfg=%7B%7D", d.band, d.audio,
	} {
		p.msg(m)
	}
	if d.audio != "" {
		got = append(got, p.command())
	}
	p.msg(d.rate)
	return append(got, p.until("SET keepalive")...)
}

// A block is an SND frame in the making.
type block struct {
	flags  byte
	seq    uint32
	smeter uint16
	fixAge byte
	sec    uint32
	nsec   uint32
	plain  bool // no GPS header
	iq     []int16
}

const iqFlag = 0x08

func (b block) bytes() []byte {
	p := append([]byte("SND"), b.flags)
	p = binary.LittleEndian.AppendUint32(p, b.seq)
	p = binary.BigEndian.AppendUint16(p, b.smeter)
	if !b.plain {
		p = append(p, b.fixAge, 0)
		p = binary.LittleEndian.AppendUint32(p, b.sec)
		p = binary.LittleEndian.AppendUint32(p, b.nsec)
	}
	for _, v := range b.iq {
		if b.flags&0x80 != 0 {
			p = binary.LittleEndian.AppendUint16(p, uint16(v))
		} else {
			p = binary.BigEndian.AppendUint16(p, uint16(v))
		}
	}
	return p
}

const (
	trueRateHz = 12001.144994
	blockSize  = 512
)

// A radio makes the frames of a KiwiSDR that took its first sample at start: a carrier of amplitude 1000 at
// 0 Hz, whose I counts the blocks.
type radio struct {
	start time.Time
	taken int64
	seq   uint32
}

func newRadio(start time.Time) *radio { return &radio{start: start} }

// next is the next frame. Its first two stamps are those of real receivers: 0, and left over.
func (r *radio) next() block {
	b := block{flags: iqFlag, seq: r.seq, smeter: 570, fixAge: 3, iq: make([]int16, 2*blockSize)} // -70 dBm
	at := r.at(r.taken)
	gps := at.Add(stamp.LeapSeconds*time.Second).Sub(time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)) % (7 * 24 * time.Hour)
	switch r.seq {
	case 0:
		b.smeter = 100
	case 1:
		gps -= 227 * time.Second
		fallthrough
	default:
		b.sec, b.nsec = uint32(gps/time.Second), uint32(gps%time.Second)
	}
	for k := 0; k < len(b.iq); k += 2 {
		b.iq[k], b.iq[k+1] = 1000, int16(r.seq)
	}
	r.taken += blockSize
	r.seq++
	return b
}

// at is the time of a sample.
func (r *radio) at(sample int64) time.Time {
	whole, frac := math.Modf(float64(sample) / trueRateHz)
	return r.start.Add(time.Duration(whole)*time.Second + time.Duration(math.Round(frac*1e9)))
}

// lose skips whole blocks.
func (r *radio) lose(blocks int) {
	r.taken += int64(blocks) * blockSize
	r.seq += uint32(blocks)
}

// play sends frames as fast as they are taken.
func (p *peer) play(r *radio, blocks int) {
	for range blocks {
		if !p.send(r.next().bytes()) {
			return
		}
	}
}

// row is a WebSDR at an address, and a tuning to 77.5 kHz.
func row(url string) (*heimdall.WebSDR, websdr.Tuning) {
	return &heimdall.WebSDR{Name: "test", Kind: "kiwisdr", URL: url, Timeout: 5 * time.Second},
		websdr.Tuning{FrequencyHz: 77_500, Identity: "heimdall test, contact@example.org"}
}

// open opens a stream, which is closed with the test.
func open(t *testing.T, d *kiwisdr.Driver, url string) websdr.Stream {
	t.Helper()
	w, tuning := row(url)
	s, err := d.Open(t.Context(), w, tuning)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// read reads n samples.
func read(t *testing.T, s websdr.Stream, n int) []byte {
	t.Helper()
	var all []byte
	p := make([]byte, 1000)
	for len(all) < 4*n {
		k, err := s.Read(p[:min(len(p), 4*n-len(all))])
		all = append(all, p[:k]...)
		if err != nil {
			t.Fatalf("Read after %d samples: %v", len(all)/4, err)
		}
	}
	return all
}

// readToEnd reads until an error.
func readToEnd(s websdr.Stream) (samples int, err error) {
	p := make([]byte, 4096)
	for {
		n, err := s.Read(p)
		samples += n / 4
		if err != nil {
			return samples, err
		}
	}
}

// fixedClock is a driver's clock that stands.
func fixedClock(t time.Time) func() time.Time { return func() time.Time { return t } }

// wantFailure checks class and words of an error.
func wantFailure(t *testing.T, err error, class heimdall.FailureClass, after time.Duration, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", class)
	}
	f := websdr.AsFailure(err)
	if f.Class != class || f.After != after || f.Op == "" || f.Detail == "" {
		t.Errorf("got %s after %v, want %s after %v: %v", f.Class, f.After, class, after, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}
