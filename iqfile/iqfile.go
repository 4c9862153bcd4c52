// Package iqfile opens recordings of any kind that people have: SigMF (a pair of files or an archive), .npy,
// WAV, the stamped WAV of KiwiSDRs, and raw samples. All of them become one [File]: a description and a
// stream of samples as they are stored.
//
// It converts nothing: package iq does that. Package stamp makes time of a KiwiSDR's stamps. The surprising
// part: a file with a damaged end is refused, because a recording that is silently shorter than it
// should be gives wrong numbers. Options.AllowPartial reads what is there.
package iqfile

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// A Kind says what kind of file a recording came from.
type Kind string

const (
	SigMF   Kind = "sigmf"
	NPY     Kind = "npy"
	WAV     Kind = "wav"
	KiwiWAV Kind = "kiwi_wav"
	Raw     Kind = "raw"
)

// Options say what a file does not say itself. The zero value asks the file for everything.
type Options struct {
	Format       iq.Format // of a raw file; another kind of file must agree with it
	SampleRateHz float64   // if not 0, holds against what the file says; a difference is noted in File.Notes
	CenterHz     float64   // likewise
	Start        time.Time // of sample 0; likewise
	Recording    string    // which recording of an archive that holds several
	AllowPartial bool      // open a file whose end is damaged; File.Damage tells
}

// A File is an open recording. One goroutine uses it at a time.
type File struct {
	Kind         Kind
	Format       iq.Format
	SampleRateHz float64 // above 0
	CenterHz     float64 // radio frequency at 0 Hz of sample 0; meaningful if HasCenter
	HasCenter    bool
	Start        time.Time // of sample 0; zero when unknown
	Samples      int64     // that Read will give

	Captures      []Capture       // the gap-free runs as the file gives them, in order; at least one, the first at sample 0
	Metadata      *sigmf.Metadata // nil unless SigMF
	TrailingBytes int64           // beyond the last whole sample; not read
	Damage        error           // what is wrong with the end of the file; nil unless AllowPartial
	Notes         []string        // what is odd about the file and did not matter

	ownStart bool // Start is what the file says, not what the options say against it
	samples  io.Reader
	wav      *iq.WAVReader
	kiwi     *kiwiClock  // nil unless KiwiWAV
	src      io.ReaderAt // all of the file, for ScanStamps; nil unless WAV
	size     int64       // of src, in bytes
	left     int64       // samples not yet read
	partial  bool
	sum      hash.Hash
	want     string // what sum should come to, hex; "" when the file does not say
	close    func() error
}

// A Capture is a run of samples without a gap.
type Capture struct {
	Sample      int64 // index of its first sample in this file
	GlobalIndex int64 // index of its first sample in the receiver's stream
	Start       time.Time
	CenterHz    float64
	HasCenter   bool
}

// Open opens a recording. The name's extension decides the kind; without a known one the first bytes do. For
// SigMF it takes the metadata, the data or the archive. The caller closes the file.
func Open(path string, o Options) (*File, error) {
	f, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open recording %s: %w", path, err)
	}
	return f, nil
}

