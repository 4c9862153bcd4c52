package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/heimdall-sdr/heimdall/blob"
)

// An object is an open file. The system keeps its bytes as long as it is open, deleted or not.
type object struct {
	*os.File
	info blob.Info
}

func (o *object) Info() blob.Info { return o.info }

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key string) (blob.Object, error) {
	f, err := s.openFile(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", key, s.explain(err))
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open object %s: %w", key, err)
	}
	return &object{f, s.info(key, fi)}, nil
}

func (s *Store) openFile(ctx context.Context, key string) (*os.File, error) {
	if _, err := s.lstat(ctx, key); err != nil { // opening what is not a file might wait for ever
		return nil, err
	}
	f, err := s.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.ErrNotFound
	}
	return f, err
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	fi, err := s.lstat(ctx, key)
	if err != nil {
		return blob.Info{}, fmt.Errorf("stat object %s: %w", key, s.explain(err))
	}
	return s.info(key, fi), nil
}

func (s *Store) lstat(ctx context.Context, key string) (fs.FileInfo, error) {
	if err := begin(ctx, key); err != nil {
		return nil, err
	}
	fi, err := s.root.Lstat(key)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == nil && !fi.Mode().IsRegular() {
		return nil, blob.ErrNotFound
	}
	return fi, err
}

// Delete implements blob.Store. Folders that become empty go, too.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.delete(ctx, key); err != nil {
		return fmt.Errorf("delete object %s: %w", key, s.explain(err))
	}
	return nil
}

func (s *Store) delete(ctx context.Context, key string) error {
	if _, err := s.lstat(ctx, key); errors.Is(err, blob.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	// The note first: a note without its object would stay for ever.
	if err := gone(s.root.Remove(sumName(key))); err != nil {
		return err
	}
	if err := gone(s.root.Remove(key)); err != nil {
		return err
	}
	dir := path.Dir(key)
	for dir != "." && gone(s.root.Remove(dir)) == nil {
		dir = path.Dir(dir)
	}
	return s.syncFolder(dir)
}
