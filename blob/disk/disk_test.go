package disk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/blobtest"
	"github.com/heimdall-sdr/heimdall/blob/disk"
)

func TestTheStoreKeepsItsPromise(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store {
		if strings.Contains(t.Name(), "thousands") {
			return open(t, memoryDir(t)) // thousands of waits for the disk say no more than ten
		}
		return open(t, t.TempDir())
	})
}

// memoryDir is a folder that needs no disk, where there is one.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "heimdall-disk")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// open opens the store in dir, and at the end of the test checks that nothing is left in staging.
func open(t *testing.T, dir string) *disk.Store {
	t.Helper()
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left := files(t, filepath.Join(dir, ".staging")); len(left) != 1 || filepath.Base(left[0]) != "lock" {
			t.Errorf("staging holds %q at the end, want only the lock", left)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// files returns every file below dir, hidden ones included.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