func open(path string, o Options) (_ *File, err error) {
	info, err := os.Stat(path) // before opening, because opening a pipe waits for its writer
	if err != nil {
		return nil, plain(err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no plain file: name a file that holds samples")
	case info.Size() == 0:
		return nil, errors.New("the file is empty")
	}
	src, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	f := &File{close: src.Close}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := f.openKind(path, src, info.Size(), o); err != nil {
		return nil, err
	}
	if err := f.settle(o); err != nil {
		return nil, err
	}
	if f.Kind == KiwiWAV {
		f.kiwi = newKiwiClock(f.SampleRateHz, o.Start, path, info.ModTime())
	}
	return f, nil
}

// plain drops the path from an error of package os, because Open names it.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// settle lets the options speak and refuses what cannot be used.
func (f *File) settle(o Options) error {
	if o.Format != 0 && o.Format != f.Format {
		return fmt.Errorf("its samples are %v, not %v as --format says", f.Format, o.Format)
	}
	f.override("sample rate in Hz", &f.SampleRateHz, o.SampleRateHz, f.SampleRateHz != 0)
	if !(f.SampleRateHz > 0 && f.SampleRateHz <= 1e12) {
		return errors.New("the file does not say its sample rate: give it with --sample-rate-hz")
	}
	f.settleStart(o)
	if o.CenterHz != 0 {
		f.override("centre frequency in Hz", &f.CenterHz, o.CenterHz, f.HasCenter)
		f.HasCenter = true
	}
	if len(f.Captures) == 0 {
		f.Captures = []Capture{{Start: f.Start, CenterHz: f.CenterHz, HasCenter: f.HasCenter}}
	}
	f.left, f.partial = f.Samples, o.AllowPartial
	if f.TrailingBytes > 0 && f.Damage == nil {
		f.Damage = fmt.Errorf("%d bytes follow its %d whole samples of %v: the file was cut off, or --format is wrong",
			f.TrailingBytes, f.Samples, f.Format)
	}
	switch {
	case f.Damage != nil && !o.AllowPartial:
		return fmt.Errorf("%w (--allow-partial reads the %d samples that are there)", f.Damage, f.Samples)
	case f.Samples == 0:
		return errors.New("the file holds no samples")
	}
	return nil
}

// settleStart takes the start from the first capture that has a time, unless the options have one.
func (f *File) settleStart(o Options) {
	for _, c := range f.Captures {
		if f.Start.IsZero() && !c.Start.IsZero() {
			f.Start = c.Start.Add(-durationOf(c.GlobalIndex-f.Captures[0].GlobalIndex, f.SampleRateHz))
		}
	}
	f.ownStart = o.Start.IsZero() || f.Start.Equal(o.Start)
	if o.Start.IsZero() {
		return
	}
	if !f.Start.IsZero() && !f.Start.Equal(o.Start) {
		f.note("the start %s given holds; the file says %s", o.Start.UTC().Format(time.RFC3339Nano), f.Start.Format(time.RFC3339Nano))
	}
	f.Start = o.Start.UTC()
}

func (f *File) override(what string, held *float64, given float64, known bool) {
	if given == 0 {
		return
	}
	if known && *held != given {
		f.note("the %s %g given holds; the file says %g", what, given, *held)
	}
	*held = given
}

func (f *File) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// Read gives whole samples in Format, and fills p as far as it can; p must hold at least one. If the file
// states its own checksum and the samples are others, the end is an error in place of io.EOF, or, with
// Options.AllowPartial, a Damage.
func (f *File) Read(p []byte) (int, error) {
	size := int64(f.Format.Size())
	if int64(len(p)) < size {
		return 0, io.ErrShortBuffer
	}
	if f.left == 0 {
		return 0, f.end()
	}
	n, err := io.ReadFull(f.samples, p[:min(int64(len(p))/size, f.left)*size])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if f.kiwi != nil {
		f.kiwi.read(f.wav.Stamps())
	}
	n -= n % int(size)
	f.left -= int64(n) / size
	if f.sum != nil {
		f.sum.Write(p[:n])
	}
	if err != nil {
		return n, fmt.Errorf("read recording: %w", err)
	}
	return n, nil
}

func (f *File) end() error {
	if f.sum == nil || f.Damage != nil {
		return io.EOF
	}
	got := hex.EncodeToString(f.sum.Sum(nil))
	if got == f.want {
		return io.EOF
	}
	err := fmt.Errorf("read recording: its samples have the SHA-512 %.16s… and not %.16s… as core:sha512 says: the data was changed or cut off", got, f.want)
	if f.partial {
		f.Damage = err
		return io.EOF
	}
	return err
}

// expect makes Read check the samples against a SHA-512 in hex.
func (f *File) expect(sha512Hex string) {
	f.sum, f.want = sha512.New(), sha512Hex
}

// Gaps lists the runs of samples that are missing between the captures.
func (f *File) Gaps() []heimdall.Gap {
	var gaps []heimdall.Gap
	for k := 1; k < len(f.Captures); k++ {
		if missing := missingBefore(f.Captures, k); missing > 0 {
			gaps = append(gaps, heimdall.Gap{Sample: f.Captures[k].Sample, Missing: missing})
		}
	}
	return gaps
}

func missingBefore(c []Capture, k int) int64 {
	return (c[k].GlobalIndex - c[k-1].GlobalIndex) - (c[k].Sample - c[k-1].Sample)
}

// Close may be called more than once.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	err := f.close()
	f.close = nil
	return err
}
