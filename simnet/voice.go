package simnet

import (
	"math"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// A voice is a few tones between 300 and 2700 Hz that swell and fade together a few times a second. It is
// neither intelligible nor Gaussian, but it fills a voice channel and its truth is a short sum.
type voice struct {
	tones       [6]tone
	syllableHz  float64
	syllableRad float64
}

type tone struct {
	hz, weight, rad float64 // weights sum to 1
}

const syllableDepth = 0.6

// newVoice draws a voice: tones spread over the band so that no two differ by a simple ratio.
func newVoice(src siggen.Source) voice {
	var v voice
	var sum float64
	for i := range v.tones {
		u := uint64(3 * i)
		v.tones[i] = tone{
			hz:     330 + 400*float64(i) + 300*src.Uniform(u),
			weight: 0.5 + src.Uniform(u+1),
			rad:    2 * math.Pi * src.Uniform(u+2),
		}
		sum += v.tones[i].weight
	}
	for i := range v.tones {
		v.tones[i].weight /= sum
	}
	v.syllableHz = 2.5 + 2*src.Uniform(90)
	v.syllableRad = 2 * math.Pi * src.Uniform(91)
	return v
}

// swellMeanSquare is the mean square of the swelling (1 + d sin)/(1 + d).
func swellMeanSquare() float64 {
	return (1 + syllableDepth*syllableDepth/2) / ((1 + syllableDepth) * (1 + syllableDepth))
}

// A voiceRun is a voice being evaluated at equally spaced times.
type voiceRun struct {
	tones   [6]phasor
	weights [6]float64
	swell   phasor
}

func (v *voice) run(t0 instant, rateHz float64) voiceRun {
	var r voiceRun
	for i, tn := range v.tones {
		r.tones[i] = newPhasor(t0.phase(tn.hz, tn.rad), 2*math.Pi*tn.hz/rateHz)
		r.weights[i] = tn.weight
	}
	r.swell = newPhasor(t0.phase(v.syllableHz, v.syllableRad), 2*math.Pi*v.syllableHz/rateHz)
	return r
}

// next returns the weighted sum of the tones as cosines and sines, swelling included; both lie in [-1, 1].
func (r *voiceRun) next() (c, s float64) {
	for i := range r.tones {
		tc, ts := r.tones[i].step()
		c += r.weights[i] * tc
		s += r.weights[i] * ts
	}
	_, w := r.swell.step()
	w = (1 + syllableDepth*w) / (1 + syllableDepth)
	return c * w, s * w
}

// fmWave is phase modulation whose phase is the integral of the voice but for the slow swelling: the
// frequency deviates by at most deviationHz (and a few hertz), and by nothing in the mean.
type fmWave struct {
	voice       voice
	deviationHz float64
}

func (f fmWave) fill(re, im []float64, t0 instant, rateHz float64) {
	v := f.voice
	r := v.run(t0, rateHz)
	for i, tn := range v.tones {
		r.weights[i] = f.deviationHz * tn.weight / tn.hz
	}
	for i := range re {
		_, phase := r.next()
		im[i], re[i] = math.Sincos(phase)
	}
}

// widthHz follows Carson's rule with the highest tone.
func (f fmWave) widthHz() float64    { return 2 * (f.deviationHz + 2700) }
func (f fmWave) centroidHz() float64 { return 0 }

type amWave struct {
	voice voice
	depth float64
}

func (a amWave) fill(re, im []float64, t0 instant, rateHz float64) {
	r := a.voice.run(t0, rateHz)
	scale := 1 / math.Sqrt(1+a.depth*a.depth*swellMeanSquare()*a.voice.meanSquare()/2)
	for i := range re {
		c, _ := r.next()
		re[i], im[i] = scale*(1+a.depth*c), 0
	}
}

func (a amWave) widthHz() float64    { return 2 * 2720 }
func (a amWave) centroidHz() float64 { return 0 }

type usbWave struct{ voice voice }

func (u usbWave) fill(re, im []float64, t0 instant, rateHz float64) {
	r := u.voice.run(t0, rateHz)
	scale := 1 / math.Sqrt(swellMeanSquare()*u.voice.meanSquare())
	for i := range re {
		c, s := r.next()
		re[i], im[i] = scale*c, scale*s
	}
}

func (u usbWave) widthHz() float64 { return 2 * 2720 }

func (u usbWave) centroidHz() float64 {
	var sum float64
	for _, tn := range u.voice.tones {
		sum += tn.weight * tn.weight * tn.hz
	}
	return sum / u.voice.meanSquare()
}

// meanSquare is the mean power of the tones as phasors, before swelling.
func (v *voice) meanSquare() float64 {
	var sum float64
	for _, tn := range v.tones {
		sum += tn.weight * tn.weight
	}
	return sum
}
