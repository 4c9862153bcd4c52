package legacy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall/blob"
)

// A Folder is a folder of files as a Source, whatever their names: a bucket that was copied. Links to files are
// followed and links to folders are not; pipes and the like are passed over. One folder's names are held at a time.
type Folder struct {
	dir string
}

// OpenFolder opens a folder that is there.
func OpenFolder(dir string) (*Folder, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open folder %s: it is a file: name the folder that holds sessions/", dir)
	}
	return &Folder{dir: dir}, nil
}

// List yields the files below the folder whose key, the path with slashes, begins with prefix, in bytewise order.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		f.walk(ctx, "", prefix, yield)
	}
}

// walk reports whether to go on.
func (f *Folder) walk(ctx context.Context, folder, prefix string, yield func(blob.Info, error) bool) bool {
	if err := ctx.Err(); err != nil {
		return yield(blob.Info{}, err) && false
	}
	entries, err := os.ReadDir(filepath.Join(f.dir, filepath.FromSlash(folder)))
	if errors.Is(err, fs.ErrNotExist) && folder != "" {
		return true // it went meanwhile
	}
	if err != nil {
		return yield(blob.Info{}, fmt.Errorf("list folder: %w", err)) && false
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(sortName(a), sortName(b)) })
	for _, e := range entries {
		key := path.Join(folder, e.Name())
		switch {
		case e.IsDir():
			inside := strings.HasPrefix(key+"/", prefix) || strings.HasPrefix(prefix, key+"/")
			if inside && !f.walk(ctx, key, prefix, yield) {
				return false
			}
		case strings.HasPrefix(key, prefix):
			info, err := os.Stat(f.path(key))
			if err != nil || !info.Mode().IsRegular() {
				continue // gone meanwhile, a link to nothing, or nothing that holds samples
			}
			if !yield(blob.Info{Key: key, Bytes: info.Size(), Modified: info.ModTime()}, nil) {
				return false
			}
		}
	}
	return true
}

// sortName makes the order of names that of the keys below them.
func sortName(e os.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

func (f *Folder) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

// Open opens a file, or is blob.ErrNotFound.
func (f *Folder) Open(_ context.Context, key string) (blob.Object, error) {
	file, err := os.Open(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w", key, blob.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &openFile{File: file, info: blob.Info{Key: key, Bytes: info.Size(), Modified: info.ModTime()}}, nil
}

// An openFile is a file as an object.
type openFile struct {
	*os.File
	info blob.Info
}

func (f *openFile) Info() blob.Info { return f.info }
