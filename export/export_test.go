package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

var datatypes = []string{"ci16_le", "ci16_be", "cu8", "ci8", "cf32_le", "cf64_le"}

// held says whether a format can hold samples of a datatype.
func held(f export.Format, datatype string) bool {
	return f != export.KiwiWAV || strings.HasPrefix(datatype, "ci")
}

var formats = []export.Format{export.SigMFData, export.SigMFMeta, export.SigMF, export.NPY, export.WAV, export.KiwiWAV, export.Raw}

// A stored is a recording in a store of files, with its metadata.
type stored struct {
	store *disk.Store
	rec   heimdall.Recording
	meta  []byte
	data  []byte
}

// store keeps n samples of a datatype, every bit of which is random, with two gaps if they fit.
func store(t testing.TB, datatype string, n int) *stored {
	t.Helper()
	f, err := iq.ParseFormat(datatype)
	if err != nil {
		t.Fatal(err)
	}
	data := samples(f, n)
	sum := blob.SumOf(data)
	a, c, w, m := rows()
	rec := c.Recording
	rec.Datatype, rec.SamplesCount, rec.Bytes, rec.SHA256 = datatype, int64(n), sum.Bytes, sum.SHA256
	rec.Gaps = nil
	if n > 10 {
		rec.Gaps = []heimdall.Gap{{Sample: 5, Missing: 512}, {Sample: int64(n) - 3, Missing: 1}}
	}
	m.SamplesCount = rec.SamplesCount
	meta, err := export.Metadata(a, c, w, &m)
	if err != nil {
		t.Fatal(err)
	}
	s, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Put(t.Context(), rec.S3Path, bytes.NewReader(data), sum); err != nil {
		t.Fatal(err)
	}
	return &stored{store: s, rec: *rec, meta: meta, data: data}
}

// samples are random bits for integers; floats are random numbers of both signs, some beyond full scale.
func samples(f iq.Format, n int) []byte {
	src := siggen.NewSource(1, uint64(f))
	var b []byte
	for k := range uint64(n) {
		switch z := src.Gauss(k); f {
		case iq.CF32LE:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(real(z))))
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(imag(z))))
		case iq.CF64LE:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(real(z)))
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(imag(z)))
		default:
			b = binary.LittleEndian.AppendUint64(b, src.Word(k))[:len(b)+f.Size()]
		}
	}
	return b
}

func (s *stored) open(t testing.TB, f export.Format, options ...export.Option) *export.File {
	t.Helper()
	o, err := s.store.Open(t.Context(), s.rec.S3Path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := export.Open(o, s.meta, s.rec, f, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func (s *stored) read(t testing.TB, f export.Format, options ...export.Option) []byte {
	t.Helper()
	file := s.open(t, f, options...)
	b, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != file.Size {
		t.Fatalf("%s gives %d bytes and announces %d", f, len(b), file.Size)
	}
	return b
}

// value is the number of component k (I and Q in turn) of bytes in a datatype, by its definition.
func value(datatype string, b []byte, k int) float64 {
	switch datatype {
	case "ci16_le":
		return float64(int16(binary.LittleEndian.Uint16(b[2*k:]))) / 32768
	case "ci16_be":
		return float64(int16(binary.BigEndian.Uint16(b[2*k:]))) / 32768
	case "cu8":
		return (float64(b[k]) - 127.5) / 127.5
	case "ci8":
		return float64(int8(b[k])) / 128
	case "cf32_le":
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:])))
	case "cf64_le":
		return math.Float64frombits(binary.LittleEndian.Uint64(b[8*k:]))
	}
	return math.NaN()
}

func TestWhatIsStoredIsGivenAwayAsItIs(t *testing.T) {
	for _, datatype := range datatypes {
		s := store(t, datatype, 1000)
		for _, f := range []export.Format{export.SigMFData, export.Raw} {
			if !bytes.Equal(s.read(t, f), s.data) {
				t.Errorf("%s of %s differs from what is stored", f, datatype)
			}
			if got, want := s.open(t, f).ETag, `"`+s.rec.SHA256+`"`; got != want {
				t.Errorf("%s of %s has ETag %s, want the hash %s", f, datatype, got, want)
			}
		}
		if !bytes.Equal(s.read(t, export.SigMFMeta), s.meta) {
			t.Errorf("sigmf-meta of %s differs from the document", datatype)
		}
	}
}

func TestNPYHoldsEverySampleAsAFractionOfFullScale(t *testing.T) {
	const n = 10_000
	for _, datatype := range datatypes {
		s := store(t, datatype, n)
		b := s.read(t, export.NPY)
		if len(b) != 128+8*n {
			t.Fatalf("npy of %s has %d bytes, want 128 + 8 × %d", datatype, len(b), n)
		}
		for k := range 2 * n {
			got, want := value("cf32_le", b[128:], k), value(datatype, s.data, k)
			// Rounding to float32, twice for cu8.
			if math.Abs(got-want) > 0x1p-23*math.Max(math.Abs(want), 1) || datatype == "cf32_le" && got != want {
				t.Fatalf("npy of %s: component %d is %v, want %v", datatype, k, got, want)
			}
		}
	}
}

