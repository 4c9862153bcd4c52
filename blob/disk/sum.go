package disk

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/heimdall-sdr/heimdall/blob"
)

// sumName is where the hash of an object is noted: hidden, so that it is no key, and beside it, so that it moves along.
func sumName(key string) string {
	return path.Join(path.Dir(key), "."+path.Base(key)+".sha256")
}

// noteSum writes down the hash of the object under key. It need not survive a loss of power: a note that
// did not is no note.
func (s *Store) noteSum(key string, sum blob.Sum) error {
	info, err := s.root.Lstat(key)
	if err != nil {
		return gone(err) // deleted since
	}
	name := s.stage.name() + ".sum"
	line := fmt.Sprintf("%s  %s\n", sum.SHA256, path.Base(key))
	if err := s.root.WriteFile(name, []byte(line), 0o444); err != nil {
		s.root.Remove(name)
		return err
	}
	if err := s.root.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
		s.root.Remove(name)
		return err
	}
	if err := s.root.Rename(name, sumName(key)); err != nil {
		s.root.Remove(name)
		return gone(err)
	}
	return nil
}

// sum returns the noted hash of the object that info describes, or "" when there is none that counts.
func (s *Store) sum(key string, info fs.FileInfo) string {
	f, err := s.root.Open(sumName(key))
	if err != nil {
		return ""
	}
	defer f.Close()
	if note, err := f.Stat(); err != nil || !note.Mode().IsRegular() || !note.ModTime().Equal(info.ModTime()) {
		return ""
	}
	line := make([]byte, 64+2)
	if _, err := f.ReadAt(line, 0); err != nil {
		return ""
	}
	sum, mark := string(line[:64]), string(line[64:])
	if mark != "  " || strings.Trim(sum, "0123456789abcdef") != "" {
		return ""
	}
	return sum
}

// info describes the object under key.
func (s *Store) info(key string, fi os.FileInfo) blob.Info {
	return blob.Info{Key: key, Bytes: fi.Size(), SHA256: s.sum(key, fi), Modified: fi.ModTime().UTC()}
}
