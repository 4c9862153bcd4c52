package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/heimdall-sdr/heimdall/blob"
)

const key = "sessions/0190b5a0-0000-7000-8000-000000000001/websdr_1.sigmf-data"

func putIsReadBack(t *testing.T, s blob.Store) {
	for _, n := range []int{0, 1, 8 << 20} {
		k := fmt.Sprintf("sizes/%d.bin", n)
		b := sample(uint64(n), n)
		mustPut(t, s, k, b)
		mustHold(t, s, k, b)
	}
}

func failingReader(t *testing.T, s blob.Store) {
	broken := errors.New("the wire broke")
	for _, n := range []int{0, 1, 100_000, 6 << 20} {
		b := sample(2, n+1)
		r := io.MultiReader(bytes.NewReader(b[:n]), readerFunc(func([]byte) (int, error) { return 0, broken }))
		if err := s.Put(t.Context(), key, r, blob.SumOf(b)); !errors.Is(err, broken) {
			t.Errorf("Put of a reader that fails after %d bytes = %v, want the reader's error", n, err)
		}
		mustBeEmpty(t, s, key)
	}
	b := sample(3, 1000)
	mustPut(t, s, key, b)
	mustHold(t, s, key, b)
}

func notAnnounced(t *testing.T, s blob.Store) {
	b := sample(4, 300_000)
	right := blob.SumOf(b)
	for name, want := range map[string]blob.Sum{
		"too short":       {Bytes: right.Bytes + 1, SHA256: right.SHA256},
		"too long":        {Bytes: right.Bytes - 1, SHA256: right.SHA256},
		"announced empty": blob.SumOf(nil),
		"wrong hash":      {Bytes: right.Bytes, SHA256: blob.SumOf([]byte("other")).SHA256},
		"no hash":         {Bytes: right.Bytes},
		"upper case":      {Bytes: right.Bytes, SHA256: strings.ToUpper(right.SHA256)},
		"negative size":   {Bytes: -1, SHA256: right.SHA256},
	} {
		if err := s.Put(t.Context(), key, bytes.NewReader(b), want); !errors.Is(err, blob.ErrDiffers) {
			t.Errorf("%s: Put = %v, want ErrDiffers", name, err)
		}
		mustBeEmpty(t, s, key)
	}
}

func sameAgain(t *testing.T, s blob.Store) {
	b := sample(5, 100_000)
	mustPut(t, s, key, b)
	before := mustHold(t, s, key, b)
	for range 3 {
		mustPut(t, s, key, b)
	}
	if after := mustHold(t, s, key, b); !after.Modified.Equal(before.Modified) {
		t.Errorf("modification time moved from %v to %v", before.Modified, after.Modified)
	}
	if keys := mustList(t, s, ""); len(keys) != 1 {
		t.Errorf("List = %q, want the one object", keys)
	}
}

func sameSumOtherBytes(t *testing.T, s blob.Store) {
	b, other := sample(6, 5000), sample(7, 5000)
	mustPut(t, s, key, b)
	if err := s.Put(t.Context(), key, bytes.NewReader(other), blob.SumOf(b)); !errors.Is(err, blob.ErrDiffers) {
		t.Errorf("Put of other bytes than announced = %v, want ErrDiffers", err)
	}
	mustHold(t, s, key, b)
}

func otherBytes(t *testing.T, s blob.Store) {
	b := sample(8, 5000)
	mustPut(t, s, key, b)
	for _, other := range [][]byte{sample(9, 5000), b[:4999], sample(10, 5001), nil} {
		if err := s.Put(t.Context(), key, bytes.NewReader(other), blob.SumOf(other)); !errors.Is(err, blob.ErrDiffers) {
			t.Errorf("Put of %d other bytes = %v, want ErrDiffers", len(other), err)
		}
		mustHold(t, s, key, b)
	}
}

// race puts contents(i) for 16 values of i at once and returns the errors.
func race(t *testing.T, s blob.Store, contents func(i int) []byte) []error {
	errs := make([]error, 16)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range errs {
		done.Go(func() {
			b := contents(i)
			start.Wait()
			errs[i] = s.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b))
		})
	}
	start.Done()
	done.Wait()
	return errs
}

func racingSame(t *testing.T, s blob.Store) {
	b := sample(11, 200_000)
	for i, err := range race(t, s, func(int) []byte { return b }) {
		if err != nil {
			t.Errorf("Put %d of the same bytes: %v", i, err)
		}
	}
	mustHold(t, s, key, b)
}

func racingDifferent(t *testing.T, s blob.Store) {
	// All of one size, so that only the bytes can tell them apart.
	contents := func(i int) []byte { return sample(uint64(100+i), 50_000) }
	winner := -1
	for i, err := range race(t, s, contents) {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("Puts %d and %d of different bytes both succeeded", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, blob.ErrDiffers):
			t.Errorf("Put %d = %v, want ErrDiffers", i, err)
		}
	}
	if winner < 0 {
		t.Fatal("no Put succeeded, want exactly one")
	}
	mustHold(t, s, key, contents(winner))
}

func cancelledBefore(t *testing.T, s blob.Store) {
	b := sample(12, 1000)
	within(t, "Put", func() {
		if err := s.Put(cancelled(), key, bytes.NewReader(b), blob.SumOf(b)); !errors.Is(err, context.Canceled) {
			t.Errorf("Put = %v, want context.Canceled", err)
		}
	})
	mustBeEmpty(t, s, key)
}

func cancelledHalfway(t *testing.T, s blob.Store) {
	b := sample(13, 6<<20)
	for _, at := range []int{0, 1 << 20, len(b)} {
		ctx, cancel := context.WithCancel(t.Context())
		half := bytes.NewReader(b[:at])
		rest := bytes.NewReader(b[at:])
		r := io.MultiReader(half, readerFunc(func(p []byte) (int, error) {
			cancel() // the bytes keep coming: it is the store that has to stop
			return rest.Read(p)
		}))
		within(t, "Put", func() {
			if err := s.Put(ctx, key, r, blob.SumOf(b)); !errors.Is(err, context.Canceled) {
				t.Errorf("Put cancelled after %d bytes = %v, want context.Canceled", at, err)
			}
		})
		mustBeEmpty(t, s, key)
	}
	mustPut(t, s, key, b)
	mustHold(t, s, key, b)
}

// cancelledEndless is about a store that would notice only at the end.
func cancelledEndless(t *testing.T, s blob.Store) {
	const announced, enough = 1 << 40, 64 << 20
	ctx, cancel := context.WithCancel(t.Context())
	var after int64
	r := readerFunc(func(p []byte) (int, error) {
		cancel()
		if after += int64(len(p)); after > enough {
			return 0, errors.New("still reading")
		}
		clear(p)
		return len(p), nil
	})
	want := blob.Sum{Bytes: announced, SHA256: blob.SumOf(nil).SHA256}
	if err := s.Put(ctx, key, r, want); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v after reading %d bytes, want context.Canceled", err, after)
	}
	mustBeEmpty(t, s, key)
}