func TestWAVHoldsEverySample(t *testing.T) {
	const n = 10_000
	for datatype, to := range map[string]string{
		"ci16_le": "ci16_le", "ci16_be": "ci16_le", "cu8": "cu8", "ci8": "ci16_le", "cf32_le": "cf32_le", "cf64_le": "cf32_le",
	} {
		s := store(t, datatype, n)
		b := s.read(t, export.WAV)
		w, err := iq.NewWAVReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("wav of %s: %v", datatype, err)
		}
		if w.Format.String() != to || w.Samples != n || w.SampleRateHz != math.Round(s.rec.SampleRateHz) ||
			!w.Start.Equal(s.rec.Start.Truncate(time.Millisecond)) || w.CenterHz != float64(s.rec.FrequencyHz) {
			t.Errorf("wav of %s says %v, %d samples of %v Hz from %v at %v Hz", datatype, w.Format, w.Samples, w.SampleRateHz, w.Start, w.CenterHz)
		}
		data, err := io.ReadAll(w)
		if err != nil {
			t.Fatalf("wav of %s: %v", datatype, err)
		}
		for k := range 2 * n {
			got, want := value(to, data, k), value(datatype, s.data, k)
			if datatype != "cf64_le" && got != want || math.Abs(got-want) > 0x1p-23*math.Max(math.Abs(want), 1) {
				t.Fatalf("wav of %s: component %d is %v, want %v", datatype, k, got, want)
			}
		}
	}
}

func TestAnEmptyRecordingIsAnEmptyFile(t *testing.T) {
	s := store(t, "ci16_le", 0)
	for _, f := range formats {
		s.read(t, f)
	}
	if b := s.read(t, export.NPY); len(b) != 128 || !strings.Contains(string(b), "(0,)") {
		t.Errorf("npy of nothing is %q", b)
	}
}

func TestAFileIsAFile(t *testing.T) {
	t.Parallel()
	for _, datatype := range datatypes {
		s := store(t, datatype, 999)
		for _, f := range formats {
			if !held(f, datatype) {
				continue
			}
			want := s.read(t, f)
			if err := iotest.TestReader(s.open(t, f), want); err != nil {
				t.Errorf("%s of %s: %v", f, datatype, err)
			}
		}
	}
}

func TestWhatCannotBeHadIsRefusedInWords(t *testing.T) {
	s := store(t, "ci16_le", 100)
	for name, c := range map[string]struct {
		format  export.Format
		options []export.Option
		change  func(s *stored)
		want    string
	}{
		"unknown format":     {format: "flac", want: `format "flac" is not known: use one of sigmf-data, sigmf-meta, sigmf, npy, wav, kiwi-wav, raw`},
		"before the start":   {format: export.NPY, options: []export.Option{export.Slice(-1, 5)}, want: "from_sample must be from 0 to 100"},
		"after the end":      {format: export.NPY, options: []export.Option{export.Slice(101, 0)}, want: "from_sample must be from 0 to 100"},
		"beyond the end":     {format: export.NPY, options: []export.Option{export.Slice(90, 11)}, want: "samples must be from 0 to 10,"},
		"overflowing":        {format: export.NPY, options: []export.Option{export.Slice(90, math.MaxInt64)}, want: "samples must be from 0 to 10,"},
		"less than nothing":  {format: export.NPY, options: []export.Option{export.Slice(90, -1)}, want: "samples must be from 0 to 10,"},
		"no metadata":        {format: export.SigMF, change: func(s *stored) { s.meta = nil }, want: "metadata of this recording is missing"},
		"no rate":            {format: export.WAV, change: func(s *stored) { s.rec.SampleRateHz = 0 }, want: "sample rate of this recording is not known"},
		"a rate beyond WAV":  {format: export.WAV, change: func(s *stored) { s.rec.SampleRateHz = 5e9 }, want: "does not fit a WAV file"},
		"no GPS":             {format: export.KiwiWAV, change: func(s *stored) { s.rec.TimeQuality = heimdall.TimeHostArrival }, want: "has no GPS time"},
		"no start":           {format: export.KiwiWAV, change: func(s *stored) { s.rec.Start = time.Time{} }, want: "has no GPS time"},
		"a slow Kiwi":        {format: export.KiwiWAV, change: func(s *stored) { s.rec.SampleRateHz = 0.9 }, want: "kiwi-wav cannot be had"},
		"a rate that is NaN": {format: export.WAV, change: func(s *stored) { s.rec.SampleRateHz = math.NaN() }, want: "sample rate of this recording is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := *s
			if c.change != nil {
				c.change(&changed)
			}
			o, err := s.store.Open(t.Context(), s.rec.S3Path)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			_, err = export.Open(o, changed.meta, changed.rec, c.format, c.options...)
			var invalid *heimdall.InvalidError
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open = %v, want an InvalidError with %q", err, c.want)
			}
		})
	}
}

