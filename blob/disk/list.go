package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/heimdall-sdr/heimdall/blob"
)

// List implements blob.Store. It holds the names of one folder and of those above it.
//
// A folder is sorted as if its name ended in a slash, because in the order of keys a-b and a.b come before
// a/b: all keys below folder a begin with "a/", and no file has a slash in its name, so comparing a file's name with
// "a/" is comparing it with every key below a.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		folder := prefix[:strings.LastIndexByte(prefix, '/')+1]
		if folder != "" && blob.CheckKey(strings.TrimSuffix(folder, "/")) != nil {
			if ctx.Err() != nil {
				yield(blob.Info{}, ctx.Err())
			}
			return // no key begins like that
		}
		w := walk{ctx: ctx, store: s, prefix: prefix, yield: yield}
		w.folder(folder)
	}
}

// A walk is one List in progress.
type walk struct {
	ctx    context.Context
	store  *Store
	prefix string
	yield  func(blob.Info, error) bool
}

// folder yields what is below folder, which is "" or ends in a slash, and reports whether to go on.
func (w *walk) folder(folder string) bool {
	names, err := w.names(folder)
	if err != nil {
		return w.fail(err)
	}
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return w.fail(err)
		}
		key := folder + name
		if !strings.HasPrefix(key, w.prefix) {
			continue
		}
		if strings.HasSuffix(name, "/") {
			if !w.folder(key) {
				return false
			}
			continue
		}
		fi, err := w.store.root.Lstat(key)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == nil && !fi.Mode().IsRegular() {
			continue // deleted since, or not one of ours
		}
		if err != nil {
			return w.fail(err)
		}
		if !w.yield(w.store.info(key, fi), nil) {
			return false
		}
	}
	return true
}

// names returns what a folder holds in the order of keys: files, and folders with a slash at their end.
func (w *walk) names(folder string) ([]string, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	dir := strings.TrimSuffix(folder, "/")
	if dir == "" {
		dir = "."
	}
	entries, err := w.entries(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if blob.CheckKey(folder+e.Name()) != nil {
			continue
		}
		switch {
		case e.IsDir():
			names = append(names, e.Name()+"/")
		case e.Type().IsRegular():
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func (w *walk) entries(dir string) ([]os.DirEntry, error) {
	if fi, err := w.store.root.Lstat(dir); err == nil && !fi.IsDir() {
		return nil, nil
	}
	f, err := w.store.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if errors.Is(err, fs.ErrNotExist) { // the folder went with its last object after it was opened
		return nil, nil
	}
	return entries, err
}

func (w *walk) fail(err error) bool {
	w.yield(blob.Info{}, fmt.Errorf("list objects %q: %w", w.prefix, w.store.explain(err)))
	return false
}
