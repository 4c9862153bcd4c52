package rtltcp

import (
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

func TestASpanIsKeptClearOfTheOscillatorInTheMiddleOfTheBand(t *testing.T) {
	w := heimdall.WebSDR{URL: "tcp://dongle:1234", Kind: "rtl_tcp", FrequencyOffsetHz: 100_000_000}
	for _, test := range []struct {
		spanHz float64
		below  int64
	}{
		{0, 0}, // all there is: nothing to keep clear
		{12_500, 60_000},
		{96_000, 60_000}, // its edge is 12 kHz from the leakage
		{97_000, 0},      // no room
		{200_000, 0},
	} {
		set, err := settingsFor(&w, websdr.Tuning{FrequencyHz: 245_500_000, SampleRateHz: 240_000, SpanHz: test.spanHz})
		if err != nil {
			t.Fatal(err)
		}
		if got := 245_500_000 - set.frequencyHz; got != test.below || int64(set.tunedHz) != 145_500_000-test.below {
			t.Errorf("for a span of %g Hz the dongle is tuned %d Hz below, to %d Hz; want %d below", test.spanHz, got, set.tunedHz, test.below)
		}
	}
}
