package export_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
)

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
