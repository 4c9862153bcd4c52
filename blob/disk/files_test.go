package disk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
)

const key = "sessions/t1/websdr_1.sigmf-data"

func put(t testing.TB, s *disk.Store, key, content string) {
	t.Helper()
	if err := s.Put(context.Background(), key, strings.NewReader(content), blob.SumOf([]byte(content))); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, s *disk.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(context.Background(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

func TestAnObjectIsTheFileOfItsKeyAndItsNoteIsForSha256sum(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), key, "samples")
	name := filepath.Join(dir, filepath.FromSlash(key))
	got, err := os.ReadFile(name)
	if err != nil || string(got) != "samples" {
		t.Fatalf("the file holds %q (%v)", got, err)
	}
	if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != 0o444 {
		t.Errorf("the file's mode is %v (%v), want write-once 0444", fi.Mode(), err)
	}
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("SKIPPED: sha256sum is not installed")
	}
	cmd := exec.Command(tool, "-c", ".websdr_1.sigmf-data.sha256")
	cmd.Dir = filepath.Dir(name)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum -c: %v\n%s", err, out)
	}
}

func TestAHashIsKnownOnlyForTheBytesItWasNotedFor(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, key, "samples")
	name := filepath.Join(dir, filepath.FromSlash(key))
	note := filepath.Join(filepath.Dir(name), ".websdr_1.sigmf-data.sha256")
	good, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(note)
	if err != nil {
		t.Fatal(err)
	}
	hash := func() string {
		t.Helper()
		info, err := s.Stat(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return info.SHA256
	}
	for what, content := range map[string]string{
		"an empty note": "", "a short note": string(good[:40]), "upper case": strings.ToUpper(string(good[:64])) + "  x\n", "prose": strings.Repeat("no hash ", 20),
	} {
		if err := errors.Join(os.Remove(note), os.WriteFile(note, []byte(content), 0o644), os.Chtimes(note, fi.ModTime(), fi.ModTime())); err != nil {
			t.Fatal(err)
		}
		if got := hash(); got != "" {
			t.Errorf("%s gives hash %q, want none", what, got)
		}
	}
	put(t, s, key, "samples") // the same bytes again write the note anew
	if got := hash(); got != blob.SumOf([]byte("samples")).SHA256 {
		t.Errorf("after the same Put again the hash is %q", got)
	}

	// A file replaced behind the store's back is another object, of which nothing was noted.
	if err := errors.Join(os.Remove(name), os.WriteFile(name, []byte("others!"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if got := hash(); got != "" {
		t.Errorf("a replaced file has hash %q, want none", got)
	}
}

func TestFilesCopiedInAreObjectsAndStrangersAreOverlooked(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	outside := t.TempDir()
	for _, name := range []string{"copied/in.npy", "copied/with space.txt", ".hidden", "copied/.hidden", "lost+found/x", "umläut"} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("x"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644),
		os.Symlink(outside, filepath.Join(dir, "folder")),
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "copied/link")),
	); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"copied/in.npy"}, list(t, s, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if info, err := s.Stat(t.Context(), "copied/in.npy"); err != nil || info.SHA256 != "" || info.Bytes != 1 {
		t.Errorf("Stat of a copied file = %+v, %v", info, err)
	}
	for _, k := range []string{"folder/secret", "copied/link"} {
		if o, err := s.Open(t.Context(), k); err == nil {
			o.Close()
			t.Errorf("Open(%s) follows a link out of the folder", k)
		}
	}
	if err := s.Put(t.Context(), "folder/new", strings.NewReader("x"), blob.SumOf([]byte("x"))); err == nil {
		t.Error("Put follows a link out of the folder")
	}
	if got := files(t, outside); len(got) != 1 {
		t.Errorf("outside holds %q, want the one file put there", got)
	}
	if diff := cmp.Diff([]string(nil), list(t, s, "folder/")); diff != "" {
		t.Errorf("List of a linked folder (-want +got):\n%s", diff)
	}
}

