package sigmf

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// maxDocument bounds the documents that are read whole: an archive may come from anywhere.
const maxDocument = 64 << 20

// An ArchiveWriter writes a .sigmf archive (a POSIX.1-2001 tar) as a stream: nothing is held, so that the
// size of every data file must be known before.
type ArchiveWriter struct {
	tar      *tar.Writer
	modified time.Time
}

// NewArchiveWriter begins an archive whose files were all last modified at that time; the same content then
// gives the same bytes.
func NewArchiveWriter(w io.Writer, modified time.Time) *ArchiveWriter {
	return &ArchiveWriter{tar: tar.NewWriter(w), modified: modified.UTC().Truncate(time.Second)}
}

// AddCollection writes name.sigmf-collection; doc is its encoded document. Put it first.
func (a *ArchiveWriter) AddCollection(name string, doc []byte) error {
	return a.AddFile(name+CollectionExt, strings.NewReader(string(doc)), int64(len(doc)))
}

// AddRecording writes name.sigmf-meta, which is doc, and name.sigmf-data with exactly dataBytes of data. The
// name is a base name without folders.
func (a *ArchiveWriter) AddRecording(name string, doc []byte, data io.Reader, dataBytes int64) error {
	if err := a.AddFile(name+MetaExt, strings.NewReader(string(doc)), int64(len(doc))); err != nil {
		return err
	}
	return a.AddFile(name+DataExt, data, dataBytes)
}

// AddFile writes any other file, such as a README, which the specification allows.
func (a *ArchiveWriter) AddFile(name string, r io.Reader, bytes int64) error {
	if name == "" || strings.ContainsAny(name, "/\\") || strings.HasPrefix(name, ".") {
		return fmt.Errorf("write sigmf archive: %q is not a plain file name", name)
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: bytes, Mode: 0o644, ModTime: a.modified, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("write %s to sigmf archive: %w", name, err)
	}
	n, err := io.Copy(a.tar, io.LimitReader(r, bytes))
	if err != nil {
		return fmt.Errorf("write %s to sigmf archive: %w", name, err)
	}
	if n < bytes {
		return fmt.Errorf("write %s to sigmf archive: its reader gave %d of %d bytes: %w", name, n, bytes, io.ErrUnexpectedEOF)
	}
	return nil
}

// Close ends the archive. It does not close the writer below.
func (a *ArchiveWriter) Close() error {
	if err := a.tar.Close(); err != nil {
		return fmt.Errorf("close sigmf archive: %w", err)
	}
	return nil
}

// An Archive lists what a .sigmf archive holds.
type Archive struct {
	Recordings []Recording
	Collection []byte // the document, or nil
}

// A Recording is one recording of an archive. Data reads the archive itself.
type Recording struct {
	Name string // base name, with the folders it lies in
	Meta []byte // the document; see ParseMetadata
	Data *io.SectionReader
}

// ReadArchive finds the recordings of an archive, in order of their metadata, without reading their data.
func ReadArchive(src io.ReaderAt, size int64) (*Archive, error) {
	section := io.NewSectionReader(src, 0, size)
	t := tar.NewReader(section)
	var a Archive
	data := map[string]*io.SectionReader{}
	seen := map[string]bool{}
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read sigmf archive: %w: an archive is an uncompressed tar, complete to its end", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := path.Clean(h.Name)
		if seen[name] {
			return nil, fmt.Errorf("read sigmf archive: it holds %s twice", name)
		}
		seen[name] = true
		base, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
		switch ext {
		case MetaExt, CollectionExt:
			doc, err := readDocument(t, name, h.Size)
			if err != nil {
				return nil, err
			}
			if ext == MetaExt {
				a.Recordings = append(a.Recordings, Recording{Name: base, Meta: doc})
			} else if a.Collection = doc; strings.Contains(name, "/") {
				return nil, fmt.Errorf("read sigmf archive: collection %s does not lie at the top", name)
			}
		case DataExt:
			// The tar reader takes nothing in advance, so its source stands at the first byte of the data.
			at, err := section.Seek(0, io.SeekCurrent)
			if err != nil {
				return nil, fmt.Errorf("read sigmf archive: %w", err)
			}
			for record := range h.PAXRecords {
				if strings.HasPrefix(record, "GNU.sparse.") {
					return nil, fmt.Errorf("read sigmf archive: %s is stored as a sparse file: write the tar without --sparse", name)
				}
			}
			if h.Size > size-at {
				return nil, fmt.Errorf("read sigmf archive: %s has %d of %d bytes: %w", name, size-at, h.Size, io.ErrUnexpectedEOF)
			}
			data[base] = io.NewSectionReader(src, at, h.Size)
		}
	}
	return a.pair(data)
}

// pair gives every recording its data.
func (a *Archive) pair(data map[string]*io.SectionReader) (*Archive, error) {
	for k := range a.Recordings {
		r := &a.Recordings[k]
		r.Data = data[r.Name]
		if r.Data == nil {
			return nil, fmt.Errorf("read sigmf archive: %s has no %s beside it", r.Name+MetaExt, path.Base(r.Name)+DataExt)
		}
	}
	if len(a.Recordings) == 0 {
		return nil, errors.New("read sigmf archive: there is no recording (a .sigmf-meta file) in it")
	}
	return a, nil
}

func readDocument(r io.Reader, name string, size int64) ([]byte, error) {
	if size > maxDocument {
		return nil, fmt.Errorf("read sigmf archive: %s of %d bytes is too large for a document", name, size)
	}
	doc, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s of sigmf archive: %w", name, err)
	}
	return doc, nil
}
