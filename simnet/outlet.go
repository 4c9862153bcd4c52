package simnet

import (
	"context"
	"io"

	"github.com/heimdall-sdr/heimdall/iq"
)

// An outlet sends the samples of a stream without frames, and lets happen to them what the plan says.
type outlet struct {
	to      io.Writer
	plan    plan
	clock   timeline
	sent    int64 // samples
	gapped  bool
	stalled bool // nothing more comes, but the connection is to stay
	cut     bool // the connection is to be cut
	buf     []byte
}

// send sends the next n samples as soon as all are taken, and reports whether the stream is over.
func (o *outlet) send(ctx context.Context, run sampleRun, n int64, f iq.Format) (done bool) {
	rateHz := run.rateHz()
	if o.plan.reached(FaultStall, o.sent, rateHz) {
		o.stalled = true
		return true
	}
	if o.plan.reached(FaultDrop, o.sent, rateHz) {
		o.cut = true
		return true
	}
	if gap, ok := o.plan.find(FaultGap); ok && !o.gapped && o.plan.reached(FaultGap, o.sent, rateHz) {
		run.skip(gap.Samples)
		o.gapped = true
	}
	if need := int(n) * f.Size(); cap(o.buf) < need {
		o.buf = make([]byte, need)
	}
	m, err := run.read(o.buf[:int(n)*f.Size()], f)
	b := o.buf[:m]
	odd := o.plan.reached(FaultOddBytes, o.sent+n, rateHz)
	if odd && len(b) > 0 {
		b = b[:len(b)-1]
	}
	if o.clock.wait(ctx, run.taken()) != nil {
		return true
	}
	if _, werr := o.to.Write(b); werr != nil {
		return true
	}
	o.sent += int64(m / f.Size())
	return odd || err != nil
}
