package sim_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/cmplx"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

const tunedHz = 145_500_000

func at(query string) heimdall.WebSDR {
	return heimdall.WebSDR{Name: "sim", Kind: "sim", URL: "sim:///?" + query, Timeout: 5 * time.Second}
}

func setup(query string) websdrtest.Setup {
	return func(*testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		return new(sim.Driver), at(query), websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: 48_000}
	}
}

func target(pace string) websdrtest.Target {
	faults := map[heimdall.FailureClass]websdrtest.Setup{}
	for _, class := range []heimdall.FailureClass{
		heimdall.FailBusy, heimdall.FailQuota, heimdall.FailBanned, heimdall.FailAuth, heimdall.FailDown,
		heimdall.FailRedirect, heimdall.FailUnsupported, heimdall.FailOutOfRange, heimdall.FailProtocol,
	} {
		faults[class] = setup(pace + "&fault=" + string(class))
	}
	faults[heimdall.FailTransport] = setup(pace + "&drop_after_s=0.1")
	return websdrtest.Target{Open: setup(pace), Endless: true, Faults: faults}
}

func TestThePromiseOfADriverAtRealPace(t *testing.T) {
	real := target("pace=real")
	real.Stalls, real.Silent = setup("stall_after_s=0.1"), setup("open_delay_s=3600")
	websdrtest.Run(t, real)
}

func TestThePromiseOfADriverAtFastPace(t *testing.T) { websdrtest.Run(t, target("pace=fast")) }

// open opens a fast stream of 48000 Hz.
func open(t *testing.T, query string) websdr.Stream {
	t.Helper()
	d, w, tuning := setup("pace=fast&" + query)(t)
	stream, err := d.Open(t.Context(), &w, tuning)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { stream.Close() })
	return stream
}

func read(t *testing.T, stream websdr.Stream, samples int) []byte {
	t.Helper()
	p := make([]byte, samples*stream.Header().Format.Size())
	if _, err := io.ReadFull(stream, p); err != nil {
		t.Fatalf("Read: %v", err)
	}
	return p
}

func TestTheToneAndTheNoiseHaveTheLevelsAskedFor(t *testing.T) {
	const n, rate = 1 << 17, 48_000
	stream := open(t, "snr_db=17&offset_hz=-3000&noise_dbfs_hz=-85&format=cf32_le")
	z := make([]complex64, n)
	iq.Decode(z, read(t, stream, n), iq.CF32LE)

	var sum complex128
	for k, v := range z {
		sum += complex128(v) * cmplx.Rect(1, 2*math.Pi*math.Mod(3000.0/rate*float64(k), 1))
	}
	tone := sum / n
	var noise float64
	for k, v := range z {
		d := complex128(v) - tone*cmplx.Rect(1, -2*math.Pi*math.Mod(3000.0/rate*float64(k), 1))
		noise += real(d)*real(d) + imag(d)*imag(d)
	}
	// Power of the noise: one sigma is 10/ln(10)/sqrt(n) = 0.012 dB. Tone: sqrt(2 noise/(n tone)) is less.
	density := 10 * math.Log10(noise/n/rate)
	if math.Abs(density+85) > 0.06 {
		t.Errorf("the noise density is %.3f dBFS/Hz, want -85", density)
	}
	want := -85 + 10*math.Log10(heimdall.DefaultBandwidthHz(rate)) + 17
	if got := 20 * math.Log10(cmplx.Abs(tone)); math.Abs(got-want) > 0.06 {
		t.Errorf("the tone has %.3f dBFS, want %.3f", got, want)
	}
}

