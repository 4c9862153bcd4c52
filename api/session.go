package api

import (
	"context"
	"net/http"
	"time"

	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// sessionFor is how long a browser keeps a session whose token does not expire before.
const sessionFor = 30 * 24 * time.Hour

type loginInput struct{ Body wire.Login }

type sessionOutput struct {
	SetCookie    []http.Cookie `header:"Set-Cookie"`
	CacheControl string        `header:"Cache-Control" hidden:"true"`
	Body         wire.Session
}

// login hands the token back as a cookie that scripts cannot read and that other sites cannot have sent.
func (s *service) login(ctx context.Context, in *loginInput) (*sessionOutput, error) {
	v := visitOf(ctx)
	token, err := s.Access.Check(ctx, in.Body.Token, v.caller.Address)
	if err != nil {
		return nil, refused(err)
	}
	v.caller.TokenID, v.caller.Name, v.caller.Scope = token.ID, token.Name, token.Scope // for the audit log
	keep := sessionFor
	if left := token.ExpiresAt.Sub(s.Now()); !token.ExpiresAt.IsZero() && left < keep {
		keep = left
	}
	cookie := sessionCookie(v.secure)
	cookie.Value, cookie.MaxAge = in.Body.Token, max(1, int(keep.Seconds()))
	return &sessionOutput{SetCookie: []http.Cookie{cookie}, CacheControl: "no-store",
		Body: wire.Session{Name: token.Name, Scope: string(token.Scope), Session: true, LoggedIn: true}}, nil
}

func sessionCookie(secure bool) http.Cookie {
	return http.Cookie{Name: access.SessionCookie, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
}

// logout makes the browser forget. A token that somebody typed in is good until it is revoked; one that was made for
// this session alone is revoked.
func (s *service) logout(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
	if err := s.endOIDC(ctx, visitOf(ctx).caller); err != nil {
		return nil, err
	}
	cookie := sessionCookie(visitOf(ctx).secure)
	cookie.MaxAge = -1
	return &sessionOutput{SetCookie: []http.Cookie{cookie}, CacheControl: "no-store", Body: wire.Session{Scope: "none"}}, nil
}

// getSession tells a page whether it has to ask for a token.
func (s *service) getSession(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
	c := visitOf(ctx).caller
	out := wire.Session{Name: c.Name, Scope: string(c.Scope), Session: c.Session, LoggedIn: c.Scope != ""}
	if c.Scope == "" {
		out.Scope = "none"
	}
	if s.OIDC != nil {
		out.LoginWith = s.OIDC.Name()
	}
	return &sessionOutput{CacheControl: "no-store", Body: out}, nil
}
