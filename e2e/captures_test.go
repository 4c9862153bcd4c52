package e2e_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// A station is one of three real recordings of DCF77 (77.5 kHz, 50.0152 N 9.0112 E), made at the same time by
// KiwiSDRs with GPS. The true rates come from fitting all stamps of each file outside this program.
type station struct {
	file     string
	lat, lon float64
	rateHz   float64
}

var stations = []station{
	{"20171127T104156Z_77500_DF0KL_iq.wav", 53.665337, 7.282766, 12001.145},
	{"20171127T104156Z_77500_F1JEK_iq.wav", 45.779290, 0.614638, 12001.202},
	{"20171127T104156Z_77500_HB9RYZ_iq.wav", 47.1721, 8.42683, 12001.132},
}

// The wire, the driver, the common window, the stores and the export must keep time: the differences of
// arrival of a transmitter whose place is known agree with geometry to 30 us (9 km), over 29 s of a stream
// whose rate is 95 ppm off its nominal value.
func TestRealRecordingsKeepTheirTimeThroughTheWholeChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"simulate", "--speed", "4"}
	var addresses []string
	for _, s := range stations {
		address := freeAddress(t)
		addresses = append(addresses, address)
		args = append(args, "--kiwi", address+"="+shared(t, "captures", s.file))
	}
	background(t, "serving", args...)
	data := filepath.Join(dir, "data")
	for i, s := range stations {
		r := command(t, data, "websdr", "add", s.file, "http://"+addresses[i], "--kind", "kiwisdr",
			fmt.Sprintf("--latitude=%g", s.lat), fmt.Sprintf("--longitude=%g", s.lon))
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	var report struct {
		Acquisition struct {
			TaskID   string `json:"task_id"`
			State    string
			Captures []struct {
				Recording struct {
					TimeQuality string `json:"time_quality"`
				}
			}
		}
		Measurements []struct {
			WebSDRID  int64    `json:"websdr_id"`
			RateKHz   float64  `json:"sample_rate_khz"`
			OffsetHz  *float64 `json:"frequency_offset_hz"`
			Method    string   `json:"frequency_method"`
			Detected  bool
			NoiseFrom string   `json:"noise_source"`
			SNRdB     *float64 `json:"snr_db"`
		}
	}
	mustJSON(t, &report, data, "acquire", "0.0775", "--duration", "22s", "--channel-bandwidth-hz", "2000")
	if report.Acquisition.State != "success" || len(report.Measurements) != 3 {
		t.Fatalf("acquisition: %+v", report)
	}
	for _, c := range report.Acquisition.Captures {
		if c.Recording.TimeQuality != "gps" {
			t.Errorf("time quality %s, want gps", c.Recording.TimeQuality)
		}
	}
	for _, m := range report.Measurements {
		if want := stations[m.WebSDRID-1].rateHz; math.Abs(m.RateKHz*1e3-want) > 0.05 {
			t.Errorf("%s: true rate %.4f Hz, want %.3f within 0.05", stations[m.WebSDRID-1].file, m.RateKHz*1e3, want)
		}
		if !m.Detected || m.OffsetHz == nil || m.Method != "carrier" || math.Abs(*m.OffsetHz) > 0.02 {
			t.Errorf("%s: detected %v, offset %v Hz by %s; DCF77 is a carrier within 0.02 Hz of 0", stations[m.WebSDRID-1].file, m.Detected, m.OffsetHz, m.Method)
		}
	}
	out := filepath.Join(dir, "out")
	var files []struct {
		WebSDRID int64 `json:"websdr_id"`
		Path     string
	}
	mustJSON(t, &files, data, "recordings", "export", report.Acquisition.TaskID, "--format", "sigmf", "--out", out)
	recordings := make([]tdoa.Record, 3)
	for _, f := range files {
		recordings[f.WebSDRID-1] = load(t, f.Path)
	}

	if worst := worstError(t, recordings); worst > 30e-6 {
		t.Errorf("the differences of arrival are up to %.1f us from geometry, want 30", worst*1e6)
	}
	mustJSON(t, &files, data, "recordings", "export", report.Acquisition.TaskID, "--format", "kiwi-wav", "--out", out)
	kiwi := make([]tdoa.Record, 3)
	for _, f := range files {
		kiwi[f.WebSDRID-1] = load(t, f.Path)
	}
	if worst := worstError(t, kiwi); worst > 30e-6 {
		t.Errorf("by the stamps of the Kiwi WAVs the differences of arrival are up to %.1f us from geometry, want 30", worst*1e6)
	}
	// The same check must fail when time is handled badly, or it guards nothing.
	for i := range recordings {
		recordings[i].Clock.RateHz = 12000
	}
	if worst := worstError(t, recordings); worst < 30e-6 {
		t.Errorf("with a nominal rate of 12000 Hz the differences of arrival are still within %.1f us: the check cannot fail", worst*1e6)
	}
	var pairs tdoaReport
	mustJSON(t, &pairs, data, "tdoa", report.Acquisition.TaskID, "--band-hz", "-5000,5000")
	for _, p := range pairs.Pairs {
		if p.Delay == nil {
			t.Errorf("heimdall tdoa refuses %s and %s: %+v", p.A, p.B, p.Refusal)
		}
	}
	r := command(t, data, "check", "--deep")
	if r.code != 0 {
		t.Errorf("check: %s%s", r.stdout, r.stderr)
	}
}

