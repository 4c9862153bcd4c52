package iqfile_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/sigmf"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// kiwiWAV has 30 blocks of 512 samples at 12001 Hz, beginning at start; stamps are made worse by spoil.
func kiwiWAV(t *testing.T, start time.Time, spoil func(block int, s *iq.KiwiStamp)) ([]byte, []iq.KiwiStamp) {
	t.Helper()
	const blocks = 30
	var file bytes.Buffer
	k, err := iq.NewKiwiWriter(&file, 12001, blocks, 512*blocks)
	if err != nil {
		t.Fatal(err)
	}
	var stamps []iq.KiwiStamp
	for b := range int64(blocks) {
		at := start.Add(time.Duration(b * 512 * 1e9 / 12001))
		inWeek := (at.Unix() + 18 - time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC).Unix()) % (7 * 86400)
		s := iq.KiwiStamp{Sample: 512 * b, AgeS: 1, GPSSec: uint32(inWeek), GPSNsec: uint32(at.Nanosecond())}
		spoil(int(b), &s)
		stamps = append(stamps, s)
		if err := k.WriteBlock(s, counting(4 * 512 * blocks)[2048*b:2048*(b+1)]); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes(), stamps
}

func TestAKiwiWAVGivesItsStampsAndItsClockAsItIsRead(t *testing.T) {
	start := time.Date(2026, 8, 1, 23, 59, 41, 300e6, time.UTC) // GPS weeks change at 23:59:42
	file, want := kiwiWAV(t, start, func(b int, s *iq.KiwiStamp) {
		if b < 2 {
			s.GPSSec -= 5000 // stale
		}
	})
	f := open(t, write(t, "20260801T235900Z_7100000_X_iq.wav", file), iqfile.Options{})
	if f.Kind != iqfile.KiwiWAV || f.Samples != 512*30 || !f.Start.IsZero() || f.Stamps() != nil {
		t.Errorf("opened as %+v", f)
	}
	if _, ok := f.Clock(); ok {
		t.Error("there is a clock before there are stamps")
	}
	if got := readAll(t, f); !bytes.Equal(got, counting(4*512*30)) {
		t.Errorf("read %d bytes", len(got))
	}
	if diff := cmp.Diff(want, f.Stamps()); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
	clock, ok := f.Clock()
	if !ok || clock.Quality != heimdall.TimeGPS || clock.Start.Sub(start).Abs() > time.Microsecond || math.Abs(clock.RateHz-12001) > 0.01 {
		t.Errorf("clock %+v, %v; the file starts at %v", clock, ok, start)
	}
}

func TestTheWeekOfAKiwiWAVIsTheOneGiven(t *testing.T) {
	start := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	file, _ := kiwiWAV(t, start, func(int, *iq.KiwiStamp) {})
	path := write(t, "renamed.wav", file)
	f := open(t, path, iqfile.Options{Start: start.AddDate(0, 0, -2)})
	readAll(t, f)
	if clock, ok := f.Clock(); !ok || clock.Start.Sub(start).Abs() > time.Microsecond {
		t.Errorf("given: the clock starts at %v", clock.Start)
	}
	if err := os.Chtimes(path, time.Time{}, start.AddDate(0, 0, 8)); err != nil {
		t.Fatal(err)
	}
	f = open(t, path, iqfile.Options{})
	readAll(t, f)
	if clock, ok := f.Clock(); !ok || clock.Start.Sub(start.AddDate(0, 0, 7)).Abs() > time.Microsecond {
		t.Errorf("by the last change: the clock starts at %v", clock.Start)
	}
}

