package iq_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
)

func openWAV(t *testing.T, b []byte) *iq.WAVReader {
	t.Helper()
	w, err := iq.NewWAVReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func header(t *testing.T, h iq.WAVHeader) []byte {
	t.Helper()
	b, err := h.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// counting returns n bytes that differ from their neighbours.
func counting(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		b[k] = byte(k*7 + k>>8)
	}
	return b
}

// chunk makes a RIFF chunk that says size whatever its body; even pads it.
func chunk(id string, size uint32, body []byte) []byte {
	b := append([]byte(id), binary.LittleEndian.AppendUint32(nil, size)...)
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// whole makes a chunk of the right size.
func whole(id string, body []byte) []byte { return chunk(id, uint32(len(body)), body) }

// riff puts chunks into a RIFF file of the right size.
func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return whole("RIFF", body)
}

// pcm16 is the fmt chunk of stereo int16 at 12 kHz.
var pcm16 = whole("fmt ", []byte{1, 0, 2, 0, 0xe0, 0x2e, 0, 0, 0x80, 0xbb, 0, 0, 4, 0, 16, 0})
