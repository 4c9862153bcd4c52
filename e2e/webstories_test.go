package e2e_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func acquireInBrowser(t *testing.T, p *tab, d *dashboard) {
	p.open(t, "/acquisitions/new")
	p.fill(t, "Frequency (MHz)", "0.1")
	p.shows(t, "main", "No active WebSDR can record 0.1 MHz")
	p.fill(t, "Frequency (MHz)", "7")
	p.shows(t, "main", "5 that cannot")
	p.fill(t, "Frequency (MHz)", "145.5")
	p.fill(t, "Duration (s)", "3")
	p.fill(t, "Label", "from the browser")
	p.fill(t, "Channel bandwidth (Hz)", "8000")
	p.press(t, "torino Torino, http_iq")
	p.press(t, "milano Milano-Baggio, kiwisdr")
	p.shows(t, "main", "2 chosen")
	p.shows(t, "main", "About") // the estimate goes by earlier recordings
	p.press(t, "Acquire from 2 receivers")
	p.shows(t, "h1", "from the browser")
	p.shows(t, "main", "Progress")
	p.until(t, "a receiver records", `[...document.querySelectorAll("td")].some((e) => e.innerText === "recording")`)
	p.shows(t, ".state", "success")
	p.settle(t)
	p.shows(t, "main", "Start skew")
	taskID := strings.TrimPrefix(evaluate[string](t, p, "location.pathname"), "/acquisitions/")
	page, err := d.client.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: taskID}, "")
	if err != nil || len(page.Measurements) != 2 {
		t.Fatalf("%d measurements, %v; want 2", len(page.Measurements), err)
	}
	for _, m := range page.Measurements {
		p.shows(t, "main", fixed(*m.SNRdB, decimalsOf(*m.SNRSigmaDB))+" ± ")
		p.shows(t, "main", "clock ± "+fixed(*m.ClockSigmaHz, decimalsOf(*m.ClockSigmaHz))+"\u00a0Hz")
	}
	p.press(t, "SNR")
	p.shows(t, "dialog[open]", "snr_db")
	p.press(t, "Close")
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
}

// decimalsOf is how many decimals two digits of sigma need, as the pages show values.
func decimalsOf(sigma float64) int {
	n := 1
	for ; sigma < 1; sigma *= 10 {
		n++
	}
	for ; sigma >= 10 && n > 0; sigma /= 10 {
		n--
	}
	return n
}

func refusalsAtFields(t *testing.T, p *tab) {
	wrongAt := func(label, message string) {
		t.Helper()
		p.until(t, fmt.Sprintf("%q is said at %q", message, label), fmt.Sprintf(`(() => {
			const field = [...document.querySelectorAll("label")].find((l) => l.innerText.trim() === %s)?.control;
			return field?.getAttribute("aria-invalid") === "true" && (field.getAttribute("aria-describedby") ?? "").split(" ").some((id) => document.getElementById(id)?.innerText.includes(%s));
		})()`, quoted(label), quoted(message)))
	}
	p.open(t, "/acquisitions/new?frequency_mhz=145.5&websdr_id=1")
	p.fill(t, "Duration (s)", "99999")
	p.press(t, "Acquire from 1 receiver")
	wrongAt("Duration (s)", "must be from 0.01 to 3600 seconds")
	p.fill(t, "Duration (s)", "soon")
	p.press(t, "Acquire from 1 receiver")
	wrongAt("Duration (s)", "must be a number")
	p.open(t, "/acquisitions/new?frequency_mhz=145.5")
	p.press(t, "Acquire from 0 receivers")
	p.shows(t, ".problem", "must name at least one WebSDR")

	p.open(t, "/websdrs/new")
	p.fill(t, "Name", "nowhere")
	p.fill(t, "Address", "ftp://example")
	p.fill(t, "Latitude (°)", "91")
	p.fill(t, "Longitude (°)", "7")
	p.press(t, "Add")
	wrongAt("Latitude (°)", "must be degrees from -90 to 90")
	wrongAt("Address", "must start with")

	p.open(t, "/acquisitions/no-such-task")
	p.shows(t, ".problem", "not found")
	p.open(t, "/measurements?snr_min_db=loud")
	p.shows(t, ".problem", "snr_min_db")
	if wrong := p.complaints(true); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
}

