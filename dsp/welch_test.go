package dsp

import "testing"

func TestPushingSegmentsAllocatesNothing(t *testing.T) {
	re, im := noise(1 << 15)
	for _, n := range []int{64, 512, 2048} {
		w := newWelch(n, 0, 1)
		for len(w.spare) == 0 || w.inBlock > 0 { // until the first blocks are merged: later ones use their memory
			w.push(re[:w.hop], im[:w.hop])
		}
		if got := testing.AllocsPerRun(10, func() { w.push(re, im) }); got != 0 {
			t.Errorf("segments of %d: pushing %d samples allocates %v times, want none", n, len(re), got)
		}
	}
}
