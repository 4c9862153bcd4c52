package kiwisdr_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

func TestASlowFirstSampleIsWaitedForAndKeptAlive(t *testing.T) {
	t.Parallel()
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.until("SET keepalive") // the next one, a second later
		p.play(newRadio(monday), 10)
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	read(t, s, blockSize)
}

func TestTimeOutsStandOnTheFirstSampleAndOnAStall(t *testing.T) {
	t.Parallel()
	t.Run("messages are no samples", func(t *testing.T) {
		url := serve(t, func(p *peer) {
			p.greet(usual)
			for p.send([]byte("MSG stats=1")) {
				time.Sleep(10 * time.Millisecond) // chatter, not synchronisation
			}
		})
		w, tuning := row(url)
		w.Timeout = 300 * time.Millisecond
		_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
		wantFailure(t, err, heimdall.FailTransport, 0, "no samples for 300ms")
	})
	t.Run("nobody answers the upgrade", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		w, tuning := row("http://" + ln.Addr().String())
		w.Timeout = 300 * time.Millisecond
		_, err = new(kiwisdr.Driver).Open(t.Context(), w, tuning)
		wantFailure(t, err, heimdall.FailTransport, 0, "no connection within 300ms")
	})
	t.Run("a stall", func(t *testing.T) {
		url := serve(t, func(p *peer) {
			p.greet(usual)
			p.play(newRadio(monday), 7)
			p.wait()
		})
		w, tuning := row(url)
		w.Timeout = 300 * time.Millisecond
		s, err := (&kiwisdr.Driver{Now: fixedClock(monday)}).Open(t.Context(), w, tuning)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		n, err := readToEnd(s)
		if n != 5*blockSize {
			t.Errorf("%d samples", n)
		}
		wantFailure(t, err, heimdall.FailTransport, 0, "no samples for 300ms")
		if _, again := s.Read(make([]byte, 4)); again == nil || again.Error() != err.Error() {
			t.Errorf("a further Read gave %v, want the same failure", again)
		}
	})
}

func TestAConnectionCutInTheMiddleOfAFrameIsATransportFailure(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.greet(usual)
		r := newRadio(monday)
		p.play(r, 7)
		b := r.next().bytes()
		head := binary.BigEndian.AppendUint16([]byte{0x82, 126}, uint16(len(b))) // RFC 6455, section 5.2
		p.raw.Write(append(head, b[:1000]...))
		p.raw.Close()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	n, err := readToEnd(s)
	if n != 5*blockSize {
		t.Errorf("%d samples, want those of the whole frames", n)
	}
	wantFailure(t, err, heimdall.FailTransport, 0)
	if errors.Is(err, io.EOF) && err == io.EOF {
		t.Error("a cut is no end")
	}
}

func TestCancellationEndsEverythingWithinASecond(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script func(p *peer)
		opens  bool
	}{
		{"while the sign-on is unanswered", func(p *peer) { p.wait() }, false},
		{"while the first sample is awaited", func(p *peer) { p.greet(usual); p.wait() }, false},
		{"while a stalled stream is read", func(p *peer) { p.greet(usual); p.play(newRadio(monday), 5); p.wait() }, true},
		{"while more comes than is read", func(p *peer) { p.greet(usual); p.play(newRadio(monday), 5000); p.wait() }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reached := make(chan struct{}, 1)
			url := serve(t, func(p *peer) { reached <- struct{}{}; tt.script(p) })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, tuning := row(url)
			go func() {
				<-reached
				if !tt.opens {
					cancel()
				}
			}()
			s, err := (&kiwisdr.Driver{Now: fixedClock(monday)}).Open(ctx, w, tuning)
			began := time.Now()
			if tt.opens {
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				read(t, s, 10)
				began = time.Now()
				cancel()
				_, err = readToEnd(s)
			}
			if d := time.Since(began); d > time.Second {
				t.Errorf("it took %v", d)
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want a cancellation", err)
			}
		})
	}
}
