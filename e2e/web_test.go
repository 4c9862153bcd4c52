package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheDashboardInARealBrowser(t *testing.T) {
	t.Parallel()
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
	t.Run("a list is imported once it was looked at", func(t *testing.T) { importShowsFirst(t, p, d) })
	t.Run("an edit does not overwrite somebody else's", func(t *testing.T) { editsDoNotCollide(t, p, d) })
	t.Run("a schedule is added, edited, paused, run and removed", func(t *testing.T) { scheduleIsEdited(t, p, d) })
	t.Run("an emitter is added, shown on the map, edited and removed", func(t *testing.T) { emitterIsEdited(t, p, d) })
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

// isOpenToAll checks what p shows with axe, in light and in dark, and that a phone has room for it.
func (p *tab) isOpenToAll(t *testing.T) {
	t.Helper()
	axe, err := os.ReadFile("../web/testdata/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"dark", "light"} {
		p.scheme(t, scheme)
		for _, b := range p.barriers(t, string(axe), scheme) {
			t.Errorf("in %s: %s", scheme, b)
		}
	}
	p.size(t, 380, 800)
	p.until(t, "it is no wider than a phone", "document.documentElement.scrollWidth <= 380")
	p.size(t, 1280, 900)
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

const firstViewBytes = 300_000

func firstViewIsLight(t testing.TB, p *tab) {
	bytes, took := p.firstView(t)
	t.Logf("the first view took %v and %.1f kB", took.Round(time.Millisecond), bytes/1000)
	if bytes == 0 || bytes > firstViewBytes {
		t.Errorf("the first view is %.0f bytes, want at most %d", bytes, firstViewBytes)
	}
}
