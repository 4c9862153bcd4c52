package iqfile_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// write makes a file in a new folder and returns its path.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string, o iqfile.Options) *iqfile.File {
	t.Helper()
	f, err := iqfile.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// readAll reads in pieces that are not whole samples.
func readAll(t *testing.T, f *iqfile.File) []byte {
	t.Helper()
	var all []byte
	buf := make([]byte, 999)
	for {
		n, err := f.Read(buf)
		if n%f.Format.Size() != 0 {
			t.Fatalf("a read of %d bytes splits a sample", n)
		}
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func counting(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		b[k] = byte(k*7 + k>>8)
	}
	return b
}

func ptr[T any](v T) *T { return &v }

func TestEveryKindOfFileGivesTheSameSamples(t *testing.T) {
	samples := counting(4000)
	start := time.Date(2026, 8, 1, 12, 30, 15, 250e6, time.UTC)
	head, err := iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 12000, Samples: 1000, Start: start, CenterHz: 7.1e6}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	npy := []byte("\x93NUMPY\x01\x00\x3e\x00" + padTo("{'descr':'<i2','fortran_order':False,'shape':(1000,2)}", 0x3e))
	known := iqfile.Options{SampleRateHz: 12000}
	for _, c := range []struct {
		name    string
		content []byte
		o       iqfile.Options
		kind    iqfile.Kind
	}{
		{"a.wav", append(head, samples...), iqfile.Options{}, iqfile.WAV},
		{"wav-without-extension", append(head, samples...), iqfile.Options{}, iqfile.WAV},
		{"wav-called-raw.bin", append(head, samples...), iqfile.Options{Format: iq.CI16LE}, iqfile.WAV},
		{"A.WAV", append(head, samples...), iqfile.Options{}, iqfile.WAV},
		{"a.npy", append(npy, samples...), known, iqfile.NPY},
		{"npy", append(npy, samples...), known, iqfile.NPY},
		{"a.ci16", samples, known, iqfile.Raw},
		{"a.cs16", samples, known, iqfile.Raw},
		{"a.bin", samples, iqfile.Options{SampleRateHz: 12000, Format: iq.CI16LE}, iqfile.Raw},
		{"a.iq", samples, iqfile.Options{SampleRateHz: 12000, Format: iq.CI16LE}, iqfile.Raw},
		{"a.cu8", samples, iqfile.Options{SampleRateHz: 12000, Format: iq.CI16LE}, iqfile.Raw},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, write(t, c.name, c.content), c.o)
			if f.Kind != c.kind || f.Format != iq.CI16LE || f.SampleRateHz != 12000 || f.Samples != 1000 || f.Damage != nil || len(f.Captures) != 1 {
				t.Errorf("opened as %+v", f)
			}
			if c.kind == iqfile.WAV && (!f.Start.Equal(start) || f.CenterHz != 7.1e6 || !f.HasCenter) {
				t.Errorf("start %v, centre %v", f.Start, f.CenterHz)
			}
			if got := readAll(t, f); !bytes.Equal(got, samples) {
				t.Errorf("read %d bytes that are not the %d written", len(got), len(samples))
			}
		})
	}
}

func padTo(s string, n int) string { return s + strings.Repeat(" ", n-len(s)-1) + "\n" }

