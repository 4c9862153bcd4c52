package rtltcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The header: "RTL0", then the type of the tuner and the number of its gain steps, both big-endian.
const (
	magic      = "RTL0"
	headerSize = 12
)

// tuners is indexed by the type that the header names.
var tuners = [...]string{"unknown tuner", "E4000", "FC0012", "FC0013", "FC2580", "R820T", "R828D"}

// parseHeader reads the name of the tuner from what has come of the header. It is empty when more must come.
func parseHeader(b []byte) (tuner string, err error) {
	n := min(len(b), len(magic))
	switch {
	case string(b[:n]) != magic[:n]:
		return "", errors.New(wrongMagic(b))
	case len(b) < headerSize:
		return "", nil
	}
	kind := binary.BigEndian.Uint32(b[4:])
	if kind < uint32(len(tuners)) {
		return tuners[kind], nil
	}
	return fmt.Sprintf("tuner %d", kind), nil
}

// wrongMagic says what it was instead.
func wrongMagic(b []byte) string {
	text := strings.ToLower(string(bytes.TrimSpace(b)))
	for _, start := range []string{"http/", "<!doc", "<html", "<head"} {
		if strings.HasPrefix(text, start) {
			return "a web server answers at this address, not rtl_tcp: check the port"
		}
	}
	return fmt.Sprintf("the answer begins with %q, not with %q: this is not an rtl_tcp server", b[:min(len(b), len(magic))], magic)
}

// Commands are five bytes: a code and a big-endian parameter.
const (
	setFrequency = 0x01
	setRate      = 0x02
	setGainMode  = 0x03 // 0 automatic, 1 manual
	setGain      = 0x04 // in 0.1 dB
	setAGC       = 0x08 // of the RTL2832U itself, after its converter
	setBiasTee   = 0x0e
)

// commands sets the rate before the frequency, as a new rate may move the tuner, and the gain last, as a new
// frequency may reset it. The digital AGC would only change the scale of the samples, and the supply of the
// antenna must never be switched on for someone else's hardware.
func (s *settings) commands() []byte {
	var b []byte
	add := func(code byte, parameter uint32) {
		b = append(b, code)
		b = binary.BigEndian.AppendUint32(b, parameter)
	}
	add(setRate, s.rateHz)
	add(setFrequency, s.tunedHz)
	if s.gainTenths == nil {
		add(setGainMode, 0)
	} else {
		add(setGainMode, 1)
		add(setGain, uint32(*s.gainTenths))
	}
	add(setAGC, 0)
	add(setBiasTee, 0)
	return b
}
