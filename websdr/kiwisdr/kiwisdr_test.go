package kiwisdr_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

var monday = time.Date(2026, 3, 2, 10, 0, 0, 123_456_789, time.UTC)

func TestTheOpeningSequenceIsThatOfTheReferenceClient(t *testing.T) {
	var commands []string
	var path string
	done := make(chan struct{})
	url := serve(t, func(p *peer) {
		path = p.path
		commands = p.greet(usual)
		close(done)
		p.play(newRadio(monday), 10)
		p.wait()
	})
	w, tuning := row(url)
	w.Password = "pa ss+w%rd#"
	d := &kiwisdr.Driver{Now: fixedClock(monday)}
	s, err := d.Open(t.Context(), w, tuning)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	<-done
	want := []string{
		"SET auth t=kiwi p=pa%20ss%2Bw%25rd%23",
		"SET AR OK in=12000 out=44100",
		"SET squelch=0 max=0",
		"SET genattn=0",
		"SET gen=0 mix=-1",
		"SET ident_user=heimdall%20test%2C%20contact%40example.org",
		"SET mod=iq low_cut=-5000 high_cut=5000 freq=77.500",
		"SET agc=0 hang=0 thresh=-100 slope=6 decay=1000 manGain=50",
		"SET keepalive",
	}
	if diff := cmp.Diff(want, commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if path != "/1772445600123456/SND" {
		t.Errorf("path %q, want the clock's microseconds and SND", path)
	}
	wantHeader := websdr.Header{Format: iq.CI16LE, NominalRateHz: 12001.144994, FrequencyHz: 77_500, PassbandLowHz: -5000, PassbandHighHz: 5000,
		Settle: 2 * time.Second, Live: true, Dialect: "kiwisdr 1.709"}
	if diff := cmp.Diff(wantHeader, s.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestSettingsOfTheRowReachTheReceiver(t *testing.T) {
	offset := dialogue{version: "version_maj=1 version_min=843 freq_offset=116000.000", band: "bandwidth=32000000", rate: "sample_rate=20250.5", audio: ""}
	gain := func(v float64) *float64 { return &v }
	for _, tt := range []struct {
		name   string
		d      dialogue
		change func(*heimdall.WebSDR, *websdr.Tuning)
		want   []string
	}{
		{"the default passband is five sixths of the band", offset, func(_ *heimdall.WebSDR, t *websdr.Tuning) { t.FrequencyHz = 144_300_001 },
			[]string{"SET AR OK in=20250 out=44100", "SET mod=iq low_cut=-8400 high_cut=8400 freq=28300.001"}},
		{"the row's converter wins over the server's", offset, func(w *heimdall.WebSDR, t *websdr.Tuning) {
			w.FrequencyOffsetHz, t.FrequencyHz = 100_000_000, 110_000_000
		}, []string{"SET mod=iq low_cut=-8400 high_cut=8400 freq=10000.000"}},
		{"a converter that goes down is added", usual, func(w *heimdall.WebSDR, t *websdr.Tuning) {
			w.FrequencyOffsetHz, t.FrequencyHz = -10_000_000, 77_500
		}, []string{"SET mod=iq low_cut=-5000 high_cut=5000 freq=10077.500"}},
		{"a passband is kept", usual, func(w *heimdall.WebSDR, t *websdr.Tuning) { w.PassbandLowHz, w.PassbandHighHz = 300, 2700.4 },
			[]string{"SET mod=iq low_cut=300 high_cut=2700 freq=77.500"}},
		{"a passband ends below half the rate", usual, func(w *heimdall.WebSDR, t *websdr.Tuning) { w.PassbandLowHz, w.PassbandHighHz = -9000, 6000 },
			[]string{"SET mod=iq low_cut=-5999 high_cut=5999 freq=77.500"}},
		{"the gain is that of the row", usual, func(w *heimdall.WebSDR, _ *websdr.Tuning) { w.GainDB = gain(72.4) },
			[]string{"SET agc=0 hang=0 thresh=-100 slope=6 decay=1000 manGain=72"}},
		{"the gain stays within the server's limits", usual, func(w *heimdall.WebSDR, _ *websdr.Tuning) { w.GainDB = gain(-20) },
			[]string{"SET agc=0 hang=0 thresh=-100 slope=6 decay=1000 manGain=0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			commands := make(chan []string, 1)
			url := serve(t, func(p *peer) {
				commands <- p.greet(tt.d)
				p.play(newRadio(monday), 6)
				p.wait()
			})
			w, tuning := row(url)
			tt.change(w, &tuning)
			s, err := (&kiwisdr.Driver{Now: fixedClock(monday)}).Open(t.Context(), w, tuning)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got := <-commands
			for _, want := range tt.want {
				if !contains(got, want) {
					t.Errorf("%q was not sent, but %q", want, got)
				}
			}
			if s.Header().FrequencyHz != tuning.FrequencyHz {
				t.Errorf("header says %d Hz", s.Header().FrequencyHz)
			}
		})
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestWhatTheReceiverCannotDoIsRefusedBeforeTuning(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*heimdall.WebSDR, *websdr.Tuning)
		class  heimdall.FailureClass
		words  string
	}{
		{"above its band", func(_ *heimdall.WebSDR, t *websdr.Tuning) { t.FrequencyHz = 30_000_001 }, heimdall.FailOutOfRange, "0 to 30 MHz"},
		{"below its converter", func(w *heimdall.WebSDR, t *websdr.Tuning) { w.FrequencyOffsetHz = 116_000_000 }, heimdall.FailOutOfRange, "116 to 146 MHz"},
		{"a higher rate than it has", func(_ *heimdall.WebSDR, t *websdr.Tuning) { t.SampleRateHz = 48_000 }, heimdall.FailUnsupported, "12001"},
		{"a passband outside the band", func(w *heimdall.WebSDR, _ *websdr.Tuning) { w.PassbandLowHz, w.PassbandHighHz = 7000, 8000 }, heimdall.FailUnsupported, "5999"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			commands := make(chan []string, 1)
			url := serve(t, func(p *peer) { commands <- p.greet(usual) })
			w, tuning := row(url)
			tt.change(w, &tuning)
			_, err := new(kiwisdr.Driver).Open(t.Context(), w, tuning)
			wantFailure(t, err, tt.class, 0, tt.words)
			for _, c := range <-commands {
				if regexp.MustCompile("SET mod").MatchString(c) {
					t.Errorf("it was tuned: %q", c)
				}
			}
		})
	}
}

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

func TestDialects(t *testing.T) {
	little := func(b block) block { b.flags |= 0x80; return b }
	plain := func(b block) block {
		b.plain, b.flags = true, 0
		b.iq = b.iq[:480]
		return b
	}
	frozen := func(b block) block { b.nsec = 0; return b }
	off := func(b block) block { b.sec, b.nsec, b.fixAge = 0, 0, 0; return b }
	noFix := func(b block) block { b.fixAge = 255; return b }
	late := func(b block) block { b.sec += 3600; return b }
	for _, tt := range []struct {
		name    string
		change  func(block) block
		dialect string
		quality heimdall.TimeQuality
		agc     bool
	}{
		{"KiwiSDR", func(b block) block { return b }, "kiwisdr 1.709", heimdall.TimeGPS, false},
		{"KiwiSDR, little-endian", little, "kiwisdr 1.709", heimdall.TimeGPS, false},
		{"KiwiSDR without stamps", off, "kiwisdr 1.709", heimdall.TimeHostArrival, false},
		{"KiwiSDR without a fix", noFix, "kiwisdr 1.709", heimdall.TimeHostArrival, false},
		{"KiwiSDR an hour ahead of us", late, "kiwisdr 1.709 (stamps +3600 s off our clock)", heimdall.TimeGPS, false},
		{"UberSDR", plain, "ubersdr", heimdall.TimeHostArrival, true},
		{"Web-888", frozen, "web-888", heimdall.TimeHostArrival, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := serve(t, func(p *peer) {
				p.greet(usual)
				r := newRadio(monday)
				for range 10 {
					p.send(tt.change(r.next()).bytes())
				}
				p.wait()
			})
			s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
			h, c := s.Header(), s.Clock()
			if h.Dialect != tt.dialect || h.Format != iq.CI16LE || h.AGC != tt.agc {
				t.Errorf("header %+v, want dialect %q, little-endian int16, AGC %v", h, tt.dialect, tt.agc)
			}
			if c.Quality != tt.quality || (c.GPSAgeMaxS >= 0) != (tt.quality == heimdall.TimeGPS) {
				t.Errorf("clock %+v, want quality %q", c, tt.quality)
			}
			if c.Quality == heimdall.TimeHostArrival && c.StartSigmaS < 0.010 {
				t.Errorf("sigma of an arrival %g s", c.StartSigmaS)
			}
			first := read(t, s, 1)
			if binary.LittleEndian.Uint16(first) != 1000 {
				t.Errorf("first sample % x, want I = 1000", first)
			}
		})
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

func TestCloseTakesLeave(t *testing.T) {
	left := make(chan struct{})
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), 5)
		p.wait()
		close(left)
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-left
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Read(make([]byte, 100)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close gave %v", err)
	}
}

func TestOneDriverOpensTwoStreamsOfOneHost(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.greet(usual)
		p.play(newRadio(monday), 5)
		p.wait()
	})
	d := new(kiwisdr.Driver)
	a, b := open(t, d, url), open(t, d, url)
	read(t, a, 10)
	read(t, b, 10)
}
