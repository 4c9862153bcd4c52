// Package access decides who may ask what of the server: whose request it is, by token, session or machine; whether
// that one may do it; how often; and, the other way round, which addresses the server itself may call on somebody's
// behalf (networks.go).
//
// A [Policy] turns a request into a [Caller] with a scope. What the scopes of the operations are, is package api's
// table. Tokens are kept by a database as hashes; a session is a token in a cookie that scripts cannot read.
//
// It leaves out users, groups and passwords: a token is a name and a scope, and whoever holds it is that name. It also
// leaves out the terms of TLS, which are cmd's.
//
// The surprising part: on a listener of the loopback interface everybody is admin, because whoever reaches it can read
// the data folder as well. But a web page opened on the same machine reaches it, too, and so does a proxy that the
// whole world talks to. So a request counts as local only when its Host names this machine, and nothing in it says that
// somebody forwarded it.
package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Caller is whose request it is.
type Caller struct {
	TokenID int64          // 0 when there was no token of the database
	Name    string         // of the token; otherwise "loopback", "local", "anybody" or ""
	Scope   heimdall.Scope // "" when nobody is known
	Address netip.Addr     // of the caller, behind the proxies that are trusted; zero when it cannot be told
	Local   bool           // can read the server's files anyway
	Session bool           // known by a cookie, which a browser sends unasked
}

// A Store is what deciding asks of a database.
type Store interface {
	// TokenOf returns the token whose value has that hash, also one that is of no use any more, or heimdall.ErrNotFound.
	TokenOf(ctx context.Context, hash heimdall.TokenHash) (heimdall.Token, error)
	// UseToken notes when a token was last used.
	UseToken(ctx context.Context, id int64, at time.Time) error
}

// Config says who is let in. The zero value, with a Store, lets in tokens only.
type Config struct {
	Store Store
	// Loopback: the server listens on loopback only, so that whoever is on this machine needs no token. With
	// TrustedProxies it has no effect: a proxy that forgets to say for whom it asks would open the server to all.
	Loopback bool
	// Open: everybody may do everything, as somebody insisted.
	Open bool
	// Own is the hash of a token that this process made up for commands on its own data folder; zero means none.
	Own heimdall.TokenHash
	// TrustedProxies may say in X-Forwarded-For and X-Forwarded-Proto on whose behalf they ask.
	TrustedProxies []netip.Prefix
	Limits         Limits
	Now            func() time.Time // nil means time.Now
	Log            *slog.Logger     // nil means silence
}

// A Policy decides. It is safe for concurrent use.
type Policy struct {
	Config
	calls    *limiter // by token or address
	failures *limiter // by address
}

// New returns the policy that c describes.
func New(c Config) *Policy {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	return &Policy{
		Config:   c,
		calls:    newLimiter(c.Limits.PerSecond, c.Limits.Burst),
		failures: newLimiter(float64(c.Limits.FailuresPerMinute)/60, c.Limits.FailuresPerMinute),
	}
}

// A Refusal is why a request goes no further, and as which answer.
type Refusal struct {
	Status     int // 401, 403, 429
	Detail     string
	RetryAfter time.Duration // of 429
}

func (r *Refusal) Error() string { return r.Detail }

// Caller finds out whose request r is. A credential that is wrong is a *Refusal; none at all is a Caller without
// scope, unless this is a place where none is needed. Any other error is the database's.
func (p *Policy) Caller(r *http.Request) (Caller, error) {
	c := Caller{Address: p.Address(r)}
	value, session := credential(r)
	if value == "" {
		return p.unnamed(r, c), nil
	}
	hash, wellFormed := HashOf(value)
	if wellFormed && p.isOwn(hash) {
		c.Name, c.Scope, c.Local = "local", heimdall.ScopeAdmin, true
		return c, nil
	}
	if session {
		// A browser sends old cookies, and those of other servers on this machine, as long as it has them: that is no
		// attempt at anything, and must not keep its user from logging in.
		token, why, err := p.lookUp(r.Context(), hash, wellFormed)
		if err != nil {
			return c, err
		}
		if why != "" {
			return p.unnamed(r, c), nil
		}
		c.TokenID, c.Name, c.Scope, c.Session = token.ID, token.Name, token.Scope, true
		return c, nil
	}
	token, err := p.token(r.Context(), hash, wellFormed, c.Address)
	if err != nil {
		return c, err
	}
	c.TokenID, c.Name, c.Scope = token.ID, token.Name, token.Scope
	return c, nil
}

