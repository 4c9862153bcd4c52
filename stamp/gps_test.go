package stamp_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall/stamp"
)

func TestGPSTimeOfARealRecording(t *testing.T) {
	// A recording of 2017-11-27T10:41:56Z is stamped 124934.
	now := time.Date(2017, 11, 27, 10, 42, 30, 0, time.UTC)
	got := stamp.GPSTime(now, 124934, 214561607, stamp.LeapSeconds)
	if want := time.Date(2017, 11, 27, 10, 41, 56, 214561607, time.UTC); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestGPSTimeFindsTheWeekOfNow(t *testing.T) {
	const week = 7 * 24 * time.Hour
	epoch := time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		want := time.Unix(rapid.Int64Range(1.5e9, 4e9).Draw(t, "unix"), rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).UTC()
		leap := rapid.IntRange(0, 40).Draw(t, "leap seconds")
		off := time.Duration(rapid.Int64Range(-int64(week/2)+1, int64(week/2)-1).Draw(t, "host clock off by"))
		tow := want.Add(time.Duration(leap)*time.Second).Sub(epoch) % week
		got := stamp.GPSTime(want.Add(off), uint32(tow/time.Second), uint32(tow%time.Second), leap)
		if !got.Equal(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestGPSTimeRollsOverOnSunday(t *testing.T) {
	// GPS weeks begin 18 s before Sunday 00:00 UTC.
	sunday := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	before := stamp.GPSTime(sunday.Add(-19*time.Second), 604799, 957_000_000, 18)
	after := stamp.GPSTime(sunday.Add(-18*time.Second), 0, 0, 18)
	if d := after.Sub(before); d != 43*time.Millisecond {
		t.Errorf("the step over the roll-over is %v, want 43ms", d)
	}
	// The host may still be in the old week, or already in the new one.
	for _, now := range []time.Duration{-time.Minute, -18 * time.Second, 0, time.Minute} {
		if got := stamp.GPSTime(sunday.Add(now), 1, 0, 18); !got.Equal(sunday.Add(-17 * time.Second)) {
			t.Errorf("host at Sunday %v: got %v", now, got)
		}
	}
}

func TestGPSTimeOfNonsenseDoesNotPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1.7e9, 0)
		got := stamp.GPSTime(now, rapid.Uint32().Draw(t, "sec"), rapid.Uint32().Draw(t, "nsec"), 18)
		if d := got.Sub(now).Abs(); d > 4*24*time.Hour {
			t.Fatalf("%v from now", d)
		}
	})
}

func TestATimeOfWeekIsReadBackAsTheTimeItWas(t *testing.T) {
	for _, text := range []string{
		"2017-11-27T10:41:56.214600789Z", "2026-03-01T12:00:00Z", "2026-03-07T23:59:41.999999999Z", "2026-03-07T23:59:42Z",
		"2026-03-08T00:00:00Z", "1980-01-05T23:59:41Z", "1970-01-01T00:00:00Z", "2200-01-01T00:00:00.5Z",
	} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		sec, nsec := stamp.GPSTimeOfWeek(at, stamp.LeapSeconds)
		if got := stamp.GPSTime(at.Add(3*24*time.Hour), sec, nsec, stamp.LeapSeconds); !got.Equal(at) {
			t.Errorf("%s is stamped %d.%09d and read as %v", text, sec, nsec, got)
		}
	}
	// A week begins at Sunday, 00:00:00 GPS: 18 s before midnight UTC.
	if sec, nsec := stamp.GPSTimeOfWeek(time.Date(2026, 3, 7, 23, 59, 42, 7, time.UTC), 18); sec != 0 || nsec != 7 {
		t.Errorf("the first second of a week is %d.%09d", sec, nsec)
	}
}
