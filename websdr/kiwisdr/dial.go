package kiwisdr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

const maxRedirects = 3

// maxMessage is what a message of the server may measure: its list of stations comes in one.
const maxMessage = 4 << 20

// connect opens the WebSocket within the time-out.
func (s *session) connect(ctx context.Context) error {
	u, err := s.soundURL()
	if err != nil {
		return websdr.Fail(heimdall.FailUnsupported, s.op, err, "the URL must look like http://kiwi.example:8073")
	}
	dialCtx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	client, sockets := s.driver.client()
	s.sockets = sockets
	conn, resp, err := websocket.Dial(dialCtx, u, &websocket.DialOptions{
		HTTPClient: client,
		HTTPHeader: http.Header{"User-Agent": {"heimdall/" + heimdall.Version}},
	})
	if err != nil {
		sockets.close()
		return s.dialFailure(ctx, resp, err)
	}
	conn.SetReadLimit(maxMessage)
	s.conn = conn
	s.inbox.watch = newWatch(sockets.close)
	return nil
}

// soundURL is where the samples are. The number in it names the connection: a second one with the same number
// from the same address is refused without a word.
func (s *session) soundURL() (string, error) {
	u, err := url.Parse(s.w.URL)
	if err != nil {
		return "", err
	}
	if u.Host == "" {
		return "", fmt.Errorf("%q names no host", s.w.URL)
	}
	u = u.JoinPath(strconv.FormatInt(s.driver.now().UnixMicro(), 10), "SND")
	u.RawQuery, u.Fragment = "", ""
	return u.String(), nil
}

// dialFailure says what became of an attempt to connect.
func (s *session) dialFailure(ctx context.Context, resp *http.Response, err error) error {
	var elsewhere *redirectError
	var refused *websdr.Failure
	switch {
	case ctx.Err() != nil:
		return s.givenUp(ctx)
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &elsewhere):
		return websdr.Fail(heimdall.FailRedirect, s.op, nil, "%s %s", elsewhere.why, s.quote(elsewhere.to))
	case errors.Is(err, context.DeadlineExceeded):
		return websdr.Fail(heimdall.FailTransport, s.op, err, "no connection within %v: is the address right, and the receiver on?", s.timeout)
	case resp == nil:
		return websdr.Fail(heimdall.FailTransport, s.op, err, "no connection: is the address right, and the receiver on?")
	}
	what := "HTTP status " + resp.Status
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		what += " and a web page"
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return &websdr.Failure{Class: heimdall.FailBusy, Op: s.op, After: afterBusy, Detail: "it answered with " + s.quote(what)}
	case resp.StatusCode >= 500:
		return websdr.Fail(heimdall.FailTransport, s.op, err, "it answered with %s: the receiver behind that address may be off", s.quote(what))
	}
	return websdr.Fail(heimdall.FailProtocol, s.op, err, "it answered with %s instead of a WebSocket: is it a KiwiSDR?", s.quote(what))
}

// client returns an HTTP client for one connection, and the sockets that it will have opened.
func (d *Driver) client() (*http.Client, *sockets) {
	dial := d.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	opened := &sockets{}
	transport := &http.Transport{
		TLSClientConfig: d.TLS,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err == nil {
				opened.add(c)
			}
			return c, err
		},
		DisableKeepAlives: true,
	}
	return &http.Client{Transport: transport, CheckRedirect: sameReceiver}, opened
}

// A redirectError is a redirection that is not followed.
type redirectError struct{ why, to string }

func (e *redirectError) Error() string { return e.why + " " + e.to }

// sameReceiver lets a redirection pass if it stays at the address that was asked for, as from http to https.
// Elsewhere is another receiver, at another place, and its samples would be filed under the wrong name.
func sameReceiver(req *http.Request, via []*http.Request) error {
	from, to := via[0].URL, req.URL
	if len(via) > maxRedirects {
		return &redirectError{"it redirects in circles, to", to.Redacted()}
	}
	secured := from.Scheme == "http" && to.Scheme == "https" && port(from) == "80" && port(to) == "443"
	if !strings.EqualFold(from.Hostname(), to.Hostname()) || port(from) != port(to) && !secured {
		return &redirectError{"it sends us to another address; register that one if it is the same receiver:", to.Redacted()}
	}
	return nil
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https" || u.Scheme == "wss":
		return "443"
	}
	return "80"
}

// sockets are the TCP connections below a WebSocket. To close them is the one way to end it that never waits
// for the other side.
type sockets struct {
	mu     sync.Mutex
	conns  []net.Conn
	closed bool
}

func (s *sockets) add(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	if s.closed {
		c.Close()
	}
}

func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, c := range s.conns {
		c.Close()
	}
}
