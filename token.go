package heimdall

import (
	"strings"
	"time"
	"unicode"
)

// A Scope is how much its bearer may do. Each includes those before it.
type Scope string

const (
	ScopeRead    Scope = "read"    // look at everything but tokens, webhooks and the audit log
	ScopeOperate Scope = "operate" // acquire, schedule, hold, recompute
	ScopeAdmin   Scope = "admin"   // WebSDRs and their passwords, tokens, deletion, the audit log
)

// Scopes lists every scope, the least first.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeOperate, ScopeAdmin} }

// rank is 0 for what is no scope.
func (s Scope) rank() int {
	for i, known := range Scopes() {
		if s == known {
			return i + 1
		}
	}
	return 0
}

// Includes reports whether a bearer of s may do what asks for other.
func (s Scope) Includes(other Scope) bool { return other.rank() > 0 && s.rank() >= other.rank() }

// A Token lets its bearer use the API from elsewhere. Its value is shown once, when it is made; what is kept is a
// hash, which stands beside the row and not in it, so that nothing that shows a Token can show what opens the door.
type Token struct {
	ID         int64  // token_id: given by the database, never reused
	Name       string // unique among those that are not revoked
	Scope      Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero means never
	LastUsedAt time.Time // to the minute; zero means never
	RevokedAt  time.Time // zero means that it is not
}

// LoginPrefix is how the names of tokens begin that logins through another service made, and of no other.
const LoginPrefix = "oidc:"

// LoginsKept is how long such a token is still told once it has expired: every login makes one. Those that people made stay.
const LoginsKept = 30 * 24 * time.Hour

// A TokenHash is the SHA-256 of a token's value. The value has 256 bits of chance, so that a slow hash, as for
// passwords that people make up, would protect nothing.
type TokenHash [32]byte

// Usable reports whether t opens the door at that time.
func (t *Token) Usable(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// MaxTokenName is the most bytes that the name of a token may have.
const MaxTokenName = 100

// Validate reports everything wrong with a token that somebody asks for, as one *InvalidError.
func (t *Token) Validate() error {
	var bad InvalidError
	if strings.TrimSpace(t.Name) == "" || len(t.Name) > MaxTokenName || strings.ContainsFunc(t.Name, unicode.IsControl) {
		bad.Add("name", "must have 1 to %d printable characters, such as: grafana", MaxTokenName)
	}
	if t.Scope.rank() == 0 {
		bad.Add("scope", "%q is not known: use read, operate or admin", string(t.Scope))
	}
	return bad.Err()
}
