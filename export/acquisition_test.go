package export_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

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
