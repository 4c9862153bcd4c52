package iq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// A WAVReader reads the samples of a WAV file: two channels, I left and Q right, as 8- or 16-bit integers or
// floats, in a RIFF, RF64 or BW64 file. All its data chunks are one stream, so that a Kiwi WAV is read whole,
// where ordinary WAV readers stop after the first 512 samples.
type WAVReader struct {
	Format        Format  // 8-bit WAV has its zero at 128 and CU8 at 127.5: DC of half a step
	SampleRateHz  float64 // a whole number; for a Kiwi WAV the stamps know better
	Samples       int64   // whole samples in the file
	TrailingBytes int64   // beyond the last whole sample
	Stamped       bool    // a Kiwi WAV: its blocks have GPS stamps
	Start         time.Time
	CenterHz      float64 // meaningful if HasCenter
	HasCenter     bool
	Notes         []string // what is odd about the file and did not matter

	walk      riffWalk // second walk, from the first chunk again
	truncated error    // what Read ends with in place of io.EOF
	at, left  int64    // of the data chunk being read
	position  int64    // sample index
	stamps    []KiwiStamp
}

// NewWAVReader looks at every chunk's header, not at the samples.
func NewWAVReader(src io.ReaderAt, fileSize int64) (*WAVReader, error) {
	walk, err := newRIFFWalk(src, fileSize)
	if err != nil {
		return nil, fmt.Errorf("read wav header: %w", err)
	}
	w := &WAVReader{walk: *walk}
	if err := w.survey(*walk); err != nil {
		return nil, fmt.Errorf("read wav header: %w", err)
	}
	return w, nil
}

// Stamps returns the stamps of the blocks that Read has entered since the last call.
func (w *WAVReader) Stamps() []KiwiStamp {
	s := w.stamps
	w.stamps = nil
	return s
}

// Truncated says what is missing from a file that ends too early, and is nil for a whole one. It wraps
// io.ErrUnexpectedEOF; Samples counts what is there.
func (w *WAVReader) Truncated() error { return w.truncated }

// Read gives whole samples in Format; p must hold at least one. A truncated file is an error that wraps
// io.ErrUnexpectedEOF, after everything that is there has been read.
func (w *WAVReader) Read(p []byte) (int, error) {
	size := int64(w.Format.Size())
	want := int64(len(p)) / size * size
	if want == 0 {
		return 0, io.ErrShortBuffer
	}
	for w.left == 0 {
		if err := w.enter(); err != nil {
			return 0, err
		}
	}
	n := min(want, w.left)
	if err := readAt(w.walk.src, p[:n], w.at); err != nil {
		return 0, fmt.Errorf("read wav samples: %w", err)
	}
	w.at += n
	w.left -= n
	w.position += n / size
	return int(n), nil
}

// enter goes to the next data chunk and takes along the stamps on the way.
func (w *WAVReader) enter() error {
	c, err := w.walk.next()
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, errNoChunk):
		if w.truncated != nil {
			return w.truncated
		}
		return io.EOF
	case err != nil:
		return fmt.Errorf("read wav samples: %w", err)
	case c.id == "kiwi" && c.present >= kiwiChunkBytes:
		var b [kiwiChunkBytes]byte
		if err := readAt(w.walk.src, b[:], c.at); err != nil {
			return fmt.Errorf("read wav stamp: %w", err)
		}
		w.stamps = append(w.stamps, parseKiwiChunk(b, w.position))
	case c.id == "data":
		w.at, w.left = c.at, c.present-c.present%int64(w.Format.Size())
	}
	return nil
}

