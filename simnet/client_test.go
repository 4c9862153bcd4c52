package simnet_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// fast is so fast that nothing ever waits.
var fast = simnet.Options{Speed: 1e6, Rewind: true}

func serve(t *testing.T, w *simnet.World, receiver string, o simnet.Options) *simnet.Server {
	t.Helper()
	s, err := simnet.Serve(t.Context(), w, receiver, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// kiwiClient is a client written from the protocol's description alone.
type kiwiClient struct {
	t  *testing.T
	ws *websocket.Conn
}

func dialKiwi(t *testing.T, s *simnet.Server, ts string) *kiwiClient {
	t.Helper()
	// With a small buffer here, too, a fast server does not make frames that nobody reads.
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetReadBuffer(64 << 10)
		}
		return c, err
	}}}
	ws, _, err := websocket.Dial(t.Context(), s.URL()+"/"+ts+"/SND", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	t.Cleanup(func() { ws.CloseNow() })
	return &kiwiClient{t, ws}
}

func (c *kiwiClient) say(commands ...string) {
	c.t.Helper()
	for _, m := range commands {
		if err := c.ws.Write(c.t.Context(), websocket.MessageText, []byte(m)); err != nil {
			c.t.Fatalf("send %q: %v", m, err)
		}
	}
}

// read returns the next message.
func (c *kiwiClient) read() ([]byte, error) {
	kind, b, err := c.ws.Read(c.t.Context())
	if err == nil && kind != websocket.MessageBinary {
		return nil, errors.New("a server's messages are binary")
	}
	return b, err
}

// message returns the next MSG.
func (c *kiwiClient) message() string {
	c.t.Helper()
	b, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	text, ok := strings.CutPrefix(string(b), "MSG ")
	if !ok {
		c.t.Fatalf("%.20q is no MSG", b)
	}
	return text
}

// until returns the messages up to the one that begins so.
func (c *kiwiClient) until(prefix string) (all []string) {
	c.t.Helper()
	for {
		all = append(all, c.message())
		if strings.HasPrefix(all[len(all)-1], prefix) {
			return all
		}
	}
}

const (
	auth     = "SET auth t=kiwi p="
	arOK     = "SET AR OK in=12000 out=44100"
	modeIQ   = "SET mod=iq low_cut=-5000 high_cut=5000 freq=77.500"
	agcOff   = "SET agc=0 hang=0 thresh=-100 slope=6 decay=1000 manGain=50"
	maxFrame = 2068
)

// start goes through the opening.
func (c *kiwiClient) start(commands ...string) {
	c.t.Helper()
	c.say(auth)
	c.until("sample_rate=")
	c.say(arOK)
	if len(commands) == 0 {
		commands = []string{modeIQ, agcOff}
	}
	c.say(commands...)
}

// sndFrame is a frame taken apart.
type sndFrame struct {
	flags     byte
	seq       uint32
	meterDBM  float64
	fixAge    byte
	sec, nsec uint32
	z         []complex128 // full scale 1
	raw       []byte
}

func (c *kiwiClient) frame() (f sndFrame, err error) {
	b, err := c.read()
	if err != nil {
		return f, err
	}
	if len(b) < 20 || string(b[:3]) != "SND" || (len(b)-20)%4 != 0 {
		return f, errors.New("no frame: " + string(b[:min(len(b), 40)]))
	}
	f.raw, f.flags, f.seq = b, b[3], binary.LittleEndian.Uint32(b[4:])
	f.meterDBM = float64(binary.BigEndian.Uint16(b[8:]))/10 - 127
	f.fixAge, f.sec, f.nsec = b[10], binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint32(b[16:])
	order := binary.ByteOrder(binary.BigEndian)
	if f.flags&0x80 != 0 {
		order = binary.LittleEndian
	}
	for p := b[20:]; len(p) > 0; p = p[4:] {
		f.z = append(f.z, complex(float64(int16(order.Uint16(p)))/32768, float64(int16(order.Uint16(p[2:])))/32768))
	}
	return f, nil
}

func (c *kiwiClient) frames(n int) []sndFrame {
	c.t.Helper()
	all := make([]sndFrame, n)
	for i := range all {
		f, err := c.frame()
		if err != nil {
			c.t.Fatalf("frame %d: %v", i, err)
		}
		all[i] = f
	}
	return all
}

// closedNow requires that the server hangs up without another word.
func (c *kiwiClient) closedNow() {
	c.t.Helper()
	if b, err := c.read(); err == nil {
		c.t.Errorf("the server goes on: %.60q", b)
	} else if errors.Is(err, context.DeadlineExceeded) {
		c.t.Errorf("the connection stays: %v", err)
	}
}

// silent requires that nothing comes for a while in which thousands of frames would.
func (c *kiwiClient) silent() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, b, err := c.ws.Read(ctx); err == nil {
		c.t.Errorf("the server goes on: %.40q", b)
	} else if !errors.Is(err, context.DeadlineExceeded) {
		c.t.Errorf("the connection does not stay: %v", err)
	}
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	u, err := url.PathUnescape(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }
