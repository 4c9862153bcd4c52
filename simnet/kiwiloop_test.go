package simnet_test

import (
	"bytes"
	"testing"
)

func TestALoopRepeatsTheSignalWhileStampsGoOn(t *testing.T) {
	w := dcf77()
	w.Receivers[0].LoopS = 0.1 // three frames
	s := serve(t, w, "kiwi", fast)
	signal := func(f sndFrame) []byte { return f.raw[20:] }
	var begun []byte
	for _, ts := range []string{"1", "2"} { // every connection repeats the same
		c := dialKiwi(t, s, ts)
		c.start()
		frames := c.frames(12)
		for i := 5; i < len(frames); i++ { // the first two stamps are stale
			was, is := frames[i-3], frames[i]
			if !bytes.Equal(signal(was), signal(is)) {
				t.Errorf("connection %s: frame %d is not that of a loop before", ts, i)
			}
			const want = 3 * 512 / (12000 * (1 + 95.2e-6))
			if d := float64(is.sec) - float64(was.sec) + (float64(is.nsec)-float64(was.nsec))/1e9; !near(d, want, 3e-9) {
				t.Errorf("connection %s: three frames take %.9f s by their stamps, want %.9f", ts, d, want)
			}
		}
		if bytes.Equal(signal(frames[5]), signal(frames[6])) {
			t.Errorf("connection %s: two frames in turn are the same", ts)
		}
		if begun == nil {
			begun = signal(frames[0])
		}
		if !bytes.Equal(begun, signal(frames[0])) {
			t.Errorf("connection %s begins with something else", ts)
		}
	}
}
