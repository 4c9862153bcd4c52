package export_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// save writes a file of s into dir and returns its name.
func (s *stored) save(t *testing.T, dir string, f export.Format) string {
	t.Helper()
	file := s.open(t, f)
	name := filepath.Join(dir, file.Name)
	if err := os.WriteFile(name, s.read(t, f), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// python runs a script with numpy, or skips the test in a way that cannot be overlooked.
func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	const exe = "/usr/bin/python3"
	if err := exec.Command(exe, "-c", "import numpy").Run(); err != nil {
		if os.Getenv("HEIMDALL_TEST_PYTHON") == "required" {
			t.Fatalf("HEIMDALL_TEST_PYTHON=required, but %s has no numpy: %v", exe, err)
		}
		t.Skipf("SKIPPED: %s with numpy is needed to read what numpy reads (HEIMDALL_TEST_PYTHON=required makes this a failure): %v", exe, err)
	}
	out, err := exec.Command(exe, append([]string{"-c", script}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, out)
	}
	return string(out)
}

func TestNumpyLoadsAndWritesTheSameNPY(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := store(t, "ci16_le", 5000)
	npy, raw := s.save(t, dir, export.NPY), s.save(t, dir, export.Raw)
	python(t, `
import sys, io, numpy as np
npy, raw = sys.argv[1:]
x = np.load(npy)
want = np.fromfile(raw, '<i2').astype(np.float32).view(np.complex64) / np.float32(32768)
assert x.dtype == np.complex64 and x.shape == (5000,), (x.dtype, x.shape)
assert (x == want).all()
again = io.BytesIO(); np.save(again, x)
assert again.getvalue() == open(npy, 'rb').read(), 'numpy writes other bytes'
`, npy, raw)
}

func TestPythonReadsTheWAV(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := store(t, "ci16_be", 5000)
	python(t, `
import sys, wave, numpy as np
w = wave.open(sys.argv[1])
assert (w.getnchannels(), w.getsampwidth(), w.getframerate(), w.getnframes()) == (2, 2, 12001, 5000), w.getparams()
assert (np.frombuffer(w.readframes(5000), '<i2') == np.fromfile(sys.argv[2], '>i2')).all()
`, s.save(t, dir, export.WAV), s.save(t, dir, export.Raw))
}

func TestTheArchiveIsATarOfTheTwoFiles(t *testing.T) {
	for _, n := range []int{0, 1, 128, 1000} { // whole blocks and not
		s := store(t, "ci16_le", n)
		if n == 128 { // then the metadata, too
			s.meta = append(s.meta, bytes.Repeat([]byte("\n"), 512-len(s.meta)%512)...)
		}
		b := s.read(t, export.SigMF)
		blocks := func(n int) int { return (n + 511) / 512 }
		if want := 512 * (1 + blocks(len(s.meta)) + 1 + blocks(len(s.data)) + 2); len(b) != want {
			t.Errorf("the archive has %d bytes, want two headers, two padded files and the end: %d", len(b), want)
		}
		const base = "20260301T120000Z_145500000Hz_websdr_7/20260301T120000Z_145500000Hz_websdr_7"
		want := map[string][]byte{base + ".sigmf-meta": s.meta, base + ".sigmf-data": s.data}
		r := tar.NewReader(bytes.NewReader(b))
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want[h.Name]) || h.Mode != 0o644 || h.Typeflag != tar.TypeReg {
				t.Errorf("%s has %d bytes (%v), mode %o", h.Name, len(got), err, h.Mode)
			}
			delete(want, h.Name)
		}
		if len(want) != 0 {
			t.Errorf("the archive lacks %v", want)
		}

		a, err := sigmf.ReadArchive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(a.Recordings[0].Data)
		if err != nil || !bytes.Equal(got, s.data) || !bytes.Equal(a.Recordings[0].Meta, s.meta) || a.Recordings[0].Name != base {
			t.Errorf("package sigmf reads %s with %d bytes of data (%v)", a.Recordings[0].Name, len(got), err)
		}
	}
}

