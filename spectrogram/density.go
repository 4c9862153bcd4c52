package spectrogram

import (
	"fmt"
	"io"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
)

// A Density is power per hertz over frequency (Welch's method), bin by bin from the lowest frequency, full scale 1. Noise
// reads its density in it; the power of a tone is the sum of its bins times StepHz of the shape.
type Density struct {
	PerHz    []float64 // nil when nothing was received
	Segments float64   // how many segments it is the mean of, half their length apart
}

// exactSegments is how many segments are read for one density. Longer stretches have it from the pyramid, whose columns
// they cut where they begin and end, by weight.
const exactSegments = 2048

// Exact reports whether the density of a grid's time is computed from all of its samples, not from the pyramid.
func (p *Pyramid) Exact(s Shape, g Grid) bool {
	span := g.Step * float64(g.Columns)
	return span <= float64(exactSegments*s.hop()) || span < p.Step
}

// Density is that of a grid's time, from the pyramid.
func (p *Pyramid) Density(s Shape, g Grid) Density {
	return s.density(p.Draw(Grid{From: g.From, Step: g.Step * float64(g.Columns), Columns: 1}))
}

// ComputeDensity is that of a grid's time, from every whole segment of its samples. Of a stretch shorter than a segment it
// is that of the segment around it.
func ComputeDensity(data io.ReaderAt, f iq.Format, s Shape, g Grid) (Density, error) {
	from, to := g.From, g.From+g.Step*float64(g.Columns)
	m := newMatrix(1, s.Bins)
	spectrum := dsp.NewToneSpectrum(s.Bins)
	w := window{data: data, format: f}
	re, im := make([]float32, s.Bins), make([]float32, s.Bins)
	for _, seg := range s.whole(from, to) {
		src, err := w.bytes(seg)
		if err != nil {
			return Density{}, fmt.Errorf("read samples: %w", err)
		}
		iq.Split(re, im, src, f)
		spectrum.Add(m.sums(0), re, im)
		m.Weight[0]++
	}
	m.average()
	return s.density(m), nil
}

// whole are the segments within a stretch of time, half their length apart. Runs shorter than a segment have none: what
// they would give is not comparable, their bins being wider for noise.
func (s Shape) whole(from, to float64) (list []segment) {
	for _, r := range s.runs {
		low, high := max(from, float64(r.position)), min(to, float64(r.position+r.samples))
		if low >= high || r.samples < int64(s.Bins) {
			continue
		}
		first := min(int64(low)-r.position, r.samples-int64(s.Bins))
		list = append(list, segment{r.sample + first, int64(s.Bins)})
		for at := first + s.hop(); at+int64(s.Bins) <= int64(high)-r.position; at += s.hop() {
			list = append(list, segment{r.sample + at, int64(s.Bins)})
		}
	}
	return list
}

func (s Shape) density(m *Matrix) Density {
	column := m.Column(0)
	if column == nil {
		return Density{}
	}
	d := Density{PerHz: make([]float64, len(column)), Segments: float64(m.Weight[0])}
	width := dsp.NewToneSpectrum(s.Bins).NoiseBandwidthHz(s.RateHz)
	for b, p := range column {
		d.PerHz[b] = float64(p) / width
	}
	return d
}
