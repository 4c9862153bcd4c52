package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// errStalled: nothing has moved for as long as Config.Stall.
var errStalled = errors.New("nothing moved for too long")

// newHTTPClient gives a client whose time-outs stand on connecting and on stalling.
func newHTTPClient(c Config) (*http.Client, error) {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 64, // as many as put at once; the default of 2 would connect again and again
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true, // samples do not compress, and lengths must stay what they are
		WriteBufferSize:     64 << 10,
		ReadBufferSize:      64 << 10,
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read certificates of authorities: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", c.CAFile)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport: &watchdog{next: t, stall: c.Stall},
		// A redirect loses the signature; what it says is in the error.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// patienceKey is the context key of how long the answer to one request may take, where that is more than usual.
type patienceKey struct{}

func withPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// A watchdog ends a request in which nothing moves: no byte of its body is taken, no answer comes, no byte of the
// answer comes while somebody waits for one.
type watchdog struct {
	next  *http.Transport
	stall time.Duration
}

func (w *watchdog) CloseIdleConnections() { w.next.CloseIdleConnections() }

func (w *watchdog) RoundTrip(req *http.Request) (*http.Response, error) {
	stall := w.stall
	if d, ok := req.Context().Value(patienceKey{}).(time.Duration); ok {
		stall = max(stall, d)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(stall, func() { cancel(errStalled) })
	req = req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &watched{ReadCloser: req.Body, ctx: ctx, timer: timer, stall: stall, always: true}
	}
	resp, err := w.next.RoundTrip(req)
	timer.Stop()
	if err != nil {
		err = stalled(ctx, err)
		cancel(nil)
		return nil, err
	}
	resp.Body = &watched{ReadCloser: resp.Body, ctx: ctx, timer: timer, stall: stall, done: cancel}
	return resp, nil
}

// A watched body winds its request's timer up with every read. That of an answer is watched only while it is read:
// its reader may take his time.
type watched struct {
	io.ReadCloser
	ctx    context.Context
	timer  *time.Timer
	stall  time.Duration
	always bool                    // it is a request's
	done   context.CancelCauseFunc // of an answer
}

func (b *watched) Read(p []byte) (int, error) {
	b.timer.Reset(b.stall)
	n, err := b.ReadCloser.Read(p)
	if !b.always {
		b.timer.Stop()
	}
	if err != nil && err != io.EOF {
		err = stalled(b.ctx, err)
	}
	return n, err
}

func (b *watched) Close() error {
	err := b.ReadCloser.Close()
	if b.done != nil {
		b.timer.Stop()
		b.done(nil)
	}
	return err
}

// stalled says errStalled where the cause of err is only that the context was cancelled for it.
func stalled(ctx context.Context, err error) error {
	if context.Cause(ctx) == errStalled {
		return errStalled
	}
	return err
}
