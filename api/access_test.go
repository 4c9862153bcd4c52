package api_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// guarded is a rig that lets in tokens only.
func guarded(t *testing.T, change ...func(*api.Config)) *rig {
	t.Helper()
	return newRig(t, append([]func(*api.Config){func(c *api.Config) {
		c.Access = access.New(access.Config{Store: c.Store, Now: c.Now, Log: c.Log})
	}}, change...)...)
}

// bearer makes a token and returns the header that shows it.
func (r *rig) bearer(scope heimdall.Scope) []string {
	r.Helper()
	value, err := access.NewValue(rand.Reader)
	r.must(err)
	hash, _ := access.HashOf(value)
	_, err = r.store.CreateToken(r.Context(), heimdall.Token{Name: string(scope), Scope: scope}, hash)
	r.must(err)
	return []string{"Authorization", "Bearer " + value}
}

func TestEveryOperationNeedsTheScopeThatItsDocumentSays(t *testing.T) {
	r := guarded(t)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Security    []map[string][]string `json:"security"`
		}
	}
	if err := json.Unmarshal([]byte(r.get("/openapi.json").want(200).body), &doc); err != nil {
		t.Fatal(err)
	}
	read, operate := r.bearer(heimdall.ScopeRead), r.bearer(heimdall.ScopeOperate)
	public := []string{"get-session", "health", "login", "logout", "python-health", "python-ready", "ready"}
	for path, methods := range doc.Paths {
		target := strings.NewReplacer("{task_id}", "019a0000-0000-7000-8000-000000000000", "{websdr_id}", "1", "{token_id}", "1",
			"{schedule_id}", "1", "{webhook_id}", "1", "{event_id}", "1", "{z}", "0", "{x}", "0", "{y}", "0").Replace(path)
		for method, op := range methods {
			ask := func(header []string) int {
				ctx := t.Context()
				if op.OperationID == "listen" { // which answers at once, and then goes on for ever
					gone, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
					defer cancel()
					ctx = gone
				}
				req := httptest.NewRequestWithContext(ctx, strings.ToUpper(method), target, nil)
				if header != nil {
					req.Header.Set(header[0], header[1])
				}
				rec := httptest.NewRecorder()
				r.handler.ServeHTTP(rec, req)
				return rec.Code
			}
			if len(op.Security) == 0 {
				if !slices.Contains(public, op.OperationID) {
					t.Errorf("%s needs no token: if that is meant, say so here", op.OperationID)
				}
				continue
			}
			scope := op.Security[0]["session"][0]
			if diff := cmp.Diff([]map[string][]string{{"session": {scope}}, {"token": {scope}}}, op.Security); diff != "" {
				t.Errorf("%s: security (-want +got):\n%s", op.OperationID, diff)
			}
			if got := ask(nil); got != 401 {
				t.Errorf("%s without a token answers %d, want 401", op.OperationID, got)
			}
			if got := ask(read); (got == 403) != (scope != "read") {
				t.Errorf("%s, which needs %s, answers %d to scope read", op.OperationID, scope, got)
			}
			if got := ask(operate); (got == 403) != (scope == "admin") {
				t.Errorf("%s, which needs %s, answers %d to scope operate", op.OperationID, scope, got)
			}
			if method != "get" && scope == "read" {
				t.Errorf("%s changes something and needs only the scope read", op.OperationID)
			}
		}
	}
}

