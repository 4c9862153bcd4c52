package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
)

func cancelledMethods(t *testing.T, s blob.Store) {
	b := sample(20, 10)
	mustPut(t, s, key, b)
	ctx := cancelled()
	within(t, "every method", func() {
		if _, err := s.Open(ctx, key); !errors.Is(err, context.Canceled) {
			t.Errorf("Open = %v, want context.Canceled", err)
		}
		if _, err := s.Stat(ctx, key); !errors.Is(err, context.Canceled) {
			t.Errorf("Stat = %v, want context.Canceled", err)
		}
		if err := s.Delete(ctx, key); !errors.Is(err, context.Canceled) {
			t.Errorf("Delete = %v, want context.Canceled", err)
		}
		steps := 0
		for _, err := range s.List(ctx, "") {
			if steps++; !errors.Is(err, context.Canceled) {
				t.Errorf("List yields %v, want context.Canceled", err)
			}
		}
		if steps != 1 {
			t.Errorf("List yields %d times, want its one error", steps)
		}
	})
	mustHold(t, s, key, b)
}

func badKeys(t *testing.T, s blob.Store) {
	for _, k := range []string{
		"", "/", "/etc/passwd", "a//b", "a/", ".", "..", "../a", "a/../b", "a/./b", "a/..", ".hidden", "a/.staging/b",
		`a\b`, "a\x00b", "a b", "a\nb", "a:b", "a%2fb", "a+b", "é", "a/文", "a\xff",
		strings.Repeat("a", blob.MaxElementBytes+1), strings.Repeat("abc/", 128) + "d",
	} {
		if err := s.Put(t.Context(), k, strings.NewReader("x"), blob.SumOf([]byte("x"))); !errors.Is(err, blob.ErrKey) {
			t.Errorf("Put(%q) = %v, want ErrKey", k, err)
		}
		if _, err := s.Open(t.Context(), k); !errors.Is(err, blob.ErrKey) {
			t.Errorf("Open(%q) = %v, want ErrKey", k, err)
		}
		if _, err := s.Stat(t.Context(), k); !errors.Is(err, blob.ErrKey) {
			t.Errorf("Stat(%q) = %v, want ErrKey", k, err)
		}
		if err := s.Delete(t.Context(), k); !errors.Is(err, blob.ErrKey) {
			t.Errorf("Delete(%q) = %v, want ErrKey", k, err)
		}
	}
	if keys := mustList(t, s, ""); len(keys) > 0 {
		t.Errorf("List shows %q after refused keys, want nothing", keys)
	}
}

func goodKeys(t *testing.T, s blob.Store) {
	for _, k := range []string{
		"a", "A", "0", "-", "_", "a.", "a..b", "UPPER/lower/0-9_.x", "x/y/z/websdr_12.sigmf-meta",
		strings.Repeat("n", blob.MaxElementBytes), strings.Repeat("abc/", 127) + "defg",
	} {
		b := []byte(k)
		mustPut(t, s, k, b)
		mustHold(t, s, k, b)
		if err := s.Delete(t.Context(), k); err != nil {
			t.Errorf("Delete(%s): %v", k, err)
		}
		mustBeEmpty(t, s, k)
	}
}

func absent(t *testing.T, s blob.Store) {
	mustBeEmpty(t, s, key)
	mustPut(t, s, key, sample(21, 10))
	for _, k := range []string{"sessions", "sessions/none", key[:len(key)-1], key + "x"} {
		if _, err := s.Stat(t.Context(), k); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Stat(%s) = %v, want ErrNotFound", k, err)
		}
		if _, err := s.Open(t.Context(), k); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Open(%s) = %v, want ErrNotFound", k, err)
		}
	}
}

func anyOffset(t *testing.T, s blob.Store) {
	b := sample(22, 70_000)
	mustPut(t, s, key, b)
	o := mustOpen(t, s)
	// TestReader reads in pieces, seeks from start, current and end, and uses ReadAt at many offsets.
	if err := iotest.TestReader(o, b); err != nil {
		t.Error(err)
	}
	if _, err := o.Seek(-1, io.SeekStart); err == nil {
		t.Error("Seek before the start succeeds, want an error")
	}
	for _, at := range []int64{0, 1, 65_535, 69_999} {
		p := make([]byte, 1)
		if _, err := o.ReadAt(p, at); (err != nil && err != io.EOF) || p[0] != b[at] {
			t.Errorf("ReadAt(%d) = %#x, %v, want %#x", at, p[0], err, b[at])
		}
	}
	if n, err := o.ReadAt(make([]byte, 10), 69_995); n != 5 || err != io.EOF {
		t.Errorf("ReadAt over the end = %d, %v, want 5, io.EOF", n, err)
	}
	if err := o.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func manyReaders(t *testing.T, s blob.Store) {
	b := sample(23, 1<<20)
	mustPut(t, s, key, b)
	o := mustOpen(t, s)
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			part := b[i<<17 : (i+1)<<17]
			got := make([]byte, len(part))
			if _, err := o.ReadAt(got, int64(i)<<17); (err != nil && err != io.EOF) || !bytes.Equal(got, part) {
				t.Errorf("part %d differs (%v)", i, err)
			}
		})
	}
	done.Wait()
}

func deletedWhileRead(t *testing.T, s blob.Store) {
	b, other := sample(24, 9<<20), sample(25, 9<<20)
	mustPut(t, s, key, b)
	o := mustOpen(t, s)
	head := make([]byte, 1000)
	if _, err := io.ReadFull(o, head); err != nil || !bytes.Equal(head, b[:1000]) {
		t.Fatalf("reading the head: %v", err)
	}
	check := func(when string, at int64) {
		t.Helper()
		got := make([]byte, 1000)
		_, err := o.ReadAt(got, at)
		if err == nil && !bytes.Equal(got, b[at:at+1000]) {
			t.Errorf("%s: ReadAt(%d) gives other bytes", when, at)
		}
		if err != nil && !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: ReadAt(%d) = %v, want its own bytes or ErrNotFound", when, at, err)
		}
	}
	if err := s.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	check("deleted", 1000)
	check("deleted", 8<<20)
	mustPut(t, s, key, other)
	check("replaced", 2000)
	check("replaced", 8<<20)
	mustHold(t, s, key, other)
}

func deleteAbsent(t *testing.T, s blob.Store) {
	for _, k := range []string{"never", "never/was/here", key} {
		if err := s.Delete(t.Context(), k); err != nil {
			t.Errorf("Delete(%s): %v", k, err)
		}
	}
	mustPut(t, s, key, sample(26, 10))
	for range 2 {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%s): %v", key, err)
		}
	}
	mustBeEmpty(t, s, key)
}

func reusedKey(t *testing.T, s blob.Store) {
	for i := range uint64(5) {
		b := sample(30+i, 1000)
		mustPut(t, s, key, b)
		mustHold(t, s, key, b)
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		mustBeEmpty(t, s, key)
	}
}

func statKnows(t *testing.T, s blob.Store) {
	b := sample(40, 12345)
	before := time.Now()
	mustPut(t, s, key, b)
	info := mustHold(t, s, key, b)
	// Servers stamp in whole seconds and by their own clocks.
	if d := info.Modified.Sub(before); d < -time.Minute || d > time.Minute {
		t.Errorf("Modified = %v, put at %v", info.Modified, before)
	}
	if info.Modified.Location() != time.UTC {
		t.Errorf("Modified is in %v, want UTC", info.Modified.Location())
	}
}

func mustOpen(t *testing.T, s blob.Store) blob.Object {
	t.Helper()
	o, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open(%s): %v", key, err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}