func TestAFastReferenceRaisesTheRateAndLowersWhatIsHeard(t *testing.T) {
	const n = 1 << 16
	stream := open(t, "snr_db=60&offset_hz=1000&ppm=2&format=cf32_le")
	trueHz := stream.Clock().RateHz
	if got, want := trueHz, 48_000*(1+2e-6); math.Abs(got-want) > 1e-9 {
		t.Errorf("the true rate is %v Hz, want %v", got, want)
	}
	z := make([]complex64, n)
	iq.Decode(z, read(t, stream, n), iq.CF32LE)
	// The mean phase step between blocks of 16 samples, which the tone turns by less than half a circle.
	var sum complex128
	for k := 16; k < n; k++ {
		sum += complex128(z[k]) * cmplx.Conj(complex128(z[k-16]))
	}
	heard := cmplx.Phase(sum) / (2 * math.Pi * 16) * trueHz
	if want := 1000 - 2e-6*tunedHz; math.Abs(heard-want) > 1 {
		t.Errorf("the tone is heard at %.2f Hz, want %.2f", heard, want)
	}
}

func TestTheSameSeedGivesTheSameBytesForEverySizeOfRead(t *testing.T) {
	const n = 20_000
	want := read(t, open(t, "seed=7"), n)
	var got []byte
	stream := open(t, "seed=7")
	for size := 1; len(got) < len(want); size = size%1013 + 7 {
		got = append(got, read(t, stream, size)...)
	}
	if !bytes.Equal(got[:len(want)], want) {
		t.Error("two streams of one seed differ")
	}
	if bytes.Equal(read(t, open(t, "seed=8"), n), want) {
		t.Error("two seeds give the same bytes")
	}
}

func TestAGapLeavesOutTheSamplesItLost(t *testing.T) {
	whole := read(t, open(t, "seed=3"), 10_000)
	stream := open(t, "seed=3&gap_at_s=0.1&gap_samples=700")
	before := read(t, stream, 4800)
	if gaps := stream.Clock().Gaps; len(gaps) != 0 {
		t.Errorf("before the gap the clock knows of %v", gaps)
	}
	after := read(t, stream, 1000)
	if !bytes.Equal(before, whole[:4*4800]) {
		t.Error("the samples before the gap are not those of the stream without it")
	}
	if !bytes.Equal(after, whole[4*5500:4*6500]) {
		t.Error("the samples after the gap are not those that come 700 later in the stream without it")
	}
	if diff := cmp.Diff([]heimdall.Gap{{Sample: 4800, Missing: 700}}, stream.Clock().Gaps); diff != "" {
		t.Errorf("the clock's gaps (-want +got):\n%s", diff)
	}
}

func TestAStreamEndsExactlyWhereItIsDropped(t *testing.T) {
	stream := open(t, "drop_after_s=0.25")
	n, err := io.Copy(io.Discard, stream)
	if f := websdr.AsFailure(err); n != 4*12_000 || f == nil || f.Class != heimdall.FailTransport {
		t.Errorf("the stream gave %d bytes and then %v, want 48000 and a transport failure", n, err)
	}
}

func TestAFaultHealsAfterItsCountOfOpensOfThatAddress(t *testing.T) {
	d := new(sim.Driver)
	w, other := at("fault=quota&after_s=90&fault_count=2"), at("fault=busy&fault_count=1")
	for i, want := range []heimdall.FailureClass{heimdall.FailQuota, heimdall.FailQuota, "", ""} {
		stream, err := d.Open(t.Context(), &w, websdr.Tuning{FrequencyHz: tunedHz})
		if want == "" {
			if err != nil {
				t.Fatalf("open %d: %v, want a stream", i+1, err)
			}
			stream.Close()
			continue
		}
		if f := websdr.AsFailure(err); f == nil || f.Class != want || f.After != 90*time.Second {
			t.Errorf("open %d: %#v, want %s after 90 s", i+1, f, want)
		}
	}
	if _, err := d.Open(t.Context(), &other, websdr.Tuning{FrequencyHz: tunedHz}); websdr.AsFailure(err) == nil {
		t.Error("the opens of one address count for another")
	}
}

