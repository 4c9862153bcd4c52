package iq_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

func TestAWAVReadsBackAsItWasWritten(t *testing.T) {
	for _, f := range []iq.Format{iq.CI16LE, iq.CU8, iq.CF32LE, iq.CF64LE} {
		t.Run(f.String(), func(t *testing.T) {
			h := iq.WAVHeader{Format: f, SampleRateHz: 12001.14, Samples: 700,
				Start: time.Date(2026, 8, 1, 12, 30, 15, 250e6, time.UTC), CenterHz: 145_500_000}
			samples := counting(700 * f.Size())
			file := append(header(t, h), samples...)
			if got := int(binary.LittleEndian.Uint32(file[4:])); got != len(file)-8 {
				t.Errorf("the RIFF size is %d of a file of %d bytes", got, len(file))
			}
			w := openWAV(t, file)
			if w.Format != f || w.SampleRateHz != 12001 || w.Samples != 700 || w.CenterHz != 145_500_000 || !w.HasCenter ||
				!w.Start.Equal(h.Start) || len(w.Notes) != 0 || w.TrailingBytes != 0 || w.Stamped || w.Truncated() != nil {
				t.Errorf("header read as %+v", w)
			}
			got, err := io.ReadAll(w)
			if err != nil || !bytes.Equal(got, samples) {
				t.Errorf("read %d bytes, error %v; wrote %d", len(got), err, len(samples))
			}
		})
	}
}

func TestAPlainHeaderHas44Bytes(t *testing.T) {
	want := append([]byte("RIFF\x24\x10\x00\x00WAVE"), pcm16...)
	want = append(want, "data\x00\x10\x00\x00"...)
	if got := header(t, iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 12000, Samples: 1024}); !bytes.Equal(got, want) {
		t.Errorf("header is % x\nwant      % x", got, want)
	}
}

func TestAFileOfFourGiBBecomesRF64(t *testing.T) {
	const fits = (1<<32 - 1 - 37) / 4 // samples; the rest of the RIFF is 36 bytes
	for samples, id := range map[int64]string{fits: "RIFF", fits + 1: "RF64", 1 << 40: "RF64"} {
		h := header(t, iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 2.4e6, Samples: samples})
		if got := string(h[:4]); got != id {
			t.Fatalf("%d samples: the file begins with %s, want %s", samples, got, id)
		}
		size := int64(len(h)) + 4*samples
		w, err := iq.NewWAVReader(sparse{h}, size)
		if err != nil {
			t.Fatal(err)
		}
		if w.Samples != samples || w.Truncated() != nil || len(w.Notes) != 0 {
			t.Errorf("%d samples: read as %d, truncated %v, notes %q", samples, w.Samples, w.Truncated(), w.Notes)
		}
	}
}

// sparse is a file of its first bytes and zeros without end.
type sparse struct{ head []byte }

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if at < int64(len(s.head)) {
		copy(p, s.head[at:])
	}
	return len(p), nil
}

func TestAHeaderThatWAVCannotHoldIsRefused(t *testing.T) {
	for _, h := range []iq.WAVHeader{
		{Format: iq.CI16BE, SampleRateHz: 12000},
		{Format: iq.CI8, SampleRateHz: 12000},
		{SampleRateHz: 12000},
		{Format: iq.CI16LE},
		{Format: iq.CI16LE, SampleRateHz: math.NaN()},
		{Format: iq.CI16LE, SampleRateHz: 1e10},
		{Format: iq.CI16LE, SampleRateHz: 12000, Samples: -1},
		{Format: iq.CI16LE, SampleRateHz: 12000, Samples: math.MaxInt64},
	} {
		if b, err := h.Bytes(); err == nil {
			t.Errorf("%+v gave %d bytes", h, len(b))
		}
	}
}

func TestOddChunksArePaddedAndPassedOver(t *testing.T) {
	w := openWAV(t, riff(whole("LIST", []byte("odd")), pcm16, whole("junk", nil), whole("data", counting(8)), whole("id3 ", []byte("x"))))
	got, err := io.ReadAll(w)
	if err != nil || !bytes.Equal(got, counting(8)) || len(w.Notes) != 0 {
		t.Errorf("read % x, error %v, notes %q", got, err, w.Notes)
	}
}

func TestExtensibleFormatsAreRead(t *testing.T) {
	tail := "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
	for _, c := range []struct {
		tag, bits byte
		tail      string
		want      iq.Format
	}{{1, 16, tail, iq.CI16LE}, {3, 32, tail, iq.CF32LE}, {1, 8, tail, iq.CU8}, {1, 16, "not a known subformat"[:14], 0}} {
		align := 2 * c.bits / 8
		body := append([]byte{0xFE, 0xFF, 2, 0, 0xe0, 0x2e, 0, 0, 0, 0, 0, 0, align, 0, c.bits, 0, 22, 0, c.bits, 0, 3, 0, 0, 0, c.tag, 0}, c.tail...)
		file := riff(whole("fmt ", body), whole("data", counting(16)))
		w, err := iq.NewWAVReader(bytes.NewReader(file), int64(len(file)))
		if c.want == 0 {
			if err == nil {
				t.Error("an unknown subformat was accepted")
			}
			continue
		}
		if err != nil || w.Format != c.want || w.Samples != 16/int64(c.want.Size()) {
			t.Errorf("%d-bit format %d: read as %+v, error %v", c.bits, c.tag, w, err)
		}
	}
}

func TestPythonReadsTheWAVWeWrite(t *testing.T) {
	py, dir := python(t), t.TempDir()
	file := append(header(t, iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 12000, Samples: 1000, CenterHz: 7e6}), counting(4000)...)
	if err := os.WriteFile(filepath.Join(dir, "a.wav"), file, 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, py, dir, `
import wave, numpy as np
w = wave.open('a.wav')
assert w.getparams()[:4] == (2, 2, 12000, 1000), w.getparams()
k = np.arange(4000)
assert w.readframes(1000) == ((k * 7 + (k >> 8)) & 255).astype('u1').tobytes()
`)
}
