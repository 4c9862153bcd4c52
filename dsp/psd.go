package dsp

import "math"

const (
	maxBlocks     = 32      // of time: the rows of the coarse spectrogram
	maxBlockFloat = 1 << 19 // floats of all blocks together, 2 MiB
	maxSegment    = 1 << 16
	minSegment    = 256
	minRecord     = 64 // samples; shorter records have no spectrum worth the name

	// Overlap makes more of the same samples, for more work: segments half their length apart have half the variance of
	// the noise of those a whole length apart, a quarter apart a quarter less again, where little is left to gain. Up to
	// this many segments it is worth the work.
	quarterUpTo = 512
	halfUpTo    = 1024
)

// hopOf is how far apart segments of n samples are, of so many samples.
func hopOf(n int, samples int64) int {
	switch {
	case segmentsOf(samples, n, n/4) <= quarterUpTo:
		return n / 4
	case segmentsOf(samples, n, n/2) <= halfUpTo:
		return n / 2
	}
	return n
}

// segmentLength chooses the Welch segment of a record of n samples: at least 64 bins over a channel of
// relative bandwidth bw (cycles per sample), about sqrt(2n), and at least 8 segments' worth of samples.
func segmentLength(n int64, bw float64) int {
	l := minSegment
	for l < maxSegment && (float64(l) < 64/bw || float64(l)*float64(l) < 2*float64(n)) {
		l *= 2
	}
	for l > minSegment && n < 8*int64(l) {
		l /= 2
	}
	for l > 2 && n < int64(l) {
		l /= 2
	}
	return l
}

// A welch averages periodograms of windowed segments, overlapping by half unless there are very many, in up to 32
// blocks of time. When more time comes than expected, neighbouring blocks are merged and later ones span twice as
// much.
type welch struct {
	n      int
	hop    int // from one segment to the next
	window []float32

	re, im []float32   // a ring that holds the last n samples
	at     int         // where the next sample goes
	full   bool        // n samples have come
	lanes  *lanes      // does the rest eight numbers at a time; nil where the compiler or the CPU cannot
	plan   *fft        // does it then, with
	x, y   []complex64 // windowed copy, and scratch of the transform

	sum, sum2 []float32 // of the block being filled: power per bin and its square
	inBlock   int
	perBlock  int // segments of a block; 0 when the number of segments is known
	known     int // segments that will come; 0 when unknown
	blocks    [][]float32
	counts    []int
	spare     [][]float32
	square    []float64 // sum of squared powers per bin over the whole record
	segments  int
}

// newWelch makes a welch with segments of n samples. known is the exact number of samples to come, 0 when that
// is not known; then expected is a guess of it.
func newWelch(n int, known, expected int64) *welch {
	w := &welch{n: n, hop: hopOf(n, max(known, expected)), window: make([]float32, n), lanes: newLanes(n), square: make([]float64, n)}
	blackmanHarris(w.window)
	staggered(n, &w.re, &w.im, &w.sum, &w.sum2)
	if w.lanes == nil {
		w.usePlain(fftOf(n))
	}
	if known > 0 {
		w.known = int(segmentsOf(known, n, w.hop))
	} else {
		w.perBlock = max(w.minBlock(), int(segmentsOf(expected, n, w.hop))/w.maxBlocks()+1)
	}
	return w
}

func segmentsOf(samples int64, n, hop int) int64 {
	if samples < int64(n) {
		return 0
	}
	return 1 + (samples-int64(n))/int64(hop)
}

func (w *welch) maxBlocks() int { return max(4, min(maxBlocks, maxBlockFloat/w.n)) }

// minBlock is how many segments a block holds at least: 8 or more times a segment's samples.
func (w *welch) minBlock() int { return max(16, 8*w.n/w.hop) }

// blockSize is the number of segments of the block being filled.
func (w *welch) blockSize() int {
	if w.known == 0 {
		return w.perBlock
	}
	blocks := max(1, min(w.maxBlocks(), w.known/w.minBlock()))
	b := len(w.counts)
	return (b+1)*w.known/blocks - b*w.known/blocks
}

// usePlain makes w transform one number at a time.
func (w *welch) usePlain(plan *fft) {
	w.lanes, w.plan = nil, plan
	staggered(w.n, &w.x, &w.y)
}

func (w *welch) push(re, im []float32) {
	for len(re) > 0 {
		end := w.at - w.at%w.hop + w.hop // of the samples that the next segment adds
		c := copy(w.re[w.at:end], re)
		copy(w.im[w.at:end], im)
		re, im = re[c:], im[c:]
		if w.at += c; w.at < end {
			return
		}
		if w.at == w.n {
			w.at, w.full = 0, true
		}
		if w.full {
			w.segment()
		}
	}
}

// segment adds the last n samples, the oldest of which are those from at to the end of the ring.
func (w *welch) segment() {
	old := w.n - w.at
	w.setWindowed(0, w.re[w.at:], w.im[w.at:], w.window[:old])
	w.setWindowed(old, w.re[:w.at], w.im[:w.at], w.window[old:])
	if w.lanes != nil {
		w.lanes.addPower(w.sum, w.sum2)
	} else {
		w.plan.addPower(w.sum, w.sum2, w.x, w.y)
	}
	w.segments++
	if w.inBlock++; w.inBlock == w.blockSize() {
		w.endBlock()
	}
}

