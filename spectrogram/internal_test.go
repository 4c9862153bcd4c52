package spectrogram

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestHundredthsOfADecibelAreRightWithinOne(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		db := -320 + 400*random.Float64()
		power := float32(math.Pow(10, db/10))
		if got := float64(mantissas().hundredths(power)); math.Abs(got-1000*math.Log10(float64(power))) > 1 {
			t.Fatalf("%g dB is %g hundredths", 10*math.Log10(float64(power)), got)
		}
	}
	for power, want := range map[float32]int16{0: math.MinInt16, 1: 0, 100: 2000, 0.5: -301} {
		if got := mantissas().hundredths(power); got != want && got != want+1 && got != want-1 || power == 0 && got != want {
			t.Errorf("%g is %d hundredths", power, got)
		}
	}
}
