package e2e_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// Of the tones that the spectrograms are tested with, everything is known: 1500 Hz is the middle of a bin.
const (
	toneHz       = 1500
	toneSNRdB    = 50
	toneNoise    = -105 // dBFS/Hz
	toneRateHz   = 48_000
	toneSeconds  = 4
	toneGapS     = 1.5
	toneGap      = 24_000 // samples
	toneCalDB    = -40.0
	toneBinHz    = toneRateHz / 1024.0
	toneNoiseBin = 2.0044 * toneBinHz // noise bandwidth of a bin (Blackman-Harris)
)

func toneDBFS() float64 {
	return toneNoise + toneSNRdB + 10*math.Log10(heimdall.DefaultBandwidthHz(toneRateHz))
}

// tonedDashboard is a server with one acquisition by two receivers: the first is calibrated, the second lost samples.
func tonedDashboard(t testing.TB) (d *dashboard, taskID string) {
	t.Helper()
	d = &dashboard{url: "http://" + freeAddress(t)}
	background(t, "serving", "--data-dir", filepath.Join(t.TempDir(), "data"), "serve", "--listen", d.url[len("http://"):])
	var err error
	if d.client, err = client.New(d.url, client.Options{}); err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("sim:///?pace=fast&snr_db=%d&offset_hz=%d&noise_dbfs_hz=%d", toneSNRdB, toneHz, toneNoise)
	for i, w := range []wire.WebSDRInput{
		{Name: "calibrated", CalibrationDB: new(toneCalDB), CalibrationSigmaDB: new(1.0)},
		{Name: "gappy", URL: fmt.Sprintf("&gap_at_s=%g&gap_samples=%d", toneGapS, toneGap)},
	} {
		w.Kind, w.URL, w.Latitude, w.Longitude = "sim", fmt.Sprintf("%s&seed=%d%s", address, i+1, w.URL), 45, 7
		if _, err := d.client.CreateWebSDR(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	a, _, err := d.client.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 145.5, DurationSeconds: toneSeconds, WebSDRs: []int64{1, 2}, Label: "tones"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range d.client.Watch(t.Context(), a.TaskID) {
		if err != nil {
			t.Fatal(err)
		}
		a = e
	}
	if a.State != heimdall.Success {
		t.Fatalf("it is %s: %s", a.State, a.Reason)
	}
	return d, a.TaskID
}

func TestSpectrogramsInARealBrowser(t *testing.T) {
	p := openTab(t, "")
	d, taskID := tonedDashboard(t)
	p.server = d.url
	p.open(t, "/acquisitions/"+taskID)
	p.spectra(t)
	p.until(t, "both are drawn", `document.querySelectorAll("canvas[data-shown]").length === 2`)
	t.Run("the cursor reads the tone where it is, as strong as it is", func(t *testing.T) { cursorReadsTone(t, p) })
	t.Run("where nothing was received the cursor says so", func(t *testing.T) { cursorReadsGap(t, p) })
	t.Run("the power density has the tone in its bin", func(t *testing.T) { densityHoldsTone(t, p) })
	t.Run("zooming one zooms all, and the download follows", func(t *testing.T) { zoomIsLinked(t, p, d) })
	t.Run("colours can be chosen", func(t *testing.T) { coloursAreChosen(t, p) })
	t.Run("the wheel zooms only what has the focus", func(t *testing.T) { wheelZoomsWhatHasTheFocus(t, p) })
	t.Run("they keep nobody out", func(t *testing.T) { p.isOpenToAll(t) })
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
}

// spectra moves to the spectrograms, which are fetched when they come near, and waits for those that are.
func (p *tab) spectra(t testing.TB) {
	t.Helper()
	evaluate[bool](t, p, `(document.querySelector(".spectra").scrollIntoView(), true)`)
	p.until(t, "spectrograms are drawn", `document.querySelectorAll("canvas[data-shown]").length > 0`)
}

// canvas is the n-th spectrogram, of those of all receivers.
func canvas(n int) string { return fmt.Sprintf(`document.querySelectorAll("canvas[tabindex]")[%d]`, n) }

// point moves the mouse to a share of the plot of a spectrogram, from its left and from its top.
func (p *tab) point(t testing.TB, n int, right, down float64) {
	t.Helper()
	evaluate[bool](t, p, fmt.Sprintf(`(() => {
		const c = %s, box = c.getBoundingClientRect(), plot = {left: 66, top: 8, right: 44, height: 256};
		const x = box.left + plot.left + %g * (box.width - plot.left - plot.right), y = box.top + plot.top + %g * plot.height;
		return c.dispatchEvent(new PointerEvent("pointermove", {clientX: x, clientY: y, bubbles: true}));
	})()`, canvas(n), right, down))
}

var reading = regexp.MustCompile(`\(\+([\d.]+) s\), ([\d .]+) kHz \(([+-]?[\d ]+) Hz\), (.*)$`)

// readings are what stands under the spectrograms once their numbers have come, in plain digits.
func (p *tab) readings(t testing.TB) []string {
	t.Helper()
	shown := `[...document.querySelectorAll(".reading")].map((e) => e.innerText.replaceAll("\u2212", "-").replaceAll("\u2009", ""))`
	p.until(t, "the numbers have come", shown+`.every((r) => r.includes("UTC") && !r.endsWith("…"))`)
	return evaluate[[]string](t, p, shown)
}

func cursorReadsTone(t *testing.T, p *tab) {
	// Of 48 kHz, 256 rows of 4 bins; the first begins half a bin under -24 kHz.
	top := (toneRateHz/2 - toneBinHz/2 - toneHz) / toneRateHz
	p.point(t, 0, 0.25, top)
	for n, text := range p.readings(t) {
		m := reading.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("it reads %q", text)
		}
		at, _ := strconv.ParseFloat(m[1], 64)
		hz, _ := strconv.ParseFloat(strings.TrimPrefix(m[3], "+"), 64)
		var dbfs, dbm float64
		if k, _ := fmt.Sscanf(m[4], "%f dBFS, %f dBm", &dbfs, &dbm); k != 2-n {
			t.Errorf("receiver %d reads %q", n+1, m[4])
		}
		if math.Abs(at-toneSeconds/4.0) > 0.02 || math.Abs(hz-toneHz) > 2*toneBinHz || math.Abs(dbfs-toneDBFS()) > 0.05 {
			t.Errorf("receiver %d reads %g s, %g Hz, %g dBFS; the tone is at %d Hz with %.2f dBFS", n+1, at, hz, dbfs, toneHz, toneDBFS())
		}
		if n == 0 && math.Abs(dbm-dbfs-toneCalDB) > 0.011 {
			t.Errorf("%g dBFS are %g dBm, with %g dB between them", dbfs, dbm, toneCalDB)
		}
	}
}

func cursorReadsGap(t *testing.T, p *tab) {
	p.point(t, 1, (toneGapS+0.25)/toneSeconds, 0.5)
	list := p.readings(t)
	if !strings.HasSuffix(list[1], "nothing received") || strings.HasSuffix(list[0], "nothing received") {
		t.Errorf("in the gap of the second they read %q", list)
	}
}

func densityHoldsTone(t *testing.T, p *tab) {
	evaluate[bool](t, p, `(document.querySelector(".psd summary").click(), true)`)
	p.until(t, "the numbers are shown", `document.querySelectorAll(".psd")[0].querySelectorAll("tbody tr").length === 1024`)
	rows := evaluate[[][]string](t, p, `[...document.querySelectorAll(".psd")[0].querySelectorAll("tbody tr")].map((r) => [...r.children].map((c) => c.innerText.replaceAll("\u2212", "-").replaceAll("\u2009", "")))`)
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var power, khz, hz, strongest, noise float64
	for i, row := range rows {
		density := number(row[2])
		linear := math.Pow(10, density/10)
		if power += linear * toneBinHz; linear > strongest {
			khz, hz, strongest = number(row[0]), number(row[1]), linear
		}
		if i < 400 {
			noise += linear / 400
		}
	}
	if hz != toneHz || math.Abs(khz-145_500-toneHz/1000.0) > 1e-4 {
		t.Errorf("the strongest bin is at %g kHz, %g Hz; the tone at %d Hz", khz, hz, toneHz)
	}
	if got, want := 10*math.Log10(strongest), toneDBFS()-10*math.Log10(toneNoiseBin); math.Abs(got-want) > 0.05 {
		t.Errorf("it has %.2f dBFS/Hz, want %.2f", got, want)
	}
	if got := 10 * math.Log10(power); math.Abs(got-toneDBFS()) > 0.05 {
		t.Errorf("all bins have %.2f dBFS, the tone %.2f", got, toneDBFS())
	}
	if got := 10 * math.Log10(noise); math.Abs(got-toneNoise) > 0.1 {
		t.Errorf("the noise has %.2f dBFS/Hz, want %d", got, toneNoise)
	}
	p.shows(t, ".psd .found", "noise floor −105.0")
	p.shows(t, ".psd .found", "signal at +1500.0 Hz")
}

func zoomIsLinked(t *testing.T, p *tab, d *dashboard) {
	p.press(t, "Zoom in")
	p.press(t, "Zoom in")
	p.press(t, "Earlier")
	shown := `[...document.querySelectorAll("canvas[tabindex]")].map((c) => c.dataset.shown.split(" ").map(Number))`
	p.until(t, "both show the same second", shown+`.every(([from, to]) => Math.abs(from - 1.25) < 1e-3 && Math.abs(to - from - 1) < 1e-3)`)
	p.until(t, "the density is of that second", `[...document.querySelectorAll(".psd h4")].every((e) => e.innerText.includes("mean of 1"))`)
	link := `[...document.querySelectorAll(".spectrogram .formats a")].find((a) => a.textContent === "raw samples").getAttribute("href")`
	response, err := http.Get(d.url + evaluate[string](t, p, link))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if samples := n / 4; err != nil || response.StatusCode != http.StatusOK || samples < toneRateHz-1 || samples > toneRateHz+1 {
		t.Errorf("the download of what is shown has %d samples (%d, %v), want a second's", samples, response.StatusCode, err)
	}
	evaluate[bool](t, p, canvas(1)+`.focus() ?? true`)
	for _, key := range []string{"+", "n", "ArrowRight"} {
		evaluate[bool](t, p, canvas(1)+`.dispatchEvent(new KeyboardEvent("keydown", {key: `+quoted(key)+`, bubbles: true, cancelable: true})) || true`)
	}
	p.until(t, "keys zoom, too", shown+`.every(([from, to]) => Math.abs(to - from - 0.5) < 1e-3)`)
	p.press(t, "Show all")
	p.until(t, "all is shown again", shown+`.every(([from, to]) => to - from > 3.99)`)
}

func coloursAreChosen(t *testing.T, p *tab) {
	p.fill(t, "Darkest (dBFS)", "-100")
	evaluate[bool](t, p, `document.querySelector("#darkest").dispatchEvent(new Event("change", {bubbles: true}))`)
	p.shows(t, ".powers", "−100")
	p.fill(t, "Brightest (dBFS)", "-120")
	evaluate[bool](t, p, `document.querySelector("#brightest").dispatchEvent(new Event("change", {bubbles: true}))`)
	p.shows(t, "main", "must be above the darkest")
	colour := `document.querySelector(".powers canvas").toDataURL()`
	before := evaluate[string](t, p, colour)
	p.fill(t, "Palette", "gray")
	p.until(t, "the legend has other colours", colour+` !== `+quoted(before))
}

func wheelZoomsWhatHasTheFocus(t *testing.T, p *tab) {
	wheel := canvas(0) + `.dispatchEvent(new WheelEvent("wheel", {deltaY: -100, offsetX: 200, bubbles: true, cancelable: true}))`
	if scrolls := evaluate[bool](t, p, `(document.activeElement.blur(), `+wheel+`)`); !scrolls {
		t.Error("the wheel does not scroll the page over a spectrogram that nobody chose")
	}
	if scrolls := evaluate[bool](t, p, `(`+canvas(0)+`.focus(), `+wheel+`)`); scrolls {
		t.Error("the wheel scrolls the page over a spectrogram that has the focus")
	}
	p.until(t, "it zooms", `[...document.querySelectorAll("canvas[tabindex]")].map((c) => c.dataset.shown.split(" ").map(Number)).every(([from, to]) => Math.abs(to - from - 4 / Math.SQRT2) < 1e-3)`)
}
