package export_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// A time of a recording is that of its clock: the true rate, with what is missing in gaps.
func TestASliceByTimeHoldsExactlyTheSamplesOfThatTime(t *testing.T) {
	t.Parallel()
	const n = 400
	s := store(t, "ci16_le", n)
	rapid.Check(t, func(rt *rapid.T) {
		s := *s
		s.rec.SampleRateHz = rapid.SampledFrom([]float64{0.5, 12001.135, 2_048_000.25, 3e8}).Draw(rt, "rate")
		s.rec.Gaps = []heimdall.Gap{{Sample: rapid.Int64Range(1, n-1).Draw(rt, "gap"), Missing: rapid.Int64Range(1, 300).Draw(rt, "missing")}}
		clock := stamp.Clock{Start: s.rec.Start, RateHz: s.rec.SampleRateHz, Gaps: s.rec.Gaps}
		total := clock.At(n).Sub(s.rec.Start)
		at := func(name string) time.Time {
			near := clock.At(rapid.Int64Range(0, n).Draw(rt, name))
			if rapid.Bool().Draw(rt, name+" anywhere") {
				near = s.rec.Start.Add(time.Duration(rapid.Int64Range(0, int64(total)).Draw(rt, name+" ns")))
			}
			return near.Add(time.Duration(rapid.Int64Range(-2, 2).Draw(rt, name+" off")))
		}
		from, to := at("from"), at("to")
		var want []byte
		for k := range int64(n) {
			if now := clock.At(k); !now.Before(from) && now.Before(to) {
				want = append(want, s.data[4*k:4*k+4]...)
			}
		}
		o, err := s.store.Open(t.Context(), s.rec.S3Path)
		if err != nil {
			rt.Fatal(err)
		}
		defer o.Close()
		file, err := export.Open(o, s.meta, s.rec, export.Raw, export.Between(from, to))
		if len(want) == 0 {
			var invalid *heimdall.InvalidError
			if !errors.As(err, &invalid) {
				rt.Fatalf("no sample lies from %v to %v, but Open = %v", from, to, err)
			}
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		got := make([]byte, file.Size)
		if _, err := file.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			rt.Fatalf("from %v to %v there are %d samples, want %d, or others (%v)", from, to, len(got)/4, len(want)/4, err)
		}
	})
}

func TestAnOpenEndIsThatOfTheRecording(t *testing.T) {
	s := store(t, "ci16_le", 100)
	clock := stamp.Clock{Start: s.rec.Start, RateHz: s.rec.SampleRateHz, Gaps: s.rec.Gaps}
	if got := s.read(t, export.Raw, export.Between(clock.At(30), time.Time{})); !bytes.Equal(got, s.data[4*30:]) {
		t.Errorf("from sample 30 on there are %d samples", len(got)/4)
	}
	if got := s.read(t, export.Raw, export.Between(time.Time{}, clock.At(30))); !bytes.Equal(got, s.data[:4*30]) {
		t.Errorf("before sample 30 there are %d samples", len(got)/4)
	}
	if got := s.read(t, export.Raw, export.Between(s.rec.Start.Add(-time.Hour), s.rec.Start.Add(time.Hour))); !bytes.Equal(got, s.data) {
		t.Errorf("of the hours around it there are %d samples", len(got)/4)
	}
	if name := s.open(t, export.NPY, export.Between(clock.At(10), clock.At(20))).Name; name != "20260301T120000Z_145500000Hz_websdr_7_10-20.npy" {
		t.Errorf("the slice is named %s", name)
	}
}

func TestATimeThatIsNotThereIsRefusedInWords(t *testing.T) {
	s := store(t, "ci16_le", 100) // gaps of 512 at 5 and of 1 at 97
	clock := stamp.Clock{Start: s.rec.Start, RateHz: s.rec.SampleRateHz, Gaps: s.rec.Gaps}
	const spans = "from 2026-03-01T12:00:00.123456789Z to 2026-03-01T12:00:00.174535"
	after, before := clock.At(100), s.rec.Start.Add(-time.Second)
	for name, c := range map[string]struct {
		options []export.Option
		change  func(r *heimdall.Recording)
		want    string
	}{
		"behind":       {options: []export.Option{export.Between(after, time.Time{})}, want: "from_time lies behind the recording, which is " + spans},
		"before":       {options: []export.Option{export.Between(before, s.rec.Start)}, want: "to_time lies before the recording, which is " + spans},
		"far":          {options: []export.Option{export.Between(time.Unix(1<<40, 0), time.Time{})}, want: "behind the recording"},
		"turned round": {options: []export.Option{export.Between(after, before)}, want: "to_time must lie after from_time"},
		"nothing":      {options: []export.Option{export.Between(before, before)}, want: "to_time must lie after from_time"},
		"in a gap": {options: []export.Option{export.Between(clock.At(5).Add(-10*time.Millisecond), clock.At(5).Add(-9*time.Millisecond))},
			want: "has no sample: the nearest are of from " + clock.At(4).Format(time.RFC3339Nano) + " to " + clock.At(5).Format(time.RFC3339Nano)},
		"between two":   {options: []export.Option{export.Between(clock.At(50).Add(1), clock.At(50).Add(2))}, want: "has no sample"},
		"by sample too": {options: []export.Option{export.Slice(0, 5), export.Between(s.rec.Start, after)}, want: "choose by time or by sample"},
		"no start":      {options: []export.Option{export.Between(s.rec.Start, after)}, change: func(r *heimdall.Recording) { r.Start = time.Time{} }, want: "times of this recording are not known"},
		"no rate":       {options: []export.Option{export.Between(s.rec.Start, after)}, change: func(r *heimdall.Recording) { r.SampleRateHz = 0 }, want: "times of this recording are not known"},
	} {
		rec := s.rec
		if c.change != nil {
			c.change(&rec)
		}
		o, err := s.store.Open(t.Context(), s.rec.S3Path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = export.Open(o, s.meta, rec, export.Raw, c.options...)
		var invalid *heimdall.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Open = %v, want an InvalidError with %q", name, err, c.want)
		}
		o.Close()
	}
}
