package recompute

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
)

func TestTheClockIsFoundAgainFromItsErrorAtTheFrequency(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		radioHz := rapid.Int64Range(1, heimdall.MaxFrequencyHz).Draw(t, "frequency")
		ppm := rapid.Float64Range(1e-6, 1000).Draw(t, "ppm")
		sigmaHz := ppm * 1e-6 * float64(radioHz) // as package dsp has it
		s := source{recording: heimdall.Recording{FrequencyHz: radioHz}}
		s.measurement.ClockSigmaHz = &sigmaHz
		if got := s.clockSigmaPPM() * 1e-6 * float64(radioHz); got != sigmaHz {
			t.Errorf("%v ppm at %d Hz: %v Hz come back as %v", ppm, radioHz, sigmaHz, got)
		}
	})
	var s source
	if got := s.clockSigmaPPM(); got != 0 {
		t.Errorf("of an unknown clock: %v", got)
	}
}
