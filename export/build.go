package export

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
)

// file puts the parts together.
func (j *job) file() (*File, error) {
	var parts []part
	var err error
	switch j.format {
	case SigMFData, Raw:
		parts = []part{j.data(j.stored)}
	case NPY:
		parts = []part{fixed(iq.NPYHeader(j.samples)), j.data(iq.CF32LE)}
	case WAV:
		parts, err = j.wav()
	case KiwiWAV:
		parts, err = j.kiwiWAV()
	case SigMFMeta, SigMF:
		var meta []byte
		if meta, err = j.document(); err == nil {
			parts = []part{fixed(meta)}
		}
		if err == nil && j.format == SigMF {
			parts, err = archive(j.baseName(), meta, j.data(j.stored), j.modified())
		}
	}
	if err != nil {
		return nil, err
	}
	f := newFile(parts)
	f.Name = j.baseName() + j.extension()
	f.ETag, f.modified = j.etag(), j.modified()
	for _, info := range Formats() {
		if info.Format == j.format {
			f.ContentType = info.ContentType
		}
	}
	return f, nil
}

// data is the chosen samples in format to.
func (j *job) data(to iq.Format) part {
	return samplesPart(j.stored, to, j.from, j.samples)
}

func (j *job) wav() ([]part, error) {
	to := wavFormat(j.stored)
	h := iq.WAVHeader{Format: to, SampleRateHz: j.rec.SampleRateHz, Samples: j.samples, CenterHz: float64(j.rec.FrequencyHz)}
	if !j.rec.Start.IsZero() {
		clock := clockOf(&j.rec)
		h.Start = clock.At(j.from)
	}
	header, err := h.Bytes()
	if err != nil {
		return nil, &heimdall.InvalidError{Fields: []heimdall.FieldError{
			{Field: "format", Message: fmt.Sprintf("wav cannot be had: %v: use sigmf, npy or raw", err)}}}
	}
	return []part{fixed(header), j.data(to)}, nil
}

// wavFormat is the format that WAV readers understand and that holds the samples without loss; of cf64, which no
// receiver sends, floats keep what a receiver could.
func wavFormat(stored iq.Format) iq.Format {
	switch stored {
	case iq.CI16BE, iq.CI8: // 8 bits in WAV are unsigned, with another zero than those of cu8
		return iq.CI16LE
	case iq.CF64LE:
		return iq.CF32LE
	}
	return stored
}

// document is the metadata of the samples chosen.
func (j *job) document() ([]byte, error) {
	if !j.sliced {
		return j.meta, nil
	}
	doc, err := sliceDocument(j.meta, &j.rec, j.from, j.samples)
	if err != nil {
		return nil, fmt.Errorf("cut the metadata: %w: %w", err, errDamaged)
	}
	return doc, nil
}

// modified is when the last sample was received: the same for every download.
func (j *job) modified() time.Time {
	if j.rec.Start.IsZero() {
		return time.Unix(0, 0)
	}
	clock := clockOf(&j.rec)
	return clock.At(j.rec.SamplesCount)
}

// etag changes when any byte of the file would. What is given away as it is stored has the hash of the object.
func (j *job) etag() string {
	info := j.info
	sum := j.rec.SHA256
	if sum == "" {
		sum = info.SHA256
	}
	if sum != "" && !j.sliced && (j.format == SigMFData || j.format == Raw) {
		return `"` + sum + `"`
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d %d %v\n%s\n%s\n", heimdall.Version, j.format, j.from, j.samples, j.sliced, sum, info.Key)
	if sum == "" {
		fmt.Fprintf(h, "%d %d\n", info.Bytes, info.Modified.UnixNano())
	}
	fmt.Fprintf(h, "%v %d %s\n", j.rec.SampleRateHz, j.rec.FrequencyHz, j.rec.Start.UTC().Format(time.RFC3339Nano))
	if j.format == SigMF || j.format == SigMFMeta {
		h.Write(j.meta)
	}
	if j.format == KiwiWAV {
		fmt.Fprintf(h, "%d %v\n", j.rec.GPSAgeMaxS, j.rec.Gaps)
	}
	return fmt.Sprintf(`"%x"`, h.Sum(nil)[:16])
}
