// Package oidc learns who somebody is from another service (OpenID Connect Core 1.0, the authorization code flow with
// PKCE), and from a claim of that service which scope is theirs.
//
// An [Attempt] is what one browser has to bring back from the service: [Provider.Begin] makes it up, [Provider.Finish]
// trades the code that the service gave for a [Person], after everything that the specification asks to be checked was.
//
// It leaves out sessions, cookies and pages, which are package api's, and refreshing: whoever the service no longer
// knows is out when the session ends, at the latest.
//
// The surprising part: the service is asked for its keys and addresses at the first login, not at the start. A server
// that records must not wait for one that is down.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	upstream "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/heimdall-sdr/heimdall"
)

// CallbackPath is where the service sends browsers back to.
const CallbackPath = "/login/oidc/callback"

// Errors that tell the reader of a page what to do; others are the operator's.
var (
	// ErrStale: the answer belongs to no login of this browser, or to one that took too long.
	ErrStale = errors.New("the answer belongs to no login of this browser")
	// ErrNoScope: the person is known, and has no scope here.
	ErrNoScope = errors.New("the person has no scope here")
)

// Config says which service, and whom it may let in.
type Config struct {
	Issuer       string // its address, whose discovery document says the rest
	ClientID     string
	ClientSecret string   // empty for a public client, which PKCE protects alone
	PublicURL    string   // this server's address, as browsers see it
	Claim        string   // holds what the scopes go by; dots lead into objects
	Scopes       []string // asked for beside openid, profile and email
	// Grants says which values of Claim have a scope here. "*" is everybody whom the service knows.
	Grants map[heimdall.Scope][]string
	HTTP   *http.Client // nil means one that gives up after 10 s
}

// Validate refuses what cannot work, before anybody tries to log in.
func (c *Config) Validate() error {
	for name, value := range map[string]string{"issuer": c.Issuer, "public URL": c.PublicURL} {
		if u, err := url.Parse(value); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return fmt.Errorf("the %s %q must be an address, such as https://login.example", name, value)
		}
	}
	granted := 0
	for _, values := range c.Grants {
		granted += len(values)
	}
	switch {
	case c.ClientID == "":
		return errors.New("the client id must be given: it is what the service calls this server")
	case c.Claim == "":
		return errors.New("the claim that the scopes go by must be named, such as groups")
	case granted == 0:
		return errors.New("no value of the claim has a scope, so that nobody could log in")
	}
	return nil
}

// A Provider is the service. It is safe for concurrent use.
type Provider struct {
	Config

	mu    sync.Mutex
	known *upstream.Provider // once the service has answered; guarded by mu
}

// New returns the provider that c, which is valid, describes.
func New(c Config) *Provider {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return &Provider{Config: c}
}

// Name is what to call the service: its host.
func (p *Provider) Name() string {
	u, err := url.Parse(p.Issuer)
	if err != nil {
		return p.Issuer
	}
	return u.Host
}

// service asks for the discovery document until it has it.
func (p *Provider) service() (*upstream.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		// Not the request's context: the keys are fetched with this one later on.
		known, err := upstream.NewProvider(upstream.ClientContext(context.Background(), p.HTTP), p.Issuer)
		if err != nil {
			return nil, fmt.Errorf("ask %s how to log in: %w", p.Issuer, err)
		}
		p.known = known
	}
	return p.known, nil
}

func (p *Provider) client(s *upstream.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: s.Endpoint(), RedirectURL: p.PublicURL + CallbackPath,
		Scopes: slices.Concat([]string{upstream.ScopeOpenID, "profile", "email"}, p.Scopes),
	}
}

// An Attempt is one login under way. It stays with the browser; State alone is shown to others.
type Attempt struct {
	State    string // comes back with the answer (RFC 6749, section 10.12)
	Nonce    string // stands in the token that is given (OpenID Connect Core, 3.1.2.1)
	Verifier string // proves to the service that the code is asked for by who asked for the login (RFC 7636)
}

// Begin makes an attempt, and says where to send the browser with it.
func (p *Provider) Begin() (Attempt, string, error) {
	s, err := p.service()
	if err != nil {
		return Attempt{}, "", err
	}
	a := Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return a, p.client(s).AuthCodeURL(a.State, upstream.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// A Person is whom the service says the browser belongs to.
type Person struct {
	Subject string // the same for as long as the service knows the person
	Name    string // to show
	Scope   heimdall.Scope
}

// Finish trades the code that came back for the person. ErrStale means that state is not that of a.
func (p *Provider) Finish(ctx context.Context, a Attempt, state, code string) (Person, error) {
	if a.State == "" || a.Nonce == "" || a.Verifier == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return Person{}, ErrStale
	}
	s, err := p.service()
	if err != nil {
		return Person{}, err
	}
	tokens, err := p.client(s).Exchange(upstream.ClientContext(ctx, p.HTTP), code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Person{}, fmt.Errorf("trade the code of %s: %w", p.Issuer, err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return Person{}, fmt.Errorf("trade the code of %s: it gave no id_token", p.Issuer)
	}
	// This checks the signature, the issuer, the audience and the time.
	token, err := s.Verifier(&upstream.Config{ClientID: p.ClientID}).Verify(upstream.ClientContext(ctx, p.HTTP), raw)
	if err != nil {
		return Person{}, fmt.Errorf("verify the token of %s: %w", p.Issuer, err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.Nonce)) != 1 {
		return Person{}, fmt.Errorf("verify the token of %s: its nonce is of another login", p.Issuer)
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return Person{}, fmt.Errorf("read the claims of %s: %w", p.Issuer, err)
	}
	person := Person{Subject: token.Subject, Name: nameOf(claims, token.Subject), Scope: p.scopeOf(claims)}
	if person.Scope == "" {
		return person, fmt.Errorf("%w: %s has none of the values of %q that grant one", ErrNoScope, person.Name, p.Claim)
	}
	return person, nil
}

func nameOf(claims map[string]any, subject string) string {
	for _, claim := range []string{"preferred_username", "email", "name"} {
		if name, ok := claims[claim].(string); ok && name != "" {
			return name
		}
	}
	return subject
}

// scopeOf is the highest scope that the claims grant, or "".
func (p *Provider) scopeOf(claims map[string]any) heimdall.Scope {
	held := valuesOf(claims, p.Claim)
	for _, scope := range slices.Backward(heimdall.Scopes()) {
		for _, value := range p.Grants[scope] {
			if value == "*" || slices.Contains(held, value) {
				return scope
			}
		}
	}
	return ""
}

// valuesOf are the texts that a claim holds: one, or a list. A name that is not there as it stands leads into objects,
// such as realm_access.roles of Keycloak.
func valuesOf(claims map[string]any, name string) (values []string) {
	switch v := claims[name].(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			if text, ok := one.(string); ok {
				values = append(values, text)
			}
		}
		return values
	}
	outer, inner, dotted := strings.Cut(name, ".")
	if within, ok := claims[outer].(map[string]any); ok && dotted {
		return valuesOf(within, inner)
	}
	return nil
}
