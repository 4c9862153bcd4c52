package export_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// An acquired is an acquisition of WebSDRs 1, 2 and 3 whose recordings are stored, and of 4, which failed. Number k
// begins k ms after the window.
type acquired struct {
	*testing.T
	store    *disk.Store
	row      heimdall.Acquisition
	captures []heimdall.Capture
	data     map[string][]byte // by key
}

const acquiredSamples = 1000

func acquire(t *testing.T) *acquired {
	t.Helper()
	s, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	q := &acquired{T: t, store: s, data: map[string][]byte{}}
	for id, datatype := range []string{1: "ci16_le", 2: "cu8", 3: "cf32_le"} {
		if id == 0 {
			continue
		}
		from := store(t, datatype, acquiredSamples)
		a, c, w, m := rows()
		q.row = a
		rec := from.rec
		rec.S3Path = fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", a.TaskID, id)
		rec.Start, rec.Gaps = a.WindowStart.Add(time.Duration(id)*time.Millisecond), nil
		c.WebSDRID, w.ID, c.Recording = int64(id), int64(id), &rec
		q.put(rec.S3Path, from.data)
		q.put(rec.MetadataPath(), metadata(t, a, c, w, &m))
		q.captures = append(q.captures, c)
	}
	q.captures = append(q.captures, heimdall.Capture{TaskID: q.row.TaskID, WebSDRID: 4, State: heimdall.Failed})
	return q
}

func (q *acquired) put(key string, b []byte) {
	q.Helper()
	if err := q.store.Put(q.Context(), key, bytes.NewReader(b), blob.SumOf(b)); err != nil {
		q.Fatal(err)
	}
	q.data[key] = b
}

func (q *acquired) lose(key string) {
	q.Helper()
	if err := q.store.Delete(q.Context(), key); err != nil {
		q.Fatal(err)
	}
}

func (q *acquired) open(f export.Format, o export.ArchiveOptions) *export.Archive {
	q.Helper()
	a, err := export.OpenArchive(q.Context(), q.store, q.row, q.captures, f, o)
	if err != nil {
		q.Fatal(err)
	}
	q.Cleanup(func() { a.Close() })
	return a
}

// files reads an archive through, with the standard library's reader.
func (q *acquired) files(a *export.Archive) (names []string, content map[string][]byte) {
	q.Helper()
	whole, err := io.ReadAll(a)
	if err != nil || int64(len(whole)) != a.Size {
		q.Fatalf("%s gives %d bytes and announces %d (%v)", a.Name, len(whole), a.Size, err)
	}
	r := tar.NewReader(bytes.NewReader(whole))
	content = map[string][]byte{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, content
		}
		if err != nil {
			q.Fatal(err)
		}
		names = append(names, h.Name)
		if content[h.Name], err = io.ReadAll(r); err != nil {
			q.Fatal(err)
		}
	}
}

const acquiredBase = "20260301T120000Z_145500000Hz_01957c2e-5d00-7000-8000-0123456789ab"

func recordingBase(id int) string { return fmt.Sprintf("20260301T120000Z_145500000Hz_websdr_%d", id) }

func TestAnAcquisitionIsOneTarOfWhatSingleDownloadsGive(t *testing.T) {
	q := acquire(t)
	for _, f := range []export.Format{export.NPY, export.WAV, export.Raw, export.SigMFMeta, export.SigMFData} {
		a := q.open(f, export.ArchiveOptions{})
		if a.Name != acquiredBase+".tar" || a.ContentType != "application/x-tar" {
			t.Errorf("%s: the archive is named %s, of type %s", f, a.Name, a.ContentType)
		}
		names, content := q.files(a)
		for k := range 3 {
			rec := q.captures[k].Recording
			single := &stored{store: q.store, rec: *rec, meta: q.data[rec.MetadataPath()]}
			name := acquiredBase + "/" + single.open(t, f).Name
			if names[k] != name || !bytes.Equal(content[name], single.read(t, f)) {
				t.Errorf("%s: file %d is %s, want %s, or has other bytes", f, k, names[k], name)
			}
		}
		if len(names) != 3 {
			t.Errorf("%s: the archive holds %v", f, names)
		}
	}
}

