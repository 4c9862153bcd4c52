package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab is a page in a real browser, as a person with a keyboard has it: things are found by the words they show.
type tab struct {
	ctx    context.Context
	server string

	mu    sync.Mutex
	wrong []string // what the console said, and what was refused; guarded by mu
	bytes float64  // that came over the network; guarded by mu
}

// openTab starts a browser, or skips the test loudly where none is installed.
func openTab(t testing.TB, server string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("HEIMDALL_TEST_BROWSER") == "required" {
			t.Fatal("chromium is not installed, and HEIMDALL_TEST_BROWSER is required: apt-get install chromium")
		}
		t.Skip("SKIPPED: chromium is not installed, so nobody looked at the dashboard; apt-get install chromium")
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-GB"))
	t.Cleanup(stop)
	p := &tab{server: server}
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p.ctx = ctx
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal("start chromium: ", err)
	}
	for _, enable := range []error{
		second(chromedp.Call(ctx, runtime.Enable, struct{}{})), second(chromedp.Call(ctx, log.Enable, struct{}{})),
		second(chromedp.Call(ctx, network.Enable, network.EnableParams{})),
	} {
		if enable != nil {
			t.Fatal(enable)
		}
	}
	return p
}

func second[T any](_ T, err error) error { return err }

// hear notes what must not happen on a page that only shows things.
func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.wrong = append(p.wrong, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			for _, a := range e.Args {
				p.wrong = append(p.wrong, "console: "+string(a.Value)+a.Description)
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.wrong = append(p.wrong, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventLoadingFinished:
		p.bytes += e.EncodedDataLength
	}
}

// complaints takes what was noted since it was last called. Of a test that provokes a refusal, the browser's own note
// of the answer's status is no complaint.
func (p *tab) complaints(refusals bool) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, w := range p.wrong {
		if !refusals || !strings.Contains(w, "the server responded with a status of 4") {
			list = append(list, w)
		}
	}
	p.wrong = nil
	return list
}

// open goes to an address and waits until the page shows what it has to show.
func (p *tab) open(t testing.TB, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(p.server+path)); err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	p.settle(t)
}

// settle waits until nothing on the page is still loading, and maps and charts are drawn.
func (p *tab) settle(t testing.TB) {
	t.Helper()
	p.until(t, "nothing is loading", `document.querySelector("main h1") !== null && ![...document.querySelectorAll("main p.muted")].some((e) => e.textContent.startsWith("Loading")) &&
		![...document.querySelectorAll(".world")].some((e) => e.querySelector(".land") === null) && ![...document.querySelectorAll("figure.trend [role=img]")].some((e) => e.querySelector("canvas") === null)`)
}

// until waits for an expression to become true in the page. Of what is not drawn yet it may say what it likes.
func (p *tab) until(t testing.TB, what, expression string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !evaluate[bool](t, p, "(() => { try { return Boolean("+expression+"); } catch { return false; } })()") {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it never was that %s. The page says:\n%s", evaluate[string](t, p, "location.href"), what, p.text(t, "main"))
		}
		time.Sleep(20 * time.Millisecond) // the page draws when it likes; there is nothing to wait on
	}
}

// evaluate gives the value of an expression, and waits for it if it is a promise.
func evaluate[T any](t testing.TB, p *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("evaluate %.200s: %v", expression, err)
	}
	return v
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // cannot fail: it is text
	return string(b)
}

// text is what an element shows.
func (p *tab) text(t testing.TB, selector string) string {
	t.Helper()
	return evaluate[string](t, p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, quoted(selector)))
}

// shows waits until an element shows a text.
func (p *tab) shows(t testing.TB, selector, text string) {
	t.Helper()
	p.until(t, fmt.Sprintf("%s shows %q", selector, text),
		fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quoted(selector), quoted(text)))
}

// fill types into the field with that label.
func (p *tab) fill(t testing.TB, label, value string) {
	t.Helper()
	found := evaluate[bool](t, p, fmt.Sprintf(`(() => {
		const label = [...document.querySelectorAll("label")].find((l) => l.innerText.trim() === %s);
		const field = label?.control;
		if (!field) return false;
		field.focus();
		field.value = %s;
		field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", {bubbles: true}));
		return true;
	})()`, quoted(label), quoted(value)))
	if !found {
		t.Fatalf("no field is labelled %q", label)
	}
}

// press presses the button, link or box that is called that.
func (p *tab) press(t testing.TB, name string) {
	t.Helper()
	p.until(t, fmt.Sprintf("something is called %q", name), fmt.Sprintf(`(() => {
		const named = [...document.querySelectorAll("button, a, summary, label.check")].find((e) => (e.getAttribute("aria-label") ?? e.innerText).trim() === %s && !e.disabled);
		named?.click();
		return named;
	})()`, quoted(name)))
}

// drag moves the mouse with its button held, from left to right.
func (p *tab) drag(t testing.TB, from, to, y float64) {
	t.Helper()
	for _, e := range []input.DispatchMouseEventParams{
		{Type: input.DispatchMouseEventTypeMouseMoved, X: from, Y: y},
		{Type: input.DispatchMouseEventTypeMousePressed, X: from, Y: y, Button: input.MouseButtonLeft, ClickCount: 1},
		{Type: input.DispatchMouseEventTypeMouseMoved, X: (from + to) / 2, Y: y, Button: input.MouseButtonLeft, Buttons: 1},
		{Type: input.DispatchMouseEventTypeMouseMoved, X: to, Y: y, Button: input.MouseButtonLeft, Buttons: 1},
		{Type: input.DispatchMouseEventTypeMouseReleased, X: to, Y: y, Button: input.MouseButtonLeft, ClickCount: 1},
	} {
		if _, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, e); err != nil {
			t.Fatal(err)
		}
	}
}

// scheme chooses what the system prefers.
func (p *tab) scheme(t testing.TB, scheme string) {
	t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
}

// size makes the window that large, in CSS pixels.
func (p *tab) size(t testing.TB, width, height int64) {
	t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
}
