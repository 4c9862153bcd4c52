package kiwisdr

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// A param is one name=value of a MSG; its value is decoded.
type param struct {
	name, value string
}

// parseMSG reads the text of a MSG: words separated by spaces, each a name with or without a URL-encoded value.
// It is liberal: what cannot be decoded stays as it is, and UberSDR's stray '=' before a name is ignored.
func parseMSG(text string) []param {
	var params []param
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(strings.TrimLeft(word, "="), "=")
		if name == "" {
			continue
		}
		if !strings.HasPrefix(name, "load_") { // large, and of no interest here
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
		}
		params = append(params, param{name, value})
	}
	return params
}

// Flags of an SND frame. Bits not listed do not matter here, and are not looked at: versions add to them.
const (
	flagOverload     = 0x02 // the converter overloaded
	flagIQ           = 0x08 // two channels, and a GPS stamp before the samples
	flagADPCM        = 0x10
	flagLittleEndian = 0x80
)

const (
	sndHeaderSize = 10 // tag, flags, sequence, S-meter
	gpsHeaderSize = 10
	sampleSize    = 4

	unusableFixAge = 253 // and above: the GPS has never had a fix, or not for minutes
)

// A frame is one SND message: a block of samples as received.
type frame struct {
	flags   byte
	seq     uint32
	smeter  uint16 // tenths of a decibel above -127 dBm
	stamped bool   // the three below were sent
	fixAgeS uint8
	gpsSec  uint32 // GPS time of week of the first sample
	gpsNsec uint32
	iq      []byte
	at      time.Time // of arrival
}

func (f *frame) samples() int { return len(f.iq) / sampleSize }

// parseSND reads an SND message, tag included. The samples are not copied.
func parseSND(msg []byte) (frame, error) {
	if len(msg) < sndHeaderSize || string(msg[:3]) != "SND" {
		return frame{}, fmt.Errorf("SND frame of %d bytes is shorter than its header", len(msg))
	}
	f := frame{
		flags:  msg[3],
		seq:    binary.LittleEndian.Uint32(msg[4:]),
		smeter: binary.BigEndian.Uint16(msg[8:]), // the only big-endian number of the header
		iq:     msg[sndHeaderSize:],
	}
	if f.flags&flagADPCM != 0 {
		return frame{}, fmt.Errorf("SND frame is compressed, although I/Q never is")
	}
	if f.flags&flagIQ != 0 {
		g := f.iq
		if len(g) < gpsHeaderSize {
			return frame{}, fmt.Errorf("SND frame of %d bytes is too short for a GPS stamp", len(msg))
		}
		f.stamped, f.fixAgeS = true, g[0]
		f.gpsSec = binary.LittleEndian.Uint32(g[2:])
		f.gpsNsec = binary.LittleEndian.Uint32(g[6:])
		f.iq = g[gpsHeaderSize:]
	}
	if len(f.iq) == 0 || len(f.iq)%sampleSize != 0 {
		return frame{}, fmt.Errorf("SND frame holds %d bytes, which are no whole I/Q samples", len(f.iq))
	}
	return f, nil
}

// timed reports whether the stamp may mean something: the owner can switch stamps off (all zero), and an old
// or absent fix makes them worthless.
func (f *frame) timed() bool {
	return f.stamped && f.fixAgeS < unusableFixAge && (f.gpsSec != 0 || f.gpsNsec != 0) && f.gpsSec < 7*86400 && f.gpsNsec < 1e9
}
