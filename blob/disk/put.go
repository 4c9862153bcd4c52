package disk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/heimdall-sdr/heimdall/blob"
)

// maxLinkAttempts bounds how often a Put makes a folder that a Delete removes again at the same moment.
const maxLinkAttempts = 100

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	if err := s.put(ctx, key, r, want); err != nil {
		return fmt.Errorf("put object %s: %w", key, s.explain(err))
	}
	return nil
}

func (s *Store) put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	// A key that is taken needs no second copy on the disk, only a comparison.
	if held, err := s.holds(ctx, key, want); err != nil {
		return err
	} else if held {
		return copyExactly(ctx, io.Discard, r, want)
	}
	name := s.stage.name()
	defer s.root.Remove(name)
	if err := s.write(ctx, name, r, want); err != nil {
		return err
	}
	return s.publish(ctx, name, key, want)
}

// Link stores the file at path under key as Put does, without a second copy of its bytes: the object is
// another name of the same file, which becomes read-only and must not be written to afterwards. Removing the
// first name leaves the object alone. The file is read once to prove that it is want, since what a writer
// hashed is not what a disk holds. From another file system the bytes are copied.
func (s *Store) Link(ctx context.Context, key, file string, want blob.Sum) error {
	if err := s.link(ctx, key, file, want); err != nil {
		return fmt.Errorf("link %s as object %s: %w", file, key, s.explain(err))
	}
	return nil
}

func (s *Store) link(ctx context.Context, key, file string, want blob.Sum) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	name := s.stage.name()
	defer s.root.Remove(name)
	if err := os.Link(file, filepath.Join(s.dir, filepath.FromSlash(name))); err != nil {
		return s.put(ctx, key, f, want)
	}
	if staged, err := s.root.Lstat(name); err != nil {
		return err
	} else if opened, err := f.Stat(); err != nil {
		return err
	} else if !os.SameFile(staged, opened) {
		return errors.New("the file was replaced while it was being linked")
	}
	if err := copyExactly(ctx, io.Discard, f, want); err != nil {
		return err
	}
	if err := f.Chmod(0o444); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return s.publish(ctx, name, key, want)
}

// write makes the staged file name of r's bytes, durable and proven to be want.
func (s *Store) write(ctx context.Context, name string, r io.Reader, want blob.Sum) error {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := copyExactly(ctx, f, r, want); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// publish gives the staged file name the name key, unless that is taken.
func (s *Store) publish(ctx context.Context, name, key string, want blob.Sum) error {
	for range maxLinkAttempts {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.root.MkdirAll(path.Dir(key), 0o755)
		if err == nil {
			err = s.root.Link(name, key)
		}
		switch {
		case err == nil:
			return errors.Join(s.noteSum(key, want), s.syncFolders(key))
		case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST) && s.belowObject(key):
			return fmt.Errorf("%w: it lies below another object", blob.ErrKey)
		case errors.Is(err, fs.ErrExist):
			if held, err := s.holds(ctx, key, want); held || err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return errors.New("its folder is being deleted again and again: try later")
}

// holds reports whether key already holds want, and is ErrDiffers when it holds something else. An object
// that is there may come from a process that died before it was done, so what that owed is made good.
func (s *Store) holds(ctx context.Context, key string, want blob.Sum) (bool, error) {
	info, err := s.root.Lstat(key)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return false, nil
	case err != nil:
		return false, err
	case info.IsDir():
		if err := s.root.Remove(key); gone(err) == nil {
			return false, nil // an empty folder that a crash left
		}
		return false, fmt.Errorf("%w: it is a folder of other objects", blob.ErrKey)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: the key is taken by something that is not a file", blob.ErrDiffers)
	case info.Size() != want.Bytes:
		return false, fmt.Errorf("%w: the key holds %d bytes, not %d", blob.ErrDiffers, info.Size(), want.Bytes)
	}
	f, err := s.root.Open(key)
	if err != nil {
		return false, gone(err)
	}
	defer f.Close()
	if err := copyExactly(ctx, io.Discard, f, want); err != nil {
		return false, fmt.Errorf("compare with the bytes under the key: %w", err)
	}
	if err := f.Sync(); err != nil {
		return false, err
	}
	if s.sum(key, info) != want.SHA256 {
		if err := s.noteSum(key, want); err != nil {
			return false, err
		}
	}
	return true, s.syncFolders(key)
}

// belowObject reports whether a folder of key is an object.
func (s *Store) belowObject(key string) bool {
	for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
		if info, err := s.root.Lstat(dir); err == nil {
			return !info.IsDir()
		}
	}
	return false
}

// syncFolders makes the names of all folders on the way to key, and its own, survive a loss of power.
func (s *Store) syncFolders(key string) error {
	for dir := path.Dir(key); ; dir = path.Dir(dir) {
		if err := s.syncFolder(dir); err != nil {
			return err
		}
		if dir == "." {
			return nil
		}
	}
}

func (s *Store) syncFolder(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return gone(err) // deleted since: nothing left to keep
	}
	defer f.Close()
	// Some network file systems cannot sync a folder because they never hold one back.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// copyExactly copies r to w and is ErrDiffers unless the bytes were want. It reads one byte more than announced
// at most.
func copyExactly(ctx context.Context, w io.Writer, r io.Reader, want blob.Sum) error {
	h := sha256.New()
	src := io.LimitReader(&contextReader{ctx, r}, max(want.Bytes, 0)+1)
	n, err := io.CopyBuffer(io.MultiWriter(w, h), src, make([]byte, 256<<10))
	if err != nil {
		return err
	}
	if n > want.Bytes {
		return fmt.Errorf("%w: more than the %d bytes announced", blob.ErrDiffers, want.Bytes)
	}
	if n < want.Bytes {
		return fmt.Errorf("%w: %d bytes instead of the %d announced", blob.ErrDiffers, n, want.Bytes)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want.SHA256 {
		return fmt.Errorf("%w: SHA-256 is %s, not %s", blob.ErrDiffers, got, want.SHA256)
	}
	return nil
}

// A contextReader stops between two reads when ctx is cancelled.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
