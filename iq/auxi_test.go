package iq_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/heimdall-sdr/heimdall/iq"
)

func TestAFrequencyBeyondTheAuxiChunkIsLeftOut(t *testing.T) {
	w := openWAV(t, header(t, iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 12000, CenterHz: 10.489e9}))
	if w.HasCenter || w.CenterHz != 0 {
		t.Errorf("the centre reads as %v", w.CenterHz)
	}
}

func TestAuxiChunksOfAllProgramsAreRead(t *testing.T) {
	xml := `<?xml version="1.0" encoding="UTF-16"?><SDR-XML-Root Description="x"><Definition CurrentTimeUTC="01-08-2026 12:30:15" RadioCenterFreq="10489550000" UTCSeconds="1785587415" SampleRate="12000"><a/></Definition></SDR-XML-Root>`
	var utf16le []byte
	for _, u := range append(utf16.Encode([]rune(xml)), 0) {
		utf16le = binary.LittleEndian.AppendUint16(utf16le, u)
	}
	systemTime := []byte{0xEA, 7, 8, 0, 6, 0, 1, 0, 12, 0, 30, 0, 15, 0, 250, 0}
	center := binary.LittleEndian.AppendUint32(nil, 7_100_000)
	known := time.Date(2026, 8, 1, 12, 30, 15, 250e6, time.UTC)
	for _, c := range []struct {
		promise  string
		body     []byte
		start    time.Time
		centerHz float64
		notes    int
	}{
		{"SpectraVue", append(append(bytes.Clone(systemTime), make([]byte, 16)...), append(center, make([]byte, 128)...)...), known, 7.1e6, 0},
		{"short", append(append(bytes.Clone(systemTime), make([]byte, 16)...), center...), known, 7.1e6, 0},
		{"SDR Console", utf16le, known.Truncate(time.Second), 10_489_550_000, 0},
		{"SDR Console with a byte order mark", append([]byte{0xFF, 0xFE}, utf16le...), known.Truncate(time.Second), 10_489_550_000, 0},
		{"all zero", make([]byte, 164), time.Time{}, 0, 0},
		{"too short", systemTime, time.Time{}, 0, 1},
		{"a 31st of February", append([]byte{0xEA, 7, 2, 0, 6, 0, 31, 0}, make([]byte, 60)...), time.Time{}, 0, 1},
		{"broken XML", utf16le[:100], time.Time{}, 0, 1},
	} {
		t.Run(c.promise, func(t *testing.T) {
			w := openWAV(t, riff(pcm16, whole("auxi", c.body), whole("data", counting(8))))
			if !w.Start.Equal(c.start) || w.CenterHz != c.centerHz || w.HasCenter != (c.centerHz != 0) || len(w.Notes) != c.notes {
				t.Errorf("start %v, centre %v, notes %q", w.Start, w.CenterHz, w.Notes)
			}
		})
	}
}
