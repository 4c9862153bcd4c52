// Package disk keeps objects as plain files below one folder: the object sessions/x/websdr_1.sigmf-data is the
// file of that path, so that every tool that reads files reads recordings.
//
// What a Put does, so that it may be killed or lose power at any instant:
//
//	write  .staging/<process>/1                       hashing; other bytes than announced end here
//	fsync  .staging/<process>/1
//	mkdir  sessions/x
//	link   .staging/<process>/1 → sessions/x/websdr_1.sigmf-data
//	rename .staging/<process>/1.sum → sessions/x/.websdr_1.sigmf-data.sha256
//	unlink .staging/<process>/1
//	fsync  sessions/x, sessions, .
//
// link(2) refuses a name that is taken. That one call decides every race, between processes, too, and no name
// ever shows a part of an object. Every folder up to the root is synced, not only the new ones: one that
// is there may have been made a moment ago by somebody who has not synced it yet.
//
// The hash of an object lives beside it in a hidden file that sha256sum -c understands. It is a note, not a
// part of the object: it counts only while its modification time equals the object's, so one that a crash left
// behind, or that belongs to bytes since replaced, is no hash rather than a wrong one. Extended attributes
// would need no second file, but backups, copies and network file systems lose them silently.
//
// The surprising parts: objects are write-once (mode 0444). A key that begins with a dot is no key, which is
// why hidden files are free for the store's own use. Files copied into the folder are objects without a known
// hash; names that are no keys are overlooked. Symbolic links are not followed out of the folder.
//
// BUG: the promise is only as good as fsync(2). A disk that answers before its cache is safe, or a network
// file system mounted async, may lose the last objects with the power.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/heimdall-sdr/heimdall/blob"
)

// A Store keeps objects below one folder. Several Stores, in one process or many, may share it.
type Store struct {
	dir   string   // as given to Open, for messages
	root  *os.Root // nothing outside can be reached through it
	stage *staging
}

var _ blob.Store = (*Store)(nil)

// Open opens the store in dir, which is made if it is not there, and removes what crashed processes left
// in its staging folder.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("open object folder %s: %w", dir, s.explain(err))
	}
	return s, nil
}

func (s *Store) open() error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	stage, err := newStaging(root)
	if err != nil {
		root.Close()
		return err
	}
	s.root, s.stage = root, stage
	return nil
}

// Close gives up the staging folder. Objects that are open stay readable.
func (s *Store) Close() error {
	return errors.Join(s.stage.close(), s.root.Close())
}

// begin is what every method asks first.
func begin(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	return ctx.Err()
}

// explain adds to errors of the file system what they mean for the store and what to do about them.
func (s *Store) explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: no room left for %s: free some there, or keep recordings for a shorter time: %w", blob.ErrFull, s.dir, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s is on a file system that is mounted read-only: remount it, or use another folder: %w", s.dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s must be readable and writable for user id %d: change its owner, or use another folder: %w", s.dir, os.Getuid(), err)
	}
	return err
}
