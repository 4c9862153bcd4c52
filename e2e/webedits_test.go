package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/heimdall-sdr/heimdall/client"
)

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

func importShowsFirst(t *testing.T, p *tab, d *dashboard) {
	choose := func(content string) {
		t.Helper()
		evaluate[bool](t, p, fmt.Sprintf(`(() => {
			const input = document.querySelector("input[type=file]");
			const files = new DataTransfer();
			files.items.add(new File([%s], "list.csv"));
			input.files = files.files;
			return input.dispatchEvent(new Event("change", {bubbles: true}));
		})()`, quoted(content)))
	}
	p.open(t, "/websdrs")
	choose("name,kind,url,latitude,longitude\nbad,sim,sim://a,99,7\n")
	p.shows(t, ".problem", "latitude")
	choose("name,kind,url,latitude,longitude\nimported,sim,sim://a,45,7\n")
	p.shows(t, "main", "1 WebSDR would be added, 0 replaced")
	if list, err := d.client.WebSDRs(t.Context(), false); err != nil || len(list) != 7 {
		t.Errorf("%d WebSDRs are stored (%v) before anybody agreed", len(list), err)
	}
	p.press(t, "Import")
	p.shows(t, "main tbody", "imported")
	d.named(t, "imported")
	p.complaints(true)
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
