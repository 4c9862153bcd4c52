package simnet

import (
	"fmt"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// A kiwiProgram is what a KiwiSDR sends: a receiver of a world, or a recording.
type kiwiProgram interface {
	// reportedRateHz is what the server says its sample rate is.
	reportedRateHz() float64
	// start begins to send at a time of the world.
	start(s *kiwiSettings, p plan, epoch time.Time, from time.Duration) (kiwiRun, error)
}

// A kiwiRun is frames in order. One goroutine uses it.
type kiwiRun interface {
	// tune takes over settings that have changed.
	tune(s *kiwiSettings) error
	// next fills in the frame after the last one, and says when its last sample is taken; io.EOF after the last.
	next(f *kiwiFrame) (ready time.Duration, err error)
	close()
}

// A KiwiSDR knows its own rate as well as its last GPS correction does.
const kiwiRateErrorPPM = 0.3

// S-meter and AGC time constants in seconds.
const (
	meterSeconds    = 0.010
	agcDecaySeconds = 1.0
)

// agcTarget is the peak amplitude that AGC aims at, of full scale.
const agcTarget = 0.5

type kiwiModel struct {
	world    *World
	receiver *Receiver
	loops    *kiwiLoops
}

func (m kiwiModel) reportedRateHz() float64 {
	return rateOf(float64(m.receiver.rateHz()), m.receiver.ClockPPM).Hz() * (1 + kiwiRateErrorPPM*1e-6)
}

func (m kiwiModel) start(s *kiwiSettings, p plan, epoch time.Time, from time.Duration) (kiwiRun, error) {
	r := &kiwiModelRun{kiwiModel: m, wrap: p.has(FaultWrap), epoch: epoch, meter: math.NaN()}
	r.jitter = siggen.NewSource(m.world.Seed, streamID("stamps", m.receiver.Name))
	if err := r.tune(s); err != nil {
		return nil, err
	}
	r.sample = r.feed.IndexAt(from)
	return r, nil
}

type kiwiModelRun struct {
	kiwiModel
	wrap   bool // overdrive wraps around instead of clipping
	epoch  time.Time
	jitter siggen.Source

	feed    *Feed
	gain    float64 // amplitude of full scale per square root of a milliwatt, AGC off
	agc     bool
	retuned bool
	loop    *kiwiLoop // in place of the feed's samples; nil without

	sample int64 // next
	seq    uint32
	meter  float64 // exponential average of dBm; NaN before the first sample
	level  float64 // what AGC takes for the amplitude in square roots of a milliwatt
	z      [kiwiFrameSamples]complex128
}

func (r *kiwiModelRun) tune(s *kiwiSettings) error {
	half := float64(r.receiver.rateHz())/2 - 1
	t := Tuning{
		FrequencyHz:    s.freqKHz*1000 + float64(r.receiver.ConverterHz),
		RateHz:         float64(r.receiver.rateHz()),
		PassbandLowHz:  min(max(s.lowHz, -half), half),
		PassbandHighHz: min(max(s.highHz, -half), half),
	}
	if r.feed == nil || r.feed.tuning != t {
		feed, err := r.world.tune(r.receiver, t)
		if err != nil {
			return fmt.Errorf("tune: %w", err)
		}
		r.feed, r.retuned = feed, true
	}
	r.gain = amplitude(-r.receiver.FullScaleDBMAt(s.gainDB))
	r.agc = s.agc
	r.loop = r.loops.of(r)
	return nil
}

func (r *kiwiModelRun) close() {}

func (r *kiwiModelRun) next(f *kiwiFrame) (time.Duration, error) {
	f.flags, f.samples = kiwiStereo, kiwiFrameSamples
	if r.retuned {
		f.flags |= kiwiRetuned
		r.retuned = false
	}
	if r.loop != nil {
		r.loop.fill(f, r.sample)
	} else {
		r.listen(f)
	}
	if r.seq == 0 { // the S-meter of a connection's first frame is left over from the previous one
		f.meter = -127
	}
	f.seq = r.seq
	f.gps = r.stamp()
	r.seq++
	r.sample += kiwiFrameSamples
	return r.feed.TimeOf(r.sample), nil
}

// listen fills in what is heard: samples, S-meter, overload.
func (r *kiwiModelRun) listen(f *kiwiFrame) {
	r.feed.Samples(r.z[:], r.sample)
	r.measure()
	f.meter = r.meter
	if r.quantise(f) {
		f.flags |= kiwiOverload
	}
}

// measure updates the S-meter: an average of decibels over 10 ms, before gain.
func (r *kiwiModelRun) measure() {
	a := 1 - math.Exp(-1/(meterSeconds*r.feed.RateHz()))
	for _, z := range r.z {
		dbm := 10 * math.Log10(real(z)*real(z)+imag(z)*imag(z)+1e-30)
		if math.IsNaN(r.meter) {
			r.meter = dbm
		}
		r.meter += a * (dbm - r.meter)
	}
}

// quantise applies gain and rounds. It reports whether a sample did not fit.
func (r *kiwiModelRun) quantise(f *kiwiFrame) (overload bool) {
	decay := math.Exp(-1 / (agcDecaySeconds * r.feed.RateHz()))
	for i, z := range r.z {
		gain := r.gain
		if r.agc {
			r.level = max(r.level*decay, math.Hypot(real(z), imag(z)), 1e-12)
			gain = agcTarget / r.level
		}
		for j, v := range [2]float64{real(z), imag(z)} {
			q := math.RoundToEven(v * gain * 32768)
			if q < -32768 || q > 32767 {
				overload = true
				if !r.wrap {
					q = min(max(q, -32768), 32767)
				}
			}
			f.iq[2*i+j] = int16(int64(q)) // drops the upper bits when it wraps
		}
	}
	return overload
}

// stamp returns the time of the frame's first sample, as wrong as a KiwiSDR's: the first is 0, the second
// left over from an earlier connection.
func (r *kiwiModelRun) stamp() gpsStamp {
	at := r.epoch.Add(r.feed.TimeOf(r.sample))
	if sigma := r.receiver.StampJitterS; sigma > 0 {
		// Both parts of a unit circular Gaussian have variance 1/2.
		at = at.Add(time.Duration(math.Round(real(r.jitter.Gauss(uint64(r.sample))) * math.Sqrt2 * sigma * 1e9)))
	}
	fixAge := uint8(at.Unix() & 3)
	switch r.seq {
	case 0:
		return gpsStamp{}
	case 1:
		return stampOf(at.Add(-227*time.Second-123456789), fixAge)
	}
	return stampOf(at, fixAge)
}

// amplitude converts decibels.
func amplitude(db float64) float64 { return math.Pow(10, db/20) }
