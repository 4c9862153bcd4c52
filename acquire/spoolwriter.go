package acquire

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"

	"github.com/heimdall-sdr/heimdall/blob"
)

// spoolBuffer is what is written at once: a receiver's frames are small, and there are many. So much may be missing of what
// a worker that is killed in the middle had received.
const spoolBuffer = 16 << 10

// A spoolWriter writes samples and hashes what the file has taken.
type spoolWriter struct {
	*bufio.Writer
	f *os.File
	summer
}

func newSpoolWriter(f *os.File) *spoolWriter {
	w := &spoolWriter{f: f, summer: newSummer()}
	w.Writer = bufio.NewWriterSize(taken{w}, spoolBuffer)
	return w
}

// Write implements io.Writer.
func (w *spoolWriter) Write(p []byte) (int, error) { return w.Writer.Write(p) }

// taken writes to the file itself.
type taken struct{ w *spoolWriter }

func (t taken) Write(p []byte) (int, error) {
	n, err := t.w.f.Write(p)
	t.w.summer.Write(p[:n])
	if err != nil {
		return n, fmt.Errorf("write spool: %w", err)
	}
	return n, nil
}

// close makes the samples durable.
func (w *spoolWriter) close() error {
	err := w.Flush()
	if e := w.f.Sync(); err == nil {
		err = e
	}
	if e := w.f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	return nil
}

// A summer counts and hashes what is written to it.
type summer struct {
	hash  hash.Hash
	bytes int64
}

func newSummer() summer { return summer{hash: sha256.New()} }

func (s *summer) Write(p []byte) (int, error) {
	s.hash.Write(p)
	s.bytes += int64(len(p))
	return len(p), nil
}

func (s *summer) sum() blob.Sum {
	return blob.Sum{Bytes: s.bytes, SHA256: hex.EncodeToString(s.hash.Sum(nil))}
}
