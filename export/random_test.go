package export_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// checkSigMF checks a document and that its captures lie within the samples.
func checkSigMF(t interface {
	Helper()
	Fatalf(string, ...any)
}, doc []byte, samples int64) {
	t.Helper()
	if err := sigmf.Check(doc); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	m, err := sigmf.ParseMetadata(doc)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for k, c := range m.Captures {
		if c.SampleStart >= samples || (k == 0) != (c.SampleStart == 0) {
			t.Fatalf("capture %d begins at sample %d of %d:\n%s", k, c.SampleStart, samples, doc)
		}
	}
	for _, a := range m.Annotations {
		if *a.SampleCount <= 0 || a.SampleStart+*a.SampleCount > samples {
			t.Fatalf("an annotation covers %d samples from %d on, of %d:\n%s", *a.SampleCount, a.SampleStart, samples, doc)
		}
	}
}

func TestRandomAccessEqualsReadingThrough(t *testing.T) {
	t.Parallel()
	const n = 20_000 // several chunks of a conversion
	recordings := map[string]*stored{}
	for _, datatype := range datatypes {
		recordings[datatype] = store(t, datatype, n)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := recordings[rapid.SampledFrom(datatypes).Draw(rt, "datatype")]
		f := rapid.SampledFrom(formats).Filter(func(f export.Format) bool { return held(f, s.rec.Datatype) }).Draw(rt, "format")
		from := rapid.Int64Range(0, n).Draw(rt, "from")
		slice := export.Slice(from, rapid.Int64Range(0, n-from).Draw(rt, "samples"))
		want := s.read(t, f, slice)
		file := s.open(t, f, slice)
		defer file.Close()
		var at int64
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			off := rapid.Int64Range(0, int64(len(want))+10).Draw(rt, "offset")
			p := make([]byte, rapid.IntRange(0, 40_000).Draw(rt, "length"))
			inside := want[min(off, int64(len(want))):]
			inside = inside[:min(len(p), len(inside))]
			switch rapid.IntRange(0, 2).Draw(rt, "how") {
			case 0:
				got, err := file.ReadAt(p, off)
				if short := got < len(p); got != len(inside) || short != (err == io.EOF) || !bytes.Equal(p[:got], inside) {
					rt.Fatalf("ReadAt(%d bytes, %d) of %d = %d, %v, or other bytes", len(p), off, len(want), got, err)
				}
			case 1:
				if _, err := file.Seek(off, io.SeekStart); err != nil {
					rt.Fatal(err)
				}
				at = off
			case 2:
				rest := want[min(at, int64(len(want))):]
				got, err := file.Read(p)
				if err != nil && err != io.EOF || !bytes.Equal(p[:got], rest[:got]) || got == 0 && len(p) > 0 && len(rest) > 0 {
					rt.Fatalf("Read(%d bytes) at %d of %d = %d, %v, or other bytes", len(p), at, len(want), got, err)
				}
				at += int64(got)
			}
		}
	})
}

func TestOneReadSpansManyChunksFromAnyByte(t *testing.T) {
	t.Parallel()
	for _, datatype := range datatypes {
		s := store(t, datatype, 9_000) // two chunks and a bit
		want := s.read(t, export.NPY)
		file := s.open(t, export.NPY)
		for off := 120; off < 144; off++ { // the end of the header, and every place within a sample
			p := make([]byte, len(want)-off)
			if _, err := file.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, want[off:]) {
				t.Fatalf("npy of %s: ReadAt(%d) gives other bytes (%v)", datatype, off, err)
			}
		}
	}
}

func TestManyReadAtOnce(t *testing.T) {
	s := store(t, "ci16_be", 50_000)
	want := s.read(t, export.WAV)
	file := s.open(t, export.WAV)
	var done sync.WaitGroup
	for k := range 8 {
		done.Go(func() {
			for off := int64(k * 1000); off < file.Size; off += 8 * 1001 {
				p := make([]byte, 999)
				n, err := file.ReadAt(p, off)
				if err != nil && err != io.EOF || !bytes.Equal(p[:n], want[off:off+int64(n)]) {
					t.Errorf("ReadAt(%d) gives other bytes (%v)", off, err)
				}
			}
		})
	}
	done.Wait()
}

// A counted object counts how it is read.
type counted struct {
	blob.Object
	seeks, readAts int
}

func (c *counted) Seek(off int64, whence int) (int64, error) {
	c.seeks++
	return c.Object.Seek(off, whence)
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.readAts++
	return c.Object.ReadAt(p, off)
}

func TestReadingThroughReadsTheObjectAsOneStream(t *testing.T) {
	s := store(t, "ci16_be", 100_000)
	for _, f := range []export.Format{export.Raw, export.NPY, export.WAV, export.SigMF} {
		for _, at := range []int{32 << 10, 10_007} { // what io.Copy reads at a time, and what ends within samples
			o, err := s.store.Open(t.Context(), s.rec.S3Path)
			if err != nil {
				t.Fatal(err)
			}
			c := &counted{Object: o}
			file, err := export.Open(c, s.meta, s.rec, f)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, make([]byte, at)); err != nil {
				t.Fatal(err)
			}
			if c.seeks != 1 || c.readAts != 0 {
				t.Errorf("%s: %d seeks and %d random reads, want one seek and then a stream", f, c.seeks, c.readAts)
			}
			file.Close()
		}
	}
}

func TestRangesAreServedOverHTTP(t *testing.T) {
	t.Parallel()
	s := store(t, "ci16_le", 100_000)
	for _, f := range formats {
		want := s.read(t, f)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			file := s.open(t, f)
			defer file.Close()
			w.Header().Set("ETag", file.ETag)
			w.Header().Set("Content-Type", file.ContentType)
			http.ServeContent(w, r, file.Name, time.Time{}, file)
		}))
		defer server.Close()
		size := len(want)
		for _, r := range [][2]int{{0, 0}, {0, size - 1}, {size / 2, size/2 + 1000}, {size - 7, size - 1}, {129, size / 3}} {
			req, err := http.NewRequest(http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", r[0], r[1]))
			req.Header.Set("If-Range", s.open(t, f).ETag)
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusPartialContent || !bytes.Equal(got, want[r[0]:r[1]+1]) {
				t.Errorf("%s: bytes %d to %d give status %d and %d bytes (%v)", f, r[0], r[1], resp.StatusCode, len(got), err)
			}
		}
	}
}
