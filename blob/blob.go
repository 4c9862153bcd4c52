// Package blob is the seam to the object store: what a Store promises. disk keeps objects as files, s3 in an
// S3-compatible bucket; package blobtest holds the promise as a test that both run.
package blob

import (
	"context"
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

// Info describes a stored object.
type Info struct {
	Key      string
	Bytes    int64
	SHA256   string // as recorded when it was put; "" when the store does not know it
	Modified time.Time
}

// An Object is an open object. Reads are of the bytes as they were when it was opened.
type Object interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}

// A Store keeps objects under keys: slash-separated paths of letters, digits and "-_.", with no empty, "."
// or ".." element, at most 512 bytes. Its methods are safe for concurrent use, and a cancelled context makes
// them return promptly.
type Store interface {
	// Put stores r's bytes under key, all or nothing. On return without error they are durable and proven to
	// be want. The same bytes again are fine and change nothing; other bytes under a used key are ErrDiffers,
	// and so are bytes that are not want. A reader that fails, or a cancelled ctx, leaves no trace.
	Put(ctx context.Context, key string, r io.Reader, want Sum) error

	// Open returns the object for reading at any offset, or ErrNotFound.
	Open(ctx context.Context, key string) (Object, error)

	// Stat describes the object, or is ErrNotFound.
	Stat(ctx context.Context, key string) (Info, error)

	// List yields every object whose key begins with prefix, in order of keys, lazily. An error ends it.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Delete removes the object. One that is not there is already deleted.
	Delete(ctx context.Context, key string) error
}
