package export

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
)

// A File is a recording in some format, as if it were a file. ReadAt may be called by many goroutines at once;
// Read and Seek by one at a time.
type File struct {
	Name        string // what to call it, without folders
	ContentType string
	Size        int64
	ETag        string // strong, quoted: changes when any byte does

	modified time.Time   // when the last sample was received
	obj      blob.Object // nil when there are no samples in it
	parts    []part
	starts   []int64 // of each part in the file, and at last the end
	at       int64   // where Read goes on
	stream   stream  // what Read reads the object through
}

// A part is a stretch of a file.
type part struct {
	size int64
	// readAt reads like io.ReaderAt, all of p, which lies within the part. It takes samples from object.
	readAt func(object io.ReaderAt, p []byte, off int64) error
	// grain is the number of bytes that are made together: a read that ends within them makes some twice.
	grain int64
}

func newFile(parts []part) *File {
	f := &File{parts: parts, starts: make([]int64, 1, len(parts)+1)}
	for _, p := range parts {
		f.Size += p.size
		f.starts = append(f.starts, f.Size)
	}
	return f
}

// Read implements io.Reader. It reads the object from front to back as a stream, which a bucket serves with one
// request, where ReadAt would need one for every call.
func (f *File) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	k := f.partAt(f.at)
	if k == len(f.parts) {
		return 0, io.EOF
	}
	off := f.at - f.starts[k]
	n := min(int64(len(p)), f.parts[k].size-off)
	if grain := f.parts[k].grain; n < f.parts[k].size-off && (off+n)/grain > off/grain {
		n = (off+n)/grain*grain - off
	}
	if err := f.parts[k].readAt(&f.stream, p[:n], off); err != nil {
		return 0, fmt.Errorf("read %s: %w", f.Name, err)
	}
	f.at += n
	return int(n), nil
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: offset %d is negative", f.Name, off)
	}
	var done int64
	for done < int64(len(p)) {
		k := f.partAt(off + done)
		if k == len(f.parts) {
			return int(done), io.EOF
		}
		start := off + done - f.starts[k]
		n := min(int64(len(p))-done, f.parts[k].size-start)
		if err := f.parts[k].readAt(f.obj, p[done:done+n], start); err != nil {
			return int(done), fmt.Errorf("read %s: %w", f.Name, err)
		}
		done += n
	}
	return int(done), nil
}

// partAt returns the part that holds the byte at off, or how many parts there are.
func (f *File) partAt(off int64) int {
	for k := range f.parts {
		if off < f.starts[k+1] {
			return k
		}
	}
	return len(f.parts)
}

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	at, err := seek(f.at, f.Size, offset, whence)
	if err != nil {
		return 0, fmt.Errorf("seek %s: %w", f.Name, err)
	}
	f.at = at
	return at, nil
}

// seek is the new offset of io.Seeker.
func seek(at, size, offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += at
	case io.SeekEnd:
		offset += size
	default:
		return 0, fmt.Errorf("whence %d is not known", whence)
	}
	if offset < 0 {
		return 0, fmt.Errorf("offset %d is before the beginning", offset)
	}
	return offset, nil
}

// Close closes the object, too.
func (f *File) Close() error {
	if f.obj == nil {
		return nil
	}
	return f.obj.Close()
}

// A stream reads an object as io.ReaderAt does, but by reading on where it can.
type stream struct {
	obj blob.Object
	at  int64 // the object's own offset, or unknown
}

const unknown = -1

func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	if s.at != off {
		s.at = unknown
		if _, err := s.obj.Seek(off, io.SeekStart); err != nil {
			return 0, err
		}
	}
	n, err := io.ReadFull(s.obj, p)
	s.at = off + int64(n)
	if err != nil {
		s.at = unknown
	}
	return n, err
}

// fixed is a part whose bytes are at hand.
func fixed(b []byte) part {
	return part{size: int64(len(b)), grain: 1, readAt: func(_ io.ReaderAt, p []byte, off int64) error {
		copy(p, b[off:])
		return nil
	}}
}

// readFull reads all of p at off. An object that ends before is not what it was.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("object ends at byte %d: %w", off+int64(n), err)
}
