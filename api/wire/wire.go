// Package wire is the JSON that crosses the network: the shapes that the HTTP API answers with and accepts,
// shared by its server (package api) and its clients (package client), so that the two cannot differ.
//
// Inside the program the nouns are package heimdall's, in integer hertz and [time.Duration]. Here they carry
// the names and units of the first Heimdall's tables: frequency_mhz, sample_rate_khz, duration_seconds. Each
// shape has a conversion in both directions, and these functions are the only place where units change.
// Nothing here validates: heimdall.Acquisition and heimdall.WebSDR do.
//
// Times are RFC 3339 in UTC. Every key is always present: null where there is no value, "" where there is no
// text. NaN and infinities do not exist in JSON; a number that is not finite becomes null or 0.
//
// The surprising part: a WebSDR's password goes in and never comes out; has_password says whether there is one.
package wire

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// MHz converts a frequency for output. Hz(MHz(f)) is f for every frequency that Heimdall accepts.
func MHz(hz int64) float64 { return float64(hz) / 1e6 }

// Hz converts a frequency from input, to the nearest hertz. What no int64 can hold becomes a number that
// every check refuses.
func Hz(mhz float64) int64 { return roundClamped(mhz * 1e6) }

// khz and hzOfKHz do the same for integer sample rates.
func khz(hz int64) float64 { return float64(hz) / 1e3 }

// A rate that is not zero but rounds to zero stays refusable instead of turning into "the default".
func hzOfKHz(khz float64) int64 {
	hz := roundClamped(khz * 1e3)
	if hz == 0 && khz != 0 {
		return -1
	}
	return hz
}

// rateKHz and rateHz convert true rates, by moving the decimal point: in binary, 4.001 kHz times 1000 is not
// 4001 Hz. A rate of up to 15 digits comes back as it was.
func rateKHz(hz float64) float64 { return shifted(finite(hz), -3) }
func rateHz(khz float64) float64 { return shifted(finite(khz), 3) }

func shifted(v float64, places int) float64 {
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	n, err := strconv.Atoi(exponent)
	if err != nil {
		return 0 // cannot be: that is how FormatFloat writes every finite number
	}
	moved, err := strconv.ParseFloat(digits+"e"+strconv.Itoa(n+places), 64)
	if err != nil {
		return v * math.Pow10(places) // overflow
	}
	return moved
}

// Duration converts seconds from input, to the nearest nanosecond. What no Duration can hold becomes one
// that every check refuses.
func Duration(seconds float64) time.Duration { return time.Duration(roundClamped(seconds * 1e9)) }

// roundClamped rounds to the nearest integer. NaN becomes the smallest one: no limit admits it.
func roundClamped(v float64) int64 {
	switch {
	case math.IsNaN(v) || v <= math.MinInt64:
		return math.MinInt64
	case v >= math.MaxInt64:
		return math.MaxInt64
	}
	return int64(math.Round(v))
}

// instant is t for output; a zero time is null.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// timeOf is the reverse of instant.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// finite replaces a number that JSON cannot express.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

func finitePointer(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

// orEmpty keeps a list from becoming null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
