package e2e_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

func TestTheDashboardOfAServerWithTokensAsksForOne(t *testing.T) {
	p := openTab(t, "")
	data, address := filepath.Join(t.TempDir(), "data"), freeAddress(t)
	background(t, "serving", "--data-dir", data, "serve", "--listen", address, "--require-token")
	p.server = "http://" + address
	token := func(scope heimdall.Scope) string {
		var made wire.NewToken
		mustJSON(t, &made, data, "token", "create", "the "+string(scope), "--scope", string(scope))
		return made.Value
	}
	reader, operator := token(heimdall.ScopeRead), token(heimdall.ScopeOperate)
	c, err := client.New(p.server, client.Options{Token: token(heimdall.ScopeAdmin)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateWebSDR(t.Context(), wire.WebSDRInput{Name: "one", Kind: "sim", URL: "sim:///?pace=fast", Latitude: 45, Longitude: 7}); err != nil {
		t.Fatal(err)
	}
	a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 145.5, DurationSeconds: 1, WebSDRs: []int64{1}, Label: "kept in"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range c.Watch(t.Context(), a.TaskID) {
		if err != nil {
			t.Fatal(err)
		}
		a = e
	}
	login := func(token string) {
		t.Helper()
		p.fill(t, "Token", token)
		p.press(t, "Log in")
	}

	p.open(t, "/acquisitions/"+a.TaskID)
	p.shows(t, "h1", "Log in")
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("asking for a token, the console says:\n%s", strings.Join(wrong, "\n"))
	}
	p.isOpenToAll(t)
	login(strings.Replace(reader, "heimdall_", "heimdall_X", 1))
	p.until(t, "the error stands at the field", `(() => {
		const field = [...document.querySelectorAll("label")].find((l) => l.innerText.trim() === "Token")?.control;
		return field?.getAttribute("aria-invalid") === "true" && document.querySelector(".field .wrong").innerText.includes("not known here");
	})()`)
	p.complaints(true)

	login(reader)
	p.shows(t, "h1", "kept in") // the page that was asked for
	p.shows(t, "header", "the read (read)")
	disabled := func(name string) string {
		return `[...document.querySelectorAll("button")].some((b) => b.innerText === ` + quoted(name) + ` && b.disabled && b.title.includes("has only") && document.getElementById(b.getAttribute("aria-describedby")))`
	}
	p.until(t, "what a reader may not do is disabled and says why", disabled("Hold")+` && `+disabled("Delete"))
	if cookie := evaluate[string](t, p, "document.cookie"); cookie != "" {
		t.Errorf("scripts can read %q", cookie)
	}
	p.open(t, "/websdrs/1")
	p.until(t, "nor is a receiver asked or removed", disabled("Probe now")+` && `+disabled("Remove"))
	p.open(t, "/")
	p.shows(t, "header", "the read (read)") // the session outlives the page
	p.until(t, "events come by the cookie", `document.querySelector(".live:not(.lost)") !== null`)
	if _, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 145.5, DurationSeconds: 0.1, WebSDRs: []int64{1}}, ""); err != nil {
		t.Fatal(err)
	}
	p.until(t, "what happened is shown", `document.querySelector(".big dd").innerText === "2"`)
	p.press(t, "Log out")
	p.shows(t, "h1", "Log in")
	p.open(t, "/acquisitions/"+a.TaskID)
	p.shows(t, "h1", "Log in")

	login(operator)
	p.shows(t, "h1", "kept in")
	p.press(t, "Hold")
	p.fill(t, "Who holds it", "IZ1ABC")
	p.fill(t, "Why", "evidence")
	evaluate[bool](t, p, `document.querySelector("dialog button.main").click() ?? true`)
	p.shows(t, "main", "by IZ1ABC")
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
	// A token that is revoked closes an open page.
	if r := command(t, data, "token", "revoke", "the operate"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	p.press(t, "Release")
	p.shows(t, "h1", "Log in")
	p.complaints(true)
	formsOutliveSessions(t, p, data)
}

// formsOutliveSessions has tokens revoked while forms are open.
func formsOutliveSessions(t *testing.T, p *tab, data string) {
	t.Helper()
	const kept = `JSON.stringify({...sessionStorage})`
	made := 0
	again := func() (revoke func()) {
		t.Helper()
		made++
		name := fmt.Sprint("number ", made)
		var token wire.NewToken
		mustJSON(t, &token, data, "token", "create", name, "--scope", string(heimdall.ScopeAdmin))
		p.fill(t, "Token", token.Value)
		p.press(t, "Log in")
		p.shows(t, "header", name)
		return func() {
			t.Helper()
			if r := command(t, data, "token", "revoke", name); r.code != 0 {
				t.Fatal(r.stderr)
			}
		}
	}
	value := func(name string) string {
		return evaluate[string](t, p, `document.querySelector('[name="`+name+`"]').value`)
	}
	revoke := again()
	p.open(t, "/schedules/new")
	p.fill(t, "Name", "typed before")
	p.fill(t, "Frequency (MHz)", "145.5")
	p.press(t, "All that are active and can tune the frequency when a run is due")
	p.press(t, "Choose all 1")
	revoke()
	p.press(t, "Add")
	p.shows(t, "h1", "Log in")
	revoke = again()
	p.shows(t, "main", "What you had typed when the session ended is back")
	if value("name") != "typed before" || value("frequency_mhz") != "145.5" {
		t.Errorf("the form holds %q and %q", value("name"), value("frequency_mhz"))
	}
	p.shows(t, "main", "1 chosen")
	p.press(t, "Add")
	p.shows(t, "h1", "typed before")
	if left := evaluate[string](t, p, kept); left != "{}" {
		t.Errorf("once it is stored, the tab still keeps %s", left)
	}

	p.open(t, "/acquisitions/new?websdr_id=1")
	p.fill(t, "Frequency (MHz)", "145.5")
	p.fill(t, "Label", "typed before")
	revoke()
	p.press(t, "Acquire from 1 receiver")
	p.shows(t, "h1", "Log in")
	revoke = again()
	p.shows(t, "main", "What you had typed when the session ended is back")
	p.press(t, "Acquire from 1 receiver")
	p.shows(t, "h1", "typed before")

	p.open(t, "/websdrs/1/edit")
	p.fill(t, "Notes", "typed before")
	p.fill(t, "Password", "hush")
	revoke()
	p.press(t, "Store")
	p.shows(t, "h1", "Log in")
	p.until(t, "what was typed is kept", kept+`.includes("typed before")`)
	if left := evaluate[string](t, p, kept); strings.Contains(left, "hush") {
		t.Errorf("the tab keeps %s", left)
	}
	again()
	p.shows(t, "main", "A password is not kept")
	if value("notes") != "typed before" || value("password") != "" {
		t.Errorf("the form holds %q and the password %q", value("notes"), value("password"))
	}
	p.press(t, "Store")
	p.shows(t, "main", "typed before")

	p.open(t, "/websdrs/1/edit")
	p.fill(t, "Notes", "of no use")
	p.press(t, "Log out")
	p.shows(t, "h1", "Log in")
	if left := evaluate[string](t, p, kept); left != "{}" {
		t.Errorf("after logging out the tab keeps %s", left)
	}
}
