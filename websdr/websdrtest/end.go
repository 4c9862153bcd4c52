package websdrtest

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// An ending is how a stream ended for a goroutine that read it to the last.
type ending struct {
	err error
	at  time.Time
}

// readInBackground reads until an error, and reports once that the first sample was read.
func readInBackground(stream websdr.Stream) (first <-chan struct{}, end <-chan ending) {
	began, ended := make(chan struct{}), make(chan ending, 1)
	go func() {
		p := make([]byte, 1<<14)
		for n := 0; ; n++ {
			if _, err := stream.Read(p); err != nil {
				ended <- ending{err, time.Now()}
				return
			}
			if n == 0 {
				close(began)
			}
		}
	}()
	return began, ended
}

// endedBy reads in the background, does what should end that, and returns how it ended.
func endedBy(t *testing.T, stream websdr.Stream, blocked bool, what func()) (e ending, took time.Duration) {
	t.Helper()
	first, end := readInBackground(stream)
	select {
	case <-first:
	case e := <-end:
		t.Fatalf("Read ended before its time: %v", e.err)
	}
	if blocked { // nothing tells that a Read blocks; a shorter wait would only test less
		select {
		case e := <-end:
			t.Fatalf("Read ended before its time: %v", e.err)
		case <-time.After(200 * time.Millisecond):
		}
	}
	began := time.Now()
	what()
	select {
	case e = <-end:
	case <-time.After(10 * time.Second):
		t.Fatal("Read is still blocked after 10 s")
	}
	return e, max(0, e.at.Sub(began))
}

func cancelledWhileReading(t *testing.T, setup Setup) {
	s := start(t, setup)
	e, took := endedBy(t, s.open(t), false, s.cancel)
	wantCancelled(t, e.err, took)
}

func cancelledWhileBlocked(t *testing.T, s *session) {
	e, took := endedBy(t, s.open(t), true, s.cancel)
	wantCancelled(t, e.err, took)
}

// cancelWithoutClose is about the goroutines, which the session watches.
func cancelWithoutClose(t *testing.T, setup Setup) {
	s := start(t, setup)
	stream, err := s.driver.Open(s.ctx, &s.w, s.tuning)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	readSamples(t, stream, 100)
	s.cancel()
}

func closeTwice(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	readSamples(t, stream, 100)
	for _, call := range []string{"first", "second"} {
		began := time.Now()
		if err := stream.Close(); err != nil {
			t.Errorf("the %s Close: %v", call, err)
		}
		if d := time.Since(began); d > promptly {
			t.Errorf("the %s Close took %v", call, d)
		}
	}
}

func closeWhileBlocked(t *testing.T, s *session) {
	wantClosed(t, s.open(t), true)
}

func closeWhileReading(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	wantClosed(t, stream, false)
}

func wantClosed(t *testing.T, stream websdr.Stream, blocked bool) {
	t.Helper()
	e, took := endedBy(t, stream, blocked, func() { stream.Close() })
	if took > promptly {
		t.Errorf("Read took %v to return after Close", took)
	}
	if errors.Is(e.err, io.EOF) {
		t.Error("a Read ended by Close gave io.EOF, as if the source had properly ended")
	}
}

func readAfterClose(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	readSamples(t, stream, 1)
	stream.Close()
	began := time.Now()
	n, err := stream.Read(make([]byte, 4096))
	if n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Read after Close gave %d bytes and error %v, want none and an error that is not io.EOF", n, err)
	}
	if d := time.Since(began); d > promptly {
		t.Errorf("Read after Close took %v", d)
	}
}

func stallTimesOut(t *testing.T, s *session) {
	s.w.Timeout = stallTimeout
	stream := s.open(t)
	p := make([]byte, 1<<14)
	var samples int64
	last := time.Now()
	for {
		n, err := stream.Read(p)
		samples += int64(n / stream.Header().Format.Size())
		if err == nil {
			last = time.Now()
			continue
		}
		waited := time.Since(last)
		if waited > stallTimeout+promptly {
			t.Errorf("the stall was noticed after %v, the time-out is %v", waited, stallTimeout)
		}
		// The time-out may well run while samples that arrived earlier wait to be read, so no lower bound
		// but that it was not given up at once.
		if waited < stallTimeout/4 {
			t.Errorf("the stream was given up %v after its last sample, the time-out is %v", waited, stallTimeout)
		}
		if f := wantFailure(t, err, s.w.Password); f != nil && f.Class != heimdall.FailTransport {
			t.Errorf("the class is %q, want transport: %v", f.Class, err)
		}
		break
	}
	if samples == 0 {
		t.Error("the samples that arrived before the stall were not delivered")
	}
}
