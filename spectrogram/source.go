// Package spectrogram draws recordings: power over time and frequency, for any stretch of time, quickly.
//
// Time is that of the recording's clock, its gaps counted. It is told in positions: samples since sample 0, those that
// were lost included. A picture has columns of time, and where nothing was received a column has no power: it is left
// transparent, not black.
//
// Power is in dBFS as of a tone: a tone at the centre of a bin reads its own power. A column is the mean power of its
// segments, and a picture that has fewer rows than there are bins shows the strongest bin of each row, so that a narrow
// line stays to be seen.
//
// A whole recording is read once: what it gives, at most 8192 columns and the same again in ever wider ones, is the
// Pyramid, which is stored beside the recording. Details finer than its columns are computed from the samples asked for.
//
// It leaves out axes, which the page draws, and where pyramids are stored, which is the API's business.
//
// The surprising part: a column finer than the pyramid but wider than eight segments is the mean of eight that are
// spread over it, so that a picture costs the same of an hour at 2 MHz as of a minute at 12 kHz.
package spectrogram

import (
	"errors"
	"fmt"
	"io"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
)

const (
	maxBins     = 1024
	minSamples  = 64 // shorter recordings have no spectrogram
	maxSegments = 8  // of a column that is computed for one picture
)

// ErrShort: the recording is too short for a spectrogram.
var ErrShort = errors.New("the recording is too short for a spectrogram: it takes 64 samples")

// A Shape says what the bins and the times of a recording are.
type Shape struct {
	RateHz    float64
	Bins      int   // from the lowest frequency to the highest, 0 Hz of the recording at Bins/2
	Positions int64 // of the whole recording, its gaps counted
	runs      []run
}

// A run is a stretch without gaps.
type run struct {
	position int64 // of its first sample
	sample   int64 // the same among the samples held
	samples  int64
}

// ShapeOf is the shape of a recording.
func ShapeOf(rec *heimdall.Recording) (Shape, error) {
	if rec.SamplesCount < minSamples {
		return Shape{}, ErrShort
	}
	if !(rec.SampleRateHz > 0) {
		return Shape{}, fmt.Errorf("draw %s: its sample rate is not known", rec.S3Path)
	}
	s := Shape{RateHz: rec.SampleRateHz, Bins: maxBins}
	for int64(s.Bins) > rec.SamplesCount {
		s.Bins /= 2
	}
	var begin, missing int64
	add := func(end int64) {
		if end > begin {
			s.runs = append(s.runs, run{position: begin + missing, sample: begin, samples: end - begin})
		}
		begin = max(begin, end)
	}
	for _, g := range rec.Gaps {
		if g.Sample > 0 && g.Sample < rec.SamplesCount && g.Missing > 0 { // what is lost at either end is no part of it
			add(g.Sample)
			missing += g.Missing
		}
	}
	add(rec.SamplesCount)
	s.Positions = rec.SamplesCount + missing
	return s, nil
}

// StepHz is how far bins are apart.
func (s Shape) StepHz() float64 { return s.RateHz / float64(s.Bins) }

// LowHz is the centre of the first bin, relative to 0 Hz of the recording.
func (s Shape) LowHz() float64 { return -s.RateHz / 2 }

// hop is how far segments are apart where all of a recording is read.
func (s Shape) hop() int64 { return int64(s.Bins) / 2 }

// A Matrix is power over columns of time and bins of frequency, full scale 1.
type Matrix struct {
	Columns, Bins int
	Power         []float32 // column by column
	Weight        []float32 // of each column: how many segments it is the mean of; 0 where nothing was received
}

func newMatrix(columns, bins int) *Matrix {
	return &Matrix{Columns: columns, Bins: bins, Power: make([]float32, columns*bins), Weight: make([]float32, columns)}
}

// Column is the power of one column, bin by bin; nil where nothing was received.
func (m *Matrix) Column(c int) []float32 {
	if m.Weight[c] == 0 {
		return nil
	}
	return m.Power[c*m.Bins : (c+1)*m.Bins]
}

// sums is the power of a column while it is added up.
func (m *Matrix) sums(c int) []float32 { return m.Power[c*m.Bins : (c+1)*m.Bins] }

// average makes means of sums.
func (m *Matrix) average() {
	inParts(m.Columns, func(from, to int) {
		for c := from; c < to; c++ {
			if w := m.Weight[c]; w > 1 {
				divide(m.sums(c), w)
			}
		}
	})
}

func divide(sums []float32, by float32) {
	for b := range sums {
		sums[b] /= by
	}
}

// A Grid is the columns of a picture: column c spans [From+c*Step, From+(c+1)*Step) of positions.
type Grid struct {
	From, Step float64
	Columns    int
}

// A segment is up to Bins samples of one run.
type segment struct{ sample, samples int64 }

// around is the segment of a run whose middle is as near to position at as the run allows; not ok when the run is too
// short for any.
func (s Shape) around(r run, at float64) (segment, bool) {
	n := min(int64(s.Bins), r.samples)
	begin := min(max(int64(at)-n/2-r.position, 0), r.samples-n)
	return segment{r.sample + begin, n}, n >= dsp.MinSegmentSamples
}

// segments are those of one column: at most maxSegments, spread over what was received of it.
func (s Shape) segments(from, to float64) (list []segment) {
	for _, r := range s.runs {
		low, high := max(from, float64(r.position)), min(to, float64(r.position+r.samples))
		if low >= high {
			continue
		}
		n := min(max(1, int((high-low)/float64(s.hop()))), maxSegments)
		for i := range n {
			if seg, ok := s.around(r, low+(high-low)*(float64(i)+0.5)/float64(n)); ok {
				list = append(list, seg)
			}
		}
	}
	if len(list) > maxSegments { // of many runs, some
		for i := range maxSegments {
			list[i] = list[i*len(list)/maxSegments]
		}
		list = list[:maxSegments]
	}
	return list
}

// Compute computes the columns of a grid from the samples alone.
func Compute(data io.ReaderAt, f iq.Format, s Shape, g Grid) (*Matrix, error) {
	m := newMatrix(g.Columns, s.Bins)
	spectrum := dsp.NewToneSpectrum(s.Bins)
	w := window{data: data, format: f}
	re, im := make([]float32, s.Bins), make([]float32, s.Bins)
	for c := range g.Columns {
		from := g.From + float64(c)*g.Step
		for _, seg := range s.segments(from, from+g.Step) {
			src, err := w.bytes(seg)
			if err != nil {
				return nil, fmt.Errorf("read samples: %w", err)
			}
			n := iq.Split(re, im, src, f)
			spectrum.Add(m.sums(c), re[:n], im[:n])
			m.Weight[c]++
		}
	}
	m.average()
	return m, nil
}

// A window is what was last read of the samples, so that neighbouring segments are not read one by one.
type window struct {
	data   io.ReaderAt
	format iq.Format
	from   int64 // samples
	buffer []byte
}

const readAhead = 1 << 17 // bytes

func (w *window) bytes(seg segment) ([]byte, error) {
	size := int64(w.format.Size())
	begin, end := (seg.sample-w.from)*size, (seg.sample-w.from+seg.samples)*size
	if begin < 0 || end > int64(len(w.buffer)) {
		w.from = seg.sample
		want := max(seg.samples*size, readAhead/size*size)
		if int64(cap(w.buffer)) < want {
			w.buffer = make([]byte, want)
		}
		n, err := w.data.ReadAt(w.buffer[:want], seg.sample*size)
		if int64(n) < seg.samples*size {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		w.buffer = w.buffer[:n]
		begin, end = 0, seg.samples*size
	}
	return w.buffer[begin:end], nil
}
