package kiwisdr

import (
	"encoding/binary"
	"strings"
	"testing"
)

func FuzzParseMSG(f *testing.F) {
	for _, s := range []string{"", " ", "badp=0", "version_maj=1 version_min=709 freq_offset=0.000", "=version_maj=1", "a=%zz b=%20 c", "redirect=http%3a%2f%2fx", "load_cfg=%7B%22a%22:1%7D", "\x00\xff= ="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		params := parseMSG(text)
		if len(params) > len(strings.Fields(text)) {
			t.Fatalf("%d parameters in %q", len(params), text)
		}
		for _, p := range params {
			if p.name == "" {
				t.Fatalf("a parameter without a name in %q", text)
			}
		}
	})
}

func FuzzParseSND(f *testing.F) {
	f.Add([]byte("SND"))
	f.Add([]byte("SND\x08\x01\x00\x00\x00\x02\x3a\x03\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02"))
	f.Add([]byte("SND\x00\x01\x00\x00\x00\x02\x3a\x00\x01\x00\x02"))
	f.Add([]byte("SND\x10\x01\x00\x00\x00\x02\x3a\x00\x01\x00\x02"))
	f.Add([]byte("SND\x88\x01\x00\x00\x00\x02\x3a\x03\x00\x01"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		fr, err := parseSND(msg)
		if err != nil {
			return
		}
		if fr.samples() < 1 || fr.samples()*sampleSize != len(fr.iq) || len(fr.iq) > len(msg)-sndHeaderSize {
			t.Fatalf("%d bytes of samples in a message of %d", len(fr.iq), len(msg))
		}
		newMeter(12000).add(&fr, binary.BigEndian)
	})
}

func FuzzParseStatus(f *testing.F) {
	for _, s := range []string{"", "status=active\nusers=1\nusers_max=4\n", "gps=(1,2)\nbands=0-3\nsnr=1,2", "bands=-\ngps=(,)\nfreq_offset=1e308", "users=99999999999999999999\nasl=NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, _ := ParseStatus(text)
		if n, known := s.FreeSlots(); n < 0 || n > 0 && !known {
			t.Fatalf("%d free channels, known %v", n, known)
		}
		if s.LatitudeDeg != nil && !(*s.LatitudeDeg >= -90 && *s.LatitudeDeg <= 90) {
			t.Fatalf("latitude %g", *s.LatitudeDeg)
		}
	})
}