func TestTarListsTheArchive(t *testing.T) {
	exe, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("SKIPPED: tar is not installed")
	}
	s := store(t, "ci16_le", 1000)
	name := s.save(t, t.TempDir(), export.SigMF)
	out, err := exec.Command(exe, "tf", name).CombinedOutput()
	const base = "20260301T120000Z_145500000Hz_websdr_7/20260301T120000Z_145500000Hz_websdr_7"
	if want := base + ".sigmf-meta\n" + base + ".sigmf-data\n"; err != nil || string(out) != want {
		t.Errorf("tar tf: %v\n%swant\n%s", err, out, want)
	}
}

// sparse is a recording of n samples of ci16, nothing on the disk, of which the last is 1, -1 by its bits.
func sparse(t *testing.T, n int64) *stored {
	t.Helper()
	s := store(t, "ci16_be", 100)
	dir := t.TempDir()
	name := filepath.Join(dir, s.rec.S3Path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0x00, 0x01, 0xff, 0xff}, 4*(n-1)); err != nil {
		t.Skipf("SKIPPED: no sparse file of %d bytes here: %v", 4*n, err)
	}
	if s.store, err = disk.Open(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	s.rec.SamplesCount, s.rec.Bytes, s.rec.Gaps = n, 4*n, nil
	a, c, w, _ := rows()
	c.Recording = &s.rec
	s.meta = metadata(t, a, c, w, nil)
	return s
}

func TestFiveGiBAreAnRF64InConstantMemory(t *testing.T) {
	const n = 5 << 30 / 4
	s := sparse(t, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	file := s.open(t, export.WAV)
	head := make([]byte, 4)
	if _, err := io.ReadFull(file, head); err != nil || string(head) != "RF64" {
		t.Errorf("the file begins with %q (%v), want RF64", head, err)
	}
	last := make([]byte, 4)
	if _, err := file.Seek(-4, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(file, last); err != nil || !bytes.Equal(last, []byte{0x01, 0x00, 0xff, 0xff}) {
		t.Errorf("the last sample is % x (%v), want 01 00 ff ff", last, err)
	}
	if _, err := file.ReadAt(make([]byte, 1<<20), file.Size/2+1); err != nil {
		t.Error(err)
	}
	w, err := iq.NewWAVReader(file, file.Size)
	if err != nil || w.Samples != n || w.TrailingBytes != 0 || len(w.Notes) != 0 {
		t.Errorf("the file is read as %+v (%v), want %d samples", w, err, int64(n))
	}
	npy := s.open(t, export.NPY)
	if _, err := npy.Seek(npy.Size/2, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, npy, 32<<20); err != nil {
		t.Error(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d bytes are held after reading, want next to none", grown)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes while 32 MiB were read, want less than half of that", grown)
	}
}

func TestAnArchiveBeyondEightGiBIsStillATar(t *testing.T) {
	const n = 9 << 30 / 4
	s := sparse(t, n)
	file := s.open(t, export.SigMF)
	a, err := sigmf.ReadArchive(file, file.Size)
	if err != nil {
		t.Fatal(err)
	}
	data := a.Recordings[0].Data
	last := make([]byte, 4)
	if _, err := data.ReadAt(last, data.Size()-4); err != nil || data.Size() != 4*n || !bytes.Equal(last, []byte{0x00, 0x01, 0xff, 0xff}) {
		t.Errorf("the data has %d bytes and ends in % x (%v)", data.Size(), last, err)
	}
}

func TestAFrequencyBeyondTheAuxiChunkIsNoError(t *testing.T) {
	s := store(t, "cu8", 100)
	s.rec.FrequencyHz = heimdall.MaxFrequencyHz
	if b := s.read(t, export.WAV); !strings.HasPrefix(string(b), "RIFF") {
		t.Errorf("the file begins with %q", b[:4])
	}
}

func BenchmarkExport(b *testing.B) {
	for _, f := range []export.Format{export.Raw, export.NPY, export.WAV} {
		b.Run(fmt.Sprint(f), func(b *testing.B) {
			s := store(b, "ci16_be", 1<<20)
			b.SetBytes(int64(len(s.data)))
			buf := make([]byte, 32<<10)
			for b.Loop() {
				file := s.open(b, f)
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, buf); err != nil {
					b.Fatal(err)
				}
				file.Close()
			}
		})
	}
}
