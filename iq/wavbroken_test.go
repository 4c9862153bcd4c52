package iq_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

func TestAFileWhoseSizesWereNeverFilledInIsReadToItsEnd(t *testing.T) {
	never := binary.LittleEndian.AppendUint32(nil, math.MaxUint32)
	for _, c := range []struct {
		promise string
		riff    []byte
		data    uint32
	}{
		{"zero sizes", []byte{0, 0, 0, 0}, 0},
		{"the size of the header alone", []byte{36, 0, 0, 0}, 0},
		{"all ones", never, math.MaxUint32},
		{"a data size of all ones", []byte{0, 0, 0, 0}, math.MaxUint32},
	} {
		t.Run(c.promise, func(t *testing.T) {
			file := append([]byte("RIFF"), c.riff...)
			file = append(append(file, "WAVE"...), pcm16...)
			file = append(file, chunk("data", c.data, counting(4002))...)
			w := openWAV(t, file)
			got, err := io.ReadAll(w)
			if err != nil || !bytes.Equal(got, counting(4000)) || w.Samples != 1000 || w.TrailingBytes != 2 {
				t.Errorf("read %d bytes of %d samples, %d left over, error %v", len(got), w.Samples, w.TrailingBytes, err)
			}
			if len(w.Notes) != 1 || !strings.Contains(w.Notes[0], "never filled in") {
				t.Errorf("notes: %q", w.Notes)
			}
		})
	}
	t.Run("an RF64 whose ds64 is empty", func(t *testing.T) {
		file := append([]byte("RF64"), never...)
		file = append(append(append(file, "WAVE"...), whole("ds64", make([]byte, 28))...), pcm16...)
		w := openWAV(t, append(file, chunk("data", math.MaxUint32, counting(400))...))
		if w.Samples != 100 || len(w.Notes) != 1 {
			t.Errorf("%d samples, notes %q", w.Samples, w.Notes)
		}
	})
	t.Run("but an empty chunk of a finished file is empty", func(t *testing.T) {
		w := openWAV(t, riff(pcm16, whole("data", nil), whole("data", counting(8))))
		if w.Samples != 2 || len(w.Notes) != 0 {
			t.Errorf("%d samples, notes %q", w.Samples, w.Notes)
		}
	})
}

func TestATruncatedWAVGivesItsSamplesAndThenSaysWhatIsMissing(t *testing.T) {
	file := riff(pcm16, whole("data", counting(400)), whole("LIST", counting(20)))
	for _, c := range []struct {
		promise string
		cut     int // bytes left
		samples int64
		want    string
	}{
		{"within the data", 44 + 399, 99, "after 99 of 100 samples"},
		{"just after the data", 44 + 400, 100, "last 28 bytes of the file are missing"},
		{"just before the data", 44, 0, "after 0 of 100 samples"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			w := openWAV(t, file[:c.cut])
			got, err := io.ReadAll(w)
			if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), c.want) || w.Truncated() == nil {
				t.Errorf("error is %v", err)
			}
			if w.Samples != c.samples || !bytes.Equal(got, counting(400)[:4*c.samples]) {
				t.Errorf("read %d bytes of %d samples", len(got), w.Samples)
			}
		})
	}
}

func TestBytesThatAreNoChunkAreNoted(t *testing.T) {
	w := openWAV(t, riff(pcm16, whole("data", counting(8)), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}))
	if w.Samples != 2 || len(w.Notes) != 1 || !strings.Contains(w.Notes[0], "10 bytes at the end, from byte 52") {
		t.Errorf("%d samples, notes %q", w.Samples, w.Notes)
	}
	if got, err := io.ReadAll(w); err != nil || len(got) != 8 {
		t.Errorf("read %d bytes, error %v", len(got), err)
	}
}

func TestAWAVThatIsNoIQIsRefusedWithTheReason(t *testing.T) {
	format := func(change func(b []byte)) []byte {
		b := bytes.Clone(pcm16[8:])
		change(b)
		return whole("fmt ", b)
	}
	data := whole("data", counting(8))
	for _, c := range []struct {
		promise string
		file    []byte
		want    string
	}{
		{"nothing", nil, "too short"},
		{"AIFF", []byte("FORM....AIFFCOMM"), "neither RIFF nor RF64"},
		{"AVI", []byte("RIFF\x04\x00\x00\x00AVI "), "neither RIFF nor RF64"},
		{"no chunk", riff(), "no data chunk"},
		{"no data", riff(pcm16), "no data chunk"},
		{"no fmt", riff(data), "before any fmt chunk"},
		{"a short fmt", riff(whole("fmt ", counting(14)), data), "14 bytes, not 16"},
		{"mono", riff(format(func(b []byte) { b[2] = 1; b[12] = 2 }), data), "1 channels: IQ needs two"},
		{"24 bits", riff(format(func(b []byte) { b[14] = 24; b[12] = 6 }), data), "24-bit samples of WAV format 1 are not known"},
		{"A-law", riff(format(func(b []byte) { b[0] = 6 }), data), "WAV format 6 are not known"},
		{"a wrong block size", riff(format(func(b []byte) { b[12] = 3 }), data), "3 bytes for a sample of 4"},
		{"RF64 without ds64", append([]byte("RF64\xFF\xFF\xFF\xFFWAVE"), pcm16...), "ds64 chunk"},
		{"a block of half a sample in the middle", riff(pcm16, whole("data", counting(6)), data), "does not hold whole samples"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			_, err := iq.NewWAVReader(bytes.NewReader(c.file), int64(len(c.file)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestAFileThatShrinksWhileItIsReadIsAnError(t *testing.T) {
	file := riff(pcm16, whole("data", counting(400)))
	w, err := iq.NewWAVReader(bytes.NewReader(file[:100]), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(w); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
}

func TestABufferSmallerThanASampleIsRefused(t *testing.T) {
	w := openWAV(t, riff(pcm16, whole("data", counting(400))))
	if n, err := w.Read(make([]byte, 3)); n != 0 || !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("read %d, %v", n, err)
	}
}

func FuzzWAVReader(f *testing.F) {
	f.Add(riff(pcm16, whole("kiwi", counting(10)), whole("data", counting(400)), whole("kiwi", counting(10)), whole("data", counting(6))))
	f.Add(riff(pcm16, whole("auxi", counting(164)), chunk("data", 0, counting(40))))
	rf64, err := iq.WAVHeader{Format: iq.CF32LE, SampleRateHz: 12000, Samples: 1 << 32, Start: time.Unix(1.7e9, 0)}.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(rf64, counting(80)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := iq.NewWAVReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		got, err := io.ReadAll(w)
		if int64(len(got)) != w.Samples*int64(w.Format.Size()) {
			t.Fatalf("%d samples of %v announced, %d bytes read, error %v", w.Samples, w.Format, len(got), err)
		}
		if (err == nil) != (w.Truncated() == nil) {
			t.Fatalf("read ended with %v; truncated: %v", err, w.Truncated())
		}
		for _, s := range w.Stamps() {
			if s.Sample < 0 || s.Sample > w.Samples {
				t.Fatalf("a stamp of sample %d of %d", s.Sample, w.Samples)
			}
		}
	})
}