func TestARefusalSaysWhatIsMissingAndHowToGetIt(t *testing.T) {
	r := guarded(t)
	a := r.get("/api/v1/websdrs")
	a.refused(401, "", "a token of scope read is needed")
	if got := a.header.Get("WWW-Authenticate"); got != `Bearer realm="heimdall"` {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	r.get("/api/v1/audit", r.bearer(heimdall.ScopeOperate)...).refused(403, "", `this needs the scope admin, and the token "operate" has only operate`)
	r.get("/api/v1/nothing").refused(404, "", "not an address")
	r.get("/docs").want(200)
}

func TestATokenIsMadeShownOnceAndRevoked(t *testing.T) {
	r := guarded(t)
	admin := r.bearer(heimdall.ScopeAdmin)
	a := r.post("/api/v1/tokens", `{"name":"grafana","scope":"read","expires_at":"2026-03-02T12:00:00Z"}`, admin...).want(201)
	var made wire.NewToken
	a.into(&made)
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Location") != fmt.Sprintf("/api/v1/tokens/%d", made.ID) {
		t.Errorf("the headers are %v", a.header)
	}
	show := []string{"Authorization", "Bearer " + made.Value}
	r.get("/api/v1/websdrs", show...).want(200)

	list := r.get("/api/v1/tokens?limit=1", admin...).want(200)
	var page wire.TokenPage
	list.into(&page)
	next := r.get("/api/v1/tokens?limit=1&cursor="+*page.NextCursor, admin...).want(200)
	next.into(&page)
	want := made.Token
	want.LastUsedAt = new(noon)
	if diff := cmp.Diff([]wire.Token{want}, page.Tokens); diff != "" {
		t.Errorf("the second token (-want +got):\n%s", diff)
	}
	if strings.Contains(list.body+next.body, made.Value[9:20]) {
		t.Error("the list tells the value")
	}
	r.post("/api/v1/tokens", `{"name":"grafana","scope":"read"}`, admin...).refused(409, "", "exists")
	r.post("/api/v1/tokens", `{"name":"old","scope":"read","expires_at":"2026-03-01T12:00:00Z"}`, admin...).refused(422, "body.expires_at", "must lie ahead")
	r.post("/api/v1/tokens", `{"name":" ","scope":"read"}`, admin...).refused(422, "body.name", "must have 1 to 100")
	r.get("/api/v1/tokens?cursor=x", admin...).refused(422, "query.cursor", "next_cursor")

	var revoked wire.Token
	r.do("DELETE", fmt.Sprintf("/api/v1/tokens/%d", made.ID), "", admin...).want(200).into(&revoked)
	if revoked.RevokedAt == nil {
		t.Errorf("the revoked token is %+v", revoked)
	}
	r.get("/api/v1/websdrs", show...).refused(401, "", `token "grafana" was revoked`)
	r.do("DELETE", "/api/v1/tokens/77", "", admin...).refused(404, "", "not found")
}

func TestASessionIsATokenThatScriptsCannotReadAndOtherSitesCannotSend(t *testing.T) {
	r := guarded(t)
	token := r.bearer(heimdall.ScopeAdmin)[1][len("Bearer "):]
	login := `{"token":"` + token + `"}`
	a := r.post("/api/v1/login", login, "Sec-Fetch-Site", "same-origin").want(200)
	cookies := (&http.Response{Header: a.header}).Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Secure || cookies[0].Path != "/" {
		t.Fatalf("the cookies are %v", a.header["Set-Cookie"])
	}
	cookie := []string{"Cookie", cookies[0].Name + "=" + cookies[0].Value}
	var s wire.Session
	r.get("/api/v1/session", cookie...).want(200).into(&s)
	if s != (wire.Session{Name: "admin", Scope: "admin", Session: true, LoggedIn: true}) {
		t.Errorf("the session is %+v", s)
	}
	const change = `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`
	r.post("/api/v1/websdrs", change, append(cookie, "Sec-Fetch-Site", "same-origin")...).want(201)
	r.post("/api/v1/websdrs", change, cookie...).refused(403, "", "only from the server's own pages")
	r.foreign("POST", "/api/v1/websdrs", append(cookie, "Sec-Fetch-Site", "cross-site")...).refused(403, "", "another site")

	if got := r.post("/api/v1/logout", "").want(200).header.Get("Set-Cookie"); !strings.Contains(got, "Max-Age=0") {
		t.Errorf("logging out sets %q", got)
	}
	r.get("/api/v1/session").want(200).into(&s)
	if s.LoggedIn || s.Scope != "none" {
		t.Errorf("without a cookie the session is %+v", s)
	}
	r.post("/api/v1/login", `{"token":"swordfish"}`).refused(401, "", "not known here")
}

func TestASessionOverTLSIsForTLSOnly(t *testing.T) {
	r := guarded(t)
	token := r.bearer(heimdall.ScopeRead)[1][len("Bearer "):]
	req := httptest.NewRequest("POST", "https://heimdall.example/api/v1/login", strings.NewReader(`{"token":"`+token+`"}`))
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	if got := rec.Header().Get("Set-Cookie"); !strings.Contains(got, "; Secure") || rec.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("Set-Cookie is %q, the headers are %v", got, rec.Header())
	}
}

