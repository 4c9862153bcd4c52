package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/oidc/oidctest"
)

func TestAPersonLogsInThroughAnotherService(t *testing.T) {
	p := openTab(t, "")
	s := oidctest.New(t, map[string]any{"sub": "42", "preferred_username": "alice", "groups": []any{"radio"}})
	data, address := filepath.Join(t.TempDir(), "data"), freeAddress(t)
	p.server = "http://" + address
	background(t, "serving", "--data-dir", data, "serve", "--listen", address, "--require-token",
		"--oidc-issuer", s.URL, "--oidc-client-id", s.ClientID, "--oidc-client-secret", s.ClientSecret, "--oidc-public-url", p.server, "--oidc-operate", "radio")
	service := "Log in with " + strings.TrimPrefix(s.URL, "http://")

	p.open(t, "/acquisitions?state=failed")
	p.shows(t, "main", service)
	p.isOpenToAll(t)
	p.press(t, service)
	p.shows(t, "header", "oidc:alice 42")
	p.until(t, "the page that was asked for is shown", `location.pathname + location.search === "/acquisitions?state=failed" && document.querySelector("h1").innerText === "Acquisitions"`)
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
	p.press(t, "Log out")
	p.shows(t, "main", service)
	var tokens []wire.Token
	mustJSON(t, &tokens, data, "token", "list")
	if len(tokens) != 1 || tokens[0].Scope != "operate" || tokens[0].RevokedAt == nil {
		t.Errorf("after the logout the tokens are %+v", tokens)
	}
	s.Spoil = func(claims map[string]any) { claims["groups"] = "strangers" }
	p.press(t, service)
	p.shows(t, "main", "gives you no scope here")
}
