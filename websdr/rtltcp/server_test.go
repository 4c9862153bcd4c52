package rtltcp_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/rtltcp"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

const (
	rateHz   = 240_000
	oldBytes = 2 * 262_144 // what may be in flight of the old tuning
	oldByte  = 0xEE
)

var header = []byte{'R', 'T', 'L', '0', 0, 0, 0, 5, 0, 0, 0, 29}

// A script is how a server behaves.
type script struct {
	silent    bool
	greeting  []byte  // instead of the header
	stop      int     // samples of the new tuning after which it stops; 0 means never
	hangUp    bool    // when it stops, close the connection
	extraByte bool    // when it stops, send half a sample
	slow      float64 // the share of samples that is lost
	backlog   int     // bytes of the old tuning that a slow link delivers late, at 4 MB/s
}

// A server is an rtl_tcp of a few lines: sample k is k modulo 65536, its low byte as I, its high byte as Q.
type server struct {
	script
	url      string
	mu       sync.Mutex
	commands []byte
	all      sync.WaitGroup
}

// start listens until the test ends.
func start(t *testing.T, behaviour script) *server {
	t.Helper()
	s := &server{script: behaviour}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "tcp://" + ln.Addr().String()
	s.all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		s.all.Wait()
	})
	return s
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	ended := make(chan struct{})
	s.all.Go(func() {
		defer close(ended)
		s.listen(conn)
	})
	switch {
	case s.silent:
		<-ended
		return
	case s.greeting != nil:
		conn.Write(s.greeting)
		<-ended
		return
	}
	conn.Write(header)
	old := make([]byte, oldBytes)
	for i := range old {
		old[i] = oldByte
	}
	conn.Write(old)
	for left := s.backlog; left > 0; left -= 40_000 {
		time.Sleep(10 * time.Millisecond) // the pace of the link
		conn.Write(old[:min(left, 40_000)])
	}
	s.stream(conn)
	if !s.hangUp {
		<-ended
	}
}

// listen keeps the commands.
func (s *server) listen(conn net.Conn) {
	b := make([]byte, 256)
	for {
		n, err := conn.Read(b)
		s.mu.Lock()
		s.commands = append(s.commands, b[:n]...)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// stream sends as time passes, in pieces that split samples.
func (s *server) stream(conn net.Conn) {
	began := time.Now()
	sent := 0 // bytes
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		due := 2*int(time.Since(began).Seconds()*rateHz*(1-s.slow)) | 1
		if s.stop > 0 {
			due = min(due, 2*s.stop)
			if due == 2*s.stop && s.extraByte {
				due++
			}
		}
		b := make([]byte, 0, due-sent)
		for ; sent < due; sent++ {
			b = append(b, byte(sent/2>>(sent%2*8)))
		}
		if _, err := conn.Write(b); err != nil || s.stop > 0 && due >= 2*s.stop {
			return
		}
	}
}

// received returns the commands as soon as there are n bytes of them.
func (s *server) received(t *testing.T, n int) []byte {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		s.mu.Lock()
		b := append([]byte(nil), s.commands...)
		s.mu.Unlock()
		if len(b) >= n || time.Now().After(deadline) {
			return b
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *server) websdr() heimdall.WebSDR {
	return heimdall.WebSDR{Name: "dongle", Kind: "rtl_tcp", URL: s.url, Timeout: 5 * time.Second}
}

// driver needs to wait for the old tuning only as long as it takes to have read it.
var driver = &rtltcp.Driver{Settle: time.Nanosecond}

// served makes each subtest start a server of its own.
func served(behaviour script) websdrtest.Setup {
	return func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		return driver, start(t, behaviour).websdr(), websdr.Tuning{FrequencyHz: 145_500_000}
	}
}

// open opens a stream of s.
func (s *server) open(t *testing.T, change func(*heimdall.WebSDR, *websdr.Tuning)) websdr.Stream {
	t.Helper()
	w, tuning := s.websdr(), websdr.Tuning{FrequencyHz: 145_500_000}
	if change != nil {
		change(&w, &tuning)
	}
	stream, err := driver.Open(t.Context(), &w, tuning)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { stream.Close() })
	return stream
}