func TestAnAcquisitionIsASigMFArchiveWithItsCollection(t *testing.T) {
	q := acquire(t)
	collection := sigmf.Collection{Version: sigmf.Version, Description: "kept", Streams: []sigmf.Stream{{Name: "websdr_1", Hash: strings.Repeat("0", 128)}}}
	doc, err := collection.Encode()
	if err != nil {
		t.Fatal(err)
	}
	q.put("sessions/"+q.row.TaskID+"/acquisition.sigmf-collection", doc)
	a := q.open(export.SigMF, export.ArchiveOptions{})
	names, content := q.files(a)
	want := []string{acquiredBase + ".sigmf-collection"}
	for id := 1; id <= 3; id++ {
		want = append(want, recordingBase(id)+"/"+recordingBase(id)+".sigmf-meta", recordingBase(id)+"/"+recordingBase(id)+".sigmf-data")
	}
	if diff := cmp.Diff(want, names); diff != "" || a.Name != acquiredBase+".sigmf" {
		t.Errorf("%s holds (-want +got):\n%s", a.Name, diff)
	}
	got, err := sigmf.ParseCollection(content[names[0]])
	if err != nil {
		t.Fatal(err)
	}
	if got.Description != "kept" || len(got.Streams) != 3 {
		t.Errorf("the collection is %+v", got)
	}
	meta := map[string][]byte{}
	for k, s := range got.Streams {
		if s.Name != recordingBase(k+1) {
			t.Errorf("stream %d is %s", k, s.Name)
		}
		meta[s.Name] = content[s.Name+"/"+s.Name+".sigmf-meta"]
	}
	if err := sigmf.CheckCollection(content[names[0]], func(name string) ([]byte, error) { return meta[name], nil }); err != nil {
		t.Errorf("the collection is not that of the archive: %v", err)
	}
	for k := range 3 {
		rec := q.captures[k].Recording
		if !bytes.Equal(content[want[2*k+2]], q.data[rec.S3Path]) || !bytes.Equal(content[want[2*k+1]], q.data[rec.MetadataPath()]) {
			t.Errorf("recording %d differs from what is stored", k+1)
		}
	}
	whole, err := io.ReadAll(q.open(export.SigMF, export.ArchiveOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := sigmf.ReadArchive(bytes.NewReader(whole), int64(len(whole))); err != nil || len(read.Recordings) != 3 || read.Collection == nil {
		t.Errorf("package sigmf reads %+v (%v)", read, err)
	}
}

func TestACollectionThatCannotBeReadIsLeftOut(t *testing.T) {
	q := acquire(t)
	q.put("sessions/"+q.row.TaskID+"/acquisition.sigmf-collection", []byte("{"))
	if names, _ := q.files(q.open(export.SigMF, export.ArchiveOptions{})); len(names) != 6 {
		t.Errorf("the archive holds %v", names)
	}
}

func TestTheSameInstantIsCutFromEveryRecording(t *testing.T) {
	q := acquire(t)
	from := q.row.WindowStart.Add(10 * time.Millisecond)
	o := export.ArchiveOptions{From: from, To: from.Add(5 * time.Millisecond)}
	a := q.open(export.SigMF, o)
	if want := acquiredBase + "_20260301T120000.133415122Z-20260301T120000.138415122Z.sigmf"; a.Name != want {
		t.Errorf("the archive is named %s, want %s", a.Name, want)
	}
	names, content := q.files(a)
	period := time.Duration(1e9 / q.captures[0].Recording.SampleRateHz)
	for k := 0; k < len(names); k += 2 {
		doc := parse(t, content[names[k]])
		first, ok := doc.Captures[0].Start()
		if late := first.Sub(from); !ok || late < 0 || late > period {
			t.Errorf("%s begins at %v, which is %v after what was asked for", names[k], first, late)
		}
		rec := q.captures[k/2].Recording
		if samples := len(content[names[k+1]]) * acquiredSamples / int(rec.Bytes); samples != 60 && samples != 61 {
			t.Errorf("%s has %d samples, want those of 5 ms", names[k+1], samples)
		}
	}
	if a.ETag == q.open(export.SigMF, export.ArchiveOptions{From: o.From}).ETag {
		t.Error("another slice has the same ETag")
	}
}

func TestAnArchiveIsAFile(t *testing.T) {
	q := acquire(t)
	q.put("sessions/"+q.row.TaskID+"/acquisition.sigmf-collection", []byte(`{"collection":{"core:version":"1.2.5"}}`))
	for _, f := range []export.Format{export.SigMF, export.NPY} {
		want, err := io.ReadAll(q.open(f, export.ArchiveOptions{}))
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(q.open(f, export.ArchiveOptions{}), want); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		// A download that goes on anywhere gets the rest.
		a := q.open(f, export.ArchiveOptions{})
		for at := int64(0); at < a.Size; at += 401 {
			if _, err := a.Seek(at, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 900)
			n, err := io.ReadFull(a, p)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(p[:n], want[at:min(at+900, a.Size)]) {
				t.Fatalf("%s differs from byte %d on (%v)", f, at, err)
			}
		}
	}
}

func TestAnArchiveThatWouldLackRecordingsIsRefusedOrSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		format export.Format
		change func(q *acquired)
		why    string
	}{
		"a lost object": {export.NPY, func(q *acquired) { q.lose(q.captures[1].Recording.S3Path) }, "object not found"},
		"lost metadata": {export.SigMF, func(q *acquired) { q.lose(q.captures[1].Recording.MetadataPath()) }, "object not found"},
		"a short object": {export.Raw, func(q *acquired) {
			q.lose(q.captures[1].Recording.S3Path)
			q.put(q.captures[1].Recording.S3Path, []byte("short"))
		}, "the object has 5 bytes"},
		"another format":  {export.WAV, func(q *acquired) { q.captures[1].Recording.SampleRateHz = 0 }, "sample rate of this recording is not known"},
		"another layout":  {export.Raw, func(q *acquired) { q.captures[1].Recording.Datatype = "cu9" }, "cu9"},
		"another instant": {export.Raw, func(q *acquired) { q.captures[1].Recording.Start = q.row.WindowStart.Add(time.Hour) }, "to_time lies before the recording"},
	} {
		t.Run(name, func(t *testing.T) {
			q := acquire(t)
			c.change(q)
			var o export.ArchiveOptions
			if name == "another instant" {
				o.To = q.row.WindowStart.Add(time.Minute)
			}
			_, err := export.OpenArchive(t.Context(), q.store, q.row, q.captures, c.format, o)
			var missing *export.MissingError
			if !errors.As(err, &missing) || len(missing.Missing) != 1 || missing.Missing[0].WebSDRID != 2 || missing.Of != 3 ||
				!strings.HasPrefix(err.Error(), "1 of 3 recordings cannot be had; WebSDR 2: ") || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("OpenArchive = %v", err)
			}
			o.AllowMissing = true
			a := q.open(c.format, o)
			names, content := q.files(a)
			note := "MISSING.txt"
			if c.format != export.SigMF {
				note = path(a) + "/" + note
			}
			if text := string(content[note]); names[0] != note || !strings.Contains(text, "WebSDR 2: ") || !strings.Contains(text, c.why) || len(a.Missing) != 1 {
				t.Errorf("%v begins with %q", names, text)
			}
			for _, name := range names {
				if strings.Contains(name, "websdr_2") {
					t.Errorf("%s is in the archive", name)
				}
			}
		})
	}
}

