package dsp

import "math"

const (
	chapterSamples = 1 << 17 // of the channel: a longer record is measured in chapters
	minChannel     = 16      // samples
)

// A channel is the part of the record round the wanted signal, decimated to about twice its bandwidth and measured
// in chapters that fit in memory: a record of one chapter is transformed as a whole.
type channel struct {
	factor  int
	shift   float64 // cycles per sample of the record that were taken away
	center  float64 // of the channel, in cycles per channel sample
	half    float64 // of its width, likewise
	leaking bool    // a zero-IF receiver's oscillator may leak into or beside the channel, at 0 Hz of the record
	skirt   float64 // half-width that it has of its own, in cycles per channel sample
	step    float64 // samples of the channel between those whose phases are compared
	filter  *decimator
	trimmed int // samples of the record at each end about which no output is made

	limit    int
	re, im   []float32 // the chapter being filled
	start    float64   // time of its first sample, in samples of the record
	chapters []chapter
	envelope envelope

	pending  *scratch // of the last chapter, whose line is not sought yet
	drifting bool     // the last search for drift found some
}

// A chapter is what is kept of a stretch of the channel. Powers are per sample, densities per cycle per sample of
// the record.
type chapter struct {
	samples float64 // its length, in samples of the record
	middle  float64 // time of its middle, likewise
	power   float64 // between the channel's edges
	width   float64 // what lies between them, in cycles per sample of the record
	peak    float64 // highest density of the full-length periodogram in the channel
	cells   int     // that it was the highest of
	line    line
}

// newChannel makes the channel of a configuration whose Welch segments have length samples, for a record of about
// expected samples.
func newChannel(c Config, length int, expected int64) *channel {
	center, width := c.ChannelCenterHz/c.SampleRateHz, c.ChannelBandwidthHz/c.SampleRateHz
	ch := &channel{factor: decimation(width)}
	if ch.factor > 1 {
		// Short records are not trimmed: there it is better to lose a little power at the ends than the ends.
		if length := filterLength(ch.factor); int64(10*length) <= expected {
			ch.trimmed = length / 2
		}
		ch.filter = newDecimator(ch.factor, center, ch.trimmed)
		ch.shift, ch.start = ch.filter.shift, float64(ch.trimmed)
	}
	d := float64(ch.factor)
	ch.center, ch.half = (center-ch.shift)*d, width/2*d
	ch.leaking = c.ZeroIF && c.channel().scale(1/c.SampleRateHz).overlaps(dcHalfBins/float64(length))
	ch.skirt = dcSkirtHz / c.SampleRateHz * d
	ch.step = stepSeconds * c.SampleRateHz / d
	// Many chapters have the length at which their transform needs no padding; a known few share the record evenly.
	ch.limit = chapterSamples
	if samples := c.ExpectedSamples/int64(ch.factor) + 1; c.ExpectedSamples >= expected && samples < 4*chapterSamples {
		chapters := (samples + chapterSamples - 1) / chapterSamples
		ch.limit = min(int(samples/chapters)+1, chapterSamples)
	}
	if room := min(int64(ch.limit), c.ExpectedSamples/int64(ch.factor)+1); ch.filter != nil {
		ch.re, ch.im = make([]float32, 0, room), make([]float32, 0, room)
	}
	ch.envelope.size = max(1, int(math.RoundToEven(8/(2*ch.half))))
	ch.envelope.gain = 1
	ch.envelope.power = make([]float32, 0, min(maxEnvelope, expected/int64(ch.factor*ch.envelope.size)+1))
	if ch.filter != nil {
		ch.envelope.gain = ch.filter.noise
	}
	return ch
}

// push takes in the next samples of the record.
func (c *channel) push(re, im []float32) {
	if c.filter == nil {
		c.take(re, im)
		return
	}
	c.filter.push(re, im, c.take)
}

// whole takes in the whole record at once. It keeps re and im.
func (c *channel) whole(re, im []float32) {
	if c.filter != nil {
		c.push(re, im)
		return
	}
	c.envelope.add(re, im)
	c.re, c.im = re, im
}

// adopt is push for the beginning of a record. It keeps re and im as memory for chapters.
func (c *channel) adopt(re, im []float32) {
	if c.filter != nil {
		c.push(re, im)
		return
	}
	n := min(len(re), c.limit)
	c.envelope.add(re[:n], im[:n])
	if c.re, c.im = re[:n], im[:n]; n == c.limit {
		c.endChapter()
	}
	c.take(re[n:], im[n:]) // to where samples were that are done with
}

// take adds samples of the channel to the chapter.
func (c *channel) take(re, im []float32) {
	c.envelope.add(re, im)
	for len(re) > 0 {
		n := min(len(re), c.limit-len(c.re))
		c.re, c.im = append(c.re, re[:n]...), append(c.im, im[:n]...)
		re, im = re[n:], im[n:]
		if len(c.re) == c.limit {
			c.endChapter()
		}
	}
}

// finish ends the last chapter. A short remainder after others is left out. findLastLine must follow.
func (c *channel) finish() {
	if c.filter != nil {
		c.filter.pushZeros(c.filter.delay()-c.trimmed, c.take)
	}
	if len(c.re) >= minChannel && (len(c.chapters) == 0 || len(c.re) > c.limit/16) {
		c.pending = c.measureChapter()
	}
}

// findLastLine seeks the line of the last chapter, if that is wanted, and lets its memory go.
func (c *channel) findLastLine(wanted bool) {
	if c.pending != nil {
		if last := &c.chapters[len(c.chapters)-1]; wanted {
			last.line = c.findLine(last, c.pending, true)
		}
		c.pending.giveBack()
	}
	c.re, c.im, c.pending = nil, nil, nil
}

