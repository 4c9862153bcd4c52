package main

import (
	"math"
	"testing"
)

func TestBytesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]byteSize{
		"": 0, "0": 0, "17": 17, "200GB": 200e9, "200 gb": 200e9, "1.5TB": 1.5e12, "500MiB": 500 << 20, "2kib": 2048, "3b": 3, "1e3": 1000,
	} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"-1", "GB", "ten", "1 GBit", "1e30", "NaN", "inf", "1,5GB", "0x10p3000"} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

func TestBytesAreShownWithFourDigitsAtMost(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 200e9: "200.0 GB", math.MaxInt64: "9.2 EB"} {
		if got := showBytes(n); got != want {
			t.Errorf("%d is shown as %s, want %s", n, got, want)
		}
	}
}
