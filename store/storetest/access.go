package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// An AccessStore keeps tokens and the audit log, and tells what is watched: see access.Store, package api and package telemetry.
type AccessStore interface {
	CreateToken(ctx context.Context, t heimdall.Token, hash heimdall.TokenHash) (heimdall.Token, error)
	Tokens(ctx context.Context, afterID int64, limit int) ([]heimdall.Token, error)
	TokenOf(ctx context.Context, hash heimdall.TokenHash) (heimdall.Token, error)
	UseToken(ctx context.Context, id int64, at time.Time) error
	RevokeToken(ctx context.Context, id int64) (heimdall.Token, error)
	PruneLogins(ctx context.Context, before time.Time) (int64, error)
	AddAudit(ctx context.Context, e heimdall.AuditEntry) error
	Audit(ctx context.Context, f heimdall.AuditFilter) ([]heimdall.AuditEntry, error)
	PruneAudit(ctx context.Context, before time.Time) (int64, error)
	OldestDue(ctx context.Context) (time.Time, error)
}

var accesses = []promise{
	{"a token is found by the hash of its value, and by no other", tokenIsFound},
	{"a name is taken until its token is revoked, and a revoked token is still told", tokenNames},
	{"revoking again changes nothing, and what is not there is ErrNotFound", revokeAgain},
	{"a token without a name or of an unknown scope is refused", badTokens},
	{"the last use of a token only goes forward", tokenUse},
	{"a login that expired long ago is forgotten, and a token that somebody made is told for ever", loginsPruned},
	{"pages of tokens neither skip nor repeat", tokenPages},
	{"an entry of the audit log comes back as it was written, newest first, by time, action and token", auditComesBack},
	{"what waits for a worker is told since when it is due, and what is not due yet or runs is not told", dueIsTold},
	{"pruning the audit log removes what is older and nothing else", auditPruned},
}

func hashOf(b byte) (h heimdall.TokenHash) {
	h[0], h[31] = b, 0xff // no byte of a hash is special
	return h
}

func createToken(t *testing.T, s Store, name string, hash heimdall.TokenHash) heimdall.Token {
	t.Helper()
	created, err := s.CreateToken(t.Context(), heimdall.Token{Name: name, Scope: heimdall.ScopeOperate, ExpiresAt: aTime.Truncate(time.Microsecond)}, hash)
	ok(t, err)
	return created
}

func tokenIsFound(t *testing.T, s Store) {
	a, b := createToken(t, s, "a", hashOf(0)), createToken(t, s, "b", hashOf(1))
	if a.ID <= 0 || a.ID == b.ID || a.CreatedAt.IsZero() {
		t.Errorf("tokens are %+v and %+v", a, b)
	}
	want := heimdall.Token{ID: a.ID, Name: "a", Scope: heimdall.ScopeOperate, CreatedAt: a.CreatedAt, ExpiresAt: aTime.Truncate(time.Microsecond)}
	got, err := s.TokenOf(t.Context(), hashOf(0))
	ok(t, err)
	same(t, "token", got, want)
	_, err = s.TokenOf(t.Context(), hashOf(2))
	wantErr(t, err, heimdall.ErrNotFound)
}

func tokenNames(t *testing.T, s Store) {
	first := createToken(t, s, "grafana", hashOf(1))
	createToken(t, s, "Grafana", hashOf(2)) // names differ by case
	_, err := s.CreateToken(t.Context(), heimdall.Token{Name: "grafana", Scope: heimdall.ScopeRead}, hashOf(3))
	wantErr(t, err, heimdall.ErrExists)
	revoked, err := s.RevokeToken(t.Context(), first.ID)
	ok(t, err)
	if revoked.RevokedAt.IsZero() {
		t.Error("the revoked token does not say so")
	}
	createToken(t, s, "grafana", hashOf(3))
	got, err := s.TokenOf(t.Context(), hashOf(1))
	ok(t, err)
	same(t, "revoked token", got, revoked)
}

func revokeAgain(t *testing.T, s Store) {
	token := createToken(t, s, "a", hashOf(1))
	first, err := s.RevokeToken(t.Context(), token.ID)
	ok(t, err)
	again, err := s.RevokeToken(t.Context(), token.ID)
	ok(t, err)
	same(t, "revoked again", again, first)
	_, err = s.RevokeToken(t.Context(), token.ID+1)
	wantErr(t, err, heimdall.ErrNotFound)
}

func badTokens(t *testing.T, s Store) {
	for field, token := range map[string]heimdall.Token{"name": {Name: " ", Scope: heimdall.ScopeRead}, "scope": {Name: "a", Scope: "root"}} {
		_, err := s.CreateToken(t.Context(), token, hashOf(1))
		wantInvalid(t, err, field)
	}
	_, err := s.TokenOf(t.Context(), hashOf(1))
	wantErr(t, err, heimdall.ErrNotFound)
}

func tokenUse(t *testing.T, s Store) {
	token := createToken(t, s, "a", hashOf(1))
	at := aTime.Truncate(time.Microsecond)
	for _, use := range []time.Time{at, at.Add(-time.Hour)} {
		ok(t, s.UseToken(t.Context(), token.ID, use))
		got, err := s.TokenOf(t.Context(), hashOf(1))
		ok(t, err)
		same(t, "last use", got.LastUsedAt, at)
	}
}

func tokenPages(t *testing.T, s Store) {
	var want, got []heimdall.Token
	for i := range 5 {
		want = append(want, createToken(t, s, string(rune('e'-i)), hashOf(byte(i))))
	}
	for after := int64(0); ; {
		page, err := s.Tokens(t.Context(), after, 2)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1].ID
	}
	same(t, "all pages", got, want)
	_, err := s.Tokens(t.Context(), 0, 0)
	wantInvalid(t, err, "limit")
}

