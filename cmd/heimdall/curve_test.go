package main

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestACurveHasACharacterForEachStepAndNoneWhereNothingWas(t *testing.T) {
	from := time.Date(2026, 3, 1, 10, 20, 0, 0, time.UTC)
	c := newCurve(wire.Basis{From: from, To: from.Add(5 * time.Hour)}, "1h")
	for hour, value := range map[int]float64{10: 0, 11: 7, 13: 3.1, 14: 7} {
		c.add(time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC), value, 2)
	}
	if got := c.draw(); got != "▁█ ▄█" {
		t.Errorf("it is %q", got)
	}
	c.low, c.high = new(0.0), new(14.0)
	if got := c.draw(); got != "▁▅ ▃▅" {
		t.Errorf("between 0 and 14 it is %q", got)
	}
}

func TestACurveOfManyStepsIsTheirMeans(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c := newCurve(wire.Basis{From: from, To: from.AddDate(0, 0, 7)}, "1h")
	for hour := range 7 * 24 { // 168 steps, four to a character
		c.add(from.Add(time.Duration(hour)*time.Hour), float64(hour/4%2), 1)
	}
	if got := []rune(c.draw()); len(got) != 42 || string(got[:4]) != "▁█▁█" {
		t.Errorf("%d characters: %s", len(got), string(got))
	}
	if got := newCurve(wire.Basis{From: from, To: from.Add(time.Hour)}, "1d").draw(); got != "" {
		t.Errorf("of nothing it is %q", got)
	}
	one := newCurve(wire.Basis{From: from, To: from.Add(time.Hour)}, "1h")
	one.add(from, 3, 1)
	if got := one.draw(); got != "▅" {
		t.Errorf("of one value it is %q", got)
	}
}
