package iq_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

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

func TestAFrequencyBeyondTheAuxiChunkIsLeftOut(t *testing.T) {
	w := openWAV(t, header(t, iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 12000, CenterHz: 10.489e9}))
	if w.HasCenter || w.CenterHz != 0 {
		t.Errorf("the centre reads as %v", w.CenterHz)
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

// kiwiWAV writes samples in blocks and returns the stamps that go with them.
func kiwiWAV(t *testing.T, samples []byte) ([]byte, []iq.KiwiStamp) {
	t.Helper()
	var file bytes.Buffer
	n := int64(len(samples) / 4)
	k, err := iq.NewKiwiWriter(&file, 12001.14, iq.KiwiBlocks(n), n)
	if err != nil {
		t.Fatal(err)
	}
	var stamps []iq.KiwiStamp
	for at := int64(0); at < n; at += iq.KiwiBlockSamples {
		s := iq.KiwiStamp{Sample: at, AgeS: uint8(at / 512), GPSSec: 604_799, GPSNsec: uint32(at) * 83_000}
		stamps = append(stamps, s)
		if err := k.WriteBlock(s, samples[4*at:4*min(at+iq.KiwiBlockSamples, n)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), stamps
}

func TestAKiwiWAVReadsBackWithItsStamps(t *testing.T) {
	samples := counting(1100 * 4)
	file, want := kiwiWAV(t, samples)
	if got := int(binary.LittleEndian.Uint32(file[4:])); got != len(file)-8 {
		t.Errorf("the RIFF size is %d of a file of %d bytes", got, len(file))
	}
	w := openWAV(t, file)
	if !w.Stamped || w.Samples != 1100 || w.SampleRateHz != 12001 {
		t.Errorf("header read as %+v", w)
	}
	got, err := io.ReadAll(w)
	if err != nil || !bytes.Equal(got, samples) {
		t.Errorf("read %d bytes, error %v; wrote %d", len(got), err, len(samples))
	}
	if diff := cmp.Diff(want, w.Stamps()); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
	if again := w.Stamps(); again != nil {
		t.Errorf("stamps were given twice: %v", again)
	}
}

func TestAStampIsGivenWithTheFirstSamplesOfItsBlock(t *testing.T) {
	file, want := kiwiWAV(t, counting(1100*4))
	w := openWAV(t, file)
	var got []iq.KiwiStamp
	buf := make([]byte, 100*4)
	var before, after int64 // samples read
	for {
		n, err := w.Read(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		before, after = after, after+int64(n/4)
		got = append(got, w.Stamps()...)
		if last := got[len(got)-1].Sample; before < last || after > last+iq.KiwiBlockSamples {
			t.Fatalf("samples %d to %d came with the stamp of block %d", before, after, last)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
}

func TestTheKiwiWriterHoldsToWhatItAnnounced(t *testing.T) {
	write := func(w io.Writer) *iq.KiwiWriter {
		k, err := iq.NewKiwiWriter(w, 12000, 1, 512)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if err := write(io.Discard).Close(); err == nil {
		t.Error("closed without its samples")
	}
	if err := write(io.Discard).WriteBlock(iq.KiwiStamp{}, make([]byte, 513*4)); err == nil {
		t.Error("a block too long was accepted")
	}
	if err := write(io.Discard).WriteBlock(iq.KiwiStamp{}, make([]byte, 5)); err == nil {
		t.Error("a split sample was accepted")
	}
	k := write(io.Discard)
	if err := k.WriteBlock(iq.KiwiStamp{}, make([]byte, 2048)); err != nil {
		t.Fatal(err)
	}
	if err := k.WriteBlock(iq.KiwiStamp{}, nil); err == nil {
		t.Error("a block too many was accepted")
	}
	for _, n := range []int64{-1, 1 << 30, math.MaxInt64} {
		if _, err := iq.NewKiwiWriter(io.Discard, 12000, iq.KiwiBlocks(n), n); err == nil {
			t.Errorf("%d samples were accepted", n)
		}
	}
	if _, err := iq.NewKiwiWriter(io.Discard, 0, 1, 1); err == nil {
		t.Error("a rate of 0 was accepted")
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
