package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// maxDocument bounds a document that is read whole: it has megabytes only when a recording has very many gaps.
const maxDocument = 64 << 20

// unavailable is true of an error that is of one recording alone.
func unavailable(err error) bool {
	_, invalid := errors.AsType[*heimdall.InvalidError](err)
	return invalid || errors.Is(err, blob.ErrNotFound) || errors.Is(err, errDamaged)
}

// An archiveBuilder plans an archive.
type archiveBuilder struct {
	ctx     context.Context
	objects Objects
	format  Format
	options []Option

	archive *Archive
	base    string // of the names in the archive
	members []member
	streams []sigmf.Stream
	missing []Missing
}

// A member is a file of the archive.
type member struct {
	folder, name string
	size         int64
	modified     time.Time
	identity     string // changes when any byte does
	open         func() (io.ReadSeekCloser, error)
}

// add plans the files of one recording.
func (b *archiveBuilder) add(rec heimdall.Recording) error {
	info, err := b.objects.Stat(b.ctx, rec.S3Path)
	if err != nil {
		return fmt.Errorf("look for the recording: %w", err)
	}
	var doc []byte
	if b.format == SigMF || b.format == SigMFMeta {
		if doc, err = readDocument(b.ctx, b.objects, rec.MetadataPath()); err != nil {
			return fmt.Errorf("look for the metadata: %w", err)
		}
	}
	var planned []member
	var streams []sigmf.Stream
	folder, formats := "", []Format{b.format}
	if b.format == SigMF {
		formats = []Format{SigMFMeta, SigMFData}
	}
	for _, f := range formats {
		file, err := plan(info, doc, rec, f, b.options...)
		if err != nil {
			return err
		}
		base := strings.TrimSuffix(file.Name, path.Ext(file.Name))
		if b.format == SigMF {
			folder = base
		}
		if f == SigMFMeta {
			// Only its hash is kept, and it is read again when its turn comes: of many recordings they are megabytes.
			described, err := io.ReadAll(file)
			if err != nil {
				return err
			}
			streams = append(streams, sigmf.Stream{Name: base, Hash: sigmf.MetaHash(described)})
		}
		planned = append(planned, member{folder: folder, name: file.Name, size: file.Size, modified: file.modified,
			identity: file.ETag, open: b.opener(rec, info, f, file.ETag)})
	}
	b.members, b.streams = append(b.members, planned...), append(b.streams, streams...)
	return nil
}

// opener opens a file of a recording when its turn comes, and refuses one that is no longer what was announced.
func (b *archiveBuilder) opener(rec heimdall.Recording, info blob.Info, f Format, etag string) func() (io.ReadSeekCloser, error) {
	same := func(file *File, err error) (*File, error) {
		if err == nil && file.ETag != etag {
			err = fmt.Errorf("export %s: it has changed since the download began: begin again", rec.S3Path)
		}
		return file, err
	}
	if f == SigMFMeta {
		return func() (io.ReadSeekCloser, error) {
			doc, err := readDocument(b.ctx, b.objects, rec.MetadataPath())
			if err != nil {
				return nil, err
			}
			file, err := same(plan(info, doc, rec, f, b.options...))
			if err != nil {
				return nil, err
			}
			return file, nil
		}
	}
	return func() (io.ReadSeekCloser, error) {
		obj, err := b.objects.Open(b.ctx, rec.S3Path)
		if err != nil {
			return nil, err
		}
		file, err := same(Open(obj, nil, rec, f, b.options...))
		if err != nil {
			return nil, errors.Join(err, obj.Close())
		}
		return file, nil
	}
}

// name names the archive like its recordings: 20171127T104156Z_77500Hz_ and the acquisition, and the time chosen.
func (b *archiveBuilder) name(a *heimdall.Acquisition, o ArchiveOptions) {
	b.base = fmt.Sprintf("%dHz_%s", a.FrequencyHz, strings.ReplaceAll(a.TaskID, "/", "-"))
	if !a.WindowStart.IsZero() {
		b.base = a.WindowStart.UTC().Format("20060102T150405Z") + "_" + b.base
	}
	if len(b.options) > 0 {
		b.base += "_" + instant(o.From) + "-" + instant(o.To)
	}
	b.archive.Name = b.base + ".tar"
	if b.format == SigMF {
		b.archive.Name = b.base + ".sigmf"
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("20060102T150405.999999999Z")
}

// extras puts before the recordings what speaks of all of them.
func (b *archiveBuilder) extras(taskID string) error {
	var extras []member
	add := func(name string, content []byte) {
		extras = append(extras, member{name: name, size: int64(len(content)), modified: b.newest(), identity: fmt.Sprintf("%x", sha256.Sum256(content)),
			open: func() (io.ReadSeekCloser, error) { return closable{bytes.NewReader(content)}, nil }})
	}
	if len(b.streams) > 0 {
		doc, err := b.collection(taskID)
		if err != nil {
			return err
		}
		if doc != nil {
			add(b.base+sigmf.CollectionExt, doc)
		}
	}
	if len(b.missing) > 0 {
		var text strings.Builder
		text.WriteString("These recordings of the acquisition could not be had and are not in this archive.\n\n")
		for _, m := range b.missing {
			fmt.Fprintf(&text, "WebSDR %d: %v\n", m.WebSDRID, m.Why)
		}
		add("MISSING.txt", []byte(text.String()))
	}
	b.members = append(extras, b.members...)
	return nil
}

// collection is the SigMF collection that was stored with the acquisition, of what is in this archive; nil when
// there is none that can be read, which takes nothing from the recordings.
func (b *archiveBuilder) collection(taskID string) ([]byte, error) {
	doc, err := readDocument(b.ctx, b.objects, "sessions/"+taskID+"/acquisition"+sigmf.CollectionExt)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrKey) || errors.Is(err, errDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := sigmf.ParseCollection(doc)
	if err != nil {
		return nil, nil
	}
	c.Streams = b.streams
	return c.Encode()
}

func (b *archiveBuilder) newest() time.Time {
	newest := time.Unix(0, 0)
	for k := range b.members {
		if b.members[k].modified.After(newest) {
			newest = b.members[k].modified
		}
	}
	return newest
}

// finish lays the files out as a tar.
func (b *archiveBuilder) finish() (*Archive, error) {
	a := b.archive
	a.Missing = b.missing
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", heimdall.Version, a.Name)
	for k := range b.members {
		m := &b.members[k]
		folder := m.folder
		if b.format != SigMF {
			folder = b.base
		}
		name := path.Join(folder, m.name)
		header, err := tarHeader(name, m.size, m.modified)
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", name, err)
		}
		fmt.Fprintf(h, "%s %d %d %s\n", name, m.size, m.modified.Unix(), m.identity)
		a.add(section{size: int64(len(header)), bytes: header})
		a.add(section{name: name, size: m.size, open: m.open})
		pad := padding(m.size)
		a.add(section{size: int64(len(pad)), bytes: pad})
	}
	a.add(section{size: 2 * tarBlock, bytes: make([]byte, 2*tarBlock)})
	a.ETag = fmt.Sprintf(`"%x"`, h.Sum(nil)[:16])
	return a, nil
}

// readDocument reads a small object whole.
func readDocument(ctx context.Context, objects Objects, key string) ([]byte, error) {
	obj, err := objects.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	if n := obj.Info().Bytes; n > maxDocument {
		return nil, fmt.Errorf("read object %s: it has %d bytes, more than the %d of any document: %w", key, n, maxDocument, errDamaged)
	}
	return io.ReadAll(obj)
}

type closable struct{ io.ReadSeeker }

func (closable) Close() error { return nil }
