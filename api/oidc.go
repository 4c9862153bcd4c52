package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/oidc"
)

// Logging in through another service is for browsers: two addresses that send them on, beside the API. What comes of it is
// a session like that of a token that somebody typed in, because it is one: a token is made for it, which the server
// knows by its hash alone, which expires, and which an admin sees in the list and may revoke.

const (
	oidcPath       = "/login/oidc"
	attemptCookie  = "heimdall_login"
	attemptFor     = 10 * time.Minute
	oidcSessionFor = 12 * time.Hour
)

func (s *service) oidcRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+oidcPath, s.beginOIDC)
	mux.HandleFunc("GET "+oidc.CallbackPath, s.finishOIDC)
}

// mayTry answers itself when there is no such service, or when somebody tries too often.
func (s *service) mayTry(w http.ResponseWriter, r *http.Request) bool {
	if s.OIDC == nil {
		s.refuse(w, r, http.StatusNotFound, "this server lets nobody log in through another service: see HEIMDALL_OIDC_ISSUER in docs/access.md")
		return false
	}
	if _, err := s.Access.Take(access.Caller{Address: s.Access.Address(r)}, r); err != nil {
		s.write(w, s.problem(r.Context(), refused(err)))
		return false
	}
	w.Header().Set("Cache-Control", "no-store")
	return true
}

// beginOIDC sends the browser to the service, with a cookie that says what must come back.
func (s *service) beginOIDC(w http.ResponseWriter, r *http.Request) {
	if !s.mayTry(w, r) {
		return
	}
	attempt, address, err := s.OIDC.Begin()
	if err != nil {
		s.notLoggedIn(w, r, err)
		return
	}
	back := base64.RawURLEncoding.EncodeToString([]byte(pageOf(r.URL.Query().Get("return"))))
	cookie := s.attemptCookie(r)
	cookie.Value, cookie.MaxAge = strings.Join([]string{attempt.State, attempt.Nonce, attempt.Verifier, back}, "."), int(attemptFor.Seconds())
	http.SetCookie(w, &cookie)
	http.Redirect(w, r, address, http.StatusFound)
}

// attemptCookie must come along when the service sends the browser back, which Strict would prevent.
func (s *service) attemptCookie(r *http.Request) http.Cookie {
	return http.Cookie{Name: attemptCookie, Path: oidcPath, HttpOnly: true, Secure: visitOf(r.Context()).secure, SameSite: http.SameSiteLaxMode}
}

// pageOf is where to go after the login: a page of this server, whatever somebody put into a link.
func pageOf(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return "/"
	}
	return path
}

// finishOIDC is where the service sends the browser back to.
func (s *service) finishOIDC(w http.ResponseWriter, r *http.Request) {
	if !s.mayTry(w, r) {
		return
	}
	spent := s.attemptCookie(r)
	spent.MaxAge = -1
	http.SetCookie(w, &spent)
	attempt, back := attemptOf(r)
	q := r.URL.Query()
	if why := q.Get("error"); why != "" && q.Get("state") == attempt.State {
		s.notLoggedIn(w, r, fmt.Errorf("%s refuses the login: %.100q", s.OIDC.Issuer, why))
		return
	}
	person, err := s.OIDC.Finish(r.Context(), attempt, q.Get("state"), q.Get("code"))
	if err != nil {
		s.notLoggedIn(w, r, err)
		return
	}
	cookie, err := s.sessionOf(r, person)
	if err != nil {
		s.notLoggedIn(w, r, err)
		return
	}
	http.SetCookie(w, &cookie)
	http.Redirect(w, r, back, http.StatusFound)
}

// attemptOf is what the browser has kept of beginning; zero when that was not here, or too long ago.
func attemptOf(r *http.Request) (oidc.Attempt, string) {
	cookie, err := r.Cookie(attemptCookie)
	if err != nil {
		return oidc.Attempt{}, "/"
	}
	parts := strings.Split(cookie.Value, ".")
	if len(parts) != 4 {
		return oidc.Attempt{}, "/"
	}
	back, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil {
		return oidc.Attempt{}, "/"
	}
	return oidc.Attempt{State: parts[0], Nonce: parts[1], Verifier: parts[2]}, pageOf(string(back))
}

// sessionOf makes a token for a person, and the cookie that holds it.
func (s *service) sessionOf(r *http.Request, p oidc.Person) (http.Cookie, error) {
	value, err := access.NewValue(rand.Reader)
	if err != nil {
		return http.Cookie{}, err
	}
	hash, _ := access.HashOf(value)
	token, err := s.Store.CreateToken(r.Context(), heimdall.Token{Name: oidcName(p), Scope: p.Scope, ExpiresAt: s.Now().Add(oidcSessionFor)}, hash)
	if err != nil {
		return http.Cookie{}, err
	}
	entry := heimdall.AuditEntry{TokenID: token.ID, Actor: token.Name, Action: "oidc-login", Object: r.URL.Path, Status: http.StatusFound}
	if from := s.Access.Address(r); from.IsValid() {
		entry.Address = from.String()
	}
	if err := s.Store.AddAudit(r.Context(), entry); err != nil {
		return http.Cookie{}, err
	}
	cookie := sessionCookie(visitOf(r.Context()).secure)
	cookie.Value, cookie.MaxAge = value, int(oidcSessionFor.Seconds())
	return cookie, nil
}

// oidcName is that of a session's token: the person may have several. The name is what the person chose to be called,
// so what the service knows them by stands beside it.
func oidcName(p oidc.Person) string {
	return heimdall.LoginPrefix + shortened(p.Name, 40) + " " + shortened(p.Subject, 36) + " " + rand.Text()[:8]
}

// shortened is the beginning of a text, in at most so many bytes, without what cannot be printed.
func shortened(text string, most int) string {
	var out strings.Builder
	for _, r := range text {
		if !unicode.IsPrint(r) {
			r = '?'
		}
		if out.Len()+len(string(r)) > most {
			break
		}
		out.WriteRune(r)
	}
	return out.String()
}

// notLoggedIn sends the browser back to the page on which it may try again, with what is wrong as a word. What the
// service or the database said is for the log.
func (s *service) notLoggedIn(w http.ResponseWriter, r *http.Request, err error) {
	why := "service"
	switch {
	case errors.Is(err, oidc.ErrStale):
		why = "stale"
	case errors.Is(err, oidc.ErrNoScope):
		why = "no_scope"
	}
	if !errors.Is(err, context.Canceled) {
		s.Log.WarnContext(r.Context(), "a login through another service came to nothing", "request_id", requestID(r.Context()), "address", s.Access.Address(r).String(), "err", err)
	}
	http.Redirect(w, r, "/?login_error="+why, http.StatusFound)
}

// endOIDC makes the token of a session useless when its person logs out: nobody else knows it.
func (s *service) endOIDC(ctx context.Context, c access.Caller) error {
	if !c.Session || !strings.HasPrefix(c.Name, heimdall.LoginPrefix) {
		return nil
	}
	if _, err := s.Store.RevokeToken(ctx, c.TokenID); err != nil && !errors.Is(err, heimdall.ErrNotFound) {
		return err
	}
	return nil
}