// ports counts those that freeAddress has given, from a random one on.
var ports atomic.Int32

// freeAddress is one that nothing listens on. It is given once, and none of those that the system gives to whoever asks for
// any or connects somewhere: a server that is killed must find it free when it is started again.
func freeAddress(t testing.TB) string {
	t.Helper()
	const first, last = 10_000, 32_000 // Linux gives those from 32768 on
	ports.CompareAndSwap(0, rand.Int32N(last-first))
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", first+ports.Add(1)%(last-first))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no address is free")
	return ""
}

// load opens an exported file as a record of package tdoa.
func load(t testing.TB, path string) tdoa.Record {
	t.Helper()
	f, err := iqfile.Open(path, iqfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	clock, ok := f.Clock()
	if !ok {
		t.Fatalf("%s says nothing of its times", path)
	}
	z := make(samples, len(raw)/f.Format.Size())
	iq.Decode(z, raw, f.Format)
	return tdoa.Record{Source: z, Samples: int64(len(z)), Clock: clock, CenterHz: f.CenterHz}
}

// samples is a recording held in memory.
type samples []complex64

func (s samples) ReadSamples(z []complex64, from int64) error {
	if copy(z, s[from:]) < len(z) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// from leaves out what comes before a sample.
func from(r tdoa.Record, sample int64) tdoa.Record {
	r.Clock, r.Samples, r.Source = r.Clock.Rebase(sample), r.Samples-sample, r.Source.(samples)[sample:]
	return r
}

// geometry is the difference of arrival of a ground wave from DCF77, a minus b, in seconds.
func geometry(a, b station) float64 {
	return (distance(a) - distance(b)) / 299_792_458
}

// distance to DCF77 in metres, on a sphere of the local radius: good to 1 km over 800 km (3 us).
func distance(s station) float64 {
	const lat, lon, radius = 50.0152 * math.Pi / 180, 9.0112 * math.Pi / 180, 6_371_000
	p, q := s.lat*math.Pi/180, s.lon*math.Pi/180
	h := math.Pow(math.Sin((p-lat)/2), 2) + math.Cos(p)*math.Cos(lat)*math.Pow(math.Sin((q-lon)/2), 2)
	return 2 * radius * math.Asin(math.Sqrt(h))
}

// worstError is how far the differences of arrival are from geometry, over all pairs: over all of the recordings, and
// over their end alone, where an error of the rate has grown largest.
func worstError(t testing.TB, recordings []tdoa.Record) float64 {
	const end = 6 * 12000 // samples
	worst := 0.0
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
		a, b := recordings[pair[0]], recordings[pair[1]]
		want := geometry(stations[pair[1]], stations[pair[0]])
		whole := delay(t, a, b) - want
		last := delay(t, from(a, a.Samples-end), from(b, b.Samples-end)) - want
		t.Logf("pair %d-%d at %.3f and %.3f Hz: %.1f us from geometry, at the end %.1f us",
			pair[0]+1, pair[1]+1, a.Clock.RateHz, b.Clock.RateHz, whole*1e6, last*1e6)
		worst = max(worst, math.Abs(whole), math.Abs(last))
	}
	return worst
}

// delay is by how much b hears DCF77 later than a, in seconds.
func delay(t testing.TB, a, b tdoa.Record) float64 {
	t.Helper()
	r, err := tdoa.Delay(t.Context(), a, b, tdoa.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.DelayS
}
