package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iqfile"
)

// websdrTimeout is the time-out of the rows that a network offers: everything is on this machine.
const websdrTimeout = 10 * time.Second

// Options say how a server treats time.
type Options struct {
	Speed  float64 // seconds of the world in one of ours; 0 means 1. Time stamps stay on the world's time line
	Rewind bool    // the first sample of every connection is that of the epoch: the same request gives the same bytes
	Hold   bool    // recordings: keep the connection open, silently, after the last frame; otherwise close it

	// Patience of a KiwiSDR with its clients; zero means as the real one.
	Patience Patience

	loops *kiwiLoops // of the network, or of the server alone
}

// Patience is how long a KiwiSDR waits for its clients.
type Patience struct {
	Auth      time.Duration // for the password; 0 means 20 s
	Setup     time.Duration // for everything it needs before it sends samples; 0 means 20 s
	Keepalive time.Duration // between signs of life; 0 means 60 s
}

func (p Patience) orReal() Patience {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&p.Auth, 20*time.Second)
	def(&p.Setup, 20*time.Second)
	def(&p.Keepalive, 60*time.Second)
	return p
}

// A Server is one receiver on the network. Close ends it.
type Server struct {
	receiver *Receiver
	options  Options
	clock    timeline
	faults   faults
	scheme   string

	addr     net.Addr
	cancel   context.CancelFunc
	done     chan struct{} // closed when everything it started has ended
	closeErr error         // written before done is closed
}

// Serve opens the server of one receiver of a world. It stops when ctx ends or Close is called. A world
// without an epoch begins now.
func Serve(ctx context.Context, w *World, receiver string, o Options) (*Server, error) {
	r, err := w.Receiver(receiver)
	if err != nil {
		return nil, err
	}
	o.loops = newKiwiLoops()
	return serveReceiver(ctx, w, r, o, startTimeline(w.Epoch, o.Speed))
}

func serveReceiver(ctx context.Context, w *World, r *Receiver, o Options, clock timeline) (*Server, error) {
	if r.Recording != "" {
		return ServeRecording(ctx, *r, iqfile.Options{}, o)
	}
	return serve(ctx, r, o, clock, func(s *Server) (protocol, error) {
		switch r.Kind {
		case kindKiwi:
			return newKiwi(s, kiwiModel{world: w, receiver: r, loops: o.loops}), nil
		case kindRTL:
			return &rtlTCP{server: s, source: &modelSource{world: w, receiver: r}}, nil
		case kindHTTP:
			return &httpIQ{server: s, source: &modelSource{world: w, receiver: r}}, nil
		}
		return nil, fmt.Errorf("serve %s: kind %q cannot be simulated: use kiwisdr, rtl_tcp or http_iq", r.Name, r.Kind)
	})
}

// startTimeline begins the world's time now.
func startTimeline(epoch time.Time, speed float64) timeline {
	now := time.Now()
	if epoch.IsZero() {
		epoch = now.UTC().Truncate(time.Second)
		now = now.Add(epoch.Sub(now.UTC()))
	}
	return timeline{epoch: epoch.UTC(), started: now, speed: orDefault(speed, 1)}
}

// A protocol serves a listener until ctx ends. It owns the listener.
type protocol interface {
	run(ctx context.Context, ln net.Listener) error
	scheme() string
}

func serve(ctx context.Context, r *Receiver, o Options, clock timeline, speak func(*Server) (protocol, error)) (*Server, error) {
	s := &Server{receiver: r, options: o, clock: clock, done: make(chan struct{})}
	s.faults.set(r.Faults)
	p, err := speak(s)
	if err != nil {
		return nil, err
	}
	s.scheme = p.scheme()
	listen := r.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w (choose another address in its field listen, or leave it empty)", r.Name, err)
	}
	s.addr = ln.Addr()
	ctx, s.cancel = context.WithCancel(ctx)
	if f, ok := s.faults.peek().find(FaultRefuse); ok && f.Count == 0 {
		ln.Close() // the port was free a moment ago, and nobody listens on it
		close(s.done)
		return s, nil
	}
	go func() {
		defer close(s.done)
		err := p.run(ctx, &resettingListener{Listener: ln, server: s})
		if err != nil && ctx.Err() == nil {
			s.closeErr = fmt.Errorf("serve %s: %w", r.Name, err)
		}
	}()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.addr }

// URL is the server's address as a driver wants it.
func (s *Server) URL() string { return s.scheme + "://" + s.addr.String() }

// WebSDR is the row with which to register the server.
func (s *Server) WebSDR() heimdall.WebSDR { return s.receiver.websdr(s.URL()) }

// Connections returns how many have been made so far: of a KiwiSDR for samples only, of the others all.
func (s *Server) Connections() int { return s.faults.connections() }

// SetFaults replaces the faults; counting begins anew. Connections that exist keep theirs. A port that was
// closed from the start stays closed.
func (s *Server) SetFaults(list ...Fault) { s.faults.set(list) }

// Close cuts all connections and waits until everything has ended. It may be called again.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	return s.closeErr
}

// timeline returns the time line of a stream that begins now, and the world's time at its beginning.
func (s *Server) timeline() (clock timeline, from time.Duration) {
	if s.options.Rewind {
		return s.clock.restarted(), 0
	}
	return s.clock, s.clock.now()
}

// sendBuffer keeps a fast server from running megabytes ahead of its client, as a real one cannot either.
const sendBuffer = 128 << 10

// resettingListener resets the connections that a counted refuse fault is for.
type resettingListener struct {
	net.Listener
	server *Server
}

func (l *resettingListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, isTCP := c.(*net.TCPConn)
		if isTCP {
			tcp.SetWriteBuffer(sendBuffer)
		}
		if !l.server.faults.peek().has(FaultRefuse) {
			return c, nil
		}
		l.server.faults.next()
		if isTCP {
			tcp.SetLinger(0)
		}
		c.Close()
	}
}

// serveHTTP runs an HTTP server until ctx ends, and returns when every handler has.
func serveHTTP(ctx context.Context, ln net.Listener, h http.Handler) error {
	var running handlers
	srv := &http.Server{Handler: running.around(h), BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err := srv.Serve(ln)
	running.end()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// handlers counts the handlers that run, for closing an http.Server does not wait for them.
type handlers struct {
	mu     sync.Mutex // guards closed, and that nobody is added after it
	closed bool
	wg     sync.WaitGroup
}

func (r *handlers) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return
		}
		r.wg.Add(1)
		r.mu.Unlock()
		defer r.wg.Done()
		h.ServeHTTP(w, req)
	})
}

func (r *handlers) end() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.wg.Wait()
}
