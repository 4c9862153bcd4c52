package api_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestAPSDHoldsThePowerOfTheToneAtItsFrequency(t *testing.T) {
	r := newRig(t)
	target, _ := r.toned()
	target = strings.TrimSuffix(target, "spectrogram") + "psd"
	start := noon.Add(1_234_567_891)
	at := func(s float64) string { return start.Add(time.Duration(s * 1e9)).Format(time.RFC3339Nano) }
	for _, part := range []struct {
		query           string
		from, durationS float64
	}{
		{"", 0, 12.5},
		{fmt.Sprintf("?from_time=%s&to_time=%s", at(1), at(3)), 1, 2},
		{fmt.Sprintf("?from_time=%s&to_time=%s", at(-5), at(0.01)), 0, 0.01}, // shorter than a segment
		{fmt.Sprintf("?from_time=%s&to_time=%s", at(4), at(9)), 4, 5},        // with the gap
	} {
		var p wire.PSD
		a := r.get(target + part.query).want(200)
		a.into(&p)
		if len(p.DensityDBFSHz) != 1024 || p.StepHz != 12000.0/1024 || !p.Start.Equal(start.Add(time.Duration(part.from*1e9))) || math.Abs(p.DurationS-part.durationS) > 1e-9 || !p.Exact {
			t.Fatalf("%s has %d bins of %g Hz, from %v for %g s, exact %v", part.query, len(p.DensityDBFSHz), p.StepHz, p.Start, p.DurationS, p.Exact)
		}
		var power, strongest float64
		peak := 0
		for b, db := range p.DensityDBFSHz {
			linear := math.Pow(10, db/10)
			if power += linear * p.StepHz; linear > strongest {
				peak, strongest = b, linear
			}
		}
		if got := 10 * math.Log10(power); math.Abs(got+20) > 0.02 {
			t.Errorf("%s: the tone of -20 dBFS has %.3f dBFS", part.query, got)
		}
		if got := p.LowHz + float64(peak)*p.StepHz; math.Abs(got-1500) > p.StepHz/2 {
			t.Errorf("%s: the tone at 1500 Hz is at %g Hz", part.query, got)
		}
		r.get(target+part.query, "If-None-Match", a.header.Get("ETag")).want(304)
	}
	var nothing wire.PSD
	r.get(fmt.Sprintf("%s?from_time=%s&to_time=%s", target, at(5.5), at(7))).want(200).into(&nothing)
	if len(nothing.DensityDBFSHz) != 0 || nothing.Segments != 0 {
		t.Errorf("of the gap it has %d bins of %g segments", len(nothing.DensityDBFSHz), nothing.Segments)
	}
	r.get(fmt.Sprintf("%s?from_time=%s", target, at(13))).want(422)
}
