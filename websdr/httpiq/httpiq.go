// Package httpiq is the driver of the plainest way to serve samples over HTTP: GET {url}/iq?tune={Hz}&rate={Hz}
// answers with little-endian int16 pairs, I before Q, for as long as the client listens or until the bridge
// has no more. It is for bridges that people write themselves in front of hardware that Heimdall does not
// know; no receiver software speaks it by itself.
//
// A password goes along as a bearer token; a server that asks for basic authentication instead, as proxies do,
// gets it that way, "user:password" or the password alone. Samples carry no time, so they are timed by their arrival. An answer
// that states its length is a recording rather than a receiver: it is not live, its samples count from the
// moment it began to arrive, and their time has no quality.
//
// The driver follows no redirect to another host, so that neither the password nor the blame for what was
// measured ends up with a stranger. The surprising part: the answer cannot say at which rate it was sampled.
// The rate asked for is taken for granted, and a live stream that arrives at another pace shows in the clock.
package httpiq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// defaultRateHz is the rate that the first Heimdall asked such bridges for.
const defaultRateHz = 12_500

const maxRedirects = 5

// A Driver opens streams from bridges. The zero value is ready for use.
type Driver struct {
	// DialContext opens TCP connections; nil means a net.Dialer, or the proxy that the environment names. A
	// *websdr.Failure of its own is passed on.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Open asks for samples and waits for the first.
func (d *Driver) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	r, err := newRequest(w, t)
	if err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(ctx)
	r.dial = d.DialContext
	resp, err := r.send(inner)
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			return nil, givenUp(ctx, r.op)
		}
		return nil, err
	}
	s := newStream(ctx, cancel, r, resp)
	if err := s.begin(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func givenUp(ctx context.Context, op string) error {
	return websdr.Fail(heimdall.FailTransport, op, ctx.Err(), "given up")
}

// A request is what is asked of a bridge.
type request struct {
	op          string // for failures
	method      string // GET, or HEAD where no samples are wanted
	url         *url.URL
	frequencyHz int64 // radio frequency
	rateHz      int64
	timeout     time.Duration
	password    string
	identity    string
	dial        func(ctx context.Context, network, address string) (net.Conn, error) // nil means a net.Dialer
}

func newRequest(w *heimdall.WebSDR, t websdr.Tuning) (*request, error) {
	r := &request{
		op: "open http_iq receiver", method: http.MethodGet, frequencyHz: t.FrequencyHz, rateHz: t.SampleRateHz,
		timeout: w.Timeout, password: w.Password, identity: t.Identity,
	}
	u, err := url.Parse(w.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return nil, r.fail(heimdall.FailUnsupported, nil, "the address must look like http://host:8080, and hold no password")
	}
	r.op = "get samples from " + u.Redacted()
	tuned := t.FrequencyHz - w.FrequencyOffsetHz
	if low, high := w.TuningRangeHz(); t.FrequencyHz < low || t.FrequencyHz > high || tuned <= 0 {
		return nil, r.fail(heimdall.FailOutOfRange, nil, "%d Hz is outside its range of %d to %d Hz", t.FrequencyHz, low, high)
	}
	if r.rateHz == 0 {
		r.rateHz = w.SampleRateHz
	}
	if r.rateHz == 0 {
		r.rateHz = defaultRateHz
	}
	if r.rateHz < 0 {
		return nil, r.fail(heimdall.FailUnsupported, nil, "a sample rate of %d Hz is not possible", r.rateHz)
	}
	if r.timeout <= 0 {
		r.timeout = heimdall.DefaultTimeout
	}
	if r.identity == "" {
		r.identity = "Heimdall/" + heimdall.Version
	}
	r.url = u.JoinPath("iq")
	r.url.Fragment = ""
	r.url.RawQuery = strings.TrimPrefix(fmt.Sprintf("%s&tune=%d&rate=%d", u.RawQuery, tuned, r.rateHz), "&")
	return r, nil
}

// send returns the answer once its header says that samples follow. The connection serves this one answer.
func (r *request) send(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, r.fail(heimdall.FailUnsupported, nil, "the address is malformed")
	}
	req.Header.Set("User-Agent", r.identity)
	req.Header.Set("Accept", "application/octet-stream")
	if r.password != "" {
		req.Header.Set("Authorization", "Bearer "+r.password)
	}
	// Through a proxy the address that is dialled is the proxy's: whoever says how to dial wants to see the receiver's.
	dial, proxy := r.dial, (func(*http.Request) (*url.URL, error))(nil)
	if dial == nil {
		dial, proxy = new(net.Dialer).DialContext, http.ProxyFromEnvironment
	}
	client := http.Client{
		CheckRedirect: stayAtHost,
		Transport: &http.Transport{
			Proxy: proxy,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				ctx, cancel := context.WithTimeout(ctx, r.timeout) // on connecting alone
				defer cancel()
				conn, err := dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &impatientConn{conn, r.timeout}, nil
			},
			TLSHandshakeTimeout:   r.timeout,
			ResponseHeaderTimeout: r.timeout,
			DisableKeepAlives:     true,
			DisableCompression:    true,
		},
	}
	resp, err := client.Do(req)
	if err == nil && r.challenged(resp) {
		resp.Body.Close()
		req.SetBasicAuth(r.credentials())
		resp, err = client.Do(req)
	}
	if err != nil {
		return nil, r.transportFailure(err, "does a bridge listen there?")
	}
	if err := r.check(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// challenged reports whether the password was refused only for the way in which it was told.
func (r *request) challenged(resp *http.Response) bool {
	scheme, _, _ := strings.Cut(resp.Header.Get("WWW-Authenticate"), " ")
	return resp.StatusCode == http.StatusUnauthorized && r.password != "" && strings.EqualFold(scheme, "Basic")
}

// credentials splits user:password. A password without a user goes with a name that nobody need know.
func (r *request) credentials() (user, password string) {
	if user, password, ok := strings.Cut(r.password, ":"); ok {
		return user, password
	}
	return "heimdall", r.password
}

// stayAtHost lets a redirect be followed to the same host and port, unless it gives up encryption.
func stayAtHost(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	if req.URL.Host != from.Host || (from.Scheme == "https" && req.URL.Scheme != "https") || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// An impatientConn fails a Read that waits longer than the time-out, whatever it waits for.
type impatientConn struct {
	net.Conn
	timeout time.Duration
}

func (c *impatientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// transportFailure is a failure of the network rather than of the bridge.
func (r *request) transportFailure(err error, advice string) error {
	if f, ok := errors.AsType[*websdr.Failure](err); ok {
		return f
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the address is in the op
	}
	var timeout net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		advice = fmt.Sprintf("nothing came for %v", r.timeout)
	}
	return r.fail(heimdall.FailTransport, err, "%s", advice)
}

// fail makes a failure that cannot show the password, whatever the bridge may have said.
func (r *request) fail(class heimdall.FailureClass, err error, format string, args ...any) *websdr.Failure {
	f := websdr.Fail(class, r.op, err, format, args...)
	if r.password == "" {
		return f
	}
	f.Detail = strings.ReplaceAll(f.Detail, r.password, "[password]")
	if err != nil && strings.Contains(err.Error(), r.password) {
		f.Err = errors.New(strings.ReplaceAll(err.Error(), r.password, "[password]"))
	}
	return f
}