// driftEvery is how many chapters may pass between two searches for drift that find none.
const driftEvery = 8

// endChapter measures the chapter and makes room for the next. Whether the record holds a signal is not known yet.
func (c *channel) endChapter() {
	s := c.measureChapter()
	last := &c.chapters[len(c.chapters)-1]
	last.line = c.findLine(last, s, c.drifting || len(c.chapters)%driftEvery == 1)
	s.giveBack()
	c.start += float64(len(c.re) * c.factor)
	c.re, c.im = c.re[:0], c.im[:0]
}

// measureChapter appends the chapter, without its line, and returns the memory that holds its periodogram.
func (c *channel) measureChapter() *scratch {
	n := len(c.re)
	s := borrow(powerOfTwo(max(n, 4096)))
	if c.leaking {
		c.removeOscillator(s)
	}
	p := chapter{samples: float64(n * c.factor), middle: c.start + float64((n-1)*c.factor)/2}
	c.bandPower(&p, s)
	c.finestPeak(&p, s)
	c.chapters = append(c.chapters, p)
	return s
}

// bins returns the first bin and the number of bins of the channel in a transform of n bins. Bins below 0 count from
// the end.
func (c *channel) bins(n int) (first, count int) {
	first = int(math.Ceil((c.center - c.half) * float64(n)))
	count = int(math.Floor((c.center+c.half)*float64(n))) - first + 1
	return first, max(0, min(count, n))
}

// bandPower integrates one periodogram of the chapter between the channel's edges. It leaves the tapered chapter's
// transform in s.
func (c *channel) bandPower(p *chapter, s *scratch) {
	n, size := len(c.re), len(s.z)
	im := c.im[:n]
	for k, r := range c.re {
		s.z[k] = complex(r, im[k])
	}
	norm := float64(n)
	ends := taperLength(n, c.filter != nil)
	for k := range ends {
		w := taper(k, ends)
		for _, i := range [2]int{k, n - 1 - k} {
			s.z[i] = complex(real(s.z[i])*float32(w), imag(s.z[i])*float32(w))
			norm += w*w - 1
		}
	}
	s.transform(n)
	first, count := c.bins(size)
	sum, used := 0.0, 0
	for k := first; k < first+count; k++ {
		if c.excluded(k, size, n) {
			continue
		}
		r, i := float64(real(s.z[k&(size-1)])), float64(imag(s.z[k&(size-1)]))
		sum += r*r + i*i
		used++
	}
	p.power = sum / float64(size) / norm
	p.width = float64(used) / float64(size) / float64(c.factor)
}

// finestPeak finds the highest bin of the chapter's own periodogram, for the detection of weak lines. It needs what
// bandPower left in s.
func (c *channel) finestPeak(p *chapter, s *scratch) {
	if len(c.re) == len(s.z) {
		c.windowTransform(s)
	} else {
		c.windowed(s, 0)
	}
	k := c.strongest(s)
	if k < 0 {
		return
	}
	n := float64(len(c.re))
	p.peak = float64(s.power[k]) / (n * blackmanHarrisEnergy) * float64(c.factor)
	p.cells = int(p.width * float64(c.factor) * n)
}

// windowTransform fills s.power with the periodogram through the Blackman-Harris window from the transform without
// one: the window is a sum of four cosines, so each bin is a sum of seven. The taper is too short to show in it.
func (c *channel) windowTransform(s *scratch) {
	mask := len(s.z) - 1
	first, count := c.bins(len(s.z))
	s.power = s.power[:count]
	var near [7]complex64 // the bins round the one in hand
	for d := range 6 {
		near[d+1] = s.z[(first+d-3)&mask]
	}
	for j := range s.power {
		near[0], near[1], near[2], near[3], near[4], near[5] = near[1], near[2], near[3], near[4], near[5], near[6]
		near[6] = s.z[(first+j+3)&mask]
		r := 0.35875*real(near[3]) - 0.48829/2*(real(near[2])+real(near[4])) +
			0.14128/2*(real(near[1])+real(near[5])) - 0.01168/2*(real(near[0])+real(near[6]))
		i := 0.35875*imag(near[3]) - 0.48829/2*(imag(near[2])+imag(near[4])) +
			0.14128/2*(imag(near[1])+imag(near[5])) - 0.01168/2*(imag(near[0])+imag(near[6]))
		s.power[j] = r*r + i*i
	}
	c.blank(s)
}

// windowed fills s.power with the periodogram of the chapter after a drift was taken out, through the
// Blackman-Harris window.
func (c *channel) windowed(s *scratch, drift float64) {
	n, mask := len(c.re), len(s.z)-1
	mid := float64(n-1) / 2
	for from := 0; from < n; from += phasorRun {
		to := min(from+phasorRun, n)
		s.window(s.z[from:to], c.re[from:to], c.im[from:to], from, n)
		if drift != 0 {
			s.turn(s.z[from:to], drift, float64(from)-mid)
		}
	}
	s.transform(n)
	first, count := c.bins(len(s.z))
	s.power = s.power[:count]
	for j := range s.power {
		z := s.z[(first+j)&mask]
		s.power[j] = real(z)*real(z) + imag(z)*imag(z)
	}
	c.blank(s)
}

// strongest returns the index of the highest of s.power, -1 when all are zero.
func (c *channel) strongest(s *scratch) int {
	k, best := -1, float32(0)
	for j, p := range s.power {
		if p > best {
			k, best = j, p
		}
	}
	return k
}
