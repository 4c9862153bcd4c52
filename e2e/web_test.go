package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/client"
)

func TestTheDashboardInARealBrowser(t *testing.T) {
	p := openTab(t, "") // first: where there is no browser there is nothing to seed
	d := seededDashboard(t)
	p.server = d.url
	axe, err := os.ReadFile("../web/testdata/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, page := range d.pages() {
			t.Run(fmt.Sprintf("%s in %s has no error in its console and no barrier", page.name, scheme), func(t *testing.T) {
				p.scheme(t, scheme)
				p.open(t, page.path)
				if wrong := p.complaints(false); len(wrong) > 0 {
					t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
				}
				for _, b := range p.barriers(t, string(axe), scheme) {
					t.Error(b)
				}
			})
		}
	}
	p.scheme(t, "light")
	t.Run("a page is no wider than a phone", func(t *testing.T) { pagesFitPhones(t, p, d) })
	t.Run("an acquisition is started and watched to its end", func(t *testing.T) { acquireInBrowser(t, p, d) })
	t.Run("what the server refuses is said at the field", func(t *testing.T) { refusalsAtFields(t, p) })
	t.Run("a filter narrows, and survives a reload", func(t *testing.T) { filterNarrows(t, p, d) })
	t.Run("a chart shows the numbers that the API gives", func(t *testing.T) { chartIsTrue(t, p, d) })
	t.Run("the map and the explanations work by keyboard", func(t *testing.T) { keyboardIsEnough(t, p) })
	t.Run("a receiver is added and edited", func(t *testing.T) { receiverIsEdited(t, p, d) })
	t.Run("an edit does not overwrite somebody else's", func(t *testing.T) { editsDoNotCollide(t, p, d) })
	t.Run("an acquisition is held, released and deleted", func(t *testing.T) { holdAndDelete(t, p, d) })
	t.Run("the first view is less than 300 kB", func(t *testing.T) { firstViewIsLight(t, p) })
}

// barriers is what axe finds that keeps people out. A scheme changes colours alone, so all else is looked for once.
func (p *tab) barriers(t testing.TB, axe, scheme string) []string {
	t.Helper()
	if !evaluate[bool](t, p, `typeof axe === "object"`) {
		evaluate[bool](t, p, axe+"\n;true")
	}
	options := `{resultTypes: ["violations"]}`
	if scheme == "dark" {
		options = `{resultTypes: ["violations"], runOnly: ["color-contrast"]}`
	}
	return evaluate[[]string](t, p, `axe.run(document, `+options+`).then((r) => r.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.map((v) => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 5).map((n) => n.target.join(" ") + "  " + n.html.slice(0, 160) + "\n  " + n.failureSummary).join("\n")))`)
}

func pagesFitPhones(t *testing.T, p *tab, d *dashboard) {
	p.size(t, 380, 800)
	defer p.size(t, 1280, 900)
	for _, page := range d.pages() {
		p.open(t, page.path)
		if width := evaluate[int](t, p, "document.documentElement.scrollWidth"); width > 380 {
			t.Errorf("%s is %d pixels wide", page.name, width)
		}
	}
}

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
		p.shows(t, "main", fmt.Sprintf("%.*f ± ", decimalsOf(*m.SNRSigmaDB), *m.SNRdB))
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
	p.open(t, "/websdrs/1")
	page, err := d.client.Measurements(t.Context(), heimdall.MeasurementFilter{WebSDRIDs: []int64{1}}, "")
	if err != nil || len(page.Measurements) < 3 {
		t.Fatalf("%d measurements, %v", len(page.Measurements), err)
	}
	p.until(t, "three charts are drawn", `document.querySelectorAll("figure canvas").length === 3`)
	shown := evaluate[[]string](t, p, `[...document.querySelectorAll("figure")[0].querySelectorAll("details tbody td")].map((e) => e.textContent)`)
	if len(shown) != len(page.Measurements) {
		t.Fatalf("%d numbers are shown, want %d", len(shown), len(page.Measurements))
	}
	for i, m := range page.Measurements {
		digits := decimalsOf(*m.SNRSigmaDB)
		if want := fmt.Sprintf("%.*f ± %.*f", digits, *m.SNRdB, digits, *m.SNRSigmaDB); shown[i] != want {
			t.Errorf("number %d is %q, the API says %q", i, shown[i], want)
		}
	}
}

