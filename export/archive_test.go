package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
)

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
