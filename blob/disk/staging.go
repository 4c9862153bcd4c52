package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"sync/atomic"
)

const (
	stagingDir = ".staging"
	lockName   = "lock"
)

// A staging is the folder in which one Store writes what has no name yet. It holds a file that stays locked
// as long as the Store lives: the kernel drops the lock with the process, however that ends, so a folder whose
// lock is free belongs to nobody and may go.
type staging struct {
	root *os.Root
	dir  string // .staging/<random>
	lock *os.File
	last atomic.Int64 // number of the newest file
}

// newStaging makes a staging folder and removes those of the dead.
func newStaging(root *os.Root) (*staging, error) {
	if err := root.MkdirAll(stagingDir, 0o755); err != nil {
		return nil, err
	}
	if err := sweep(root); err != nil {
		return nil, err
	}
	for {
		st := &staging{root: root, dir: path.Join(stagingDir, rand.Text())}
		ours, err := st.claim()
		if err != nil {
			return nil, err
		}
		if ours {
			return st, st.probeLinks()
		}
	}
}

// claim makes the folder and locks it. It reports false when another process swept it away in between.
func (st *staging) claim() (bool, error) {
	if err := st.root.Mkdir(st.dir, 0o755); err != nil {
		return false, err
	}
	name := path.Join(st.dir, lockName)
	f, err := st.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	free, err := tryLock(f)
	if err == nil && free {
		var locked, named fs.FileInfo
		if locked, err = f.Stat(); err == nil {
			if named, err = st.root.Stat(name); err == nil && os.SameFile(locked, named) {
				st.lock = f
				return true, nil
			}
		}
	}
	f.Close()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return false, err
}

// probeLinks finds out at once, rather than at the first recording, whether objects can be given names.
func (st *staging) probeLinks() error {
	from, to := path.Join(st.dir, lockName), st.name()
	if err := st.root.Link(from, to); err != nil {
		st.close()
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
			return fmt.Errorf("its file system has no hard links, without which objects cannot be kept from being overwritten: use ext4, xfs, btrfs, zfs or apfs: %v", err)
		}
		return err
	}
	return st.root.Remove(to)
}

// name returns a name that nobody has used.
func (st *staging) name() string {
	return path.Join(st.dir, strconv.FormatInt(st.last.Add(1), 10))
}

func (st *staging) close() error {
	return errors.Join(removeStaging(st.root, st.dir), st.lock.Close())
}

// sweep removes the staging folders that nobody holds.
func sweep(root *os.Root) error {
	names, err := readNames(root, stagingDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := sweepOne(root, path.Join(stagingDir, name)); err != nil {
			return err
		}
	}
	return nil
}

func sweepOne(root *os.Root, dir string) error {
	f, err := root.OpenFile(path.Join(dir, lockName), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		// Being made, or all but swept. It goes if it is empty; whoever is making it will try again.
		root.Remove(dir)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if free, err := tryLock(f); err != nil || !free {
		return err
	}
	return removeStaging(root, dir)
}

// removeStaging removes a staging folder whose lock the caller holds. The lock file goes last but one: without
// it the folder would look as if it were being made.
func removeStaging(root *os.Root, dir string) error {
	names, err := readNames(root, dir)
	if err = gone(err); err != nil {
		return err
	}
	for _, name := range names {
		if name != lockName {
			err = errors.Join(err, gone(root.RemoveAll(path.Join(dir, name))))
		}
	}
	if err == nil {
		err = errors.Join(gone(root.Remove(path.Join(dir, lockName))), gone(root.Remove(dir)))
	}
	return err
}

// gone is nil when err says that the thing is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func readNames(root *os.Root, dir string) ([]string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
