package iq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A riffChunk is one chunk of a RIFF file.
type riffChunk struct {
	id        string
	headerAt  int64 // where its eight-byte header begins
	at        int64 // where its body begins
	size      int64 // of the body, as the file says
	present   int64 // of the body, as the file has it
	openEnded bool  // the writer never filled the size in: the body runs to the end of the file
}

// A riffWalk visits the chunks of a RIFF, RF64 or BW64 file in order (EBU Tech 3306). It goes on beyond the
// size in the file's header, because a recorder that was killed has not filled that in.
type riffWalk struct {
	src      io.ReaderAt
	fileSize int64
	riffEnd  int64 // where the file should end, or -1
	dataSize int64 // of the first data chunk, from ds64; -1 without one
	at       int64 // of the next chunk
}

func newRIFFWalk(src io.ReaderAt, fileSize int64) (*riffWalk, error) {
	var b [12]byte
	if err := readAt(src, b[:], 0); err != nil {
		return nil, fmt.Errorf("the file of %d bytes is too short: %w", fileSize, err)
	}
	w := &riffWalk{src: src, fileSize: fileSize, riffEnd: -1, dataSize: -1, at: 12}
	id := string(b[:4])
	if (id != "RIFF" && id != "RF64" && id != "BW64") || string(b[8:]) != "WAVE" {
		return nil, errors.New("the file begins with neither RIFF nor RF64 … WAVE: open it with a raw format if it has no header")
	}
	if n := binary.LittleEndian.Uint32(b[4:]); n != math.MaxUint32 && id == "RIFF" {
		w.riffEnd = 8 + int64(n)
	}
	if id == "RIFF" {
		return w, nil
	}
	c, err := w.next()
	if err != nil || c.id != "ds64" || c.present < 24 {
		return nil, errors.New("the ds64 chunk of an RF64 file is missing: its writer did not finish it")
	}
	var d [16]byte
	if err := readAt(src, d[:], c.at); err != nil {
		return nil, err
	}
	if n := binary.LittleEndian.Uint64(d[:]); n > 0 && n < math.MaxInt64-8 {
		w.riffEnd = 8 + int64(n)
	}
	if n := binary.LittleEndian.Uint64(d[8:]); n > 0 && n < math.MaxInt64 {
		w.dataSize = int64(n)
	}
	return w, nil
}

// next returns io.EOF at the end of the file, and errNoChunk where something else than a chunk begins.
func (w *riffWalk) next() (riffChunk, error) {
	if w.fileSize-w.at <= 0 {
		return riffChunk{}, io.EOF
	}
	var b [8]byte
	if w.fileSize-w.at < 8 {
		return riffChunk{}, errNoChunk
	}
	if err := readAt(w.src, b[:], w.at); err != nil {
		return riffChunk{}, err
	}
	for _, letter := range b[:4] {
		if letter < ' ' || letter > '~' {
			return riffChunk{}, errNoChunk
		}
	}
	c := riffChunk{id: string(b[:4]), headerAt: w.at, at: w.at + 8, size: int64(binary.LittleEndian.Uint32(b[4:]))}
	rest := w.fileSize - c.at
	if c.id == "data" {
		c.openEnded = c.size == math.MaxUint32 && w.dataSize < 0 ||
			c.size == 0 && rest > 0 && w.riffEnd <= c.at
		if c.size == math.MaxUint32 && w.dataSize >= 0 {
			c.size = w.dataSize
		}
	}
	if c.openEnded {
		c.size = rest
	}
	c.present = min(c.size, rest)
	w.at = c.at + c.present + c.size&1
	return c, nil
}

// errNoChunk ends a walk: no chunk begins here.
var errNoChunk = errors.New("no chunk begins here")

// readAt fills p from offset, or says what is missing.
func readAt(src io.ReaderAt, p []byte, offset int64) error {
	n, err := src.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(p), offset, err)
}
