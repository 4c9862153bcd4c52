// Package blob is the seam to the object store: what a Store promises. disk keeps objects as files, s3 in an
// S3-compatible bucket; package blobtest holds the promise as a test that both run.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"time"
)

var (
	// ErrNotFound: there is no object under the key.
	ErrNotFound = errors.New("object not found")
	// ErrDiffers: the key is taken by an object with other bytes, or the bytes are not the ones announced.
	ErrDiffers = errors.New("object differs")
	// ErrFull: the store has no room left.
	ErrFull = errors.New("object store is full")
	// ErrKey: the key is not one that a Store accepts.
	ErrKey = errors.New("bad object key")
)

// A Sum is what must be true of an object's bytes.
type Sum struct {
	Bytes  int64
	SHA256 string // lower-case hex
}

// SumOf returns the Sum of bytes at hand.
func SumOf(b []byte) Sum {
	h := sha256.Sum256(b)
	return Sum{Bytes: int64(len(b)), SHA256: hex.EncodeToString(h[:])}
}

// Info describes a stored object.
type Info struct {
	Key      string
	Bytes    int64
	SHA256   string // as recorded when it was put; "" when the store does not know it, as for a file copied into it
	Modified time.Time
}

// An Object is an open object. Reads give the bytes as they were when it was opened. Once the object has been
// deleted they may fail with ErrNotFound instead, but never give other bytes. ReadAt may be called by many
// goroutines at once.
type Object interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}

// A Store keeps objects under keys: slash-separated paths of letters, digits and "-_.", no element of which is
// empty, begins with a dot or exceeds 200 bytes, 512 bytes in all (see CheckKey; other keys are ErrKey). No key
// may be a folder of another: a store of files refuses a/b beside a with ErrKey.
//
// Its methods are safe for concurrent use, also by several processes on the same store, and a cancelled
// context makes them return promptly: Put as soon as the Read of its reader returns.
type Store interface {
	// Put stores r's bytes under key, all or nothing. On return without error they are durable and proven to
	// be want. The same bytes again are fine and change nothing; other bytes under a used key are ErrDiffers,
	// and so are bytes that are not want. A reader that fails, or a cancelled ctx, leaves no trace. Of racing
	// Puts of different bytes exactly one succeeds. After any other error, as of a network, the object is
	// there whole or not at all, and the same Put may be repeated.
	Put(ctx context.Context, key string, r io.Reader, want Sum) error

	// Open returns the object for reading at any offset, or ErrNotFound.
	Open(ctx context.Context, key string) (Object, error)

	// Stat describes the object, or is ErrNotFound. It does not read the object.
	Stat(ctx context.Context, key string) (Info, error)

	// List yields every object whose key begins with prefix, in bytewise order of keys. It is lazy: it holds
	// a page or a folder of names, not all, so that what is far ahead may still change. An error ends it.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Delete removes the object. One that is not there is already deleted.
	Delete(ctx context.Context, key string) error
}