func TestTooManyCallsAndTooManyWrongTokensAre429WithAWait(t *testing.T) {
	r := newRig(t, func(c *api.Config) {
		c.Access = access.New(access.Config{Store: c.Store, Now: c.Now, Limits: access.Limits{PerSecond: 1, Burst: 2}})
	})
	read := r.bearer(heimdall.ScopeRead)
	if got := r.get("/api/v1/websdrs", read...).want(200).header.Get("RateLimit"); got != `"default";r=1;t=0` {
		t.Errorf("RateLimit is %q", got)
	}
	r.get("/api/v1/websdrs", read...).want(200)
	a := r.get("/api/v1/websdrs", read...)
	a.refused(429, "", "too many calls: try again in 1 s")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
	for range 5 {
		r.post("/api/v1/login", `{"token":"swordfish"}`).want(401)
	}
	r.post("/api/v1/login", `{"token":"swordfish"}`).refused(429, "", "too many tokens")
	r.get("/healthz").want(200) // who looks after the server is not counted
}

func TestWhoChangedWhatIsKeptWithoutSecrets(t *testing.T) {
	r := guarded(t)
	admin, read := r.bearer(heimdall.ScopeAdmin), r.bearer(heimdall.ScopeRead)
	const body = `{"name":"A","kind":"kiwisdr","url":"http://kiwi.example:8073","password":"swordfish","latitude":0,"longitude":0}`
	r.post("/api/v1/websdrs", body, admin...).want(201)
	r.do("DELETE", "/api/v1/websdrs/1", "", read...).want(403)
	r.do("DELETE", "/api/v1/websdrs/1", "").want(401) // by nobody known
	r.get("/api/v1/websdrs", read...).want(200)
	r.post("/api/v1/login", `{"token":"`+read[1][len("Bearer "):]+`"}`).want(200)

	a := r.get("/api/v1/audit", admin...).want(200)
	var page wire.AuditPage
	a.into(&page)
	for i := range page.Entries {
		page.Entries[i].ID = 0
	}
	const from = "192.0.2.1" // as httptest has it
	want := []wire.AuditEntry{
		{At: noon, TokenID: new(int64(2)), Actor: "read", Address: from, Action: "login", Object: "/api/v1/login", Status: 200},
		{At: noon, TokenID: new(int64(2)), Actor: "read", Address: from, Action: "delete-websdr", Object: "/api/v1/websdrs/1", Status: 403},
		{At: noon, TokenID: new(int64(1)), Actor: "admin", Address: from, Action: "create-websdr", Object: "/api/v1/websdrs/1", Status: 201},
	}
	if diff := cmp.Diff(want, page.Entries); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
	if strings.Contains(a.body, "swordfish") || strings.Contains(r.log.String(), "swordfish") {
		t.Error("the audit log or the log tells a password")
	}
	r.get("/api/v1/audit?action=create-websdr&token_id=1&limit=1&from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:01Z", admin...).want(200).into(&page)
	if len(page.Entries) != 1 || page.NextCursor == nil {
		t.Errorf("the filtered page is %+v", page)
	}
	r.get("/api/v1/audit?limit=1&cursor="+*page.NextCursor, admin...).want(200).into(&page)
	if len(page.Entries) != 0 {
		t.Errorf("after the last entry comes %+v", page)
	}
	r.get("/api/v1/audit?from=2026-03-02T12:00:00Z&to=2026-03-01T12:00:00Z", admin...).refused(422, "query.to", "after from")
}

func TestAWebSDRMayOnlyGoWhereTheServerMay(t *testing.T) {
	public, err := access.ParseNetworks("public")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *api.Config) {
		c.Receivers = func(w heimdall.WebSDR, _ bool) error { return public.AllowURL(w.URL) }
	})
	old := r.websdr("Old", func(w *heimdall.WebSDR) { w.Kind, w.URL = "rtl_tcp", "tcp://127.0.0.1:1234" })
	const inside = `{"name":"A","kind":"kiwisdr","url":"http://10.0.0.1:8073","latitude":0,"longitude":0}`
	r.post("/api/v1/websdrs", inside).refused(422, "body.url", "private address")
	r.post("/api/v1/websdrs/import", "["+inside+"]").refused(422, "body[0].url", "private address")
	at := fmt.Sprintf("/api/v1/websdrs/%d", old.ID)
	patch := []string{"Content-Type", "application/merge-patch+json"}
	r.do("PATCH", at, `{"url":"tcp://10.0.0.1:1234"}`, patch...).refused(422, "body.url", "private address")
	r.do("PATCH", at, `{"is_active":false}`, patch...).want(200) // one that was there before can be switched off
}
