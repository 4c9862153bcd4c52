package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/blob"
)

func spool(t *testing.T, dir, content string) string {
	t.Helper()
	name := filepath.Join(dir, "spool")
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestALinkedFileIsAnObjectWithoutASecondCopy(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "objects"))
	file := spool(t, dir, "samples")
	want := blob.SumOf([]byte("samples"))
	for range 2 { // again is fine
		if err := s.Link(t.Context(), key, file, want); err != nil {
			t.Fatal(err)
		}
	}
	a, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.Stat(filepath.Join(dir, "objects", key))
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(a, b) {
		t.Error("the object is a copy, want the same file")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	info, err := s.Stat(t.Context(), key)
	if err != nil || info.Bytes != want.Bytes || info.SHA256 != want.SHA256 {
		t.Errorf("Stat after the first name is gone = %+v, %v", info, err)
	}
}

func TestALinkKeepsThePromiseOfPut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "objects"))
	file := spool(t, dir, "samples")
	for what, want := range map[string]blob.Sum{
		"another hash": {Bytes: 7, SHA256: blob.SumOf([]byte("others!")).SHA256},
		"too short":    blob.SumOf([]byte("samples and more")),
		"too long":     blob.SumOf([]byte("sample")),
	} {
		if err := s.Link(t.Context(), key, file, want); !errors.Is(err, blob.ErrDiffers) {
			t.Errorf("%s: Link = %v, want ErrDiffers", what, err)
		}
	}
	if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o644 {
		t.Errorf("a refused file has mode %v (%v), want it as it was", fi.Mode(), err)
	}
	if keys := list(t, s, ""); len(keys) > 0 {
		t.Errorf("List = %q, want nothing", keys)
	}
	if err := s.Link(t.Context(), "../x", file, blob.SumOf([]byte("samples"))); !errors.Is(err, blob.ErrKey) {
		t.Errorf("Link to a bad key = %v, want ErrKey", err)
	}
	put(t, s, key, "others!")
	if err := s.Link(t.Context(), key, file, blob.SumOf([]byte("samples"))); !errors.Is(err, blob.ErrDiffers) {
		t.Errorf("Link to a used key = %v, want ErrDiffers", err)
	}
}

func TestAFileOfAnotherFileSystemIsCopied(t *testing.T) {
	other, err := os.MkdirTemp("/dev/shm", "heimdall-link")
	if err != nil {
		t.Skipf("SKIPPED: no second file system to test with: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	dir := t.TempDir()
	s := open(t, dir)
	file := spool(t, other, "samples")
	if err := s.Link(t.Context(), key, file, blob.SumOf([]byte("samples"))); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, key)); err != nil || string(got) != "samples" {
		t.Errorf("the object holds %q (%v)", got, err)
	}
	if err := s.Link(t.Context(), "b", filepath.Join(other, "none"), blob.SumOf(nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Link of no file = %v", err)
	} else if !strings.Contains(err.Error(), "none") {
		t.Errorf("%q does not name the file", err)
	}
}
