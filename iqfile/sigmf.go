package iqfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// maxMetadata bounds a .sigmf-meta file, which is read whole.
const maxMetadata = 64 << 20

// openPair opens base.sigmf-meta and base.sigmf-data, one of which is open already as src.
func (f *File) openPair(base, ext string, src *os.File, size int64) error {
	meta, data := src, src
	if ext == sigmf.DataExt {
		var err error
		if meta, err = os.Open(base + sigmf.MetaExt); err != nil {
			return fmt.Errorf("its metadata %s cannot be opened: %w: to read the data alone, copy it to a name such as %s.ci16",
				filepath.Base(base)+sigmf.MetaExt, plain(err), filepath.Base(base))
		}
		defer meta.Close()
	}
	doc, err := io.ReadAll(io.LimitReader(meta, maxMetadata+1))
	if err != nil {
		return plain(err)
	}
	if len(doc) > maxMetadata {
		return fmt.Errorf("its metadata has more than %d bytes", maxMetadata)
	}
	m, err := sigmf.ParseMetadata(doc)
	if err != nil {
		return err
	}
	if ext == sigmf.MetaExt {
		if data, size, err = f.openDataset(base, m); err != nil {
			return err
		}
	}
	return f.useSigMF(m, data, size)
}

// openDataset opens the data that belongs to the metadata m.
func (f *File) openDataset(base string, m *sigmf.Metadata) (*os.File, int64, error) {
	if m.Global.MetadataOnly {
		return nil, 0, errors.New("it is metadata without data (core:metadata_only)")
	}
	name := base + sigmf.DataExt
	if d := m.Global.Dataset; d != "" {
		if d != filepath.Base(d) || strings.ContainsAny(d, `/\`) {
			return nil, 0, fmt.Errorf("core:dataset %q is not a plain file name", d)
		}
		name = filepath.Join(filepath.Dir(base), d)
	}
	data, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("its data %s cannot be opened: %w", filepath.Base(name), plain(err))
	}
	closeMeta := f.close
	f.close = func() error { return errors.Join(data.Close(), closeMeta()) }
	info, err := data.Stat()
	if err != nil {
		return nil, 0, plain(err)
	}
	return data, info.Size(), nil
}

func (f *File) openArchive(src io.ReaderAt, size int64, o Options) error {
	a, err := sigmf.ReadArchive(src, size)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range a.Recordings {
		if o.Recording == "" && len(a.Recordings) == 1 || o.Recording == r.Name || o.Recording != "" && o.Recording == path.Base(r.Name) {
			m, err := sigmf.ParseMetadata(r.Meta)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Name, err)
			}
			return f.useSigMF(m, r.Data, r.Data.Size())
		}
		names = append(names, r.Name)
	}
	return fmt.Errorf("name one of its recordings with --recording: %s", strings.Join(names, ", "))
}

// useSigMF fills f from the metadata and its data.
func (f *File) useSigMF(m *sigmf.Metadata, data io.Reader, size int64) error {
	format, err := iq.ParseFormat(m.Global.Datatype)
	if err != nil {
		return fmt.Errorf("core:datatype: %w", err)
	}
	if m.Global.NumChannels > 1 {
		return fmt.Errorf("it interleaves %d channels (core:num_channels): split them into one recording each", m.Global.NumChannels)
	}
	for k := range m.Captures {
		if m.Captures[k].HeaderBytes != 0 {
			return fmt.Errorf("captures[%d] has %d bytes of another format before its samples (core:header_bytes): convert the data to plain samples",
				k, m.Captures[k].HeaderBytes)
		}
	}
	if m.Global.TrailingBytes < 0 || m.Global.TrailingBytes > size {
		return fmt.Errorf("core:trailing_bytes of %d is not from 0 to the %d bytes of the data", m.Global.TrailingBytes, size)
	}
	size -= m.Global.TrailingBytes
	f.Kind, f.Metadata, f.Format, f.samples = SigMF, m, format, data
	f.SampleRateHz = m.Global.SampleRateHz
	f.Samples = size / int64(format.Size())
	f.TrailingBytes = size % int64(format.Size())
	if m.Global.SHA512 != "" && m.Global.TrailingBytes == 0 {
		f.expect(strings.ToLower(m.Global.SHA512))
	}
	if err := f.useCaptures(m); err != nil {
		return err
	}
	f.trimCaptures()
	return nil
}

// useCaptures fills f.Captures. core:sample_start counts from the start of a recording that may be split over
// files, of which this one begins at core:offset; where core:global_index is absent, samples follow one another.
func (f *File) useCaptures(m *sigmf.Metadata) error {
	for k := range m.Captures {
		in := &m.Captures[k]
		if in.SampleStart < 0 || m.Global.Offset < 0 || in.GlobalIndex != nil && *in.GlobalIndex < 0 {
			return fmt.Errorf("captures[%d] has a negative sample index", k)
		}
		c := Capture{Sample: in.SampleStart - m.Global.Offset, GlobalIndex: in.SampleStart}
		c.Start, _ = in.Start()
		if in.FrequencyHz != nil {
			c.CenterHz, c.HasCenter = *in.FrequencyHz, true
		}
		if k == 0 && c.Sample < 0 {
			return fmt.Errorf("captures[0] starts at sample %d (core:sample_start), before the first of the file, %d (core:offset)", in.SampleStart, m.Global.Offset)
		}
		if k > 0 {
			before := f.Captures[k-1]
			if c.Sample < before.Sample {
				return fmt.Errorf("captures[%d] starts at sample %d, before the one in front of it (core:sample_start): sort them", k, in.SampleStart)
			}
			c.GlobalIndex = before.GlobalIndex + c.Sample - before.Sample
		}
		if in.GlobalIndex != nil {
			c.GlobalIndex = *in.GlobalIndex
		}
		f.Captures = append(f.Captures, c)
		if k > 0 && missingBefore(f.Captures, k) < 0 {
			return fmt.Errorf("captures[%d] overlaps the one in front of it: its core:global_index is %d too small", k, -missingBefore(f.Captures, k))
		}
		if c.HasCenter && f.Captures[0].HasCenter && c.CenterHz != f.Captures[0].CenterHz {
			f.note("captures[%d] is tuned to %.0f Hz, the first one to %.0f Hz", k, c.CenterHz, f.Captures[0].CenterHz)
		}
	}
	return nil
}

// trimCaptures leaves the captures that have samples, and gives one to the samples before the first.
func (f *File) trimCaptures() {
	for k, c := range f.Captures {
		if c.Sample >= f.Samples && c.Sample > 0 {
			f.Damage = fmt.Errorf("captures[%d] starts at sample %d of a file that holds only %d samples: %w",
				k, c.Sample, f.Samples, io.ErrUnexpectedEOF)
			f.Captures = f.Captures[:k]
			break
		}
	}
	if len(f.Captures) == 0 {
		return
	}
	first := f.Captures[0]
	f.CenterHz, f.HasCenter = first.CenterHz, first.HasCenter
	if first.Sample > 0 {
		before := Capture{GlobalIndex: first.GlobalIndex - first.Sample, CenterHz: first.CenterHz, HasCenter: first.HasCenter}
		f.Captures = append([]Capture{before}, f.Captures...)
	}
}

// durationOf is n/rateHz, rounded to the nanosecond, without the loss of a float64 over long times. It ends at
// a century, which is more than a file says in earnest.
func durationOf(n int64, rateHz float64) time.Duration {
	const century = 100 * 365 * 24 * 3600
	whole := int64(min(float64(n)/rateHz, century))
	if whole == century {
		return century * time.Second
	}
	rest := float64(n) - float64(whole)*rateHz
	return time.Duration(whole)*time.Second + time.Duration(rest/rateHz*1e9+0.5)
}
