package replay_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/replay"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

const tunedHz = 7_074_000

// numbered is CI16LE samples: the index as I and Q.
func numbered(from, to int) []byte {
	var b []byte
	for k := from; k < to; k++ {
		b = binary.LittleEndian.AppendUint32(b, uint32(k))
	}
	return b
}

// write makes a file for the time of a test and returns its path.
func write(t *testing.T, name string, parts ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func of(path, query string) heimdall.WebSDR {
	u := url.URL{Scheme: "file", Path: path, RawQuery: query}
	return heimdall.WebSDR{Name: "tape", Kind: "replay", URL: u.String(), Timeout: 5 * time.Second}
}

func open(t *testing.T, path, query string) (websdr.Stream, error) {
	t.Helper()
	w := of(path, query)
	stream, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: tunedHz})
	if err == nil {
		t.Cleanup(func() { stream.Close() })
	}
	return stream, err
}

func mustOpen(t *testing.T, path, query string) websdr.Stream {
	t.Helper()
	stream, err := open(t, path, query)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return stream
}

// taped plays one file to every subtest of t.
func taped(t *testing.T, query string, samples int) websdrtest.Setup {
	t.Helper()
	w := of(write(t, "tape.cs16", numbered(0, samples)), "rate=48000&"+query)
	return func(*testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		return new(replay.Driver), w, websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: 48_000}
	}
}

func faults(t *testing.T) map[heimdall.FailureClass]websdrtest.Setup {
	return map[heimdall.FailureClass]websdrtest.Setup{
		heimdall.FailOutOfRange:  taped(t, "center=10000000", 10_000),
		heimdall.FailUnsupported: taped(t, "pace=slow", 10_000),
		heimdall.FailProtocol: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
			return new(replay.Driver), of(write(t, "tape.wav", []byte("no RIFF here")), ""), websdr.Tuning{FrequencyHz: tunedHz}
		},
		heimdall.FailTransport: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
			return new(replay.Driver), of(filepath.Join(t.TempDir(), "gone.cs16"), "rate=48000"), websdr.Tuning{FrequencyHz: tunedHz}
		},
	}
}

func TestThePromiseOfADriverAtFastPace(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{Open: taped(t, "pace=fast", 20_000), Faults: faults(t)})
}

func TestThePromiseOfADriverAtRealPace(t *testing.T) {
	const minute = 60 * 48_000 // no sentence reads that long
	websdrtest.Run(t, websdrtest.Target{Open: taped(t, "pace=real", minute), Endless: true})
}

func TestThePromiseOfADriverByAKiwiWAV(t *testing.T) {
	path := write(t, "20171127T104156Z_7074000_X_iq.wav", kiwiWAV(t, 60, 0, 0))
	websdrtest.Run(t, websdrtest.Target{Open: func(*testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		return new(replay.Driver), of(path, "pace=fast"), websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: 12_000}
	}})
}

func TestTheSamplesAreTheFiles(t *testing.T) {
	for _, pace := range []string{"fast", "real"} {
		path := write(t, "tape.cs16", numbered(0, 5000))
		stream := mustOpen(t, path, "rate=48000&pace="+pace)
		var got []byte
		var err error
		for size := 4; err == nil; size = size%1021 + 5 {
			p := make([]byte, size)
			var n int
			n, err = stream.Read(p)
			got = append(got, p[:n]...)
		}
		if !errors.Is(err, io.EOF) || !bytes.Equal(got, numbered(0, 5000)) {
			t.Errorf("pace=%s: %d bytes and error %v, want the 20000 of the file and io.EOF", pace, len(got), err)
		}
	}
}

