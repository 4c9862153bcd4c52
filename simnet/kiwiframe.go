package simnet

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

// kiwiFrameSamples is how many samples a KiwiSDR sends in one frame.
const kiwiFrameSamples = iq.KiwiBlockSamples

// Flags of a frame.
const (
	kiwiOverload     = 0x02
	kiwiRetuned      = 0x04
	kiwiStereo       = 0x08
	kiwiLittleEndian = 0x80
)

// A gpsStamp is the time of a frame's first sample in seconds and nanoseconds of the GPS week.
type gpsStamp struct {
	fixAgeS uint8 // seconds since the last fix; 255 means never
	sec     uint32
	nsec    uint32
}

// leapSeconds is by how much GPS time has been ahead of UTC since 2017-01-01.
const leapSeconds = 18

const week = 7 * 24 * time.Hour

// gpsEpoch is a beginning of a GPS week.
var gpsEpoch = time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)

// stampOf returns the stamp of a UTC time.
func stampOf(t time.Time, fixAgeS uint8) gpsStamp {
	in := gpsSince(t) % week
	return gpsStamp{fixAgeS, uint32(in / time.Second), uint32(in % time.Second)}
}

// gpsSince is t.Sub(gpsEpoch) plus leap seconds, never negative.
func gpsSince(t time.Time) time.Duration {
	return max(0, t.Sub(gpsEpoch)+leapSeconds*time.Second)
}

// A kiwiFrame is what one SND message says.
type kiwiFrame struct {
	flags   byte
	seq     uint32
	meter   float64 // dBm
	gps     gpsStamp
	iq      [2 * kiwiFrameSamples]int16 // I, Q, I, Q, …
	samples int                         // of iq that count: all, but in the last frame of a file
}

// appendTo appends the frame as sent: the sequence and the stamp little-endian, the S-meter big-endian.
func (f *kiwiFrame) appendTo(b []byte) []byte {
	b = append(b, "SND"...)
	b = append(b, f.flags)
	b = binary.LittleEndian.AppendUint32(b, f.seq)
	b = binary.BigEndian.AppendUint16(b, meterSteps(f.meter))
	b = append(b, f.gps.fixAgeS, 0)
	b = binary.LittleEndian.AppendUint32(b, f.gps.sec)
	b = binary.LittleEndian.AppendUint32(b, f.gps.nsec)
	for _, v := range f.iq[:2*f.samples] {
		if f.flags&kiwiLittleEndian != 0 {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		} else {
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		}
	}
	return b
}

// meterSteps is the S-meter's reading on the wire: tenths of a decibel above -127 dBm.
func meterSteps(dbm float64) uint16 {
	return uint16(math.Round((min(max(dbm, -127), 3.4) + 127) * 10))
}
