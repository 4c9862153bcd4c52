package rtltcp_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/rtltcp"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

func TestThePromiseOfADriver(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{
		Open:    served(script{}),
		Endless: true,
		Stalls:  served(script{stop: 20_000}),
		Silent:  served(script{silent: true}),
		Faults: map[heimdall.FailureClass]websdrtest.Setup{
			heimdall.FailBusy: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
				d, w, tuning := served(script{silent: true})(t)
				w.Timeout = 500 * time.Millisecond
				return d, w, tuning
			},
			heimdall.FailTransport: served(script{stop: 20_000, hangUp: true}),
			heimdall.FailProtocol:  served(script{greeting: []byte("SSH-2.0-OpenSSH_9.6\r\n")}),
			heimdall.FailUnsupported: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
				d, w, tuning := served(script{})(t)
				tuning.SampleRateHz = 10_000_000
				return d, w, tuning
			},
			heimdall.FailOutOfRange: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
				d, w, tuning := served(script{})(t)
				tuning.FrequencyHz = 10_368_000_000
				return d, w, tuning
			},
		},
	})
}

// command is one command as it goes over the wire.
func command(code byte, parameter uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{code}, parameter)
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestTheCommandsAreThese(t *testing.T) {
	gain := func(db float64) *float64 { return &db }
	for _, c := range []struct {
		name   string
		change func(*heimdall.WebSDR, *websdr.Tuning)
		want   []byte
	}{
		{
			"automatic gain and the default rate",
			nil,
			join(command(2, 240_000), command(1, 145_500_000), command(3, 0), command(8, 0), command(0x0e, 0)),
		},
		{
			"manual gain in tenths of a decibel",
			func(w *heimdall.WebSDR, _ *websdr.Tuning) { w.GainDB = gain(19.66) },
			join(command(2, 240_000), command(1, 145_500_000), command(3, 1), command(4, 197), command(8, 0), command(0x0e, 0)),
		},
		{
			"a gain below zero, as an E4000 has",
			func(w *heimdall.WebSDR, _ *websdr.Tuning) { w.GainDB = gain(-1) },
			join(command(2, 240_000), command(1, 145_500_000), command(3, 1), command(4, 0xFFFFFFF6), command(8, 0), command(0x0e, 0)),
		},
		{
			"behind a converter, at the rate asked for",
			func(w *heimdall.WebSDR, tuning *websdr.Tuning) {
				w.FrequencyOffsetHz, w.SampleRateHz = -125_000_000, 250_000
				tuning.FrequencyHz, tuning.SampleRateHz = 7_074_000, 1_024_000
			},
			join(command(2, 1_024_000), command(1, 132_074_000), command(3, 0), command(8, 0), command(0x0e, 0)),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, script{})
			s.open(t, c.change)
			if diff := cmp.Diff(c.want, s.received(t, len(c.want))); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheHeaderTellsHowTheReceiverIsSet(t *testing.T) {
	gain := 20.0
	s := start(t, script{})
	got := s.open(t, func(w *heimdall.WebSDR, _ *websdr.Tuning) { w.GainDB = &gain }).Header()
	want := websdr.Header{
		Format: iq.CU8, NominalRateHz: 240_000, FrequencyHz: 145_500_000, Live: true, ZeroIF: true, Dialect: "rtl_tcp R820T",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header with manual gain (-want +got):\n%s", diff)
	}
	if !s.open(t, nil).Header().AGC {
		t.Error("with automatic gain the header denies an AGC")
	}
}

func TestTheSamplesAreThoseThatWereSentAfterTheOldTuning(t *testing.T) {
	const stop = 30_000
	s := start(t, script{stop: stop, hangUp: true})
	stream := s.open(t, nil)
	var got []byte
	var err error
	for size := 2; err == nil; size = size%997 + 2 {
		p := make([]byte, size)
		var n int
		n, err = stream.Read(p)
		got = append(got, p[:n]...)
	}
	if f := websdr.AsFailure(err); f.Class != heimdall.FailTransport || !strings.Contains(f.Detail, "closed the connection") {
		t.Errorf("the stream ended with %v, want that the server closed it", err)
	}
	if len(got) < 2 {
		t.Fatal("no samples")
	}
	first := int(binary.LittleEndian.Uint16(got))
	if first == oldByte<<8|oldByte {
		t.Fatal("the first sample is of the old tuning")
	}
	var want []byte
	for k := first; k < stop; k++ {
		want = binary.LittleEndian.AppendUint16(want, uint16(k))
	}
	if string(got) != string(want) {
		t.Errorf("%d bytes differ from the %d that were sent from sample %d on", len(got), len(want), first)
	}
}

func TestABacklogOfTheOldTuningIsDroppedHoweverLongItTakes(t *testing.T) {
	t.Parallel()
	s := start(t, script{backlog: 2_000_000}) // of half a second, longer on a loaded machine
	w := s.websdr()
	stream, err := new(rtltcp.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 145_500_000})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	b := make([]byte, 4000)
	if _, err := io.ReadFull(stream, b); err != nil {
		t.Fatal(err)
	}
	for k := 2; k < len(b); k += 2 {
		if binary.LittleEndian.Uint16(b[k:]) != binary.LittleEndian.Uint16(b[k-2:])+1 {
			t.Fatalf("sample %d is of the old tuning", k/2-1)
		}
	}
}

func TestHalfASampleAtTheEndIsNotGiven(t *testing.T) {
	s := start(t, script{stop: 5000, hangUp: true, extraByte: true})
	got, err := io.ReadAll(s.open(t, nil))
	if len(got)%2 != 0 || websdr.AsFailure(err) == nil {
		t.Fatalf("the stream gave %d bytes and then %v", len(got), err)
	}
	if last := binary.LittleEndian.Uint16(got[len(got)-2:]); last != 4999 {
		t.Errorf("the last sample is %d, want 4999", last)
	}
}

func TestSamplesThatArriveTooSlowlyMakeTheRateUncertain(t *testing.T) {
	t.Parallel()
	for _, lost := range []float64{0, 0.2} {
		t.Run(fmt.Sprintf("%g of them lost", lost), func(t *testing.T) {
			t.Parallel()
			stream := start(t, script{slow: lost}).open(t, nil)
			p := make([]byte, 1<<14)
			for began := time.Now(); time.Since(began) < 2600*time.Millisecond; { // a rate needs time
				if _, err := stream.Read(p); err != nil {
					t.Fatal(err)
				}
			}
			c := stream.Clock()
			if c.RateHz != rateHz || c.Quality != heimdall.TimeHostArrival {
				t.Errorf("the clock runs at %g Hz with quality %s", c.RateHz, c.Quality)
			}
			if off := c.RateSigmaHz / rateHz; math.Abs(off-lost) > 0.05 {
				t.Errorf("the rate is uncertain by %.3f of itself", off)
			}
		})
	}
}

func TestTheRateIsTheNearestPossibleAtOrAboveTheOneWanted(t *testing.T) {
	for wanted, want := range map[int64]float64{
		0: 240_000, 12_500: 225_001, 225_001: 225_001, 240_000: 240_000, 300_000: 300_000,
		300_001: 900_001, 900_001: 900_001, 2_048_000: 2_048_000, 3_200_000: 3_200_000,
	} {
		t.Run(fmt.Sprint(wanted), func(t *testing.T) {
			s := start(t, script{})
			got := s.open(t, func(_ *heimdall.WebSDR, tuning *websdr.Tuning) { tuning.SampleRateHz = wanted }).Header().NominalRateHz
			if got != want {
				t.Errorf("%g Hz, want %g", got, want)
			}
		})
	}
}

func TestAFailureSaysWhatToDo(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, c := range []struct {
		name  string
		url   string
		class heimdall.FailureClass
		says  string
	}{
		{"nobody listens", "tcp://" + closed.Addr().String(), heimdall.FailTransport, "rtl_tcp -a 0.0.0.0"},
		{"a web server", start(t, script{greeting: []byte("HTTP/1.1 400 Bad Request\r\n")}).url, heimdall.FailProtocol, "web server"},
		{"a page", start(t, script{greeting: []byte("<!DOCTYPE html>")}).url, heimdall.FailProtocol, "web server"},
		{"another protocol", start(t, script{greeting: []byte("RTP0 something else")}).url, heimdall.FailProtocol, `"RTP0"`},
		{"no host", "tcp://:1234", heimdall.FailUnsupported, "tcp://host:1234"},
		{"credentials", "tcp://me:hunter2@host:1234", heimdall.FailUnsupported, "tcp://host:1234"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := heimdall.WebSDR{Name: "dongle", Kind: "rtl_tcp", URL: c.url, Timeout: time.Second}
			_, err := new(rtltcp.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 145_500_000})
			f := websdr.AsFailure(err)
			if f == nil || f.Class != c.class || !strings.Contains(f.Detail, c.says) {
				t.Errorf("%v, want %s saying %q", err, c.class, c.says)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func FuzzTheHeaderIsNamedOrRefused(f *testing.F) {
	f.Add(header)
	f.Add([]byte("RTL0"))
	f.Add([]byte("RTL0\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Add([]byte("<html>"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, b []byte) {
		tuner, err := rtltcp.ParseHeader(b)
		right := strings.HasPrefix("RTL0", string(b[:min(4, len(b))]))
		if right != (err == nil) {
			t.Errorf("%q: error %v", b, err)
		}
		if (tuner != "") != (right && len(b) >= 12) {
			t.Errorf("%q names the tuner %q", b, tuner)
		}
	})
}