func TestTheHeaderSaysWhatIsPlayed(t *testing.T) {
	path := write(t, "tape.bin", numbered(0, 5000))
	want := websdr.Header{Format: iq.CI16BE, NominalRateHz: 12_500, FrequencyHz: tunedHz, Live: true, Dialect: "replay of raw"}
	if diff := cmp.Diff(want, mustOpen(t, path, "format=ci16_be&rate=12500&center=7074000").Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if mustOpen(t, path, "format=ci16_be&rate=12500&pace=fast").Header().Live {
		t.Error("a recording that waits for its reader is called live")
	}
}

func TestRealPaceIsThatOfTheSamples(t *testing.T) {
	began := time.Now()
	stream := mustOpen(t, write(t, "tape.cs16", numbered(0, 9600)), "rate=48000")
	if _, err := io.Copy(io.Discard, stream); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 180*time.Millisecond { // the first 20 ms are there at once
		t.Errorf("0.2 s of samples took %v", took)
	}
}

func TestCloseEndsAReadThatWaitsForItsTime(t *testing.T) {
	stream := mustOpen(t, write(t, "tape.cs16", numbered(0, 100)), "rate=1")
	if n, err := stream.Read(make([]byte, 400)); n != 4 || err != nil {
		t.Fatalf("the first Read gave %d bytes and error %v", n, err)
	}
	ended := make(chan error)
	go func() {
		_, err := io.ReadFull(stream, make([]byte, 80))
		ended <- err
	}()
	began := time.Now()
	stream.Close()
	if err := <-ended; websdr.AsFailure(err).Class != heimdall.FailTransport || time.Since(began) > 2*time.Second {
		t.Errorf("Read ended with %v after %v", err, time.Since(began))
	}
}

func TestAFileWithoutATimeBeginsWhenItIsOpened(t *testing.T) {
	before := time.Now()
	c := mustOpen(t, write(t, "tape.cs16", numbered(0, 100)), "rate=48000&pace=fast").Clock()
	if c.Quality != heimdall.TimeNone || c.Start.Before(before.UTC().Round(0)) || c.Start.After(time.Now()) {
		t.Errorf("the clock starts at %v with quality %s", c.Start, c.Quality)
	}
	c = mustOpen(t, write(t, "tape.cs16", numbered(0, 100)), "rate=48000&pace=fast&start=2026-11-21T18:30:00.25%2B01:00").Clock()
	if want := time.Date(2026, 11, 21, 17, 30, 0, 250_000_000, time.UTC); c.Quality != heimdall.TimeHostArrival || c.Start != want {
		t.Errorf("the clock starts at %v with quality %s, want %v", c.Start, c.Quality, want)
	}
}

// sigMF writes a recording with a gap of 500 samples after the first 1000.
func sigMF(t *testing.T, capture string) string {
	t.Helper()
	dir := t.TempDir()
	meta := fmt.Sprintf(`{"global": {"core:datatype": "ci16_le", "core:sample_rate": 12000, "core:version": "1.2.5"},
		"captures": [{"core:sample_start": 0, "core:global_index": 0, "core:frequency": 7074000, "core:datetime": "2026-11-21T18:30:00.5Z"%s},
			{"core:sample_start": 1000, "core:global_index": 1500, "core:frequency": 7074000}], "annotations": []}`, capture)
	for name, b := range map[string][]byte{"r.sigmf-meta": []byte(meta), "r.sigmf-data": numbered(0, 3000)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "r.sigmf-meta")
}

func TestASigMFRecordingKeepsItsTimesAndItsGaps(t *testing.T) {
	stream := mustOpen(t, sigMF(t, ""), "pace=fast")
	c := stream.Clock()
	if want := time.Date(2026, 11, 21, 18, 30, 0, 500_000_000, time.UTC); c.Start != want || c.Quality != heimdall.TimeHostArrival {
		t.Errorf("the clock starts at %v with quality %s, want %v of a host", c.Start, c.Quality, want)
	}
	if len(c.Gaps) != 0 {
		t.Errorf("before the gap the clock knows of %v", c.Gaps)
	}
	if _, err := io.ReadFull(stream, make([]byte, 4*1001)); err != nil {
		t.Fatal(err)
	}
	c = stream.Clock()
	if diff := cmp.Diff([]heimdall.Gap{{Sample: 1000, Missing: 500}}, c.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if got := c.At(1000).Sub(c.Start); got != 125*time.Millisecond {
		t.Errorf("the sample after the gap comes %v after the first, want 125ms", got)
	}
}

func TestARecordingOfHeimdallsOwnKeepsItsTimeQuality(t *testing.T) {
	c := mustOpen(t, sigMF(t, `, "heimdall:time_quality": "gps", "heimdall:time_uncertainty_s": 5e-6, "heimdall:gps_age_max_s": 3`), "pace=fast").Clock()
	if c.Quality != heimdall.TimeGPS || c.StartSigmaS != 5e-6 || c.GPSAgeMaxS != 3 {
		t.Errorf("quality %s, sigma %g s, fix age %d s", c.Quality, c.StartSigmaS, c.GPSAgeMaxS)
	}
	c = mustOpen(t, sigMF(t, `, "heimdall:time_quality": "sundial"`), "pace=fast").Clock()
	if c.Quality != heimdall.TimeHostArrival {
		t.Errorf("an unknown source of time gives quality %s", c.Quality)
	}
}

// kiwiRate is the true rate of the Kiwi WAVs made here, which say 12000.
const kiwiRate = 12_001.13

// kiwiStart is the time of sample 0 of them, which as GPS time of week is 124934.
var kiwiStart = time.Date(2017, 11, 27, 10, 41, 56, 0, time.UTC)

// onAir is the time that samples take.
func onAir(samples int) time.Duration {
	return time.Duration(math.Round(float64(samples) / kiwiRate * 1e9))
}

// kiwiWAV makes a recording whose first stamps lie and which lost samples before block gapAt.
func kiwiWAV(t *testing.T, blocks, gapAt, missing int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := iq.NewKiwiWriter(&b, 12_000, int64(blocks), int64(blocks*iq.KiwiBlockSamples))
	if err != nil {
		t.Fatal(err)
	}
	for k := range blocks {
		first := k * iq.KiwiBlockSamples
		ns := int64(onAir(first))
		if gapAt > 0 && k >= gapAt {
			ns = int64(onAir(first + missing))
		}
		s := iq.KiwiStamp{AgeS: 2, GPSSec: uint32(124_934 + ns/1e9), GPSNsec: uint32(ns % 1e9)}
		switch k {
		case 0:
			s.GPSSec, s.GPSNsec = 0, 0
		case 1:
			s.GPSSec -= 227
		}
		if err := w.WriteBlock(s, numbered(first, first+iq.KiwiBlockSamples)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAKiwiWAVHasTheTimeOfItsStampsWithoutTheStaleOnes(t *testing.T) {
	path := write(t, "20171127T104158Z_7074000_DF0KL_iq.wav", kiwiWAV(t, 100, 50, 700))
	stream := mustOpen(t, path, "pace=fast")
	c := stream.Clock()
	const dropped = 2 * iq.KiwiBlockSamples
	want := kiwiStart.Add(onAir(dropped))
	if d := c.Start.Sub(want).Abs(); d > time.Microsecond || c.Quality != heimdall.TimeGPS || c.GPSAgeMaxS != 2 {
		t.Errorf("sample 0 is %v off, quality %s, fix age %d s", d, c.Quality, c.GPSAgeMaxS)
	}
	if math.Abs(c.RateHz-kiwiRate) > 1e-3 {
		t.Errorf("the rate is %.4f Hz, want %.2f", c.RateHz, kiwiRate)
	}
	got, err := io.ReadAll(stream)
	if err != nil || !bytes.Equal(got, numbered(dropped, 100*iq.KiwiBlockSamples)) {
		t.Errorf("%d bytes and error %v, want all but the first two blocks", len(got), err)
	}
	gap := []heimdall.Gap{{Sample: 50*iq.KiwiBlockSamples - dropped, Missing: 700}}
	if diff := cmp.Diff(gap, stream.Clock().Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

func TestTheWeekOfAStampIsThatOfTheFile(t *testing.T) {
	data := kiwiWAV(t, 20, 0, 0)
	const dropped = 2 * iq.KiwiBlockSamples
	first := kiwiStart.Add(onAir(dropped))
	weeks := func(n int) time.Time { return first.AddDate(0, 0, 7*n) }
	changed := write(t, "changed.wav", data)
	if at := weeks(100).AddDate(0, 0, 2); os.Chtimes(changed, at, at) != nil {
		t.Fatal("set the time of a file")
	}
	for what, c := range map[string]struct {
		path, query string
		want        time.Time
	}{
		"name":       {write(t, "20171127T104158Z_7074000_DF0KL_iq.wav", data), "", weeks(0)},
		"parameter":  {write(t, "20171127T104158Z_7074000_DF0KL_iq.wav", data), "&start=2017-12-05T00:00:00Z", weeks(1)},
		"file times": {changed, "", weeks(100)},
	} {
		got := mustOpen(t, c.path, "pace=fast"+c.query).Clock().Start
		if d := got.Sub(c.want).Abs(); d > time.Microsecond {
			t.Errorf("by its %s the file begins at %v, want %v", what, got, c.want)
		}
	}
}

func TestAnotherFrequencyThanTheFilesIsOutOfRange(t *testing.T) {
	for what, path := range map[string]string{
		"metadata": sigMF(t, ""),
		"name":     write(t, "20171127T104158Z_7074000_DF0KL_iq.wav", kiwiWAV(t, 20, 0, 0)),
	} {
		w := of(path, "pace=fast")
		_, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 7_075_000})
		if f := websdr.AsFailure(err); f == nil || f.Class != heimdall.FailOutOfRange || !strings.Contains(f.Detail, "7074000") {
			t.Errorf("against its %s: %v, want out_of_range naming 7074000 Hz", what, err)
		}
		w = of(path, "pace=fast&center=7075000")
		stream, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 7_075_000})
		if err != nil {
			t.Errorf("the parameter center does not overrule its %s: %v", what, err)
			continue
		}
		stream.Close()
	}
}

func TestAFailureSaysWhatToDo(t *testing.T) {
	good := write(t, "tape.cs16", numbered(0, 5000))
	for _, c := range []struct {
		name, url string
		class     heimdall.FailureClass
		says      string
	}{
		{"another scheme", "http://host/x.wav", heimdall.FailUnsupported, "file:///path"},
		{"a host", "file://tapes/x.wav", heimdall.FailUnsupported, "file:///tapes/x.wav"},
		{"no path", "file:", heimdall.FailUnsupported, "names no file"},
		{"an unknown parameter", "file://" + good + "?speed=2", heimdall.FailUnsupported, `"speed"`},
		{"a parameter twice", "file://" + good + "?rate=1&rate=2", heimdall.FailUnsupported, "rate is given 2 times"},
		{"a bad rate", "file://" + good + "?rate=-5", heimdall.FailUnsupported, `rate="-5"`},
		{"a bad center", "file://" + good + "?center=NaN", heimdall.FailUnsupported, `center="NaN"`},
		{"a bad format", "file://" + good + "?format=mp3", heimdall.FailUnsupported, "format"},
		{"a bad start", "file://" + good + "?start=noon", heimdall.FailUnsupported, `start="noon"`},
		{"no rate", "file://" + good, heimdall.FailProtocol, "parameters format, rate"},
		{"no such file", "file://" + good + ".gone?rate=48000", heimdall.FailTransport, "no such file"},
		{"a folder", "file://" + filepath.Dir(good), heimdall.FailUnsupported, "no file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := heimdall.WebSDR{Name: "tape", Kind: "replay", URL: c.url}
			_, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: tunedHz})
			if f := websdr.AsFailure(err); f == nil || f.Class != c.class || !strings.Contains(f.Detail, c.says) {
				t.Errorf("%v, want %s saying %q", err, c.class, c.says)
			}
		})
	}
	w := of(good, "rate=48000")
	_, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: 96_000})
	if f := websdr.AsFailure(err); f == nil || f.Class != heimdall.FailUnsupported || !strings.Contains(f.Detail, "48000") {
		t.Errorf("a rate above the file's: %v, want unsupported naming 48000", err)
	}
}

func TestARelativePathIsThatOfTheWorkingFolder(t *testing.T) {
	dir := filepath.Dir(write(t, "a tape.cs16", numbered(0, 5000)))
	t.Chdir(dir)
	w := heimdall.WebSDR{Name: "tape", Kind: "replay", URL: "file:a%20tape.cs16?rate=48000&pace=fast"}
	stream, err := new(replay.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: tunedHz})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
}

func FuzzAddressesNeverPanic(f *testing.F) {
	f.Add("file:///tapes/20171127T104158Z_77500_DF0KL_iq.wav?pace=fast&rate=12000&center=77500")
	f.Add("file:r.cs16?format=cu8&start=2026-11-21T18:30:00Z")
	f.Add("file://host/x?%zz")
	f.Add("file:%zz?rate=1e999")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := replay.ParseAddress(s)
		if err != nil && !strings.HasPrefix(err.Error(), "the ") && !strings.HasPrefix(err.Error(), "parameter ") {
			t.Errorf("%q: %v", s, err)
		}
	})
}