func TestDataThatIsNotWhatItsRowSaysIsRefused(t *testing.T) {
	s := store(t, "ci16_le", 100)
	for name, change := range map[string]func(r *heimdall.Recording){
		"another count":    func(r *heimdall.Recording) { r.SamplesCount = 99 },
		"another datatype": func(r *heimdall.Recording) { r.Datatype = "cu8" },
		"no datatype":      func(r *heimdall.Recording) { r.Datatype = "" },
	} {
		rec := s.rec
		change(&rec)
		o, err := s.store.Open(t.Context(), s.rec.S3Path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := export.Open(o, s.meta, rec, export.Raw); err == nil || !strings.Contains(err.Error(), s.rec.S3Path) {
			t.Errorf("%s: Open = %v, want an error that names the recording", name, err)
		}
		o.Close()
	}
}

func TestDataThatEndsEarlyIsAnError(t *testing.T) {
	s := store(t, "ci16_le", 10_000)
	for _, f := range []export.Format{export.Raw, export.NPY, export.WAV, export.SigMF} {
		file := s.open(t, f)
		name := filepath.Join(storeDir(t, s), s.rec.S3Path)
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chmod(name, 0o644), os.Truncate(name, 20_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(file); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: reading a truncated object = %v, want io.ErrUnexpectedEOF", f, err)
		}
		if _, err := file.ReadAt(make([]byte, 100), file.Size-2000); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: ReadAt of a truncated object = %v, want io.ErrUnexpectedEOF", f, err)
		}
		if err := os.WriteFile(name, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// storeDir finds the folder of a recording's store through the open file.
func storeDir(t *testing.T, s *stored) string {
	t.Helper()
	o, err := s.store.Open(t.Context(), s.rec.S3Path)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	named, ok := o.(interface{ Name() string })
	if !ok {
		t.Fatal("an object of a store of files has no file name")
	}
	return strings.TrimSuffix(named.Name(), s.rec.S3Path)
}

func TestNamesTellTimeFrequencyAndReceiver(t *testing.T) {
	s := store(t, "ci16_le", 100)
	got := map[export.Format]string{}
	for _, f := range formats {
		file := s.open(t, f)
		got[f] = file.Name + " " + file.ContentType
	}
	got["slice"] = s.open(t, export.NPY, export.Slice(10, 20)).Name
	want := map[export.Format]string{
		export.SigMFData: "20260301T120000Z_145500000Hz_websdr_7.sigmf-data application/octet-stream",
		export.SigMFMeta: "20260301T120000Z_145500000Hz_websdr_7.sigmf-meta application/json",
		export.SigMF:     "20260301T120000Z_145500000Hz_websdr_7.sigmf application/x-tar",
		export.NPY:       "20260301T120000Z_145500000Hz_websdr_7.npy application/octet-stream",
		export.WAV:       "20260301T120000Z_145500000Hz_websdr_7.wav audio/wav",
		export.KiwiWAV:   "20260301T120000Z_145500000_websdr7_iq.wav audio/wav",
		export.Raw:       "20260301T120000Z_145500000Hz_websdr_7.cs16 application/octet-stream",
		"slice":          "20260301T120000Z_145500000Hz_websdr_7_10-30.npy",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestTheETagChangesWithTheBytes(t *testing.T) {
	s := store(t, "ci16_le", 100)
	seen := map[string][32]byte{}
	add := func(f export.Format, options ...export.Option) {
		t.Helper()
		file := s.open(t, f, options...)
		sum := sha256.Sum256(s.read(t, f, options...))
		if before, ok := seen[file.ETag]; ok && before != sum {
			t.Errorf("ETag %s stands for two different files, one of them %s", file.ETag, file.Name)
		}
		seen[file.ETag] = sum
		if again := s.open(t, f, options...).ETag; again != file.ETag {
			t.Errorf("%s has ETag %s, then %s", file.Name, file.ETag, again)
		}
		if len(file.ETag) < 4 || file.ETag[0] != '"' || file.ETag[len(file.ETag)-1] != '"' {
			t.Errorf("ETag %s is not a strong one", file.ETag)
		}
	}
	for _, f := range formats {
		add(f)
		add(f, export.Slice(0, 50))
		add(f, export.Slice(50, 50))
	}
	s.rec.Start = s.rec.Start.Add(time.Second)
	add(export.WAV)
	s.meta = append(s.meta, '\n')
	add(export.SigMFMeta)
	s.rec.SHA256 = "" // then the store's own knowledge serves
	if got, want := s.open(t, export.Raw).ETag, fmt.Sprintf(`"%s"`, hex.EncodeToString(func() []byte { h := sha256.Sum256(s.data); return h[:] }())); got != want {
		t.Errorf("ETag without a hash in the row is %s, want the object's %s", got, want)
	}
}

func TestFormatsAreAllDescribed(t *testing.T) {
	var got []export.Format
	for _, info := range export.Formats() {
		got = append(got, info.Format)
		if info.Description == "" || info.ContentType == "" || strings.Contains(info.Description, "\n") {
			t.Errorf("%s is described by %q as %q", info.Format, info.Description, info.ContentType)
		}
	}
	if diff := cmp.Diff(formats, got); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
}