// setWindowed sets the windowed samples of the segment from number from on.
func (w *welch) setWindowed(from int, re, im, window []float32) {
	if w.lanes != nil {
		w.lanes.setWindowed(from, re, im, window)
		return
	}
	re, im, x := re[:len(window)], im[:len(window)], w.x[from:][:len(window)]
	for k, v := range window {
		x[k] = complex(v*re[k], v*im[k])
	}
}

// endBlock stores the block being filled as a new one.
func (w *welch) endBlock() {
	if len(w.counts) == w.maxBlocks() {
		w.mergePairs()
	}
	var b []float32
	if s := len(w.spare); s > 0 {
		b, w.spare = w.spare[s-1], w.spare[:s-1]
	} else {
		b = make([]float32, w.n)
	}
	copy(b, w.sum)
	w.blocks, w.counts = append(w.blocks, b), append(w.counts, w.inBlock)
	w.clearBlock()
}

func (w *welch) clearBlock() {
	for k, v := range w.sum2 {
		w.square[k] += float64(v)
	}
	clear(w.sum)
	clear(w.sum2)
	w.inBlock = 0
}

func (w *welch) mergePairs() {
	half := len(w.blocks) / 2
	for i := range half {
		a, b := w.blocks[2*i], w.blocks[2*i+1]
		for k, v := range b {
			a[k] += v
		}
		w.blocks[i], w.counts[i] = a, w.counts[2*i]+w.counts[2*i+1]
		w.spare = append(w.spare, b)
	}
	w.blocks, w.counts = w.blocks[:half], w.counts[:half]
	w.perBlock *= 2
}

// A spectrum is the power density of a record over frequency and time, in order of frequency.
type spectrum struct {
	length   int     // bins, and samples of a segment
	stepHz   float64 // between bins
	averages float64 // K: independent averages per bin
	excess   float64 // variance of the mean over all bins and time of noise, over the least possible
	blocks   [][]float32
	counts   []int     // segments of each block
	mean     []float64 // over the whole record
	kurtosis []float64 // spectral kurtosis per bin
}

// finish ends the last block and gives the spectrum at the true sample rate, or nil when there was no segment.
// It uses up w.
func (w *welch) finish(rateHz float64) *spectrum {
	if w.segments == 0 {
		return nil
	}
	if w.inBlock > 0 {
		if last := len(w.blocks) - 1; last >= 0 && 2*w.inBlock < w.counts[last] {
			for k, v := range w.sum {
				w.blocks[last][k] += v
			}
			w.counts[last] += w.inBlock
			w.clearBlock()
		} else {
			w.endBlock()
		}
	}
	s := &spectrum{
		length: w.n, stepHz: rateHz / float64(w.n), averages: 1, excess: noiseExcess(w.window, w.hop),
		blocks: w.blocks, counts: w.counts, mean: make([]float64, w.n), kurtosis: make([]float64, w.n),
	}
	if w.segments > 1 {
		s.averages = max(1, float64(w.segments)*averagesPerSegment(w.window, w.hop))
	}
	if w.lanes != nil {
		for _, b := range s.blocks {
			sortLanes(w.lanes, b, w.sum)
		}
		sortLanes(w.lanes, w.square, s.mean)
		clear(s.mean)
	}
	for _, b := range s.blocks {
		swapHalves(b)
		for k, v := range b {
			s.mean[k] += float64(v)
		}
	}
	swapHalves(w.square)
	s.kurtosis = kurtosisOf(s.mean, w.square, w.segments, s.averages)
	scale := 1 / (rateHz * energy(w.window))
	for i, b := range s.blocks {
		f := float32(scale / float64(s.counts[i]))
		for k := range b {
			b[k] *= f
		}
	}
	for k := range s.mean {
		s.mean[k] *= scale / float64(w.segments)
	}
	return s
}

// kurtosisOf is the spectral kurtosis of each bin from the sums of the powers of so many segments and of their squares
// (Nita and Gary, PASP 122, 2010), averages of which are independent: 0 for a steady carrier, 1 for noise, more for
// bursts. It overwrites square.
func kurtosisOf(sum, square []float64, segments int, averages float64) []float64 {
	m := float64(segments)
	for k, s1 := range sum {
		if s1 > 0 && averages > 1 {
			square[k] = (averages + 1) / (averages - 1) * (m*square[k]/(s1*s1) - 1)
		} else {
			square[k] = math.NaN()
		}
	}
	return square
}

// frequency of bin k, relative to 0 Hz of the record.
func (s *spectrum) frequency(k int) float64 { return float64(k-s.length/2) * s.stepHz }

// swapHalves puts the bins of a transform in order of frequency.
func swapHalves[T any](p []T) {
	h := len(p) / 2
	for k := range h {
		p[k], p[k+h] = p[k+h], p[k]
	}
}
