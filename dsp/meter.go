package dsp

import (
	"errors"

	"github.com/heimdall-sdr/heimdall/iq"
)

const (
	chunkSamples = 4096    // decoded at a time, so that no sum depends on how Write was called
	headSamples  = 1 << 17 // kept raw: a record no longer than this is analysed as a whole
)

// WholeSamples is how many samples a record may have to be analysed as a whole. A Meter keeps all of one in memory: where
// many records are taken at a time, it is better made when they are complete.
const WholeSamples = headSamples

// ErrFinished is returned by a Meter that has given its Metrics.
var ErrFinished = errors.New("meter is finished: make a new one for each record")

// A Meter measures one record while it streams past. It holds at most a few MiB however long the record is.
// A Meter belongs to one goroutine.
type Meter struct {
	config Config

	partial      [16]byte // a sample whose end has not come yet
	partialBytes int
	re, im       []float32 // the chunk being filled
	fill         int

	quality *quality
	head    *head
	welch   *welch    // nil until the segment length is chosen
	channel *channel  // the same
	gaps    *gapFloor // noise between the marks of the head, once that is gone
	done    bool

	spectrogram *Spectrogram // of the finished record
}

// The head is the beginning of the record, held until it is known how much follows.
type head struct{ re, im []float32 }

// NewMeter checks c and returns a Meter for one record. The error is a *ConfigError.
func NewMeter(c Config) (*Meter, error) {
	c, err := c.resolve()
	if err != nil {
		return nil, err
	}
	m := &Meter{config: c, quality: newQuality(c.Format)}
	m.re, m.im = make([]float32, chunkSamples), make([]float32, chunkSamples)
	m.head = borrowHead(min(c.ExpectedSamples, headSamples))
	return m, nil
}

// Write takes in the next bytes of the record. A sample may be split between calls. The only error is ErrFinished.
func (m *Meter) Write(p []byte) (int, error) {
	if m.done {
		return 0, ErrFinished
	}
	written, size := len(p), m.config.Format.Size()
	if m.partialBytes > 0 {
		c := copy(m.partial[m.partialBytes:size], p)
		m.partialBytes += c
		p = p[c:]
		if m.partialBytes < size {
			return written, nil
		}
		m.partialBytes = 0
		m.decode(m.partial[:size])
	}
	whole := len(p) / size * size
	m.decode(p[:whole])
	m.partialBytes = copy(m.partial[:], p[whole:])
	return written, nil
}

// decode fills chunks from whole samples.
func (m *Meter) decode(p []byte) {
	for len(p) > 0 {
		n := iq.Split(m.re[m.fill:], m.im[m.fill:], p, m.config.Format)
		p = p[n*m.config.Format.Size():]
		if m.fill += n; m.fill == chunkSamples {
			m.flush()
		}
	}
}

// flush passes the chunk on.
func (m *Meter) flush() {
	re, im := m.re[:m.fill], m.im[:m.fill]
	m.fill = 0
	m.quality.clean(re, im)
	peak := m.quality.count(re, im)
	if h := m.head; m.welch == nil && len(h.re)+len(re) <= headSamples {
		h.re, h.im = append(h.re, re...), append(h.im, im...)
		return
	}
	if m.welch == nil {
		m.startStream()
	}
	m.quality.impulses.count(re, im, peak)
	m.welch.push(re, im)
	m.channel.push(re, im)
}

// startStream chooses the segment length although the record goes on, and lets the head become a chapter.
func (m *Meter) startStream() {
	h := m.head
	gaps := newGapFloor(h.re, h.im)
	m.gaps = &gaps
	m.begin(0, max(m.config.ExpectedSamples, 2*int64(len(h.re))))
	m.channel.adopt(h.re, h.im)
	if m.channel.filter != nil { // it made a copy, a smaller one
		m.head = new(head)
		h.giveBack()
	}
}

// begin makes the analysers. known is the exact number of samples, 0 when more than the head comes.
func (m *Meter) begin(known, expected int64) {
	h := m.head
	m.quality.impulses.learn(h.re, h.im)
	m.quality.impulses.count(h.re, h.im, m.quality.peak)
	length := segmentLength(max(known, expected), m.config.ChannelBandwidthHz/m.config.SampleRateHz)
	m.welch = newWelch(length, known, expected)
	m.welch.push(h.re, h.im)
	m.channel = newChannel(m.config, length, max(known, expected))
}

// Finish ends the record and returns its metrics. It may be called once.
func (m *Meter) Finish(e End) (Metrics, error) {
	if m.done {
		return Metrics{}, ErrFinished
	}
	if err := e.validate(); err != nil {
		return Metrics{}, err
	}
	m.done = true
	m.flush()
	if m.welch == nil && len(m.head.re) >= minRecord {
		n := int64(len(m.head.re))
		m.begin(n, n)
		m.channel.whole(m.head.re, m.head.im)
	}
	metrics, spectrogram := m.measure(e)
	m.head.giveBack()
	*m = Meter{done: true, head: new(head), spectrogram: spectrogram}
	return metrics, nil
}
