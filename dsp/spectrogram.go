package dsp

import "math"

// A Spectrogram is the power density of a record over time and frequency, coarse in time: what the metrics were made
// of. Densities are in full scale squared per hertz, not in decibels, so that they can be averaged.
type Spectrogram struct {
	LowHz   float64     // centre of the first bin, relative to 0 Hz of the record
	StepHz  float64     // between bins
	Seconds []float64   // how long each block of time lasts, one after another from the first sample on
	Density [][]float32 // of every block, bin by bin
}

// Spectrogram returns that of the finished record: at most 32 blocks of at most 65536 bins, 2 MiB together. It is nil
// before Finish, and of a record that has no spectrum: under 64 samples, or nothing but zeros.
func (m *Meter) Spectrogram() *Spectrogram { return m.spectrogram }

// spectrogram hands the blocks of s over.
func (s *spectrum) spectrogram(seconds float64) *Spectrogram {
	g := &Spectrogram{LowHz: s.frequency(0), StepHz: s.stepHz, Density: s.blocks}
	segments := 0
	for _, n := range s.counts {
		segments += n
	}
	for _, n := range s.counts {
		g.Seconds = append(g.Seconds, seconds*float64(n)/float64(segments))
	}
	return g
}

// Thumbnail draws the spectrogram together to so many columns of frequency: a row of decibels (dBFS/Hz) for each
// block of time. A column holds the strongest of its bins, so that a narrow line stays to be seen.
func (g *Spectrogram) Thumbnail(columns int) [][]float64 {
	rows := make([][]float64, len(g.Density))
	for i, block := range g.Density {
		width := min(max(columns, 1), len(block))
		rows[i] = make([]float64, width)
		for c := range width {
			var strongest float32
			for _, p := range block[c*len(block)/width : (c+1)*len(block)/width] {
				strongest = max(strongest, p)
			}
			rows[i][c] = 10 * math.Log10(float64(strongest))
		}
	}
	return rows
}
