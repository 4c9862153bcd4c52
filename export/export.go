// Package export gives recordings away: in the format in which they are stored, or converted while they are
// read, and it writes the document that describes them.
//
// A recording is stored once, as its receiver sent it. What a user downloads is a [File]: a header, samples
// and perhaps a tail, none of which exists as a whole anywhere. Every byte of it is computed from its offset
// alone, so that ranges, resumed downloads and parts of an hour of samples cost no more than their own bytes,
// and memory does not grow with the recording.
//
// The package neither stores anything nor fills gaps: a file has the samples that were held, one after the
// other, and only SigMF says where some are missing. The surprising part: formats differ in what they can
// say. WAV rounds the sample rate to whole hertz and the start to milliseconds, .npy says neither, and a Kiwi WAV
// has a time for every 512 samples but only of receivers with GPS. SigMF is the one that loses nothing.
package export

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/iq"
)

// A Format is what a recording is given away as.
type Format string

const (
	SigMFData Format = "sigmf-data"
	SigMFMeta Format = "sigmf-meta"
	SigMF     Format = "sigmf"
	NPY       Format = "npy"
	WAV       Format = "wav"
	KiwiWAV   Format = "kiwi-wav"
	Raw       Format = "raw"
)

// A FormatInfo describes a format to users.
type FormatInfo struct {
	Format      Format
	Description string
	ContentType string
}

// Formats lists every format, in the order shown to users.
func Formats() []FormatInfo {
	return []FormatInfo{
		{SigMFData, "the samples as they are stored; belongs beside its sigmf-meta", "application/octet-stream"},
		{SigMFMeta, "the SigMF metadata: rate, times, gaps, place, measurement (JSON)", "application/json"},
		{SigMF, "SigMF archive: data and metadata in one uncompressed tar; loses nothing", "application/x-tar"},
		{NPY, "NumPy array of complex64, full scale 1: numpy.load", "application/octet-stream"},
		{WAV, "stereo WAV, I left and Q right, with start time and frequency; RF64 from 4 GiB", "audio/wav"},
		{KiwiWAV, "Kiwi WAV, as kiwirecorder writes it: a GPS time for every 512 samples, for solvers of TDoA", "audio/wav"},
		{Raw, "the samples as they are stored, named for programs that go by the ending (.cs16, .cu8, .cf32)", "application/octet-stream"},
	}
}

// An Option changes what Open gives.
type Option func(*job)

// Slice chooses samples [from, from+samples) of the recording, counting samples held. The metadata is that of
// a recording of these samples alone.
func Slice(from, samples int64) Option {
	return func(j *job) { j.from, j.samples, j.sliced = from, samples, true }
}

// A job is one Open at work: what was asked for, and what is known of the recording.
type job struct {
	info     blob.Info // of the data object
	meta     []byte
	rec      heimdall.Recording
	format   Format
	stored   iq.Format
	fromTime time.Time // if timed
	toTime   time.Time
	timed    bool
	from     int64 // of the samples chosen
	samples  int64
	sliced   bool
}

// Open gives the recording rec as a file in format f. obj is its open data object and meta its SigMF document,
// which only SigMFMeta and SigMF need. What cannot be had is a *heimdall.InvalidError. The File closes obj;
// after an error that is still the caller's to do.
func Open(obj blob.Object, meta []byte, rec heimdall.Recording, f Format, options ...Option) (*File, error) {
	file, err := plan(obj.Info(), meta, rec, f, options...)
	if err != nil {
		return nil, err
	}
	file.obj, file.stream = obj, stream{obj: obj, at: unknown}
	return file, nil
}

// plan is Open without the object, of which it needs to know no more than Stat tells: a File that can only be read
// where it holds no samples.
func plan(info blob.Info, meta []byte, rec heimdall.Recording, f Format, options ...Option) (*File, error) {
	j := job{info: info, meta: meta, rec: rec, format: f}
	for _, option := range options {
		option(&j)
	}
	if err := j.check(); err != nil {
		return nil, err
	}
	file, err := j.file()
	if err != nil {
		return nil, fmt.Errorf("export %s as %s: %w", rec.S3Path, f, err)
	}
	return file, nil
}

// check refuses what the user got wrong, and data that is not what its row says.
func (j *job) check() error {
	var err error
	if j.stored, err = iq.ParseFormat(j.rec.Datatype); err != nil {
		return fmt.Errorf("export %s: %w: %w", j.rec.S3Path, err, errDamaged)
	}
	bytes := j.info.Bytes
	if bytes != j.rec.SamplesCount*int64(j.stored.Size()) {
		return fmt.Errorf("export %s: the object has %d bytes and should have %d samples of %d: %w",
			j.rec.S3Path, bytes, j.rec.SamplesCount, j.stored.Size(), errDamaged)
	}
	var bad heimdall.InvalidError
	if j.timed {
		j.choose(&bad)
	} else if !j.sliced {
		j.samples = j.rec.SamplesCount
	}
	if !known(j.format) {
		bad.Add("format", "%q is not known: use one of %s", j.format, formatNames())
	}
	if j.from < 0 || j.from > j.rec.SamplesCount {
		bad.Add("from_sample", "must be from 0 to %d, the number of samples", j.rec.SamplesCount)
	} else if j.samples < 0 || j.samples > j.rec.SamplesCount-j.from {
		bad.Add("samples", "must be from 0 to %d, which is what follows sample %d", j.rec.SamplesCount-j.from, j.from)
	}
	if len(j.meta) == 0 && (j.format == SigMF || j.format == SigMFMeta) {
		bad.Add("format", "%q cannot be had because the metadata of this recording is missing: use sigmf-data, npy, wav or raw", j.format)
	}
	if j.format == WAV && !(j.rec.SampleRateHz >= 0.5) {
		bad.Add("format", "wav cannot be had because the sample rate of this recording is not known: use sigmf-data, npy or raw")
	}
	if j.format == KiwiWAV {
		j.checkKiwi(&bad)
	}
	return bad.Err()
}

func known(f Format) bool {
	for _, info := range Formats() {
		if info.Format == f {
			return true
		}
	}
	return false
}

func formatNames() string {
	var names []string
	for _, info := range Formats() {
		names = append(names, string(info.Format))
	}
	return strings.Join(names, ", ")
}

// baseName names files so that they sort by time and programs that look for a frequency in a name find it:
// 20171127T104156Z_77500Hz_websdr_3. A slice adds its samples.
func (j *job) baseName() string {
	object := strings.TrimSuffix(path.Base(j.rec.S3Path), ".sigmf-data")
	name := fmt.Sprintf("%dHz_%s", j.rec.FrequencyHz, object)
	switch {
	case j.format == KiwiWAV:
		name = j.kiwiName(object)
	case !j.rec.Start.IsZero():
		name = j.rec.Start.UTC().Format("20060102T150405Z") + "_" + name
	}
	if j.sliced {
		name += fmt.Sprintf("_%d-%d", j.from, j.from+j.samples)
	}
	return name
}

// rawExtensions are those by which inspectrum and its kin know the layout of samples.
var rawExtensions = map[iq.Format]string{
	iq.CI16LE: ".cs16", iq.CI16BE: ".cs16be", iq.CU8: ".cu8", iq.CI8: ".cs8", iq.CF32LE: ".cf32", iq.CF64LE: ".cf64",
}

func (j *job) extension() string {
	switch j.format {
	case Raw:
		return rawExtensions[j.stored]
	case KiwiWAV:
		return ".wav"
	}
	return "." + string(j.format)
}