// recording writes base.sigmf-meta and base.sigmf-data and returns the path of the metadata.
func recording(t *testing.T, m *sigmf.Metadata, data []byte) string {
	t.Helper()
	doc, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "r.sigmf-meta", doc)
	if err := os.WriteFile(strings.TrimSuffix(path, "meta")+"data", data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func metadata(data []byte, captures ...sigmf.Capture) *sigmf.Metadata {
	sum := sha512.Sum512(data)
	return &sigmf.Metadata{
		Global:   sigmf.Global{Datatype: "ci16_le", SampleRateHz: 1000, Version: sigmf.Version, SHA512: hex.EncodeToString(sum[:])},
		Captures: captures,
	}
}

func TestASigMFRecordingGivesItsTimesFrequenciesAndGaps(t *testing.T) {
	data := counting(4000)
	start := time.Date(2026, 8, 1, 12, 0, 0, 123_456_789, time.UTC)
	captures := []sigmf.Capture{
		{SampleStart: 0, GlobalIndex: ptr[int64](70_000), FrequencyHz: ptr(7.1e6)},
		{SampleStart: 600, GlobalIndex: ptr[int64](71_000), FrequencyHz: ptr(7.1e6)},
		{SampleStart: 900, FrequencyHz: ptr(7.2e6)},
	}
	captures[0].SetStart(start)
	path := recording(t, metadata(data, captures...), data)
	for _, name := range []string{path, strings.TrimSuffix(path, "meta") + "data"} {
		f := open(t, name, iqfile.Options{})
		if f.Kind != iqfile.SigMF || !f.Start.Equal(start) || f.CenterHz != 7.1e6 || !f.HasCenter || f.Samples != 1000 || f.SampleRateHz != 1000 {
			t.Errorf("opened as %+v", f)
		}
		if diff := cmp.Diff([]heimdall.Gap{{Sample: 600, Missing: 400}}, f.Gaps()); diff != "" {
			t.Errorf("gaps (-want +got):\n%s", diff)
		}
		want := []iqfile.Capture{
			{Sample: 0, GlobalIndex: 70_000, Start: start, CenterHz: 7.1e6, HasCenter: true},
			{Sample: 600, GlobalIndex: 71_000, CenterHz: 7.1e6, HasCenter: true},
			{Sample: 900, GlobalIndex: 71_300, CenterHz: 7.2e6, HasCenter: true},
		}
		if diff := cmp.Diff(want, f.Captures); diff != "" {
			t.Errorf("captures (-want +got):\n%s", diff)
		}
		if len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "captures[2] is tuned to 7200000 Hz") {
			t.Errorf("notes: %q", f.Notes)
		}
		if got := readAll(t, f); !bytes.Equal(got, data) {
			t.Error("the samples are others")
		}
	}
}

func TestTheStartIsCountedBackFromTheFirstCaptureWithATime(t *testing.T) {
	data := counting(4000)
	later := time.Date(2026, 8, 1, 12, 0, 2, 0, time.UTC)
	captures := []sigmf.Capture{{SampleStart: 100}, {SampleStart: 600, GlobalIndex: ptr[int64](1600)}}
	captures[1].SetStart(later) // 1600 samples of 1 ms after sample 0 of the stream, as sample 100 has index 100
	f := open(t, recording(t, metadata(data, captures...), data), iqfile.Options{})
	if want := later.Add(-1600 * time.Millisecond); !f.Start.Equal(want) {
		t.Errorf("start %v, want %v", f.Start, want)
	}
	if f.Captures[0].Sample != 0 || len(f.Captures) != 3 {
		t.Errorf("captures %+v", f.Captures)
	}
}

func TestAFileOfASplitRecordingCountsFromItsOffset(t *testing.T) {
	data := counting(4000)
	m := metadata(data, sigmf.Capture{SampleStart: 5000}, sigmf.Capture{SampleStart: 5600})
	m.Global.Offset = 5000
	f := open(t, recording(t, m, data), iqfile.Options{})
	want := []iqfile.Capture{{Sample: 0, GlobalIndex: 5000}, {Sample: 600, GlobalIndex: 5600}}
	if diff := cmp.Diff(want, f.Captures); diff != "" {
		t.Errorf("captures (-want +got):\n%s", diff)
	}
}

