package blobtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/blob"
)

func prefixes(t *testing.T, s blob.Store) {
	keys := []string{"a-b/x", "a.b", "a/b/c", "a/b/d", "a/bc", "a0", "b/a", "sessions/t1/websdr_1.sigmf-data", "sessions/t1/websdr_1.sigmf-meta", "sessions/t1/websdr_10.sigmf-data"}
	for _, k := range keys {
		mustPut(t, s, k, []byte(k))
	}
	for _, prefix := range []string{
		"", "a", "a/", "a/b", "a/b/", "a/b/c", "a/b/cc", "a-", "a.", "b", "b/", "c", "sessions/t1/websdr_1.", "sessions/t1/websdr_1",
		"/", "../", "a//", ".", "sessions/t1/websdr_1.sigmf-data", "sessions/t1/websdr_1.sigmf-data/", "é", "a b", strings.Repeat("x", 600),
	} {
		var want []string
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		if diff := cmp.Diff(want, mustList(t, s, prefix)); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
		}
	}
	for info, err := range s.List(t.Context(), "a/bc") {
		if stat, serr := s.Stat(t.Context(), "a/bc"); err != nil || serr != nil || info.Bytes != stat.Bytes || !info.Modified.Equal(stat.Modified) {
			t.Errorf("List describes %+v (%v), Stat %+v (%v)", info, err, stat, serr)
		}
	}
}

// listOrder is about '-' and '.', which sort before the slash, where a walk of folders would go wrong.
func listOrder(t *testing.T, s blob.Store) {
	keys := []string{"a/z", "a-/b", "a-b", "a.", "a./b", "a.z", "a0", "a0/a", "aZ/b", "a_/b", "A/b", "a/-", "a/0", "a/b/c", "a/b-c", "a/b.c", "a/b0", "a/bb"}
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "a0" || k == "a." }) // folders of others
	for _, k := range keys {
		mustPut(t, s, k, []byte(k))
	}
	slices.Sort(keys)
	if diff := cmp.Diff(keys, mustList(t, s, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func thousands(t *testing.T, s blob.Store) {
	folders, files := 40, 60 // a server of objects takes milliseconds for each
	if raceEnabled {
		files = 30 // still more than the thousand that S3 lists at once
	}
	keys := make([]string, 0, folders*files)
	for i := range folders {
		for j := range files {
			keys = append(keys, fmt.Sprintf("many/%d/%d", i, j))
		}
	}
	putAll(t, s, keys)
	slices.Sort(keys)
	if got := mustList(t, s, "many/"); !slices.Equal(got, keys) {
		t.Fatalf("List gives %d keys, in order: %v, want %d", len(got), slices.IsSorted(got), len(keys))
	}

	for info, err := range s.List(t.Context(), "") {
		if err != nil || info.Key != keys[0] {
			t.Errorf("List begins with %q (%v), want %q", info.Key, err, keys[0])
		}
		break
	}

	// Whoever listed everything beforehand would still show the last key.
	var seen []string
	last := keys[len(keys)-1]
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) == 0 {
			if err := s.Delete(t.Context(), last); err != nil {
				t.Fatal(err)
			}
		}
		seen = append(seen, info.Key)
	}
	if !slices.Equal(seen, keys[:len(keys)-1]) {
		t.Errorf("List gives %d keys and ends with %q, want %d and not %q, which was deleted at its beginning",
			len(seen), seen[len(seen)-1], len(keys)-1, last)
	}
}

func putAll(t *testing.T, s blob.Store, keys []string) {
	t.Helper()
	next := make(chan string)
	var done sync.WaitGroup
	for range 32 {
		done.Go(func() {
			for k := range next {
				if err := s.Put(t.Context(), k, bytes.NewReader([]byte(k)), blob.SumOf([]byte(k))); err != nil {
					t.Errorf("Put(%s): %v", k, err)
				}
			}
		})
	}
	for _, k := range keys {
		next <- k
	}
	close(next)
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
