package export_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/export"
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

func path(a *export.Archive) string { return strings.TrimSuffix(a.Name, ".tar") }
