package simnet

import (
	"math"
	"sync"
)

// A load test wants hundreds of receivers on the machine that it measures, and computing what each hears would cost more
// than all that is measured. So a receiver may compute a few frames of each tuning once, and repeat them for ever. Stamps,
// sequence numbers and pace are those of the real time: only the signal begins again, with a jump in its phase.

// kiwiLoops are what one receiver has computed so far.
type kiwiLoops struct {
	frames int // of a loop

	mu   sync.Mutex
	made map[loopKey]*kiwiLoop // guarded by mu
}

// A loopKey is all that what is heard depends on, but for the time.
type loopKey struct {
	tuning Tuning
	gain   float64
	agc    bool
}

// newKiwiLoops returns nil for a receiver that repeats nothing.
func newKiwiLoops(r *Receiver) *kiwiLoops {
	if r.LoopS <= 0 {
		return nil
	}
	frames := math.Ceil(r.LoopS * float64(r.rateHz()) / kiwiFrameSamples)
	return &kiwiLoops{frames: int(frames), made: map[loopKey]*kiwiLoop{}}
}

// of returns what a run repeats, as it is tuned.
func (l *kiwiLoops) of(r *kiwiModelRun) *kiwiLoop {
	key := loopKey{r.feed.tuning, r.gain, r.agc}
	l.mu.Lock()
	defer l.mu.Unlock()
	loop, ok := l.made[key]
	if !ok {
		loop = newKiwiLoop(r, l.frames)
		l.made[key] = loop
	}
	return loop
}

// A kiwiLoop is frames of which samples, S-meter and overload count. Nobody writes to it.
type kiwiLoop struct{ frames []kiwiFrame }

// newKiwiLoop lets a copy of the run listen from the epoch on, so that every connection repeats the same.
func newKiwiLoop(r *kiwiModelRun, frames int) *kiwiLoop {
	ear := &kiwiModelRun{kiwiModel: r.kiwiModel, wrap: r.wrap, feed: r.feed, gain: r.gain, agc: r.agc, meter: math.NaN()}
	loop := &kiwiLoop{frames: make([]kiwiFrame, frames)}
	for i := range loop.frames {
		ear.listen(&loop.frames[i])
		ear.sample += kiwiFrameSamples
	}
	return loop
}

func (l *kiwiLoop) fill(f *kiwiFrame, sample int64) {
	n := int64(len(l.frames))
	from := &l.frames[((sample/kiwiFrameSamples)%n+n)%n]
	f.iq, f.meter = from.iq, from.meter
	f.flags |= from.flags & kiwiOverload
}
