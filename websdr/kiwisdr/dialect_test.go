package kiwisdr_test

import (
	"encoding/binary"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

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
