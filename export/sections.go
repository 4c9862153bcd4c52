package export

import (
	"errors"
	"fmt"
	"io"
	"sort"
)

// An Archive is the recordings of an acquisition as if they were one file. Like a [File] it exists nowhere as a
// whole; one object at most is open at a time.
type Archive struct {
	Name        string // what to call it, without folders
	ContentType string
	Size        int64
	ETag        string    // strong, quoted: changes when any byte does
	Missing     []Missing // what was left out

	sections []section
	starts   []int64
	at       int64 // where Read goes on
	current  int   // the section that is open
	open     io.ReadSeekCloser
	position int64 // of open
}

// A section is a stretch of an archive: bytes at hand, or a file that is opened when its turn comes.
type section struct {
	name  string
	size  int64
	bytes []byte
	open  func() (io.ReadSeekCloser, error)
}

func (a *Archive) add(s section) {
	a.sections = append(a.sections, s)
	a.starts = append(a.starts, a.Size)
	a.Size += s.size
}

// Read implements io.Reader.
func (a *Archive) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if a.at >= a.Size {
		return 0, io.EOF
	}
	// The last that begins here or before: those of no bytes are passed over.
	k := sort.Search(len(a.starts), func(k int) bool { return a.starts[k] > a.at }) - 1
	s := &a.sections[k]
	off := a.at - a.starts[k]
	if int64(len(p)) > s.size-off {
		p = p[:s.size-off]
	}
	n := 0
	var err error
	if s.open == nil {
		n = copy(p, s.bytes[off:])
	} else if n, err = a.readFile(k, p, off); err != nil {
		err = fmt.Errorf("read %s of %s: %w", s.name, a.Name, errors.Join(err, a.Close()))
	}
	a.at += int64(n)
	return n, err
}

// readFile reads a file of the archive, which it opens in place of the one before.
func (a *Archive) readFile(k int, p []byte, off int64) (int, error) {
	if a.open == nil || a.current != k {
		if err := a.Close(); err != nil {
			return 0, err
		}
		open, err := a.sections[k].open()
		if err != nil {
			return 0, err
		}
		a.open, a.current, a.position = open, k, 0
	}
	if a.position != off {
		if _, err := a.open.Seek(off, io.SeekStart); err != nil {
			return 0, err
		}
		a.position = off
	}
	n, err := a.open.Read(p)
	a.position += int64(n)
	switch {
	case n > 0 && errors.Is(err, io.EOF):
		err = nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Seek implements io.Seeker.
func (a *Archive) Seek(offset int64, whence int) (int64, error) {
	at, err := seek(a.at, a.Size, offset, whence)
	if err != nil {
		return 0, fmt.Errorf("seek %s: %w", a.Name, err)
	}
	a.at = at
	return at, nil
}

// Close closes what is open. Reading again would open it again.
func (a *Archive) Close() error {
	if a.open == nil {
		return nil
	}
	err := a.open.Close()
	a.open = nil
	return err
}