// survey walks through the file once: format, time, frequency, and how many samples there are.
func (w *WAVReader) survey(walk riffWalk) error {
	var dataChunks int
	var openEnded bool
	for {
		c, err := walk.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errNoChunk) {
			w.note("%d bytes at the end, from byte %d, are no chunk and were left out", walk.fileSize-walk.at, walk.at)
			break
		}
		if err == nil {
			err = w.look(walk.src, c)
		}
		if err != nil {
			return err
		}
		if c.id == "data" {
			dataChunks++
			openEnded = openEnded || c.openEnded
		}
	}
	if dataChunks == 0 {
		return errors.New("the file has no data chunk, so no samples")
	}
	if missing := walk.riffEnd - walk.fileSize; w.truncated == nil && !openEnded && missing > 1 { // 1: a padding byte
		w.truncated = fmt.Errorf("read wav samples: the last %d bytes of the file are missing; it holds %d samples: %w",
			missing, w.Samples, io.ErrUnexpectedEOF)
	}
	return nil
}

// look takes what one chunk says.
func (w *WAVReader) look(src io.ReaderAt, c riffChunk) error {
	switch c.id {
	case "fmt ":
		if w.Format.Valid() {
			w.note("a second fmt chunk was left out")
			return nil
		}
		return w.parseFormat(src, c)
	case "auxi":
		body := make([]byte, min(c.present, auxiMaxBytes))
		if err := readAt(src, body, c.at); err != nil {
			return err
		}
		a, err := parseAuxi(body)
		if err != nil {
			w.note("the auxi chunk was left out: %v", err)
			return nil
		}
		w.Start, w.CenterHz, w.HasCenter = a.start, a.centerHz, a.hasCenter
	case "kiwi":
		w.Stamped = true
	case "data":
		return w.countData(c)
	}
	return nil
}

func (w *WAVReader) countData(c riffChunk) error {
	if !w.Format.Valid() {
		return errors.New("the data chunk comes before any fmt chunk")
	}
	if w.TrailingBytes != 0 {
		return fmt.Errorf("the data chunk before byte %d does not hold whole samples of %d bytes", c.headerAt, w.Format.Size())
	}
	size := int64(w.Format.Size())
	w.Samples += c.present / size
	w.TrailingBytes = c.present % size
	if c.openEnded && c.present > 0 {
		w.note("the size of the data chunk was never filled in: all %d bytes to the end of the file are read", c.present)
	}
	if c.present < c.size {
		w.truncated = fmt.Errorf("read wav samples: the data chunk at byte %d ends after %d of %d samples; the file holds %d samples: %w",
			c.headerAt, c.present/size, c.size/size, w.Samples, io.ErrUnexpectedEOF)
	}
	return nil
}

// parseFormat reads WAVEFORMATEX and WAVEFORMATEXTENSIBLE.
func (w *WAVReader) parseFormat(src io.ReaderAt, c riffChunk) error {
	b := make([]byte, min(c.present, 40))
	if len(b) < 16 {
		return fmt.Errorf("the fmt chunk has %d bytes, not 16", len(b))
	}
	if err := readAt(src, b, c.at); err != nil {
		return err
	}
	tag, channels := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	align, bits := binary.LittleEndian.Uint16(b[12:]), binary.LittleEndian.Uint16(b[14:])
	if tag == wavExtensible && len(b) == 40 && string(b[26:]) == wavSubformatTail {
		tag = binary.LittleEndian.Uint16(b[24:])
	}
	for _, f := range wavFormats {
		if f.tag == tag && f.bits == bits {
			w.Format = f.format
		}
	}
	switch {
	case channels != 2:
		return fmt.Errorf("the file has %d channels: IQ needs two, I left and Q right", channels)
	case !w.Format.Valid():
		return fmt.Errorf("%d-bit samples of WAV format %d are not known: convert the file to 16-bit PCM, for example with sox in.wav -b 16 out.wav", bits, tag)
	case int(align) != w.Format.Size():
		return fmt.Errorf("the fmt chunk says %d bytes for a sample of %d", align, w.Format.Size())
	}
	w.SampleRateHz = float64(binary.LittleEndian.Uint32(b[4:]))
	if w.SampleRateHz == 0 {
		w.note("the fmt chunk gives no sample rate")
	}
	return nil
}

func (w *WAVReader) note(format string, args ...any) {
	const enough = 20 // of a file that is odd all over
	if len(w.Notes) < enough {
		w.Notes = append(w.Notes, fmt.Sprintf(format, args...))
	}
}