func TestAFastStreamIsNotLiveAndStartsWhenItIsOpened(t *testing.T) {
	began := time.Now()
	stream := open(t, "")
	ended := time.Now()
	if stream.Header().Live {
		t.Error("a stream whose pace is the reader's is called live")
	}
	if s := stream.Clock().Start; s.Before(began.UTC().Round(0)) || s.After(ended.UTC().Round(0)) {
		t.Errorf("sample 0 is at %v, opened between %v and %v", s, began, ended)
	}
}

func TestALoudToneIsCountedAsOverload(t *testing.T) {
	stream := open(t, "snr_db=60&noise_dbfs_hz=-90")
	read(t, stream, 9600)
	if n := stream.Trailer().Overloads; n != 10 {
		t.Errorf("%d of 10 packets are counted as overloaded", n)
	}
	quiet := open(t, "snr_db=20")
	read(t, quiet, 9600)
	if n := quiet.Trailer().Overloads; n != 0 {
		t.Errorf("%d packets of a quiet signal are counted as overloaded", n)
	}
}

func TestABadParameterIsRefusedByName(t *testing.T) {
	for query, name := range map[string]string{
		"snr=20":                     "snr",
		"snr_db=loud":                "snr_db",
		"snr_db=NaN":                 "snr_db",
		"snr_db=1&snr_db=2":          "snr_db",
		"offset_hz=24000":            "offset_hz",
		"noise_dbfs_hz=Inf":          "noise_dbfs_hz",
		"seed=-1":                    "seed",
		"ppm=5000":                   "ppm",
		"format=mp3":                 "format",
		"pace=slow":                  "pace",
		"fault=storage":              "fault",
		"fault_count=0":              "fault_count",
		"after_s=-1":                 "after_s",
		"open_delay_s=x":             "open_delay_s",
		"stall_after_s=-0.1":         "stall_after_s",
		"drop_after_s=1e99":          "drop_after_s",
		"gap_samples=3":              "gap_at_s",
		"gap_at_s=1&gap_samples=1.5": "gap_samples",
		"snr_db=%zz":                 "malformed",
	} {
		d, w, tuning := setup(query)(t)
		_, err := d.Open(t.Context(), &w, tuning)
		f := websdr.AsFailure(err)
		if f == nil || f.Class != heimdall.FailUnsupported || !strings.Contains(f.Detail, name) {
			t.Errorf("%s: %v, want unsupported naming %s", query, err, name)
		}
	}
}

func TestAFrequencyOutsideItsRangeIsRefused(t *testing.T) {
	d, w, tuning := setup("")(t)
	w.FrequencyMinHz, w.FrequencyMaxHz = 1_000_000, 30_000_000
	_, err := d.Open(t.Context(), &w, tuning)
	if f := websdr.AsFailure(err); f == nil || f.Class != heimdall.FailOutOfRange || !strings.Contains(f.Detail, "30000000") {
		t.Errorf("Open: %v, want out_of_range naming the range", err)
	}
}

func FuzzParametersNeverPanic(f *testing.F) {
	f.Add("snr_db=20&offset_hz=1000&noise_dbfs_hz=-90&seed=7&ppm=-3&format=cu8&pace=fast")
	f.Add("fault=busy&fault_count=2&after_s=5&open_delay_s=0.1")
	f.Add("gap_at_s=0.1&gap_samples=5&stall_after_s=1&drop_after_s=2")
	f.Add("snr_db=1e400&seed=-0x1&format=")
	f.Fuzz(func(t *testing.T, query string) {
		w := at(query + "&pace=fast")
		w.Timeout = time.Millisecond // bounds every delay that the query may ask for
		stream, err := new(sim.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: 8000})
		var failure *websdr.Failure
		if err != nil {
			if stream != nil || !errors.As(err, &failure) {
				t.Fatalf("Open gave %v and %T", stream, err)
			}
			return
		}
		defer stream.Close()
		size := stream.Header().Format.Size()
		if n, err := stream.Read(make([]byte, 10*size+1)); n%size != 0 || (n == 0) == (err == nil) {
			t.Fatalf("Read gave %d bytes and error %v", n, err)
		}
	})
}
