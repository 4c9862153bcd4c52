package tdoa

import (
	"math"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"
)

const (
	segmentS     = 0.25 // of a segment: long against any delay, short against any drift of phase
	delaysInOne  = 5.0  // longest delays in a segment, at least
	flatFraction = 0.44 // of the grid's rate, up to which the interpolation is flat
	largestRatio = 64.0 // of the rates
)

// A pair is two records brought to one grid of time, that of the slower record. Only its search and its map touch
// samples, a piece at a time.
type pair struct {
	a, b         *Record
	o            Options
	epoch        time.Time
	runsA, runsB []run
	overlapS     float64

	gridHz   float64
	segment  int // samples of the grid, even
	window   []float64
	fft      *fourier.CmplxFFT
	lowBin   int // bins of the band, those below 0 Hz being negative
	highBin  int
	marginS  float64
	slowIsB  bool // the grid is b's
	readerA  reader
	readerB  reader
	specA    []complex128 // spectra of the segment at hand
	specB    []complex128
	windowed []complex128
	gridA    []complex128 // a piece of both records
	gridB    []complex128
}

func newPair(a, b *Record, o Options) (*pair, error) {
	p := &pair{a: a, b: b, o: o, epoch: a.Clock.Start}
	if b.Clock.Start.After(p.epoch) {
		p.epoch = b.Clock.Start
	}
	p.runsA, p.runsB = runsOf(a, p.epoch), runsOf(b, p.epoch)
	rateA, rateB := a.Clock.RateHz, b.Clock.RateHz
	p.gridHz, p.slowIsB = rateA, false
	if rateB < rateA {
		p.gridHz, p.slowIsB = rateB, true
	}
	if max(rateA, rateB) > largestRatio*p.gridHz {
		return nil, refuse(NoCommonBand, "one record has %.0f samples a second and the other %.0f: resample one", rateA, rateB)
	}
	p.marginS = (kernelHalf + 2) / p.gridHz
	for _, s := range p.common(0) {
		p.overlapS += s.endS - s.startS
	}
	if p.overlapS < minOverlapS {
		return nil, refuse(ShortOverlap, "the records have %.2f s in common, and %g s are needed", p.overlapS, minOverlapS)
	}
	p.segment = easy(max(segmentS, delaysInOne*o.MaxDelayS) * p.gridHz)
	if err := p.setBand(); err != nil {
		return nil, err
	}
	p.fft = fourier.NewCmplxFFT(p.segment)
	p.window = complementary(p.segment)
	p.specA, p.specB = make([]complex128, p.segment), make([]complex128, p.segment)
	p.windowed = make([]complex128, p.segment)
	p.readerA = reader{source: a.Source, rateHz: rateA, gridHz: p.gridHz, kernel: newKernel(rateA / p.gridHz)}
	p.readerB = reader{source: b.Source, rateHz: rateB, gridHz: p.gridHz, kernel: newKernel(rateB / p.gridHz)}
	return p, nil
}

func (p *pair) hop() int { return p.segment / 2 }

func (p *pair) binHz() float64 { return p.gridHz / float64(p.segment) }

// setBand finds the bins that both receivers pass and that were asked for.
func (p *pair) setBand() error {
	lowHz, highHz := -flatFraction*p.gridHz, flatFraction*p.gridHz
	narrow := func(low, high float64) {
		if low != 0 || high != 0 {
			lowHz, highHz = max(lowHz, low), min(highHz, high)
		}
	}
	shiftHz := p.b.CenterHz - p.a.CenterHz
	narrow(p.o.LowHz, p.o.HighHz)
	narrow(p.a.PassbandLowHz, p.a.PassbandHighHz)
	if p.b.PassbandLowHz != 0 || p.b.PassbandHighHz != 0 {
		narrow(p.b.PassbandLowHz+shiftHz, p.b.PassbandHighHz+shiftHz)
	}
	half := flatFraction * p.b.Clock.RateHz
	narrow(shiftHz-half, shiftHz+half)
	half = flatFraction * p.a.Clock.RateHz
	narrow(-half, half)
	p.lowBin, p.highBin = int(math.Ceil(lowHz/p.binHz())), int(math.Floor(highHz/p.binHz()))
	if float64(p.highBin-p.lowBin)*p.binHz() < minBandwidthHz {
		return refuse(NoCommonBand, "the receivers pass %.0f Hz in common, and %g Hz are needed", max(0, highHz-lowHz), minBandwidthHz)
	}
	return nil
}

// easy is the smallest length from n on that transforms fast: a power of two, or three of one.
func easy(n float64) int {
	for k := 4; ; k *= 2 {
		if float64(k) >= n {
			return k
		}
		if k3 := k / 2 * 3; float64(k3) >= n {
			return k3
		}
	}
}

// complementary is the window of Vorbis I (section 4.3.1): overlapped by half, its squares sum to 1, so that every
// sample counts alike, and its side lobes fall fast enough to keep a carrier out of the modulation beside it.
func complementary(n int) []float64 {
	w := make([]float64, n)
	for k := range w {
		s := math.Sin(math.Pi * (float64(k) + 0.5) / float64(n))
		w[k] = math.Sin(math.Pi / 2 * s * s)
	}
	return w
}

// transformed puts the spectra of a segment of both records, windowed, into specA and specB.
func (p *pair) transformed(gridA, gridB []complex128) {
	for i, w := range p.window {
		p.windowed[i] = gridA[i] * complex(w, 0)
	}
	p.fft.Coefficients(p.specA, p.windowed)
	for i, w := range p.window {
		p.windowed[i] = gridB[i] * complex(w, 0)
	}
	p.fft.Coefficients(p.specB, p.windowed)
}

// read returns both records over a piece, b delayS later and offsetHz lower.
func (p *pair) read(c piece, delayS, offsetHz float64) (gridA, gridB []complex128, err error) {
	n := (c.segments + 1) * p.hop()
	if cap(p.gridA) < n {
		p.gridA, p.gridB = make([]complex128, n), make([]complex128, n)
	}
	gridA, gridB = p.gridA[:n], p.gridB[:n]
	if err = p.readerA.read(gridA, c.a, c.startS); err != nil {
		return nil, nil, err
	}
	p.readerB.mixHz = offsetHz + p.a.CenterHz - p.b.CenterHz
	if err = p.readerB.read(gridB, c.b, c.startS+delayS); err != nil {
		return nil, nil, err
	}
	return gridA, gridB, nil
}

// bin is the index of a bin in a spectrum.
func (p *pair) bin(k int) int {
	if k < 0 {
		return k + p.segment
	}
	return k
}
