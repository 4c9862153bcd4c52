package iqfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// rawFormats says what the extensions of raw files mean, as rtl_433, inspectrum and GNU Radio use them.
var rawFormats = map[string]iq.Format{
	".cu8":  iq.CU8,
	".cs8":  iq.CI8,
	".ci8":  iq.CI8,
	".cs16": iq.CI16LE,
	".ci16": iq.CI16LE,
	".cf32": iq.CF32LE,
	".fc32": iq.CF32LE,
	".cf64": iq.CF64LE,
}

// openKind finds out what the file is and fills f from it.
func (f *File) openKind(path string, src *os.File, size int64, o Options) error {
	ext := strings.ToLower(filepath.Ext(path))
	switch ext {
	case sigmf.MetaExt, sigmf.DataExt:
		return f.openPair(strings.TrimSuffix(path, filepath.Ext(path)), ext, src, size)
	case sigmf.ArchiveExt:
		return f.openArchive(src, size, o)
	case sigmf.CollectionExt:
		return errors.New("a collection holds no samples: open one of the recordings that it lists")
	case ".npy":
		return f.openNPY(src, size)
	case ".wav", ".rf64", ".bw64":
		return f.openWAV(src, size)
	}
	var magic [6]byte
	n, _ := src.ReadAt(magic[:], 0)
	_, raw := rawFormats[ext]
	switch head := string(magic[:n]); {
	case raw:
		return f.openRaw(src, size, ext, o)
	case head == "\x93NUMPY":
		return f.openNPY(src, size)
	case strings.HasPrefix(head, "RIFF"), strings.HasPrefix(head, "RF64"), strings.HasPrefix(head, "BW64"):
		return f.openWAV(src, size)
	case o.Format != 0:
		return f.openRaw(src, size, ext, o)
	}
	return errors.New("neither its name nor its first bytes say what it is: if it holds raw samples, give --format (such as ci16_le, cu8 or cf32_le) and --sample-rate-hz")
}

func (f *File) openRaw(src io.Reader, size int64, ext string, o Options) error {
	f.Kind, f.samples = Raw, src
	f.Format = o.Format // which the user knows better than the extension
	if f.Format == 0 {
		f.Format = rawFormats[ext]
	}
	if !f.Format.Valid() {
		return fmt.Errorf("%v is not a sample format", f.Format)
	}
	f.Samples = size / int64(f.Format.Size())
	f.TrailingBytes = size % int64(f.Format.Size())
	return nil
}

func (f *File) openNPY(src io.Reader, size int64) error {
	r, err := iq.NewNPYReader(src)
	if err != nil {
		return err
	}
	f.Kind, f.Format, f.samples = NPY, r.Format, r
	sampleBytes := int64(r.Format.Size())
	f.Samples = min(r.Samples, (size-r.HeaderBytes)/sampleBytes)
	switch rest := size - r.HeaderBytes - r.Samples*sampleBytes; {
	case rest < 0:
		f.TrailingBytes = (size - r.HeaderBytes) % sampleBytes
		f.Damage = fmt.Errorf("the file ends after %d of %d samples: %w", f.Samples, r.Samples, io.ErrUnexpectedEOF)
	case rest > 0:
		f.note("%d bytes after the array were left out", rest)
	}
	return nil
}

func (f *File) openWAV(src io.ReaderAt, size int64) error {
	w, err := iq.NewWAVReader(src, size)
	if err != nil {
		return err
	}
	f.Kind, f.Format, f.samples, f.wav, f.src, f.size = WAV, w.Format, w, w, src, size
	if w.Stamped {
		f.Kind = KiwiWAV
	}
	f.SampleRateHz, f.Samples, f.TrailingBytes = w.SampleRateHz, w.Samples, w.TrailingBytes
	f.Start, f.CenterHz, f.HasCenter = w.Start, w.CenterHz, w.HasCenter
	f.Damage = w.Truncated()
	f.Notes = append(f.Notes, w.Notes...)
	return nil
}
