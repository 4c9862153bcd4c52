package dsp

import (
	"math"
	"sync"
)

const (
	chapterSamples = 1 << 17 // of the channel: a longer record is measured in chapters
	dcHalfBins     = 4.5     // half the width of the DC spike of a zero-IF receiver, in Welch bins
	minChannel     = 16      // samples
)

// A channel is the part of the record round the wanted signal, decimated to about twice its bandwidth and measured
// in chapters that fit in memory: a record of one chapter is transformed as a whole.
type channel struct {
	factor  int
	shift   float64 // cycles per sample of the record that were taken away
	center  float64 // of the channel, in cycles per channel sample
	half    float64 // of its width, likewise
	dcHalf  float64 // half-width of what is excluded about 0 Hz of the record, likewise; 0: nothing
	filter  *decimator
	trimmed bool // outputs made of less than a filter's length of record are left out

	limit    int
	re, im   []float32 // the chapter being filled
	start    float64   // time of its first sample, in samples of the record
	chapters []chapter
	envelope envelope
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
		ch.filter = newDecimator(ch.factor, center)
		ch.shift = ch.filter.shift
		ch.trimmed = int64(10*len(ch.filter.taps)) <= expected
		delay := ch.filter.delay()
		if ch.trimmed {
			delay *= 2
		}
		ch.filter.skip(delay)
		ch.start = float64(delay - ch.filter.delay())
	}
	d := float64(ch.factor)
	ch.center, ch.half = (center-ch.shift)*d, width/2*d
	if c.ZeroIF && c.channel().scale(1/c.SampleRateHz).overlaps(dcHalfBins/float64(length)) {
		ch.dcHalf = dcHalfBins / float64(length) * d
	}
	samples := expected/int64(ch.factor) + 1
	chapters := (samples + chapterSamples - 1) / chapterSamples
	ch.limit = int(samples/chapters) + 1
	ch.envelope.size = max(1, int(math.RoundToEven(8/(2*ch.half))))
	ch.envelope.gain = 1
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

// finish ends the last chapter. A short remainder after others is left out.
func (c *channel) finish() {
	if c.filter != nil && !c.trimmed {
		c.filter.pushZeros(c.filter.delay(), c.take)
	}
	if len(c.re) >= minChannel && (len(c.chapters) == 0 || len(c.re) > c.limit/16) {
		c.endChapter()
	}
	c.re, c.im = nil, nil
}

// endChapter measures the chapter and makes room for the next.
func (c *channel) endChapter() {
	n := len(c.re)
	s := borrow(powerOfTwo(max(n, 4096)))
	defer s.giveBack()
	p := chapter{samples: float64(n * c.factor), middle: c.start + float64((n-1)*c.factor)/2}
	c.bandPower(&p, s)
	c.finestPeak(&p, s)
	p.line = c.findLine(&p, s)
	c.chapters = append(c.chapters, p)
	c.start += float64(n * c.factor)
	c.re, c.im = c.re[:0], c.im[:0]
}

// bandPower integrates one periodogram of the chapter between the channel's edges.
func (c *channel) bandPower(p *chapter, s *scratch) {
	var norm float64
	for k, r := range c.re {
		w := taper(k, len(c.re))
		norm += w * w
		s.re[k], s.im[k] = float32(w)*r, float32(w)*c.im[k]
	}
	s.transform(len(c.re))
	sum, bins := 0.0, 0
	for k, r := range s.re {
		if c.inside(k, len(s.re)) {
			i := s.im[k]
			sum += float64(r)*float64(r) + float64(i)*float64(i)
			bins++
		}
	}
	p.power = sum / float64(len(s.re)) / norm
	p.width = float64(bins) / float64(len(s.re)) / float64(c.factor)
}

// inside reports whether bin k of a transform of n bins belongs to the channel.
func (c *channel) inside(k, n int) bool {
	f := binFrequency(k, n)
	if c.dcHalf > 0 && math.Abs(f+c.shift*float64(c.factor)) <= c.dcHalf {
		return false
	}
	return math.Abs(f-c.center) <= c.half
}

// binFrequency of bin k of a transform of n bins, in cycles per sample.
func binFrequency(k, n int) float64 {
	if k >= n/2 {
		k -= n
	}
	return float64(k) / float64(n)
}

// finestPeak finds the highest bin of the chapter's own periodogram, for the detection of weak lines.
func (c *channel) finestPeak(p *chapter, s *scratch) {
	c.windowed(s, 0)
	k, bins := c.strongest(s)
	if k < 0 {
		return
	}
	n := float64(len(c.re))
	p.peak = float64(s.power[k]) / (n * blackmanHarrisEnergy) * float64(c.factor)
	p.cells = int(float64(bins) * n / float64(len(s.re)))
}

// windowed fills s.power with the periodogram of the chapter after a drift was taken out, through the
// Blackman-Harris window, the channel's bins only.
func (c *channel) windowed(s *scratch, drift float64) {
	n := len(c.re)
	mid := float64(n-1) / 2
	for from := 0; from < n; from += phasorRun {
		to := min(from+phasorRun, n)
		re, im, or, oi := c.re[from:to], c.im[from:to], s.re[from:to], s.im[from:to]
		if drift != 0 {
			s.phasors.fill(0, drift, float64(from)-mid)
		}
		for k, r := range re {
			i, w := im[k], float32(blackmanHarrisAt(from+k, n))
			if drift != 0 {
				c, s := float32(s.phasors.re[k]), float32(s.phasors.im[k])
				r, i = r*c-i*s, r*s+i*c
			}
			or[k], oi[k] = w*r, w*i
		}
	}
	s.transform(n)
	for k, r := range s.re {
		s.power[k] = 0
		if c.inside(k, len(s.re)) {
			s.power[k] = r*r + s.im[k]*s.im[k]
		}
	}
}

// strongest returns the strongest bin of s.power, -1 when the channel has none, and the number of its bins.
func (c *channel) strongest(s *scratch) (k, bins int) {
	k = -1
	var best float32
	for i, p := range s.power {
		if p > best {
			k, best = i, p
		}
		if p > 0 {
			bins++
		}
	}
	return k, bins
}

// A scratch is the memory of one transform. It is borrowed for the end of a chapter only.
type scratch struct {
	re, im, tr, ti, power []float32
	phasors               phasors
}

// scratches are shared by all meters: few of them are at the end of a chapter at once.
var scratches sync.Pool

func borrow(n int) *scratch {
	s, _ := scratches.Get().(*scratch)
	if s == nil || cap(s.re) < n {
		slab := make([]float32, 5*n)
		s = &scratch{re: slab[:n:n], im: slab[n : 2*n : 2*n], tr: slab[2*n : 3*n : 3*n], ti: slab[3*n : 4*n : 4*n], power: slab[4*n:]}
	}
	s.re, s.im, s.tr, s.ti, s.power = s.re[:n], s.im[:n], s.tr[:n], s.ti[:n], s.power[:n]
	return s
}

func (s *scratch) giveBack() { scratches.Put(s) }

// transform transforms the first n samples of s.re and s.im, padded with zeros.
func (s *scratch) transform(n int) {
	clear(s.re[n:])
	clear(s.im[n:])
	fftOf(len(s.re)).transform(s.re, s.im, s.tr, s.ti)
}
