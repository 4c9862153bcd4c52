package iq

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	auxiBytes    = 164 // as SpectraVue and SDRuno write it: two SYSTEMTIMEs, nine DWORDs, a file name of 96
	auxiMaxBytes = 64 << 10
)

// An auxi is what SDR programs say in the auxi chunk of a WAV file (SpectraVue User Guide, WAV file format).
type auxi struct {
	start     time.Time // zero when unknown
	centerHz  float64
	hasCenter bool
}

// parseAuxi reads SpectraVue's structure, which HDSDR and SDRuno share, or SDR Console's XML in UTF-16.
func parseAuxi(b []byte) (auxi, error) {
	if len(b) >= 4 && (b[0] == '<' && b[1] == 0 || b[0] == 0xFF && b[1] == 0xFE) {
		return parseAuxiXML(b)
	}
	if len(b) < 36 {
		return auxi{}, fmt.Errorf("it has %d bytes and should have 36 or more", len(b))
	}
	start, err := parseSystemTime(b)
	if err != nil {
		return auxi{}, err
	}
	center := binary.LittleEndian.Uint32(b[32:])
	return auxi{start: start, centerHz: float64(center), hasCenter: center != 0}, nil
}

// parseAuxiXML takes RadioCenterFreq and UTCSeconds of the element Definition.
func parseAuxiXML(b []byte) (auxi, error) {
	units := make([]uint16, 0, len(b)/2)
	for k := 0; k+1 < len(b); k += 2 {
		u := binary.LittleEndian.Uint16(b[k:])
		if u == 0 {
			break
		}
		if u != 0xFEFF {
			units = append(units, u)
		}
	}
	d := xml.NewDecoder(strings.NewReader(string(utf16.Decode(units))))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded already
	for {
		t, err := d.Token()
		if err != nil {
			return auxi{}, errors.New("its XML has no element Definition")
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "Definition" {
			continue
		}
		var a auxi
		for _, attr := range e.Attr {
			v, err := strconv.ParseFloat(strings.TrimSpace(attr.Value), 64)
			if err != nil || !(v > 0 && v < 1e12) {
				continue
			}
			switch attr.Name.Local {
			case "RadioCenterFreq":
				a.centerHz, a.hasCenter = v, true
			case "UTCSeconds":
				a.start = time.Unix(int64(v), 0).UTC()
			}
		}
		return a, nil
	}
}

// appendAuxi appends the body of an auxi chunk. A frequency beyond 4.29 GHz does not fit and is left out.
func appendAuxi(b []byte, start, end time.Time, centerHz, sampleRateHz float64) []byte {
	want := len(b) + auxiBytes
	b = appendSystemTime(b, start)
	b = appendSystemTime(b, end)
	b = binary.LittleEndian.AppendUint32(b, fit32(centerHz))
	b = binary.LittleEndian.AppendUint32(b, fit32(sampleRateHz)) // converter rate
	b = binary.LittleEndian.AppendUint32(b, 0)                   // IF frequency
	b = binary.LittleEndian.AppendUint32(b, fit32(sampleRateHz)) // bandwidth
	return append(b, make([]byte, want-len(b))...)
}

func fit32(v float64) uint32 {
	if v = math.Round(v); v > 0 && v <= math.MaxUint32 {
		return uint32(v)
	}
	return 0
}

// parseSystemTime reads a Windows SYSTEMTIME in UTC. All zero means unknown.
func parseSystemTime(b []byte) (time.Time, error) {
	var f [8]int // year, month, day of week, day, hour, minute, second, millisecond
	var any int
	for k := range f {
		f[k] = int(binary.LittleEndian.Uint16(b[2*k:]))
		any |= f[k]
	}
	if any == 0 {
		return time.Time{}, nil
	}
	t := time.Date(f[0], time.Month(f[1]), f[3], f[4], f[5], f[6], f[7]*1e6, time.UTC)
	if t.Year() != f[0] || int(t.Month()) != f[1] || t.Day() != f[3] || t.Hour() != f[4] || t.Minute() != f[5] || t.Second() != f[6] || f[7] > 999 {
		return time.Time{}, fmt.Errorf("its start time %d-%d-%d %d:%d:%d.%d does not exist", f[0], f[1], f[3], f[4], f[5], f[6], f[7])
	}
	return t, nil
}

func appendSystemTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, make([]byte, 16)...)
	}
	t = t.UTC()
	for _, v := range []int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}
