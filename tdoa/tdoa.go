// Package tdoa measures by how much one receiver hears an emission later than another: the time difference of
// arrival of two recordings, each with its own start, true rate, gaps and tuning.
//
// It answers with a delay and its uncertainty, or with a [Refusal]: a peak can be found in anything. It makes no
// map of the delays, and corrects neither the receivers' group delays nor the ionosphere's.
//
// The method, after Knapp and Carter (IEEE Trans. ASSP-24, 1976): the overlap is cut into pieces of about a second
// between the gaps, and each piece into short overlapping segments.
//
//  1. Search: cross-correlations of whitened segments, over all delays and small frequency offsets.
//  2. Map: the segments again, shifted by what was found, give the cross-spectrum and both spectra of every piece in
//     some hundred cells of frequency. That is all that is kept.
//  3. Weights: each cell counts by its coherence between the receivers, as maximum likelihood would have it, and not
//     at all where the coherence is no more than chance. What noise there is, and where, need not be known.
//  4. Maximum: the likelihood over delays, each piece with a carrier phase of its own.
//  5. Uncertainty: the Cramér-Rao bound of the coherence found, widened by how the pieces scatter about their mean.
//
// The surprising part: neither record's level, phase nor noise floor matters, and no carrier needs to be removed. But
// time stamps do: a millisecond of error is 300 km, so that receivers timed by arrival are good for nothing here.
package tdoa

import (
	"context"
	"math"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// A Source gives the samples of a recording. Delay reads it from the front to the back, twice or three times.
type Source interface {
	// ReadSamples fills z with the samples held from index from on.
	ReadSamples(z []complex64, from int64) error
}

// A Record is one recording of the emission.
type Record struct {
	Source         Source
	Samples        int64       // held by Source
	Clock          stamp.Clock // the times of the samples, with the gaps between them
	CenterHz       float64     // radio frequency at 0 Hz; the same for both records if not known
	PassbandLowHz  float64     // receive filter, relative to CenterHz; 0, 0 when unknown
	PassbandHighHz float64
}

// Options say what to look for. The zero value is for receivers with GPS anywhere within 6000 km of each other.
type Options struct {
	MaxDelayS float64 // search from -MaxDelayS to MaxDelayS; 0 means 0.02

	// LowHz and HighHz bound the emission, relative to a's CenterHz; 0, 0 means all that both receivers pass.
	LowHz, HighHz float64

	// MaxClockSigmaS is the greatest uncertainty of either clock that is accepted; 0 means 20e-6.
	MaxClockSigmaS float64
	// AnyClock accepts clocks of any quality. The uncertainty of the result then is what it is, or not known.
	AnyClock bool
}

const (
	defaultMaxDelayS      = 0.02
	defaultMaxClockSigmaS = 20e-6
	longestDelayS         = 0.2
)

// A Result is a difference of arrival.
type Result struct {
	DelayS float64 // by how much b hears the emission later than a
	SigmaS float64 // one sigma of DelayS: that of the correlation and of both clocks; NaN when a clock's is not known

	CorrelationSigmaS float64 // what the correlation leaves open: the bound, widened by the scatter of the pieces
	BoundS            float64 // the Cramér-Rao bound of the coherence found
	ClockSigmaS       float64 // of both clocks together; NaN when not known

	BandwidthHz    float64  // of a flat band with the same rms width as the coherence
	EffectiveSNRdB float64  // of a flat band of that width with the same bound: g1 g2 / (1 + g1 + g2)
	SNRADB, SNRBDB *float64 // of each record where it has the emission; nil when no noise is in view

	OffsetHz    float64 // frequency of the emission in b less that in a
	PeakToFloor float64 // amplitude of the correlation's peak over its median at all delays

	DriftSPerS      float64  // change of the delay; if it is real, a rate is wrong or something moves
	DriftSigmaSPerS *float64 // nil with fewer than three pieces

	OverlapS float64 // time that both records hold
	UsedS    float64 // of it, what went into the result
	Pieces   int
}

// The least that is measured. docs/tdoa.md says why.
const (
	minOverlapS    = 1.0
	minBandwidthHz = 500.0
	minEnergy      = 30.0 // effective SNR times bandwidth times time
)

// Delay measures the difference of arrival between two recordings of one emission, b minus a. What cannot be
// measured is a *Refusal; any other error means that samples could not be read.
func Delay(ctx context.Context, a, b Record, o Options) (Result, error) {
	o, err := o.settled(&a, &b)
	if err != nil {
		return Result{}, err
	}
	clockSigmaS, err := clockSigma(&a, &b, o)
	if err != nil {
		return Result{}, err
	}
	p, err := newPair(&a, &b, o)
	if err != nil {
		return Result{}, err
	}
	list, err := p.search(ctx)
	if err != nil {
		return Result{}, err
	}
	fit, err := p.measure(ctx, list)
	if err != nil {
		return Result{}, err
	}
	r := fit.result()
	r.OverlapS = p.overlapS
	r.ClockSigmaS = clockSigmaS
	r.SigmaS = math.Hypot(r.CorrelationSigmaS, clockSigmaS)
	return r, nil
}

// settled fills in the defaults and refuses what makes no sense.
func (o Options) settled(a, b *Record) (Options, error) {
	if o.MaxDelayS == 0 {
		o.MaxDelayS = defaultMaxDelayS
	}
	if o.MaxClockSigmaS == 0 {
		o.MaxClockSigmaS = defaultMaxClockSigmaS
	}
	switch {
	case !(o.MaxDelayS > 0 && o.MaxDelayS <= longestDelayS):
		return o, refuse(BadRequest, "the greatest delay must be above 0 and at most %g s", longestDelayS)
	case !(o.MaxClockSigmaS > 0):
		return o, refuse(BadRequest, "the greatest uncertainty of a clock must be above 0")
	case !(o.HighHz >= o.LowHz):
		return o, refuse(BadRequest, "the band must end above its beginning")
	}
	for _, r := range []*Record{a, b} {
		if !(r.Clock.RateHz > 0) || math.IsInf(r.Clock.RateHz, 0) || r.Samples < 0 || r.Source == nil {
			return o, refuse(BadRequest, "a record has no samples or no rate")
		}
		if r.Clock.Start.IsZero() {
			return o, refuse(ClockUnfit, "a recording does not say when it began")
		}
	}
	return o, nil
}

// clockSigma is one sigma of the difference of both clocks, NaN when unknown, or a refusal.
func clockSigma(a, b *Record, o Options) (float64, error) {
	sum := 0.0
	for _, r := range []*Record{a, b} {
		c := &r.Clock
		sigmaS := math.Hypot(c.StartSigmaS, c.RateSigmaHz/c.RateHz*float64(r.Samples)/c.RateHz/2)
		if sigmaS == 0 {
			sigmaS = math.NaN()
		}
		if !o.AnyClock {
			switch {
			case c.Quality != heimdall.TimeGPS:
				return 0, refuse(ClockUnfit, "a recording is timed by %q and not by GPS: a millisecond is 300 km", c.Quality)
			case math.IsNaN(sigmaS):
				return 0, refuse(ClockUnfit, "a recording does not say how uncertain its times are")
			case sigmaS > o.MaxClockSigmaS:
				return 0, refuse(ClockUnfit, "the times of a recording are uncertain by %.3g us, more than %.3g us", sigmaS*1e6, o.MaxClockSigmaS*1e6)
			}
		}
		sum = math.Hypot(sum, sigmaS)
	}
	return sum, nil
}