func TestAKeyBelowOrAboveAnObjectIsErrKey(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b", "x")
	for _, k := range []string{"a", "a/b/c", "a/b/c/d"} {
		if err := s.Put(t.Context(), k, strings.NewReader("x"), blob.SumOf([]byte("x"))); !errors.Is(err, blob.ErrKey) {
			t.Errorf("Put(%s) beside a/b = %v, want ErrKey", k, err)
		}
		if _, err := s.Stat(t.Context(), k); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Stat(%s) = %v, want ErrNotFound", k, err)
		}
		if err := s.Delete(t.Context(), k); err != nil {
			t.Errorf("Delete(%s): %v", k, err)
		}
	}
	if diff := cmp.Diff([]string{"a/b"}, list(t, s, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func TestDeletingLeavesNoFolderAndNoNote(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a/b/c/d", "x")
	put(t, s, "a/e", "x")
	for _, k := range []string{"a/b/c/d", "a/e"} {
		if err := s.Delete(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if k == "a/b/c/d" {
			if _, err := os.Stat(filepath.Join(dir, "a/e")); err != nil {
				t.Errorf("a/e went, too: %v", err)
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != ".staging" {
		t.Errorf("the folder holds %v (%v), want only .staging", entries, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "an empty folder, as a crash may leave one, is no obstacle")
}

func TestAFolderThatIsDeletedAgainAndAgainTakesNewObjects(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			k := "busy/folder/" + string(rune('a'+i))
			for range 50 {
				if err := s.Put(t.Context(), k, strings.NewReader(k), blob.SumOf([]byte(k))); err != nil {
					t.Errorf("Put: %v", err)
				}
				if _, err := s.Stat(t.Context(), k); err != nil {
					t.Errorf("Stat: %v", err)
				}
				if err := s.Delete(t.Context(), k); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
		})
	}
	done.Wait()
	if keys := list(t, s, ""); len(keys) != 0 {
		t.Errorf("List = %q, want nothing", keys)
	}
}

func TestADeletedObjectKeepsItsBytesForWhoHasItOpen(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, key, "samples")
	o, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if err := s.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	put(t, s, key, "others!")
	if got, err := io.ReadAll(o); err != nil || string(got) != "samples" {
		t.Errorf("reads %q (%v), want what was opened", got, err)
	}
}

func TestKeysAreListedInTheirOrderWhateverTheyAre(t *testing.T) {
	t.Parallel()
	memory := memoryDir(t)
	rapid.Check(t, func(t *rapid.T) {
		// Few letters, so that folders, files and prefixes of one another meet often.
		element := rapid.StringMatching(`[-_0aA][-._0aA]{0,2}`)
		keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(element, 1, 3).Draw(t, "elements"), "/")
		}), 0, 12, rapid.ID).Draw(t, "keys")
		dir, err := os.MkdirTemp(memory, "list")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s, err := disk.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var want []string
		for _, k := range keys {
			err := s.Put(context.Background(), k, bytes.NewReader(nil), blob.SumOf(nil))
			if err == nil {
				want = append(want, k)
			} else if !errors.Is(err, blob.ErrKey) {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		prefix := rapid.StringMatching(`([-_0aA][-._0aA]{0,1}/?){0,2}`).Draw(t, "prefix")
		want = slices.DeleteFunc(want, func(k string) bool { return !strings.HasPrefix(k, prefix) })
		var got []string
		for info, err := range s.List(context.Background(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, info.Key)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("List(%q) = %q, want %q", prefix, got, want)
		}
	})
}

// The folder of an acquisition goes with its last object, also under a listing that has just opened it.
func TestAListingMindsNoFolderThatGoesMeanwhile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "sessions/t0/websdr_1.sigmf-data", "x")
	folder := filepath.Join(dir, "sessions", "t1")
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := errors.Join(os.Mkdir(folder, 0o755), os.Remove(folder)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 20_000 {
		if got := list(t, s, "sessions/"); len(got) != 1 {
			t.Errorf("listed %q", got)
		}
	}
	close(stop)
	group.Wait()
}
