package acquire_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A jumpy clock is set by somebody, or by a time server that has just come back.
type jumpy struct{ ahead atomic.Int64 }

func (j *jumpy) now() time.Time { return time.Now().Add(time.Duration(j.ahead.Load())) }

// The machine's clock is the clock of leases, of time-outs and of what is written down. That of the samples is the receiver's.
func TestAClockThatJumpsInTheMidstOfAnAcquisitionLosesNothing(t *testing.T) {
	t.Parallel()
	const lease = 15 * time.Second // longer than a busy machine takes to renew it
	for name, jump := range map[string]time.Duration{
		"an hour ahead": time.Hour, "an hour back": -time.Hour, "past the lease": lease + 5*time.Second, "a year back": -365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.worker.Lease = lease
			ids := b.add("pace=real&seed=1", "pace=real&seed=2", "pace=fast&seed=3")
			jumped := make(chan struct{})
			b.atMidway(ids[0], 500*time.Millisecond, func(context.Context) {
				b.clock.ahead.Store(int64(jump))
				close(jumped)
			})
			stop := start(t, b.worker)
			long := func(a *heimdall.Acquisition) { a.Duration = 2 * time.Second }
			before := b.create(long, ids...)
			b.reached(jumped)
			after := b.create(long, ids...) // and one that begins on the new time
			for _, taskID := range []string{before.TaskID, after.TaskID} {
				a, captures := b.awaitEnd(taskID)
				if a.State != heimdall.Success {
					t.Errorf("%s (%q): %+v", a.State, a.Reason, captures)
				}
				if m := b.measurements(taskID); len(m) != len(ids) {
					t.Errorf("%d measurements of %d recordings", len(m), len(ids))
				}
			}
			stop()
			b.checkWhole()
		})
	}
}