func TestAnArchiveIsOpenedByTheNameOfItsRecording(t *testing.T) {
	dataA, dataB := counting(4000), counting(8000)[4000:]
	var file bytes.Buffer
	a := sigmf.NewArchiveWriter(&file, time.Unix(1.7e9, 0))
	for name, data := range map[string][]byte{"a": dataA, "b": dataB} {
		doc, err := metadata(data).Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.AddRecording(name, doc, bytes.NewReader(data), int64(len(data))); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	path := write(t, "two.sigmf", file.Bytes())
	if got := readAll(t, open(t, path, iqfile.Options{Recording: "b"})); !bytes.Equal(got, dataB) {
		t.Error("recording b has other samples")
	}
	_, err := iqfile.Open(path, iqfile.Options{})
	if err == nil || !strings.Contains(err.Error(), "--recording") {
		t.Errorf("without a name: error is %v", err)
	}
}

func TestChangedDataIsFoundOutAtTheEnd(t *testing.T) {
	data := counting(4000)
	path := recording(t, metadata(data), append([]byte{99}, data[1:]...))
	f := open(t, path, iqfile.Options{})
	n, err := io.Copy(io.Discard, f)
	if n != 4000 || err == nil || !strings.Contains(err.Error(), "SHA-512") {
		t.Errorf("read %d bytes, error %v", n, err)
	}
	f = open(t, path, iqfile.Options{AllowPartial: true})
	if n, err := io.Copy(io.Discard, f); n != 4000 || err != nil || f.Damage == nil {
		t.Errorf("allowed: read %d bytes, error %v, damage %v", n, err, f.Damage)
	}
}

func TestADamagedEndIsRefusedUnlessAllowed(t *testing.T) {
	data := counting(4000)
	wav, err := iq.WAVHeader{Format: iq.CI16LE, SampleRateHz: 12000, Samples: 1000}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sigmfPath := recording(t, metadata(data, sigmf.Capture{}, sigmf.Capture{SampleStart: 999}), data[:3995])
	for _, c := range []struct {
		promise, path string
		samples       int64
		trailing      int64
		captures      int
	}{
		{"a raw file with an odd byte", write(t, "a.ci16", data[:3999]), 999, 3, 1},
		{"an npy that ends early", write(t, "a.npy", append(iq.NPYHeader(600), data[:3999]...)), 499, 7, 1},
		{"a WAV that ends early", write(t, "a.wav", append(wav, data[:3001]...)), 750, 1, 1},
		{"a SigMF recording that ends early", sigmfPath, 998, 3, 1},
	} {
		t.Run(c.promise, func(t *testing.T) {
			o := iqfile.Options{SampleRateHz: 12000}
			_, err := iqfile.Open(c.path, o)
			if err == nil || !strings.Contains(err.Error(), "--allow-partial") {
				t.Errorf("error is %v", err)
			}
			o.AllowPartial = true
			f := open(t, c.path, o)
			if f.Samples != c.samples || f.TrailingBytes != c.trailing || f.Damage == nil || len(f.Captures) != c.captures {
				t.Errorf("opened with %d samples, %d trailing bytes, damage %v, captures %v", f.Samples, f.TrailingBytes, f.Damage, f.Captures)
			}
			if got := readAll(t, f); int64(len(got)) != c.samples*int64(f.Format.Size()) {
				t.Errorf("read %d bytes of %d samples", len(got), c.samples)
			}
		})
	}
}

func TestAFileThatCannotBeUsedIsRefusedWithTheFix(t *testing.T) {
	data := counting(4000)
	with := func(change func(*sigmf.Metadata)) string {
		m := metadata(data, sigmf.Capture{})
		change(m)
		return recording(t, m, data)
	}
	lonely := write(t, "x.sigmf-data", data)
	noData := recording(t, metadata(data), data)
	if err := os.Remove(strings.TrimSuffix(noData, "meta") + "data"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		promise, path string
		o             iqfile.Options
		want          string
	}{
		{"an npy without a rate", write(t, "a.npy", append(iq.NPYHeader(2), data[:16]...)), iqfile.Options{}, "--sample-rate-hz"},
		{"a raw file without a rate", write(t, "a.cu8", data), iqfile.Options{}, "--sample-rate-hz"},
		{"a raw file without a format", write(t, "a.iq", data), iqfile.Options{SampleRateHz: 1}, "--format"},
		{"a negative rate", write(t, "a.cu8", data), iqfile.Options{SampleRateHz: -1}, "--sample-rate-hz"},
		{"a format that the file contradicts", write(t, "a.npy", append(iq.NPYHeader(2), data[:16]...)), iqfile.Options{SampleRateHz: 1, Format: iq.CU8}, "its samples are cf32_le, not cu8"},
		{"an unknown format", write(t, "a.bin", data), iqfile.Options{SampleRateHz: 1, Format: 77}, "not a sample format"},
		{"an empty file", write(t, "a.cu8", nil), iqfile.Options{SampleRateHz: 1}, "empty"},
		{"an npy of no samples", write(t, "a.npy", iq.NPYHeader(0)), iqfile.Options{SampleRateHz: 1}, "no samples"},
		{"less than one sample", write(t, "a.cf32", data[:7]), iqfile.Options{SampleRateHz: 1, AllowPartial: true}, "no samples"},
		{"a folder", t.TempDir(), iqfile.Options{}, "no plain file"},
		{"data without metadata", lonely, iqfile.Options{}, "x.sigmf-meta cannot be opened"},
		{"metadata without data", noData, iqfile.Options{}, "r.sigmf-data cannot be opened"},
		{"a collection", write(t, "a.sigmf-collection", []byte("{}")), iqfile.Options{}, "open one of the recordings"},
		{"a truncated archive", write(t, "a.sigmf", data[:700]), iqfile.Options{}, "uncompressed tar"},
		{"no WAV at all", write(t, "a.wav", data), iqfile.Options{}, "RIFF"},
		{"real samples", with(func(m *sigmf.Metadata) { m.Global.Datatype = "ri16_le" }), iqfile.Options{}, "core:datatype"},
		{"two channels", with(func(m *sigmf.Metadata) { m.Global.NumChannels = 2 }), iqfile.Options{}, "core:num_channels"},
		{"header bytes", with(func(m *sigmf.Metadata) { m.Captures[0].HeaderBytes = 44 }), iqfile.Options{}, "core:header_bytes"},
		{"a dataset in another folder", with(func(m *sigmf.Metadata) { m.Global.Dataset = "../secret" }), iqfile.Options{}, "plain file name"},
		{"metadata alone", with(func(m *sigmf.Metadata) { m.Global.MetadataOnly = true }), iqfile.Options{}, "core:metadata_only"},
		{"too many trailing bytes", with(func(m *sigmf.Metadata) { m.Global.TrailingBytes = 4001 }), iqfile.Options{}, "core:trailing_bytes"},
		{"captures out of order", with(func(m *sigmf.Metadata) { m.Captures = []sigmf.Capture{{SampleStart: 5}, {SampleStart: 3}} }), iqfile.Options{}, "sort them"},
		{"a capture before the offset", with(func(m *sigmf.Metadata) { m.Global.Offset = 5 }), iqfile.Options{}, "core:offset"},
		{"overlapping captures", with(func(m *sigmf.Metadata) {
			m.Captures = []sigmf.Capture{{GlobalIndex: ptr[int64](9)}, {SampleStart: 5, GlobalIndex: ptr[int64](12)}}
		}), iqfile.Options{}, "2 too small"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			f, err := iqfile.Open(c.path, c.o)
			if err == nil {
				f.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "open recording "+c.path) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := iqfile.Open("/no/such/file.wav", iqfile.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: error is %v", err)
	}
}

func TestWhatTheOptionsSayHoldsAndTheConflictIsNoted(t *testing.T) {
	data := counting(4000)
	capture := sigmf.Capture{FrequencyHz: ptr(7.1e6)}
	capture.SetStart(time.Unix(1.7e9, 0))
	path := recording(t, metadata(data, capture), data)
	start := time.Unix(1.8e9, 0)
	f := open(t, path, iqfile.Options{SampleRateHz: 999, CenterHz: 5e6, Start: start})
	if f.SampleRateHz != 999 || f.CenterHz != 5e6 || !f.Start.Equal(start) || len(f.Notes) != 3 {
		t.Errorf("opened as %+v", f)
	}
	f = open(t, path, iqfile.Options{SampleRateHz: 1000, CenterHz: 7.1e6, Start: time.Unix(1.7e9, 0)})
	if len(f.Notes) != 0 {
		t.Errorf("agreement was noted: %q", f.Notes)
	}
}

func TestADatasetOfAnotherNameIsReadWithoutItsTrailingBytes(t *testing.T) {
	data := counting(4000)
	m := metadata(data)
	m.Global.Dataset, m.Global.TrailingBytes = "other.bin", 10
	path := recording(t, m, nil)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "other.bin"), append(data, make([]byte, 10)...), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, open(t, path, iqfile.Options{})); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes", len(got))
	}
}

func TestABufferSmallerThanASampleIsRefused(t *testing.T) {
	f := open(t, write(t, "a.ci16", counting(8)), iqfile.Options{SampleRateHz: 1})
	if n, err := f.Read(make([]byte, 3)); n != 0 || !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("read %d, %v", n, err)
	}
}

func TestCloseMayBeCalledTwice(t *testing.T) {
	f := open(t, write(t, "a.ci16", counting(8)), iqfile.Options{SampleRateHz: 1})
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Error(err)
	}
}
