package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/oidc"
	"github.com/heimdall-sdr/heimdall/oidc/oidctest"
)

// known is a rig that lets in whom a service knows, alice of those groups.
func known(t *testing.T, groups ...any) (*rig, *oidctest.Service) {
	t.Helper()
	s := oidctest.New(t, map[string]any{"sub": "42", "preferred_username": "alice", "groups": groups})
	return guarded(t, func(c *api.Config) {
		c.OIDC = oidc.New(oidc.Config{Issuer: s.URL, ClientID: s.ClientID, ClientSecret: s.ClientSecret, PublicURL: "https://sdr.example", Claim: "groups",
			Grants: map[heimdall.Scope][]string{heimdall.ScopeRead: {"listeners"}, heimdall.ScopeOperate: {"operators"}}})
	}), s
}

// cookieOf is the cookie of that name in an answer, or nil.
func (a answer) cookieOf(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// begin goes to the service and back, as a browser: it returns the address to finish at, and what the browser keeps.
func (r *rig) begin(page string) (target string, kept []string) {
	r.Helper()
	a := r.get("/login/oidc?return=" + url.QueryEscape(page)).want(302)
	c := a.cookieOf("heimdall_login")
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/login/oidc" || c.MaxAge > 600 {
		r.Fatalf("the cookies are %v", a.header["Set-Cookie"])
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	back, err := browser.Get(a.header.Get("Location"))
	r.must(err)
	defer back.Body.Close()
	at, err := back.Location()
	r.must(err)
	return at.RequestURI(), []string{"Cookie", c.Name + "=" + c.Value}
}

func TestWhomAServiceKnowsHasASessionThatExpiresAndEndsWithTheLogout(t *testing.T) {
	r, s := known(t, "operators", "listeners")
	var session wire.Session
	r.get("/api/v1/session").want(200).into(&session)
	if session.LoggedIn || session.LoginWith == "" || !strings.HasSuffix(s.URL, session.LoginWith) {
		t.Errorf("before, the session is %+v", session)
	}
	target, kept := r.begin("/acquisitions?state=failed")
	a := r.get(target, kept...).want(302)
	if to := a.header.Get("Location"); to != "/acquisitions?state=failed" {
		t.Errorf("it leads to %s", to)
	}
	c := a.cookieOf("heimdall_session")
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 12*3600 {
		t.Fatalf("the cookies are %v", a.header["Set-Cookie"])
	}
	if spent := a.cookieOf("heimdall_login"); spent == nil || spent.MaxAge >= 0 {
		t.Error("the browser keeps what it does not need any more")
	}
	cookie := []string{"Cookie", c.Name + "=" + c.Value, "Sec-Fetch-Site", "same-origin"}
	r.get("/api/v1/session", cookie...).want(200).into(&session)
	if !session.LoggedIn || session.Scope != "operate" || !strings.HasPrefix(session.Name, "oidc:alice 42 ") {
		t.Errorf("the session is %+v", session)
	}
	r.get("/api/v1/tokens", cookie...).refused(403, "", "needs the scope admin")
	entries, err := r.store.Audit(t.Context(), heimdall.AuditFilter{Action: "oidc-login", Limit: 10})
	if err != nil || len(entries) != 1 || entries[0].Actor != session.Name {
		t.Errorf("the audit log has %+v, %v", entries, err)
	}
	r.get(target, kept...).want(302).want302To(t, "/?login_error=service") // the same answer a second time

	r.post("/api/v1/logout", "", cookie...).want(200)
	r.get("/api/v1/websdrs", cookie...).refused(401, "", "a token of scope read is needed")

	target, kept = r.begin("/")
	cookie[1] = "heimdall_session=" + r.get(target, kept...).want(302).cookieOf("heimdall_session").Value
	r.get("/api/v1/websdrs", cookie...).want(200)
	r.now = r.now.Add(12*time.Hour + time.Second)
	r.get("/api/v1/websdrs", cookie...).refused(401, "", "a token of scope read is needed")
}

func (a answer) want302To(t *testing.T, address string) {
	t.Helper()
	if to := a.header.Get("Location"); to != address || a.cookieOf("heimdall_session") != nil {
		t.Errorf("it leads to %s with %v, want %s and no session", to, a.header["Set-Cookie"], address)
	}
}

func TestALoginThatComesToNothingSaysWhy(t *testing.T) {
	r, s := known(t, "operators")
	target, kept := r.begin("/")
	_, others := r.begin("/")
	r.get(target).want(302).want302To(t, "/?login_error=stale")
	r.get(target, others...).want(302).want302To(t, "/?login_error=stale")
	r.get(strings.Replace(target, "code=", "code=x", 1), kept...).want(302).want302To(t, "/?login_error=service")
	s.Spoil = func(claims map[string]any) { claims["aud"] = "another" }
	target, kept = r.begin("/")
	r.get(target, kept...).want(302).want302To(t, "/?login_error=service")
	s.Spoil = func(claims map[string]any) { claims["groups"] = "strangers" }
	target, kept = r.begin("/")
	r.get(target, kept...).want(302).want302To(t, "/?login_error=no_scope")
	if list, err := r.store.Tokens(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Errorf("tokens were made: %+v, %v", list, err)
	}
}

func TestALoginLeadsToPagesOfThisServerOnly(t *testing.T) {
	r, _ := known(t, "operators")
	for page, want := range map[string]string{
		"/map": "/map", "": "/", "https://evil.example": "/", "//evil.example/x": "/", `/\evil.example`: "/", "/a\r\nSet-Cookie: x": "/", "map": "/",
	} {
		target, kept := r.begin(page)
		if to := r.get(target, kept...).want(302).header.Get("Location"); to != want {
			t.Errorf("%q leads to %q, want %q", page, to, want)
		}
	}
}

func TestNobodyLogsInThroughAServiceThatIsNotSet(t *testing.T) {
	r := guarded(t)
	r.get("/login/oidc").refused(404, "", "HEIMDALL_OIDC_ISSUER")
	r.get(oidc.CallbackPath+"?state=&code=x").refused(404, "", "HEIMDALL_OIDC_ISSUER")
	admin := r.bearer(heimdall.ScopeAdmin)
	r.post("/api/v1/tokens", `{"name":"oidc:alice","scope":"read"}`, admin...).refused(422, "body.name", "must not begin with oidc:")
}