func keyboardIsEnough(t *testing.T, p *tab) {
	type key = chromedp.Action[chromedp.Void]
	press := func(keys ...key) {
		t.Helper()
		if err := chromedp.Do(p.ctx, keys...); err != nil {
			t.Fatal(err)
		}
	}
	enter, tabKey := chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab)
	p.open(t, "/")
	press(tabKey, enter) // the first stop is the link to the content
	p.until(t, "the content has the focus", `document.activeElement.id === "main" || location.hash === "#main"`)
	p.open(t, "/map")
	p.until(t, "the pins are drawn", `document.querySelector("[data-websdr]") !== null`)
	evaluate[bool](t, p, `document.querySelector('[data-websdr="3"]').focus() ?? true`)
	press(enter)
	p.shows(t, "h1", "torino")
	p.until(t, "the new page has the focus", `document.activeElement.id === "main"`)

	p.open(t, "/measurements")
	p.until(t, "names explain themselves", `document.querySelector("th button.explain") !== null`)
	evaluate[bool](t, p, `document.querySelector("th button.explain").focus() ?? true`)
	press(enter)
	p.shows(t, "dialog[open]", "snr_db")
	press(chromedp.KeyEvent(kb.Escape))
	p.until(t, "the focus is back at the name", `document.querySelector("dialog") === null && document.activeElement.className === "explain"`)
}

func receiverIsEdited(t *testing.T, p *tab, d *dashboard) {
	p.open(t, "/websdrs/new")
	p.fill(t, "Kind", "sim")
	for label, value := range map[string]string{"Name": "browser-made", "Address": "sim:///?pace=fast", "Latitude (°)": "45,5", "Longitude (°)": "8.25", "Notes": "by hand"} {
		p.fill(t, label, value)
	}
	p.press(t, "Add")
	p.shows(t, "h1", "browser-made")
	p.settle(t)
	p.press(t, "Edit")
	p.shows(t, "h1", "Edit browser-made")
	p.settle(t)
	p.fill(t, "Place", "Vercelli")
	p.fill(t, "Manual gain (dB)", "12.5")
	p.press(t, "Active: offered for acquisitions")
	p.press(t, "Store")
	p.shows(t, "main", "Vercelli")
	p.shows(t, "main", "inactive")
	w := d.named(t, "browser-made")
	if w.Latitude != 45.5 || w.Longitude != 8.25 || w.GainDB == nil || *w.GainDB != 12.5 || w.IsActive || w.Notes != "by hand" || w.Kind != "sim" || w.TimeoutSeconds != 30 {
		t.Errorf("stored is %+v", w)
	}
	p.press(t, "Remove")
	p.until(t, "the dialog is open", `document.querySelector("dialog[open]")`)
	evaluate[bool](t, p, `document.querySelector("dialog button.danger").click() ?? true`)
	p.until(t, "the list is shown", `location.pathname === "/websdrs"`)
}

func editsDoNotCollide(t *testing.T, p *tab, d *dashboard) {
	p.open(t, "/websdrs/5/edit")
	w, err := d.client.WebSDR(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.client.PatchWebSDR(t.Context(), 5, map[string]any{"notes": "theirs"}, ""); err != nil {
		t.Fatal(err)
	}
	p.fill(t, "Notes", "mine")
	p.press(t, "Store")
	p.shows(t, ".problem", "Somebody else has changed it")
	if got, err := d.client.WebSDR(t.Context(), 5); err != nil || got.Notes != "theirs" || got.Name != w.Name {
		t.Errorf("notes are %q (%v), want theirs", got.Notes, err)
	}
	p.press(t, "Load it again")
	p.until(t, "their notes are in the form", `document.querySelector("textarea")?.value === "theirs"`)
	p.complaints(true)
}

func holdAndDelete(t *testing.T, p *tab, d *dashboard) {
	id := d.acquire(t, "to be deleted", "success", 3)
	p.open(t, "/acquisitions/"+id)
	p.press(t, "Hold")
	p.fill(t, "Who holds it", "IZ1ABC")
	evaluate[bool](t, p, `document.querySelector("dialog button.main").click() ?? true`)
	p.shows(t, "dialog[open]", "must be given")
	p.fill(t, "Why", "evidence")
	evaluate[bool](t, p, `document.querySelector("dialog button.main").click() ?? true`)
	p.shows(t, "main", "by IZ1ABC")
	p.press(t, "Release")
	p.press(t, "Delete")
	p.shows(t, "dialog[open]", "go for good")
	p.press(t, "Delete for good")
	p.until(t, "the list is shown", `location.pathname === "/acquisitions"`)
	_, err := d.client.Acquisition(t.Context(), id)
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusNotFound {
		t.Errorf("it is still there: %v", err)
	}
	p.complaints(true)
}

const firstViewBytes = 300_000

func firstViewIsLight(t testing.TB, p *tab) {
	bytes, took := p.firstView(t)
	t.Logf("the first view took %v and %.1f kB", took.Round(time.Millisecond), bytes/1000)
	if bytes == 0 || bytes > firstViewBytes {
		t.Errorf("the first view is %.0f bytes, want at most %d", bytes, firstViewBytes)
	}
}
