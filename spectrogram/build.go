package spectrogram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
)

// ErrDamaged: the samples are not those that were recorded.
var ErrDamaged = errors.New("the recording is damaged")

const (
	fewColumns  = 2048 // of the finest level; more where they are a fortieth of the recording
	mostColumns = 8192
	block       = 1 << 16 // samples that one goroutine takes on at once
)

// finest is the grid of the finest level: columns of at least a hop.
func (s Shape) finest(bytes int64) Grid {
	columns := min(max(fewColumns, bytes/40/int64(s.Bins)/4), mostColumns)
	step := max(s.hop(), (s.Positions+columns-1)/columns)
	return Grid{Step: float64(step), Columns: int((s.Positions + step - 1) / step)}
}

// Build reads all samples, proves by their SHA-256 that they are those that were recorded, and returns the pyramid.
func Build(ctx context.Context, data io.Reader, f iq.Format, s Shape, bytes int64, sum string) (*Pyramid, error) {
	grid := s.finest(bytes)
	b := &building{shape: s, format: f, grid: grid, matrix: newMatrix(grid.Columns, s.Bins)}
	hash := sha256.New()
	if err := b.read(ctx, io.TeeReader(data, hash)); err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); sum != "" && got != sum {
		return nil, fmt.Errorf("%w: it hashes to %s, its row says %s", ErrDamaged, got, sum)
	}
	b.matrix.average()
	return newPyramid(s, grid, sum, b.matrix), nil
}

// A building is a pyramid in the making.
type building struct {
	shape  Shape
	format iq.Format
	grid   Grid

	mu     sync.Mutex // guards matrix while workers run
	matrix *Matrix
}

// A work is a piece of one run: the segments that begin in its first fresh samples.
type work struct {
	src      []byte
	position int64 // of the first sample of src
	fresh    int64 // samples whose segments these are
	first    bool  // the run begins with src
	last     bool  // it ends with src
}

// read reads the runs one after the other and hands their pieces to workers.
func (b *building) read(ctx context.Context, data io.Reader) error {
	jobs, free := make(chan work), make(chan []byte, 2*runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			w := newWorker(b)
			for job := range jobs {
				w.do(job)
				free <- job.src[:0]
			}
		})
	}
	for range cap(free) {
		free <- nil
	}
	err := b.cut(ctx, data, func(job work) { jobs <- job }, free)
	close(jobs)
	group.Wait()
	if err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, data); n > 0 || err != nil {
		return errors.Join(err, fmt.Errorf("%w: it has %d bytes more than its row says", ErrDamaged, n))
	}
	return nil
}

// cut cuts every run into pieces that overlap by what a segment needs.
func (b *building) cut(ctx context.Context, data io.Reader, hand func(work), free <-chan []byte) error {
	size, hop := int64(b.format.Size()), b.shape.hop()
	for _, r := range b.shape.runs {
		var kept []byte // the end of the last piece, whose segments are not done
		for done := int64(0); done < r.samples; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(block, r.samples-done)
			src := append(<-free, kept...)
			at := len(src)
			src = append(src, make([]byte, int(n*size))...)
			if _, err := io.ReadFull(data, src[at:]); err != nil {
				if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
					return fmt.Errorf("%w: it has fewer bytes than its row says", ErrDamaged)
				}
				return fmt.Errorf("read samples: %w", err)
			}
			job := work{src: src, position: r.position + done - int64(at)/size, last: done+n == r.samples}
			job.first = job.position == r.position
			held := int64(len(src)) / size
			if done += n; !job.last && held >= int64(b.shape.Bins) {
				job.fresh = (held - int64(b.shape.Bins)) / hop * hop
			}
			if job.last {
				job.fresh = held
			}
			kept = append(kept[:0], src[job.fresh*size:]...)
			hand(job)
		}
	}
	return nil
}

// A worker is one goroutine of a building.
type worker struct {
	*building
	spectrum *dsp.ToneSpectrum
	re, im   []float32
	sum      []float32 // of the column being filled
	column   int
	weight   float32
}

func newWorker(b *building) *worker {
	n := b.shape.Bins
	return &worker{building: b, spectrum: dsp.NewToneSpectrum(n), sum: make([]float32, n), column: -1}
}

// do adds the segments of a piece: half their length apart, and one that ends where the run does.
func (w *worker) do(job work) {
	n := len(job.src) / w.format.Size()
	if len(w.re) < n {
		w.re, w.im = make([]float32, n), make([]float32, n)
	}
	iq.Split(w.re[:n], w.im[:n], job.src, w.format)
	bins, hop := w.shape.Bins, int(w.shape.hop())
	end := 0 // of the last segment
	for at := 0; at+bins <= n && int64(at) < job.fresh; at += hop {
		end = at + bins
		w.add(job, at, bins, job.last && end == n)
	}
	if job.last && end < n {
		rest := min(bins, n)
		w.add(job, n-rest, rest, true)
	}
	w.flush()
}

// add adds one segment to the column in which its middle lies. The first of a run stands for what is before its middle,
// too, and the last for what is behind.
func (w *worker) add(job work, at, samples int, last bool) {
	if samples < dsp.MinSegmentSamples {
		return
	}
	from := w.columnOf(job.position + int64(at+samples/2))
	to := from
	if job.first && at == 0 {
		from = w.columnOf(job.position)
	}
	if last {
		to = w.columnOf(job.position + int64(at+samples-1))
	}
	for column := from; column <= to; column++ {
		if column != w.column {
			w.flush()
			w.column = column
		}
		w.spectrum.Add(w.sum, w.re[at:at+samples], w.im[at:at+samples])
		w.weight++
	}
}

func (w *worker) columnOf(position int64) int {
	return min(int(position/int64(w.grid.Step)), w.grid.Columns-1)
}

// flush adds what is held to the matrix of all.
func (w *worker) flush() {
	if w.weight > 0 {
		w.mu.Lock()
		for b, p := range w.sum {
			w.matrix.Power[w.column*w.matrix.Bins+b] += p
		}
		w.matrix.Weight[w.column] += w.weight
		w.mu.Unlock()
		clear(w.sum)
	}
	w.weight, w.column = 0, -1
}
