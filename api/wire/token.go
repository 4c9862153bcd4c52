package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A TokenRequest asks for a token.
type TokenRequest struct {
	Name      string     `json:"name" doc:"What it is for, or whose it is" example:"grafana"`
	Scope     string     `json:"scope" enum:"read,operate,admin" doc:"What its bearer may do: read looks; operate also acquires, schedules, holds and recomputes; admin also changes WebSDRs, tokens and what is deleted" example:"read"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"From when on it opens nothing; null or absent means never" example:"2027-03-01T00:00:00Z"`
}

// Root converts the request.
func (r TokenRequest) Root() heimdall.Token {
	t := heimdall.Token{Name: r.Name, Scope: heimdall.Scope(r.Scope)}
	if r.ExpiresAt != nil {
		t.ExpiresAt = *r.ExpiresAt
	}
	return t
}

// A Token is everything about a token but its value.
type Token struct {
	ID         int64      `json:"token_id" doc:"Identity"`
	Name       string     `json:"name" doc:"What it is for, or whose it is"`
	Scope      string     `json:"scope" enum:"read,operate,admin" doc:"What its bearer may do"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at" doc:"From when on it opens nothing; null means never"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"To the minute; null means never"`
	RevokedAt  *time.Time `json:"revoked_at" doc:"Since when it opens nothing; null means that it was not revoked"`
}

// TokenOf converts a token.
func TokenOf(t heimdall.Token) Token {
	return Token{ID: t.ID, Name: t.Name, Scope: string(t.Scope), CreatedAt: t.CreatedAt.UTC(),
		ExpiresAt: instant(t.ExpiresAt), LastUsedAt: instant(t.LastUsedAt), RevokedAt: instant(t.RevokedAt)}
}

// A NewToken is a token with its value, which is never told again.
type NewToken struct {
	Token
	Value string `json:"value" doc:"What to send in Authorization: Bearer. It is not kept, and cannot be asked for again"`
}

// A TokenPage is one page of tokens, oldest first.
type TokenPage struct {
	Tokens     []Token `json:"tokens" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// A Login asks for a session.
type Login struct {
	Token string `json:"token" maxLength:"1000" doc:"The value of a token"`
}

// A Session says who the caller is taken for.
type Session struct {
	Name     string `json:"name" doc:"Name of the token; loopback, where none is needed; empty when nobody is known"`
	Scope    string `json:"scope" enum:"none,read,operate,admin" doc:"What the caller may do"`
	Session  bool   `json:"session" doc:"The caller is known by a cookie, and may log out"`
	LoggedIn bool   `json:"logged_in" doc:"The caller may do something; otherwise a token is needed"`
	// Only of a GET, which is what a page asks before it offers the choice.
	LoginWith string `json:"login_with" doc:"Service through which a browser may log in instead, at /login/oidc; empty when there is none"`
}

// An AuditEntry says who asked for a change, and what came of it.
type AuditEntry struct {
	ID      int64     `json:"audit_id" doc:"Identity; grows"`
	At      time.Time `json:"at" doc:"When it was answered"`
	TokenID *int64    `json:"token_id" doc:"Token of the actor; null when there was none"`
	Actor   string    `json:"actor" doc:"Name of the token; otherwise loopback, local (a command on the data folder) or anybody (an open server)"`
	Address string    `json:"address" doc:"Of the caller; empty when it cannot be told"`
	Action  string    `json:"action" doc:"Id of the operation" example:"create-websdr"`
	Object  string    `json:"object" doc:"Path of what was changed or made" example:"/api/v1/websdrs/7"`
	Status  int       `json:"status" doc:"HTTP status of the answer"`
}

// AuditEntryOf converts an entry.
func AuditEntryOf(e heimdall.AuditEntry) AuditEntry {
	out := AuditEntry{ID: e.ID, At: e.At.UTC(), Actor: e.Actor, Address: e.Address, Action: e.Action, Object: e.Object, Status: e.Status}
	if e.TokenID != 0 {
		out.TokenID = &e.TokenID
	}
	return out
}

// An AuditPage is one page of the audit log, newest first.
type AuditPage struct {
	Entries    []AuditEntry `json:"entries" nullable:"false"`
	NextCursor *string      `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}