func path(a *export.Archive) string { return strings.TrimSuffix(a.Name, ".tar") }

func TestAnArchiveOfNothingIsRefused(t *testing.T) {
	q := acquire(t)
	check := func(want error, f export.Format, o export.ArchiveOptions, text string) {
		t.Helper()
		_, err := export.OpenArchive(t.Context(), q.store, q.row, q.captures, f, o)
		var invalid *heimdall.InvalidError
		if want != nil && !errors.Is(err, want) || want == nil && !errors.As(err, &invalid) || !strings.Contains(fmt.Sprint(err), text) {
			t.Errorf("OpenArchive = %v, want it to say %q", err, text)
		}
	}
	all := export.ArchiveOptions{AllowMissing: true}
	check(nil, "flac", all, "is not known")
	check(nil, export.NPY, export.ArchiveOptions{From: q.row.WindowStart.Add(time.Hour), AllowMissing: true}, "lies behind the recording")
	for k := range q.captures {
		q.captures[k].Recording = nil
	}
	check(heimdall.ErrNotFound, export.NPY, all, "has no recordings")
	q = acquire(t)
	for k := range 3 {
		q.lose(q.captures[k].Recording.S3Path)
	}
	var missing *export.MissingError
	if _, err := export.OpenArchive(t.Context(), q.store, q.row, q.captures, export.NPY, all); !errors.As(err, &missing) {
		t.Errorf("OpenArchive = %v, want that all are missing", err)
	}
}

// What is lost or changed after the download began ends it: no byte of another file is given away.
func TestAnArchiveWhoseObjectsChangeEndsInAnError(t *testing.T) {
	for name, change := range map[string]func(q *acquired, rec *heimdall.Recording){
		"lost":    func(q *acquired, rec *heimdall.Recording) { q.lose(rec.S3Path) },
		"no meta": func(q *acquired, rec *heimdall.Recording) { q.lose(rec.MetadataPath()) },
		"other meta": func(q *acquired, rec *heimdall.Recording) {
			other := bytes.Replace(q.data[rec.MetadataPath()], []byte("beacon"), []byte("BEACON"), 1)
			q.lose(rec.MetadataPath())
			q.put(rec.MetadataPath(), other)
		},
		"cut": func(q *acquired, rec *heimdall.Recording) {
			q.lose(rec.S3Path)
			q.put(rec.S3Path, []byte("short"))
		},
	} {
		q := acquire(t)
		a := q.open(export.SigMF, export.ArchiveOptions{})
		change(q, q.captures[2].Recording)
		if n, err := io.Copy(io.Discard, a); err == nil || n >= a.Size {
			t.Errorf("%s: %d of %d bytes were read (%v)", name, n, a.Size, err)
		}
	}
}