func loginsPruned(t *testing.T, s Store) {
	at := aTime.Truncate(time.Microsecond)
	expiring := func(name string, at time.Time, hash byte) heimdall.Token {
		t.Helper()
		token, err := s.CreateToken(t.Context(), heimdall.Token{Name: name, Scope: heimdall.ScopeRead, ExpiresAt: at}, hashOf(hash))
		ok(t, err)
		return token
	}
	old := expiring("oidc:anna 42 X", at.Add(-time.Microsecond), 1)
	revoked, err := s.RevokeToken(t.Context(), expiring("oidc:anna 42 Y", at.Add(-time.Hour), 2).ID) // by logging out
	ok(t, err)
	want := []heimdall.Token{
		expiring("oidc:anna 42 Z", at, 3), expiring("oidc:never", time.Time{}, 4),
		expiring("grafana", at.AddDate(-1, 0, 0), 5), expiring("OIDC:made by hand", at.AddDate(-1, 0, 0), 6), expiring("oidc", at.AddDate(-1, 0, 0), 7),
	}
	ok(t, s.AddAudit(t.Context(), heimdall.AuditEntry{At: at, TokenID: old.ID, Actor: old.Name, Action: "create-websdr"}))
	n, err := s.PruneLogins(t.Context(), at)
	ok(t, err)
	same(t, "pruned", n, 2)
	left, err := s.Tokens(t.Context(), 0, 10)
	ok(t, err)
	same(t, "left", left, want)
	for i, gone := range []heimdall.Token{old, revoked} {
		_, err = s.TokenOf(t.Context(), hashOf(byte(i+1)))
		wantErr(t, err, heimdall.ErrNotFound)
		_, err = s.RevokeToken(t.Context(), gone.ID)
		wantErr(t, err, heimdall.ErrNotFound)
	}
	done, err := s.Audit(t.Context(), heimdall.AuditFilter{TokenID: old.ID, Limit: 10})
	ok(t, err)
	if len(done) != 1 || done[0].Actor != old.Name {
		t.Errorf("of what was done with it the audit log says %+v", done)
	}
}

// anEntry is of that many hours after aTime.
func anEntry(hours int, action string, tokenID int64) heimdall.AuditEntry {
	return heimdall.AuditEntry{
		At: aTime.Truncate(time.Microsecond).Add(time.Duration(hours) * time.Hour), TokenID: tokenID, Actor: "grafana", Address: "2001:db8::1",
		Action: action, Object: "/api/v1/websdrs/7", Status: 201,
	}
}

func auditComesBack(t *testing.T, s Store) {
	entries := []heimdall.AuditEntry{anEntry(0, "create-websdr", 0), anEntry(1, "delete-websdr", 7), anEntry(2, "create-websdr", 7)}
	for _, e := range entries {
		ok(t, s.AddAudit(t.Context(), e))
	}
	read := func(f heimdall.AuditFilter) []heimdall.AuditEntry {
		t.Helper()
		f.Limit = 2
		out := []heimdall.AuditEntry{}
		for {
			page, err := s.Audit(t.Context(), f)
			ok(t, err)
			for _, e := range page {
				f.AfterID, e.ID = e.ID, 0
				out = append(out, e)
			}
			if len(page) < f.Limit {
				return out
			}
		}
	}
	a, b, c := entries[0], entries[1], entries[2]
	same(t, "all", read(heimdall.AuditFilter{}), []heimdall.AuditEntry{c, b, a})
	same(t, "of a time", read(heimdall.AuditFilter{From: b.At, To: c.At}), []heimdall.AuditEntry{b})
	same(t, "of an action", read(heimdall.AuditFilter{Action: "create-websdr"}), []heimdall.AuditEntry{c, a})
	same(t, "of a token", read(heimdall.AuditFilter{TokenID: 7}), []heimdall.AuditEntry{c, b})
	ok(t, s.AddAudit(t.Context(), heimdall.AuditEntry{Action: "now"}))
	list, err := s.Audit(t.Context(), heimdall.AuditFilter{Action: "now", Limit: 1})
	ok(t, err)
	if len(list) != 1 || list[0].At.IsZero() {
		t.Errorf("an entry without a time is %+v, want the database to have given it one", list)
	}
}

func auditPruned(t *testing.T, s Store) {
	for i := range 3 {
		ok(t, s.AddAudit(t.Context(), anEntry(i, "create-websdr", 0)))
	}
	n, err := s.PruneAudit(t.Context(), anEntry(1, "", 0).At)
	ok(t, err)
	same(t, "pruned", n, 1)
	list, err := s.Audit(t.Context(), heimdall.AuditFilter{Limit: 10})
	ok(t, err)
	if len(list) != 2 || !list[1].At.Equal(anEntry(1, "", 0).At) {
		t.Errorf("what is left is %+v", list)
	}
}

func dueIsTold(t *testing.T, s Store) {
	wantDue := func(want time.Time) {
		t.Helper()
		due, err := s.OldestDue(t.Context())
		ok(t, err)
		same(t, "oldest due", due, want)
	}
	wantDue(time.Time{})
	later := aRequest(createWebSDRs(t, s, 1)...)
	later.StartAt = time.Now().Add(time.Hour)
	create(t, s, later)
	wantDue(time.Time{})
	first := create(t, s, aRequest(later.WebSDRIDs...))
	second := create(t, s, aRequest(later.WebSDRIDs...))
	wantDue(first.CreatedAt)
	claim(t, s)
	wantDue(second.CreatedAt)
}