func TestScanningTheStampsGivesTheLastClockBeforeTheFirstRead(t *testing.T) {
	start := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	file, stamps := kiwiWAV(t, start, func(b int, s *iq.KiwiStamp) {
		if b == 0 {
			s.GPSSec -= 5000
		}
	})
	path := write(t, "20260801T120000Z_7100000_X_iq.wav", file)
	read := open(t, path, iqfile.Options{})
	want := readAll(t, read)
	last, ok := read.Clock()
	if !ok || last.StartSigmaS < 4e-6 {
		t.Errorf("the last clock is %+v, %v: no line knows what a KiwiSDR's stamps have in common", last, ok)
	}
	f := open(t, path, iqfile.Options{})
	for range 2 { // the second time it is known
		if err := f.ScanStamps(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, when := range []string{"before the first", "after the last"} {
		if clock, ok := f.Clock(); !ok || !cmp.Equal(clock, last) {
			t.Errorf("%s Read, the clock is not the last one:\n%s", when, cmp.Diff(last, clock))
		}
		if got := f.StaleSamples(); got != 512 {
			t.Errorf("%s Read, %d samples are stale, want the first block", when, got)
		}
		if when == "before the first" {
			if got := readAll(t, f); !bytes.Equal(got, want) {
				t.Errorf("read %d bytes after the scan, want %d", len(got), len(want))
			}
		}
	}
	if diff := cmp.Diff(stamps, f.Stamps()); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
}

func TestAScanEndsWithItsContextAndCanBeRepeated(t *testing.T) {
	file, _ := kiwiWAV(t, time.Unix(1.7e9, 0), func(int, *iq.KiwiStamp) {})
	f := open(t, write(t, "a.wav", file), iqfile.Options{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.ScanStamps(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("the scan ended with %v", err)
	}
	if _, ok := f.Clock(); ok {
		t.Error("there is a clock without stamps")
	}
	if err := f.ScanStamps(t.Context()); err != nil {
		t.Error(err)
	}
	if _, ok := f.Clock(); !ok {
		t.Error("there is no clock")
	}
}

func TestFilesWithoutStampsNeedNoScan(t *testing.T) {
	f := open(t, write(t, "a.ci16", counting(8)), iqfile.Options{SampleRateHz: 1})
	if err := f.ScanStamps(t.Context()); err != nil || f.StaleSamples() != 0 {
		t.Errorf("error %v, %d stale samples", err, f.StaleSamples())
	}
}

func TestStampsWithoutAFixGiveNoClock(t *testing.T) {
	for promise, spoil := range map[string]func(int, *iq.KiwiStamp){
		"no fix":                   func(_ int, s *iq.KiwiStamp) { s.AgeS = 255 },
		"switched off":             func(_ int, s *iq.KiwiStamp) { *s = iq.KiwiStamp{Sample: s.Sample} },
		"no such second of a week": func(_ int, s *iq.KiwiStamp) { s.GPSSec += 7 * 86400 },
		"no such nanosecond":       func(_ int, s *iq.KiwiStamp) { s.GPSNsec += 1e9 },
	} {
		file, _ := kiwiWAV(t, time.Unix(1.7e9, 0), spoil)
		f := open(t, write(t, "a.wav", file), iqfile.Options{})
		readAll(t, f)
		if clock, ok := f.Clock(); ok {
			t.Errorf("%s: clock %+v", promise, clock)
		}
	}
}

func TestTheClockOfSigMFIsWhatItsMetadataSays(t *testing.T) {
	data := counting(4000)
	captures := []sigmf.Capture{{GlobalIndex: ptr[int64](10)}, {SampleStart: 600, GlobalIndex: ptr[int64](700)}}
	if clock, ok := open(t, recording(t, metadata(data), data), iqfile.Options{}).Clock(); ok {
		t.Errorf("a clock of nothing: %+v", clock)
	}
	captures[0].SetStart(time.Unix(1.7e9, 5))
	captures[0].Other = sigmf.Fields{"heimdall:time_quality": []byte(`"gps"`), "heimdall:time_uncertainty_s": []byte("2e-6"), "heimdall:gps_age_max_s": []byte("3")}
	clock, ok := open(t, recording(t, metadata(data, captures...), data), iqfile.Options{}).Clock()
	if !ok || clock.Quality != heimdall.TimeGPS || clock.StartSigmaS != 2e-6 || clock.GPSAgeMaxS != 3 || clock.RateHz != 1000 ||
		!clock.At(600).Equal(time.Unix(1.7e9, 690e6+5)) {
		t.Errorf("clock %+v, %v: sample 600 at %v", clock, ok, clock.At(600))
	}
}

func TestAStartThatTheUserGaveIsNotBelievedLikeThatOfTheFile(t *testing.T) {
	data := counting(4000)
	capture := sigmf.Capture{Other: sigmf.Fields{"heimdall:time_quality": []byte(`"gps"`), "heimdall:time_uncertainty_s": []byte("2e-6")}}
	capture.SetStart(time.Unix(1.7e9, 0))
	path := recording(t, metadata(data, capture), data)
	for given, want := range map[time.Time]heimdall.TimeQuality{
		{}:                  heimdall.TimeGPS,
		time.Unix(1.7e9, 0): heimdall.TimeGPS,
		time.Unix(1.8e9, 0): heimdall.TimeHostArrival,
	} {
		clock, ok := open(t, path, iqfile.Options{Start: given}).Clock()
		if !ok || clock.Quality != want || (clock.StartSigmaS != 0) != (want == heimdall.TimeGPS) {
			t.Errorf("start %v: clock %+v, %v; want quality %s", given, clock, ok, want)
		}
	}
}

func TestOddWordsAboutTimeAreNotBelieved(t *testing.T) {
	data := counting(4000)
	for _, c := range []struct{ field, value string }{
		{"time_quality", `"sundial"`}, {"time_quality", "5"}, {"time_quality", "null"},
		{"time_uncertainty_s", `"small"`}, {"time_uncertainty_s", "-1"},
		{"gps_age_max_s", "1e99"}, {"gps_age_max_s", "-5"}, {"gps_age_max_s", "604800"},
	} {
		capture := sigmf.Capture{Other: sigmf.Fields{"heimdall:time_quality": []byte(`"gps"`), "heimdall:" + c.field: []byte(c.value)}}
		capture.SetStart(time.Unix(1.7e9, 0))
		clock, ok := open(t, recording(t, metadata(data, capture), data), iqfile.Options{}).Clock()
		want := stamp.Clock{Start: time.Unix(1.7e9, 0).UTC(), RateHz: 1000, Quality: heimdall.TimeGPS}
		if c.field == "time_quality" {
			want.Quality, want.GPSAgeMaxS = heimdall.TimeHostArrival, -1
		}
		if diff := cmp.Diff(want, clock); !ok || diff != "" {
			t.Errorf("%s %s: clock (-want +got):\n%s", c.field, c.value, diff)
		}
	}
}

func TestARecordingOfHeimdallsOwnHasTheClockOfItsRow(t *testing.T) {
	for _, rec := range []heimdall.Recording{
		{TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 4.1e-6, TimeResidualS: 3e-7, GPSAgeMaxS: 7, Gaps: []heimdall.Gap{{Sample: 600, Missing: 90}}},
		{TimeQuality: heimdall.TimeHostDisciplined, TimeUncertaintyS: 0.002, GPSAgeMaxS: -1},
		{TimeQuality: heimdall.TimeHostArrival, GPSAgeMaxS: -1},
		{TimeQuality: heimdall.TimeNone, GPSAgeMaxS: -1},
	} {
		data := counting(4000)
		rec.Datatype, rec.SampleRateHz, rec.SamplesCount, rec.FrequencyHz = "ci16_le", 12001.135, 1000, 77_500
		rec.Start = time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)
		doc, err := export.Metadata(heimdall.Acquisition{}, heimdall.Capture{TaskID: "t", WebSDRID: 1, Recording: &rec}, heimdall.WebSDR{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := sigmf.ParseMetadata(doc)
		if err != nil {
			t.Fatal(err)
		}
		clock, ok := open(t, recording(t, m, data), iqfile.Options{}).Clock()
		want := stamp.Clock{
			Start: rec.Start, RateHz: rec.SampleRateHz, Quality: rec.TimeQuality,
			StartSigmaS: rec.TimeUncertaintyS, GPSAgeMaxS: rec.GPSAgeMaxS, Gaps: rec.Gaps,
		}
		if diff := cmp.Diff(want, clock); !ok || diff != "" {
			t.Errorf("%s: clock (-row +file):\n%s", rec.TimeQuality, diff)
		}
	}
}

func TestTheNameOfAFileSaysWhenAndWhere(t *testing.T) {
	at := time.Date(2017, 11, 27, 10, 41, 56, 0, time.UTC)
	for name, want := range map[string]iqfile.Name{
		"/tapes/20171127T104156Z_77500_DF0KL_iq.wav":   {Start: at, FrequencyHz: 77_500},
		"20171127T104156Z.wav":                         {Start: at},
		"20171127T104156Z_77500Hz_websdr_3.cs16":       {Start: at},
		"20171327T104156Z_77500_a_month_13.wav":        {},
		"20171127T104156_77500_no_zone.wav":            {},
		"a20171127T104156Z_77500_DF0KL_iq.wav":         {},
		"/20171127T104156Z_77500_a_folder/no_name.wav": {},
	} {
		if got := iqfile.ParseName(name); got != want {
			t.Errorf("%s says %+v, want %+v", name, got, want)
		}
	}
}
