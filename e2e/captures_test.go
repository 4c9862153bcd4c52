package e2e_test

import (
	"fmt"
	"io"
	"math"
	"math/cmplx"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
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
// arrival of a transmitter whose place is known agree with geometry to 40 us (12 km), over 29 s of a stream
// whose rate is 95 ppm off its nominal value.
func TestRealRecordingsKeepTheirTimeThroughTheWholeChain(t *testing.T) {
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
	recordings := make([]recording, 3)
	for _, f := range files {
		recordings[f.WebSDRID-1] = load(t, f.Path)
	}

	if worst := worstError(t, recordings); worst > 40e-6 {
		t.Errorf("the differences of arrival are up to %.1f us from geometry, want 40", worst*1e6)
	}
	// The same check must fail when time is handled badly, or it guards nothing.
	for i := range recordings {
		recordings[i].rateHz = 12000
	}
	if worst := worstError(t, recordings); worst < 40e-6 {
		t.Errorf("with a nominal rate of 12000 Hz the differences of arrival are still within %.1f us: the check cannot fail", worst*1e6)
	}
	r := command(t, data, "check", "--deep")
	if r.code != 0 {
		t.Errorf("check: %s%s", r.stdout, r.stderr)
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A recording is an exported file.
type recording struct {
	z      []complex64
	rateHz float64
	start  time.Time
}

func load(t testing.TB, path string) recording {
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
	z := make([]complex64, len(raw)/f.Format.Size())
	iq.Decode(z, raw, f.Format)
	return recording{z: z, rateHz: f.SampleRateHz, start: f.Start}
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

// worstError is how far the differences of arrival are from geometry, over all pairs: in the median of the
// windows and in the last one, where an error of the rate has grown largest.
func worstError(t testing.TB, recordings []recording) float64 {
	worst := 0.0
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
		a, b := pair[0], pair[1]
		lags := tdoa(recordings[a], recordings[b])
		last := lags[len(lags)-1] - geometry(stations[a], stations[b])
		slices.Sort(lags)
		median := lags[len(lags)/2] - geometry(stations[a], stations[b])
		t.Logf("pair %d-%d at %.3f and %.3f Hz: median %.1f us, last window %.1f us from geometry",
			a+1, b+1, recordings[a].rateHz, recordings[b].rateHz, median*1e6, last*1e6)
		worst = max(worst, math.Abs(median), math.Abs(last))
	}
	return worst
}

// tdoa is the difference of arrival between two recordings, a minus b, in seconds, for windows of 4 s one
// after another: the lag at which the modulation of both agrees best. Each window's carrier is flattened
// first, since the phase of the carrier says nothing of its delay.
func tdoa(a, b recording) []float64 {
	const window, step, grid = 4.0, 3.0, 12000.0
	first := a.start
	if b.start.After(first) {
		first = b.start
	}
	first = first.Add(100 * time.Millisecond)
	seconds := min(float64(len(a.z))/a.rateHz, float64(len(b.z))/b.rateHz) - 0.3
	var lags []float64
	for t := 0.0; t+window < seconds; t += step {
		at := first.Add(time.Duration(t * 1e9))
		lags = append(lags, bestLag(flatten(a.sample(at, grid, window)), flatten(b.sample(at, grid, window)))/grid)
	}
	return lags
}

// sample resamples to a grid of absolute time: n = window*grid points from t on, by a windowed sinc.
func (r recording) sample(t time.Time, gridHz, window float64) []complex128 {
	out := make([]complex128, int(window*gridHz))
	origin := t.Sub(r.start).Seconds() * r.rateHz
	const half = 12
	for i := range out {
		x := origin + float64(i)*r.rateHz/gridHz
		k := int(math.Floor(x))
		for j := k - half + 1; j <= k+half; j++ {
			if j < 0 || j >= len(r.z) {
				continue
			}
			u := x - float64(j)
			w := 0.5 + 0.5*math.Cos(math.Pi*u/half)
			out[i] += complex128(r.z[j]) * complex(w*sinc(u), 0)
		}
	}
	return out
}

func sinc(u float64) float64 {
	if u == 0 {
		return 1
	}
	return math.Sin(math.Pi*u) / (math.Pi * u)
}

// flatten turns the carrier of z to the positive real axis, following its slow phase, and takes the mean away:
// what remains is modulation. It also limits impulses, of which one of the recordings is full.
func flatten(z []complex128) []complex128 {
	const block = 1200 // 0.1 s
	phases := make([]float64, 0, len(z)/block)
	for i := 0; i+block <= len(z); i += block {
		var sum complex128
		for _, v := range z[i : i+block] {
			sum += v
		}
		p := cmplx.Phase(sum)
		if n := len(phases); n > 0 {
			p += 2 * math.Pi * math.Round((phases[n-1]-p)/(2*math.Pi))
		}
		phases = append(phases, p)
	}
	out := make([]complex128, len(z))
	var mean complex128
	for i, v := range z {
		at := (float64(i)+0.5)/block - 0.5
		k := min(max(int(math.Floor(at)), 0), len(phases)-2)
		p := phases[k] + (at-float64(k))*(phases[k+1]-phases[k])
		out[i] = v * cmplx.Rect(1, -p)
		mean += out[i]
	}
	mean /= complex(float64(len(z)), 0)
	limit := 2 * cmplx.Abs(mean)
	for i := range out {
		if cmplx.Abs(out[i]) > limit {
			out[i] = mean
		}
		out[i] -= mean
	}
	return lowpass(out)
}

// lowpass keeps what lies within 2.5 kHz of the carrier: the receivers' filters pass 3 kHz.
func lowpass(z []complex128) []complex128 {
	const half, cut = 24, 2500.0 / 12000
	var taps [2*half + 1]float64
	for i := range taps {
		u := float64(i - half)
		taps[i] = 2 * cut * sinc(2*cut*u) * (0.5 + 0.5*math.Cos(math.Pi*u/(half+1)))
	}
	out := make([]complex128, len(z))
	for i := half; i < len(z)-half; i++ {
		for j, h := range taps {
			out[i] += z[i+j-half] * complex(h, 0)
		}
	}
	return out
}

// bestLag is by how many samples a is later than b, to a fraction: the peak of their cross-correlation.
func bestLag(a, b []complex128) float64 {
	const reach = 30 // samples: 2.5 ms
	var r [2*reach + 1]float64
	best := reach
	for l := -reach; l <= reach; l++ {
		var sum complex128
		for i := reach; i < len(a)-reach; i++ {
			sum += a[i+l] * cmplx.Conj(b[i])
		}
		r[l+reach] = cmplx.Abs(sum)
		if r[l+reach] > r[best] {
			best = l + reach
		}
	}
	best = min(max(best, 1), 2*reach-1)
	y0, y1, y2 := r[best-1], r[best], r[best+1]
	return float64(best-reach) + 0.5*(y0-y2)/(y0-2*y1+y2)
}
