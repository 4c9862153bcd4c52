// Package blobtest holds the promise of blob.Store as sentences, each a test. Every store runs them all; a
// bug found in one store becomes a sentence for both.
//
// It tests what a caller can see. That a store forgets nothing when the power fails cannot be seen from here:
// each store says in its own package how it makes that so.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
)

// Run tests the promise. open returns a store that is empty and stays usable until the end of the test it is
// given, whose Cleanup disposes of it.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for _, s := range []struct {
		sentence string
		test     func(t *testing.T, s blob.Store)
	}{
		{"what was put is read back byte for byte", putIsReadBack},
		{"a reader that fails halfway leaves no trace", failingReader},
		{"bytes that are not the announced ones are ErrDiffers and leave no trace", notAnnounced},
		{"the same bytes again change nothing", sameAgain},
		{"the same announcement with other bytes is ErrDiffers and changes nothing", sameSumOtherBytes},
		{"other bytes under a used key are ErrDiffers and the old ones stay", otherBytes},
		{"of 16 racing puts of the same bytes all succeed", racingSame},
		{"of 16 racing puts of different bytes exactly one wins", racingDifferent},
		{"a put under a cancelled context leaves no trace", cancelledBefore},
		{"a put cancelled halfway leaves no trace", cancelledHalfway},
		{"a cancelled put stops reading", cancelledEndless},
		{"every method heeds a cancelled context", cancelledMethods},
		{"a key with a bad element is ErrKey everywhere", badKeys},
		{"a key of every allowed form is accepted", goodKeys},
		{"what is absent is ErrNotFound", absent},
		{"an object is read at any offset", anyOffset},
		{"an object is read by many at once", manyReaders},
		{"an object deleted while it is read gives its own bytes or ErrNotFound", deletedWhileRead},
		{"deleting what is absent is fine", deleteAbsent},
		{"a deleted key may hold other bytes", reusedKey},
		{"stat knows size, hash and time", statKnows},
		{"a prefix chooses by bytes, not by folders", prefixes},
		{"keys are listed in bytewise order", listOrder},
		{"thousands of objects are listed in order, lazily, and may be left early", thousands},
	} {
		t.Run(s.sentence, func(t *testing.T) {
			t.Parallel()
			s.test(t, open(t))
		})
	}
}

// sample returns n bytes that depend on seed.
func sample(seed uint64, n int) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

func mustPut(t *testing.T, s blob.Store, key string, b []byte) {
	t.Helper()
	if err := s.Put(t.Context(), key, bytes.NewReader(b), blob.SumOf(b)); err != nil {
		t.Fatalf("Put(%s): %v", key, err)
	}
}

// mustHold checks that key holds exactly b, by every way of asking.
func mustHold(t *testing.T, s blob.Store, key string, b []byte) blob.Info {
	t.Helper()
	want := blob.SumOf(b)
	info, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatalf("Stat(%s): %v", key, err)
	}
	if got := (blob.Sum{Bytes: info.Bytes, SHA256: info.SHA256}); got != want || info.Key != key {
		t.Fatalf("Stat(%s) = %+v, want %+v", key, info, want)
	}
	o, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open(%s): %v", key, err)
	}
	defer o.Close()
	got, err := io.ReadAll(o)
	if err != nil || !bytes.Equal(got, b) {
		t.Fatalf("reading %s gave %d bytes (%v), want the %d bytes put", key, len(got), err, len(b))
	}
	if oi := o.Info(); oi.Key != key || oi.Bytes != info.Bytes || oi.SHA256 != info.SHA256 || !oi.Modified.Equal(info.Modified) {
		t.Fatalf("Info() of the open object = %+v, Stat = %+v", oi, info)
	}
	return info
}

// mustBeEmpty checks that the store shows no trace of anything.
func mustBeEmpty(t *testing.T, s blob.Store, key string) {
	t.Helper()
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat(%s) = %v, want ErrNotFound", key, err)
	}
	if o, err := s.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		if err == nil {
			o.Close()
		}
		t.Errorf("Open(%s) = %v, want ErrNotFound", key, err)
	}
	if keys := mustList(t, s, ""); len(keys) > 0 {
		t.Errorf("List shows %q, want nothing", keys)
	}
}

func mustList(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%q): %v", prefix, err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// within fails the test when f takes longer than a caller would call prompt.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("%s took %v, want promptly", what, d)
	}
}

// readerFunc is a reader made of a function.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
