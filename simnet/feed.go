package simnet

import (
	"fmt"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// A Tuning is what a client asked of a receiver.
type Tuning struct {
	FrequencyHz    float64 // radio frequency, converter included
	RateHz         float64 // nominal
	PassbandLowHz  float64 // 0, 0 means no filter but that of the converter to digital
	PassbandHighHz float64
}

// block is how many raw samples are generated together, always from a multiple of it.
const block = 256

// A Feed is the output of one receiver tuned one way, before gain and quantisation. Its samples are in units
// of the square root of a milliwatt at the antenna. One goroutine uses it.
//
// With a passband, raw samples are made at twice the rate and filtered, so that nothing aliases. Without,
// the receiver is taken to be wide, emitters narrow, and its anti-alias filter to act on each as a whole.
type Feed struct {
	tuning  Tuning
	rate    rate // true, of the output
	rawRate rate
	factor  int64 // raw samples per output sample

	sources  []source
	noise    siggen.Source
	noiseRMS float64
	filter   filter
	centreHz float64 // of the passband: raw samples are relative to it

	first  int64     // index of re[0], a multiple of block
	re, im []float64 // raw samples held

	wre, wim [block]float64
}

// A source is an emitter as one receiver hears it.
type source struct {
	name      string
	wave      wave
	offsetHz  float64 // of the carrier from the middle of the raw band
	carrierHz float64
	delayS    float64
	startRad  float64
	amplitude float64
}

// Tune returns the samples of a receiver.
func (w *World) Tune(receiver string, t Tuning) (*Feed, error) {
	r, err := w.Receiver(receiver)
	if err != nil {
		return nil, err
	}
	return w.tune(r, t)
}

func (w *World) tune(r *Receiver, t Tuning) (*Feed, error) {
	if !(t.RateHz >= 100 && t.RateHz <= 10e6) {
		return nil, fmt.Errorf("tune %s: a sample rate of %g Hz cannot be simulated: use 100 Hz to 10 MHz", r.Name, t.RateHz)
	}
	f := &Feed{tuning: t, rate: rateOf(t.RateHz, r.ClockPPM), factor: 1}
	if t.PassbandLowHz != 0 || t.PassbandHighHz != 0 {
		if t.PassbandHighHz <= t.PassbandLowHz {
			return nil, fmt.Errorf("tune %s: passband %g to %g Hz is empty", r.Name, t.PassbandLowHz, t.PassbandHighHz)
		}
		f.factor = 2
		f.centreHz = (t.PassbandLowHz + t.PassbandHighHz) / 2
		f.filter = newFilter((t.PassbandHighHz - t.PassbandLowHz) / 2 / (2 * t.RateHz))
	}
	f.rawRate = f.rate * rate(f.factor)
	f.noise = siggen.NewSource(w.Seed, streamID("receiver", r.Name))
	f.noiseRMS = math.Sqrt(math.Pow(10, r.noiseDBMHz()/10) * f.rawRate.Hz())
	f.addSources(w, r)
	return f, nil
}

func (f *Feed) addSources(w *World, r *Receiver) {
	for i := range w.Emitters {
		e := &w.Emitters[i]
		s := source{name: e.Name, wave: e.wave(w.Seed), carrierHz: e.FrequencyHz, startRad: e.startPhase(w.Seed)}
		p := pathBetween(e, r)
		s.delayS = p.delayS
		s.offsetHz = e.FrequencyHz - r.oscillatorHz(f.tuning.FrequencyHz) - f.centreHz
		s.amplitude = math.Pow(10, p.powerDBM/20) * f.admits(s.offsetHz+s.wave.centroidHz(), s.wave.widthHz())
		if s.amplitude > 0 {
			f.sources = append(f.sources, s)
		}
	}
}

// admits is the amplitude that the anti-alias filter leaves of something that wide there. A wide receiver
// rolls off from 0.4 to 0.5 of its rate; in front of a passband filter only what it cannot touch is kept out.
func (f *Feed) admits(offsetHz, widthHz float64) float64 {
	half := f.rawRate.Hz() / 2
	if f.filter != nil {
		if math.Abs(offsetHz)+widthHz/2 > half {
			return 0
		}
		return 1
	}
	x := (math.Abs(offsetHz)/half - 0.8) / 0.2
	switch {
	case x <= 0:
		return 1
	case x >= 1:
		return 0
	}
	return 0.5 * (1 + math.Cos(math.Pi*x))
}

// RateHz returns the true sample rate.
func (f *Feed) RateHz() float64 { return f.rate.Hz() }

// TimeOf returns when sample k is taken, since the epoch, rounded to nanoseconds.
func (f *Feed) TimeOf(k int64) time.Duration { return f.rate.timeOf(k).duration() }

// IndexAt returns the first sample taken at or after a time since the epoch.
func (f *Feed) IndexAt(sinceEpoch time.Duration) int64 { return f.rate.indexAt(instantOf(sinceEpoch)) }

// Samples writes samples first, first+1, … of the receiver into dst. Going forward is cheap.
func (f *Feed) Samples(dst []complex128, first int64) {
	for len(dst) > 0 {
		n := min(len(dst), block)
		f.some(dst[:n], first)
		dst, first = dst[n:], first+int64(n)
	}
}

func (f *Feed) some(dst []complex128, first int64) {
	if f.filter == nil {
		f.hold(first, first+int64(len(dst)))
		o := first - f.first
		for i := range dst {
			dst[i] = complex(f.re[o+int64(i)], f.im[o+int64(i)])
		}
		return
	}
	reach := int64(filterReach)
	f.hold(f.factor*first-reach, f.factor*(first+int64(len(dst))-1)+reach+1)
	back := newShift(f.rate, first, f.centreHz)
	for i := range dst {
		j := int(f.factor*(first+int64(i)) - f.first)
		re, im := f.filter.at(f.re, f.im, j)
		c, s := back.at(first + int64(i))
		dst[i] = complex(re*c-im*s, re*s+im*c)
	}
}

// hold makes raw samples [from, to) available, keeping what is already there.
func (f *Feed) hold(from, to int64) {
	from = from &^ (block - 1)
	to = (to + block - 1) &^ (block - 1)
	have := f.first + int64(len(f.re))
	if len(f.re) == 0 || from < f.first || from > have {
		f.re, f.im, f.first, have = f.re[:0], f.im[:0], from, from
	}
	if drop := from - f.first; drop > 0 {
		f.re = f.re[:copy(f.re, f.re[drop:])]
		f.im = f.im[:copy(f.im, f.im[drop:])]
		f.first = from
	}
	for ; have < to; have += block {
		n := len(f.re)
		f.re = append(f.re, make([]float64, block)...)
		f.im = append(f.im, make([]float64, block)...)
		f.generate(f.re[n:], f.im[n:], have)
	}
}

// generate makes one whole block of raw samples.
func (f *Feed) generate(re, im []float64, first int64) {
	for i := range re {
		z := f.noise.Gauss(uint64(first + int64(i)))
		re[i], im[i] = f.noiseRMS*real(z), f.noiseRMS*imag(z)
	}
	t0 := f.rawRate.timeOf(first)
	for i := range f.sources {
		f.sources[i].add(re, im, f.wre[:], f.wim[:], t0, f.rawRate.Hz())
	}
}

// add adds the emitter as heard from t0 on. Its phase is that of the carrier when it left, minus that of the
// receiver's oscillator now.
func (s *source) add(re, im, wre, wim []float64, t0 instant, rateHz float64) {
	left := t0.plus(-s.delayS)
	s.wave.fill(wre, wim, left, rateHz)
	angle := left.phase(s.carrierHz, s.startRad) - t0.phase(s.carrierHz-s.offsetHz, 0)
	turn := newPhasor(angle, 2*math.Pi*s.offsetHz/rateHz)
	turn.c, turn.s = turn.c*s.amplitude, turn.s*s.amplitude
	for i := range re {
		c, sn := turn.step()
		re[i] += wre[i]*c - wim[i]*sn
		im[i] += wre[i]*sn + wim[i]*c
	}
}

// A shift moves a passband from the middle of the raw band to its place. Its phasor is started anew at every
// multiple of block, so that a sample never depends on where reading began.
type shift struct {
	rate rate
	hz   float64
	next int64
	p    phasor
}

func newShift(r rate, k int64, hz float64) shift {
	start := k &^ (block - 1)
	s := shift{rate: r, hz: hz, next: start}
	if hz != 0 {
		for s.next < k {
			s.at(s.next)
		}
	}
	return s
}

// at returns the turn for sample k; k is next.
func (s *shift) at(k int64) (c, sn float64) {
	if s.hz == 0 {
		return 1, 0
	}
	if k&(block-1) == 0 {
		s.p = newPhasor(s.rate.timeOf(k).phase(s.hz, 0), 2*math.Pi*s.hz/s.rate.Hz())
	}
	s.next = k + 1
	return s.p.step()
}
