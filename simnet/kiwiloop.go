package simnet

import (
	"math"
	"sync"
)

// A load test wants hundreds of receivers on the machine that it measures, and computing what each hears would cost more
// than all that is measured. So receivers may compute a few frames of each tuning once, and repeat them for ever. Stamps,
// sequence numbers and pace are those of the real time: only the signal begins again, with a jump in its phase.

// kiwiLoops are what the receivers of a network have computed so far. The first that is tuned somewhere lends the others
// its ears: they all hear the same.
type kiwiLoops struct {
	mu   sync.Mutex
	made map[loopKey]*kiwiLoop // guarded by mu
}

// A loopKey is what makes one loop another.
type loopKey struct {
	frames int
	tuning Tuning
	gain   float64
	agc    bool
}

func newKiwiLoops() *kiwiLoops { return &kiwiLoops{made: map[loopKey]*kiwiLoop{}} }

// of returns what a run repeats, as it is tuned; nil when it repeats nothing.
func (l *kiwiLoops) of(r *kiwiModelRun) *kiwiLoop {
	if r.receiver.LoopS <= 0 {
		return nil
	}
	frames := math.Ceil(r.receiver.LoopS * float64(r.receiver.rateHz()) / kiwiFrameSamples)
	key := loopKey{int(frames), r.feed.tuning, r.gain, r.agc}
	l.mu.Lock()
	defer l.mu.Unlock()
	loop, ok := l.made[key]
	if !ok {
		loop = newKiwiLoop(r, key.frames)
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