// simulated is a store of objects of zeros that are nowhere. It counts how many are open.
type simulated struct {
	bytes     int64
	meta      []byte
	open, top int
}

func (s *simulated) Stat(_ context.Context, key string) (blob.Info, error) {
	switch {
	case strings.HasSuffix(key, "meta"):
		return blob.Info{Key: key, Bytes: int64(len(s.meta))}, nil
	case strings.HasSuffix(key, "data"):
		return blob.Info{Key: key, Bytes: s.bytes}, nil
	}
	return blob.Info{}, blob.ErrNotFound
}

func (s *simulated) Open(ctx context.Context, key string) (blob.Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	var src io.ReaderAt = zeros{}
	if strings.HasSuffix(key, "meta") {
		src = bytes.NewReader(s.meta)
	}
	s.open++
	s.top = max(s.top, s.open)
	return &simulatedObject{io.NewSectionReader(src, 0, info.Bytes), info, s}, nil
}

type simulatedObject struct {
	*io.SectionReader
	info  blob.Info
	store *simulated
}

func (o *simulatedObject) Info() blob.Info { return o.info }
func (o *simulatedObject) Close() error    { o.store.open--; return nil }

type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

func TestAnArchiveIsReadInConstantMemoryOneObjectAtATime(t *testing.T) {
	const recordings, each = 8, 2 << 20
	a, c, w, m := rows()
	c.Recording.SamplesCount, c.Recording.Bytes, c.Recording.Gaps = each/4, each, nil
	m.SamplesCount = each / 4
	s := &simulated{bytes: each, meta: metadata(t, a, c, w, &m)}
	var captures []heimdall.Capture
	for id := range int64(recordings) {
		rec := *c.Recording
		rec.S3Path = fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", a.TaskID, id)
		captures = append(captures, heimdall.Capture{WebSDRID: id, Recording: &rec})
	}
	// live is what is held, not what was: another test's garbage counts for nothing.
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, f := range []export.Format{export.SigMF, export.NPY} {
		before := live()
		archive, err := export.OpenArchive(t.Context(), s, a, captures, f, export.ArchiveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var read, most int64
		for err == nil {
			most = max(most, live()-before)
			var n int64
			n, err = io.CopyN(io.Discard, struct{ io.Reader }{archive}, each)
			read += n
		}
		if err != io.EOF || read != archive.Size || read < recordings*each {
			t.Errorf("%s: %d of %d bytes were read (%v)", f, read, archive.Size, err)
		}
		if most > each {
			t.Errorf("%s: %d bytes are held while %d are read", f, most, read)
		}
		archive.Close()
		if s.top != 1 || s.open != 0 {
			t.Errorf("%s: %d objects were open at once, and %d still are", f, s.top, s.open)
		}
	}
}

func TestPythonReadsTheArchive(t *testing.T) {
	t.Parallel()
	q := acquire(t)
	dir := t.TempDir()
	save := func(f export.Format) string {
		a := q.open(f, export.ArchiveOptions{})
		b, err := io.ReadAll(a)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, a.Name)
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	python(t, `
import sys, io, json, hashlib, tarfile, numpy as np
npy, sig = sys.argv[1:]
with tarfile.open(npy) as t:
    arrays = [np.load(io.BytesIO(t.extractfile(m).read())) for m in t.getmembers()]
assert [(x.dtype, x.shape) for x in arrays] == 3 * [(np.dtype('complex64'), (1000,))], arrays
with tarfile.open(sig) as t:
    files = {m.name: t.extractfile(m).read() for m in t.getmembers()}
metas = sorted(n for n in files if n.endswith('-meta'))
assert len(metas) == 3, files.keys()
for n, x in zip(metas, arrays):
    g = json.loads(files[n])['global']
    data = files[n.replace('-meta', '-data')]
    assert hashlib.sha256(data).hexdigest() == g['heimdall:data_sha256']
    if g['core:datatype'] == 'ci16_le':
        assert (np.frombuffer(data, '<i2').astype('f4').view('c8') / np.float32(32768) == x).all()
`, save(export.NPY), save(export.SigMF))
}