func filterNarrows(t *testing.T, p *tab, d *dashboard) {
	rows := func(n int) {
		t.Helper()
		p.until(t, fmt.Sprintf("%d rows are shown", n), fmt.Sprintf(`document.querySelectorAll("main tbody tr").length === %d`, n))
	}
	p.open(t, "/acquisitions")
	p.shows(t, "main", "one is busy")
	p.fill(t, "Label contains", "EVENING")
	p.press(t, "Search")
	rows(2)
	if page, err := d.client.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Label: "EVENING"}, ""); err != nil || len(page.Acquisitions) != 2 {
		t.Errorf("the client finds %d (%v), want 2", len(page.Acquisitions), err)
	}
	p.fill(t, "Label contains", "")
	p.press(t, "Search")
	p.press(t, "partial")
	rows(1)
	p.shows(t, "main tbody", "one is busy")
	p.open(t, evaluate[string](t, p, "location.pathname + location.search"))
	rows(1)
	p.press(t, "Clear")
	p.shows(t, "main tbody", "evening pass")

	p.open(t, "/measurements")
	p.fill(t, "WebSDR", "2")
	p.until(t, "only montanaro is left", `[...document.querySelectorAll("main tbody tr")].length > 0 && [...document.querySelectorAll("main tbody tr")].every((r) => r.innerText.includes("montanaro"))`)
	if csv := evaluate[string](t, p, `document.querySelector("a[download]").getAttribute("href")`); csv != "/api/v1/measurements?websdr_id=2&format=csv" {
		t.Errorf("the CSV of the filter is at %s", csv)
	}
}

func chartIsTrue(t *testing.T, p *tab, d *dashboard) {
	to := time.Now().UTC().Truncate(time.Hour).Add(time.Hour)
	f := heimdall.AnalyticsFilter{From: to.AddDate(0, 0, -30), To: to, WebSDRIDs: []int64{1}}
	p.open(t, "/websdrs/1")
	p.showNumbers(t)
	snr, err := d.client.SNRStatistics(t.Context(), f, heimdall.Daily)
	if err != nil || len(snr.Points) < 5 {
		t.Fatalf("%d days, %v", len(snr.Points), err)
	}
	noise, err := d.client.NoiseStatistics(t.Context(), f, heimdall.Daily)
	if err != nil || len(noise.Points) != len(snr.Points) {
		t.Fatalf("%d days of noise, %v", len(noise.Points), err)
	}
	snrs, noises := p.cells(t, `[data-name="snr"]`, "data-at"), p.cells(t, `[data-name="noise"]`, "data-at")
	if len(snrs) != len(snr.Points) || len(noises) != len(noise.Points) {
		t.Fatalf("%d and %d days are shown, want %d", len(snrs), len(noises), len(snr.Points))
	}
	for i, point := range snr.Points {
		at := point.Start.Format(time.RFC3339)
		same(t, at+" SNR", snrs[at][1], point.SNRMeanDB)
		same(t, at+" noise", noises[at][1], noise.Points[i].NoiseMeanDBFSHz)
	}

	p.fill(t, "Period", "1")
	p.fill(t, "Steps", "each")
	p.settle(t)
	p.showNumbers(t)
	page, err := d.client.Measurements(t.Context(), heimdall.MeasurementFilter{WebSDRIDs: []int64{1}, From: to.AddDate(0, 0, -1), Limit: 1000}, "")
	if err != nil || len(page.Measurements) < 3 {
		t.Fatalf("%d measurements, %v", len(page.Measurements), err)
	}
	snrs = p.cells(t, `[data-name="snr"]`, "data-at")
	if len(snrs) != len(page.Measurements) {
		t.Fatalf("%d numbers are shown, want %d", len(snrs), len(page.Measurements))
	}
	for _, m := range page.Measurements {
		at := m.TimestampUTC.Format(time.RFC3339Nano)
		digits := decimalsOf(*m.SNRSigmaDB)
		if want := fixed(*m.SNRdB, digits) + " ± " + fixed(*m.SNRSigmaDB, digits); snrs[at][1] != want {
			t.Errorf("%s is %q, the API says %q", at, snrs[at][1], want)
		}
	}
}

// fixed writes a number as browsers do: of two that are as near the one farther from zero, which Go takes only if it is even.
func fixed(v float64, digits int) string {
	return new(big.Rat).SetFloat64(v).FloatString(digits)
}
