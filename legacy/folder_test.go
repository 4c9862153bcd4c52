package legacy_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/legacy"
)

func TestAFolderListsEveryFileInBytewiseOrder(t *testing.T) {
	b := newBucket(t)
	keys := []string{"a b/ü.txt", "a/2", "a/10", "a/b/c", "a-b/x", "a.b", "sessions/t/websdr_1.npy", "z"}
	for _, k := range keys {
		b.put(k, []byte(k))
	}
	if err := os.Mkdir(filepath.Join(b.dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.b", filepath.Join(b.dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(b.dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(b.dir, "a", "circle")); err != nil {
		t.Fatal(err)
	}
	keys = append(keys, "link")
	slices.Sort(keys)
	for prefix, want := range map[string][]string{"": keys, "a/": {"a/10", "a/2", "a/b/c"}, "a": {"a b/ü.txt", "a-b/x", "a.b", "a/10", "a/2", "a/b/c"}, "a/b": {"a/b/c"}, "none": nil} {
		var got []string
		for info, err := range b.folder().List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if info.Key != "link" && info.Bytes != int64(len(info.Key)) || info.Modified.IsZero() {
				t.Errorf("%+v", info)
			}
			got = append(got, info.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

func TestAFolderOpensItsFiles(t *testing.T) {
	b := newBucket(t)
	b.put("a b/ü.txt", []byte("text"))
	obj, err := b.folder().Open(t.Context(), "a b/ü.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	if got, err := io.ReadAll(obj); string(got) != "text" || err != nil || obj.Info().Bytes != 4 {
		t.Errorf("%q, %v, %+v", got, err, obj.Info())
	}
	if _, err := b.folder().Open(t.Context(), "none"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestAFolderMustBeOne(t *testing.T) {
	b := newBucket(t)
	b.put("file", nil)
	for _, path := range []string{filepath.Join(b.dir, "file"), filepath.Join(b.dir, "none")} {
		if _, err := legacy.OpenFolder(path); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
}
