package kiwisdr_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

func TestSamplesComeAsSentFromTheThirdFrameOn(t *testing.T) {
	t.Parallel()
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), 12)
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	var want []byte
	r := newRadio(monday)
	for k := range 12 {
		b := r.next()
		b.flags |= 0x80 // the wire is big-endian, the stream is not
		if p := b.bytes(); k >= 2 {
			want = append(want, p[20:]...)
		}
	}
	if got := read(t, s, 10*blockSize); !cmp.Equal(got, want) {
		t.Error("the bytes are not those of frames 3 to 12")
	}
	c := s.Clock()
	start := newRadio(monday).at(2 * blockSize)
	if d := c.Start.Sub(start).Abs(); c.Quality != heimdall.TimeGPS || d > 5*time.Nanosecond || math.Abs(c.RateHz-trueRateHz) > 1e-3 || c.GPSAgeMaxS != 3 || c.Outliers != 0 {
		t.Errorf("clock %+v, start is off by %v", c, d)
	}
	if c.StartSigmaS < 1e-6 || c.StartSigmaS > 10e-6 {
		t.Errorf("sigma of the start %g s: no fit knows the delays inside the receiver", c.StartSigmaS)
	}
}

func TestTheClockIsKnownBeforeTheFirstRead(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), 6)
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	if c := s.Clock(); c.Quality != heimdall.TimeGPS || c.Start.Sub(newRadio(monday).at(1024)).Abs() > 5*time.Nanosecond {
		t.Errorf("clock %+v", c)
	}
	if n := s.Trailer().Samples; n != 0 {
		t.Errorf("%d samples counted", n)
	}
}

func TestLostFramesAreAGap(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.greet(usual)
		r := newRadio(monday)
		p.play(r, 20)
		r.lose(3)
		p.play(r, 20)
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	read(t, s, 38*blockSize)
	c := s.Clock()
	if diff := cmp.Diff([]heimdall.Gap{{Sample: 18 * blockSize, Missing: 3 * blockSize}}, c.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if d := c.At(30 * blockSize).Sub(newRadio(monday).at(35 * blockSize)).Abs(); d > 5*time.Nanosecond {
		t.Errorf("the clock after the gap is off by %v", d)
	}
}

func TestStampsRollOverOnSunday(t *testing.T) {
	// GPS weeks begin 18 s before Sunday 00:00 UTC: here after 20 of 40 frames.
	start := time.Date(2026, 3, 7, 23, 59, 41, 100_000_000, time.UTC)
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(start), 42)
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(start.Add(time.Second))}, url)
	read(t, s, 40*blockSize)
	c := s.Clock()
	if d := c.Start.Sub(newRadio(start).at(1024)).Abs(); d > 5*time.Nanosecond || c.Blocks != 40 || c.Outliers != 0 || len(c.Gaps) != 0 {
		t.Errorf("clock %+v", c)
	}
}

func TestLeapSecondsAreASetting(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), 10)
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday), LeapSeconds: 19}, url)
	if d := s.Clock().Start.Sub(newRadio(monday).at(1024)); d.Round(time.Millisecond) != -time.Second {
		t.Errorf("with a 19th leap second the start moved by %v", d)
	}
}

func TestFramesOutOfProtocolEndTheStream(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(block) block
		cut    int // bytes at the end that are missing
	}{
		{"compressed audio", func(b block) block { b.flags = 0x10; b.plain = true; return b }, 0},
		{"mono samples of an odd number", func(b block) block { b.flags, b.plain, b.iq = 0, true, b.iq[:511]; return b }, 0},
		{"a frame cut short", func(b block) block { return b }, 3},
		{"no samples", func(b block) block { b.iq = nil; return b }, 0},
		{"another format than before", func(b block) block { b.flags |= 0x80; return b }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := serve(t, func(p *peer) {
				p.greet(usual)
				r := newRadio(monday)
				p.play(r, 10)
				b := tt.change(r.next()).bytes()
				p.send(b[:len(b)-tt.cut])
				p.wait()
			})
			s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
			n, err := readToEnd(s)
			if n != 8*blockSize {
				t.Errorf("%d samples before the end, want %d", n, 8*blockSize)
			}
			wantFailure(t, err, heimdall.FailProtocol, 0)
		})
	}
}

func TestASlowReaderLosesNothingThatWasSent(t *testing.T) {
	const blocks = 150 // more than the queue holds
	sent := make(chan struct{})
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), blocks)
		close(sent) // all of it fits into the buffers of the system
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	<-sent
	read(t, s, (blocks-2)*blockSize)
	if c := s.Clock(); len(c.Gaps) != 0 || c.Blocks != blocks-2 {
		t.Errorf("clock %+v", c)
	}
}
