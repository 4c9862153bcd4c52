package oidc_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/oidc"
	"github.com/heimdall-sdr/heimdall/oidc/oidctest"
)

func alice(groups ...any) map[string]any {
	return map[string]any{"sub": "42", "preferred_username": "alice", "groups": groups, "realm_access": map[string]any{"roles": []any{"captain"}}}
}

func configOf(s *oidctest.Service) oidc.Config {
	return oidc.Config{Issuer: s.URL, ClientID: s.ClientID, ClientSecret: s.ClientSecret, PublicURL: "https://sdr.example/", Claim: "groups",
		Grants: map[heimdall.Scope][]string{heimdall.ScopeRead: {"listeners"}, heimdall.ScopeOperate: {"operators", "duty"}, heimdall.ScopeAdmin: {"admins"}}}
}

// visit goes where a browser is sent, and returns what it brings back.
func visit(t *testing.T, address string) url.Values {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	back, err := a.Location()
	if err != nil {
		t.Fatalf("the service answers %s", a.Status)
	}
	if got := back.Scheme + "://" + back.Host + back.Path; got != "https://sdr.example"+oidc.CallbackPath {
		t.Errorf("it leads back to %s", got)
	}
	return back.Query()
}

func login(t *testing.T, p *oidc.Provider) (oidc.Person, error) {
	t.Helper()
	attempt, address, err := p.Begin()
	if err != nil {
		t.Fatal(err)
	}
	back := visit(t, address)
	return p.Finish(t.Context(), attempt, back.Get("state"), back.Get("code"))
}

func TestTheHighestScopeThatAClaimGrantsIsThePersons(t *testing.T) {
	for name, c := range map[string]struct {
		groups []any
		claim  string
		grants map[heimdall.Scope][]string
		want   heimdall.Scope
	}{
		"one group":              {groups: []any{"listeners"}, want: heimdall.ScopeRead},
		"several":                {groups: []any{"listeners", "duty", 7}, want: heimdall.ScopeOperate},
		"admins":                 {groups: []any{"admins", "listeners"}, want: heimdall.ScopeAdmin},
		"no group that is known": {groups: []any{"Admins", "strangers"}},
		"none":                   {},
		"inside an object":       {claim: "realm_access.roles", grants: map[heimdall.Scope][]string{heimdall.ScopeOperate: {"captain"}}, want: heimdall.ScopeOperate},
		"one text":               {claim: "preferred_username", grants: map[heimdall.Scope][]string{heimdall.ScopeAdmin: {"alice"}}, want: heimdall.ScopeAdmin},
		"everybody":              {grants: map[heimdall.Scope][]string{heimdall.ScopeRead: {"*"}}, want: heimdall.ScopeRead},
		"a claim not there":      {claim: "roles", grants: map[heimdall.Scope][]string{heimdall.ScopeRead: {"a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			config := configOf(oidctest.New(t, alice(c.groups...)))
			if c.claim != "" {
				config.Claim = c.claim
			}
			if c.grants != nil {
				config.Grants = c.grants
			}
			person, err := login(t, oidc.New(config))
			if errors.Is(err, oidc.ErrNoScope) != (c.want == "") || c.want != "" && err != nil {
				t.Fatal(err)
			}
			if person.Scope != c.want || person.Name != "alice" || person.Subject != "42" {
				t.Errorf("it is %+v, want %q", person, c.want)
			}
		})
	}
}

func TestATokenThatIsNotForThisLoginOpensNothing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    func(map[string]any)
		wrongKey bool
		says     string
	}{
		"of another client":  {spoil: func(c map[string]any) { c["aud"] = "somebody else" }, says: "audience"},
		"expired":            {spoil: func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, says: "expired"},
		"of another service": {spoil: func(c map[string]any) { c["iss"] = "https://evil.example" }, says: "issued by a different provider"},
		"of another login":   {spoil: func(c map[string]any) { c["nonce"] = "replayed" }, says: "nonce"},
		"without a nonce":    {spoil: func(c map[string]any) { delete(c, "nonce") }, says: "nonce"},
		"by another key":     {wrongKey: true, says: "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			s := oidctest.New(t, alice("admins"))
			s.Spoil, s.WrongKey = c.spoil, c.wrongKey
			person, err := login(t, oidc.New(configOf(s)))
			if err == nil || !strings.Contains(err.Error(), c.says) || person.Scope != "" {
				t.Errorf("it is %+v, %v; want an error that says %q", person, err, c.says)
			}
		})
	}
}

func TestAnAnswerToSomebodyElsesLoginOpensNothing(t *testing.T) {
	p := oidc.New(configOf(oidctest.New(t, alice("admins"))))
	mine, address, err := p.Begin()
	if err != nil {
		t.Fatal(err)
	}
	theirs, _, err := p.Begin()
	if err != nil {
		t.Fatal(err)
	}
	back := visit(t, address)
	state, code := back.Get("state"), back.Get("code")
	for name, a := range map[string]oidc.Attempt{"another's": theirs, "none": {}} {
		if _, err := p.Finish(t.Context(), a, state, code); !errors.Is(err, oidc.ErrStale) {
			t.Errorf("with %s attempt: %v", name, err)
		}
	}
	// A code that was stolen on its way is of no use without the verifier.
	stolen := mine
	stolen.Verifier = theirs.Verifier
	if _, err := p.Finish(t.Context(), stolen, state, code); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("without the verifier: %v", err)
	}
	if _, err := p.Finish(t.Context(), mine, state, code); err == nil {
		t.Error("a code was good for a second time")
	}
}

func TestAServiceThatIsDownIsAskedAgain(t *testing.T) {
	s := oidctest.New(t, alice("admins"))
	config := configOf(s)
	broken := true
	config.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if broken {
			return nil, errors.New("no route")
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	p := oidc.New(config)
	if _, _, err := p.Begin(); err == nil || !strings.Contains(err.Error(), "no route") {
		t.Fatalf("while it is down: %v", err)
	}
	broken = false
	if _, err := login(t, p); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAConfigThatLetsInNobodyIsRefused(t *testing.T) {
	good := oidc.Config{Issuer: "https://login.example", ClientID: "a", PublicURL: "https://sdr.example", Claim: "groups", Grants: map[heimdall.Scope][]string{heimdall.ScopeRead: {"*"}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for says, spoil := range map[string]func(*oidc.Config){
		"issuer":       func(c *oidc.Config) { c.Issuer = "login.example" },
		"public URL":   func(c *oidc.Config) { c.PublicURL = "" },
		"client id":    func(c *oidc.Config) { c.ClientID = "" },
		"claim":        func(c *oidc.Config) { c.Claim = "" },
		"nobody could": func(c *oidc.Config) { c.Grants = map[heimdall.Scope][]string{heimdall.ScopeRead: {}} },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