// unnamed is a caller who shows nothing.
func (p *Policy) unnamed(r *http.Request, c Caller) Caller {
	switch {
	case p.Open:
		c.Name, c.Scope = "anybody", heimdall.ScopeAdmin
	case p.Loopback && len(p.TrustedProxies) == 0 && isLocal(r):
		c.Name, c.Scope, c.Local = "loopback", heimdall.ScopeAdmin, true
	}
	return c
}

func (p *Policy) isOwn(hash heimdall.TokenHash) bool {
	return p.Own != heimdall.TokenHash{} && subtle.ConstantTimeCompare(hash[:], p.Own[:]) == 1
}

// Check finds the token of that value, as for a login. What is wrong with it is a *Refusal.
func (p *Policy) Check(ctx context.Context, value string, from netip.Addr) (heimdall.Token, error) {
	hash, wellFormed := HashOf(value)
	return p.token(ctx, hash, wellFormed, from)
}

// token looks up what somebody shows on purpose. Who has failed too often from an address waits, unless with a token
// that was good a moment ago: otherwise one stranger could lock out everybody behind the same address.
func (p *Policy) token(ctx context.Context, hash heimdall.TokenHash, wellFormed bool, from netip.Addr) (heimdall.Token, error) {
	now := p.Now()
	if wait := p.failures.wait(addressKey(from), now); wait > 0 && !p.calls.knows(tokenKey(hash)) {
		return heimdall.Token{}, tooMany("too many tokens from your address were wrong", wait)
	}
	token, why, err := p.lookUp(ctx, hash, wellFormed)
	if err != nil {
		return token, err
	}
	if why != "" {
		p.failures.take(addressKey(from), now)
		p.Log.Warn("a token was refused", "address", from.String(), "why", why)
		return token, &Refusal{Status: http.StatusUnauthorized, Detail: why}
	}
	return token, nil
}

// lookUp returns the token of that hash, or why there is none that is good. Comparing is the database's index on a
// SHA-256, which nobody can steer towards a value byte by byte.
func (p *Policy) lookUp(ctx context.Context, hash heimdall.TokenHash, wellFormed bool) (token heimdall.Token, why string, err error) {
	now := p.Now()
	err = heimdall.ErrNotFound
	if wellFormed {
		token, err = p.Store.TokenOf(ctx, hash)
	}
	switch {
	case errors.Is(err, heimdall.ErrNotFound):
		return token, "the token is not known here: it may be mistyped, or of another server", nil
	case err != nil:
		return token, "", fmt.Errorf("check token: %w", err)
	case !token.RevokedAt.IsZero():
		return token, fmt.Sprintf("token %q was revoked", token.Name), nil
	case !token.Usable(now):
		return token, fmt.Sprintf("token %q expired at %s: ask for a new one", token.Name, token.ExpiresAt.UTC().Format(time.RFC3339)), nil
	}
	p.calls.enter(tokenKey(hash))
	p.noteUse(ctx, token, now)
	return token, "", nil
}

// useEvery is how exact the time of the last use is: a write for every read would be too much.
const useEvery = time.Minute

func (p *Policy) noteUse(ctx context.Context, t heimdall.Token, now time.Time) {
	if now.Sub(t.LastUsedAt) < useEvery {
		return
	}
	if err := p.Store.UseToken(ctx, t.ID, now); err != nil && ctx.Err() == nil {
		p.Log.Warn("note the use of a token", "token", t.Name, "err", err)
	}
}

// Authorize returns nil, or a *Refusal that says what c lacks.
func (p *Policy) Authorize(r *http.Request, c Caller, need heimdall.Scope) error {
	switch {
	case c.Scope == "" && p.Loopback && len(p.TrustedProxies) == 0:
		return &Refusal{Status: http.StatusUnauthorized, Detail: "without a token this server answers only its own machine, under the name localhost or a loopback address: " +
			"send Authorization: Bearer with a token of scope " + string(need) + " (heimdall token create makes one; behind a proxy that asks for a password itself, --insecure-open)"}
	case c.Scope == "":
		return &Refusal{Status: http.StatusUnauthorized, Detail: "a token of scope " + string(need) +
			" is needed: send Authorization: Bearer, or log in (heimdall token create makes one; HEIMDALL_TOKEN tells it to the commands)"}
	case !c.Scope.Includes(need):
		return &Refusal{Status: http.StatusForbidden, Detail: fmt.Sprintf("this needs the scope %s, and the token %q has only %s", need, c.Name, c.Scope)}
	case c.Session && !isSafe(r.Method) && !isSameOrigin(r):
		return &Refusal{Status: http.StatusForbidden, Detail: "a session changes things only from the server's own pages: programs send a token in Authorization: Bearer"}
	}
	return nil
}
