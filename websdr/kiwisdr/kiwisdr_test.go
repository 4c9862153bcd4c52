package kiwisdr_test

import (
	"errors"
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
