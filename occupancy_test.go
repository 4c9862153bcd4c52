package heimdall_test

import (
	"math"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

func TestTheIntervalOfAShareIsWilsons(t *testing.T) {
	// The bounds solve (p - share)^2 = z^2 p (1-p) / n: that is Wilson's definition.
	const z = 1.959963984540054
	for _, c := range []struct{ n, detected int64 }{{1, 0}, {1, 1}, {10, 0}, {10, 3}, {10, 10}, {1000, 500}, {1_000_000, 1}} {
		o := heimdall.NewOccupied(c.n, c.detected)
		share := float64(c.detected) / float64(c.n)
		if *o.Share != share || *o.Low > share || *o.High < share || *o.Low < 0 || *o.High > 1 {
			t.Errorf("%d of %d is %g, from %g to %g", c.detected, c.n, *o.Share, *o.Low, *o.High)
		}
		for _, p := range []float64{*o.Low, *o.High} {
			if left := (p-share)*(p-share) - z*z*p*(1-p)/float64(c.n); math.Abs(left) > 1e-12 {
				t.Errorf("%d of %d: the bound %g leaves %g", c.detected, c.n, p, left)
			}
		}
	}
	if o := heimdall.NewOccupied(0, 0); o.Share != nil || o.Low != nil || o.High != nil {
		t.Errorf("of nothing there is %+v", o)
	}
}
