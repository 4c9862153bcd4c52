package access_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
)

func TestOnLoopbackOnlyTheMachineItselfNeedsNoToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header []string
		want   int
	}{
		"by name":                          {nil, 200},
		"by address":                       {[]string{"Host", "127.0.0.1:8001"}, 200},
		"over IPv6":                        {[]string{"Host", "[::1]:8001", "Peer", "[::1]:4000"}, 200},
		"without a port":                   {[]string{"Host", "LOCALHOST"}, 200},
		"a page whose name was rebound":    {[]string{"Host", "evil.example:8001"}, 401},
		"a name that only begins so":       {[]string{"Host", "localhost.evil.example"}, 401},
		"a proxy that says for whom":       {[]string{"X-Forwarded-For", "203.0.113.7"}, 401},
		"a proxy that says so in its way":  {[]string{"Forwarded", "for=203.0.113.7"}, 401},
		"a proxy that gives its name":      {[]string{"Via", "1.1 cache"}, 401},
		"another machine, by some routing": {[]string{"Peer", "192.168.1.7:4000"}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, access.Config{Loopback: true})
			if got := r.status(ask("POST", c.header...), heimdall.ScopeAdmin); got != c.want {
				t.Errorf("status is %d, want %d", got, c.want)
			}
		})
	}
}

func TestATrustedProxyOnLoopbackClosesLoopback(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Loopback: true, TrustedProxies: prefixes(t, "127.0.0.1")})
	if got := r.status(ask("GET"), heimdall.ScopeRead); got != 401 {
		t.Errorf("status is %d, want 401: it may be the proxy that asks for somebody", got)
	}
}

func TestBeyondLoopbackEverybodyNeedsATokenOfTheScope(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{})
	if got := r.status(ask("GET"), heimdall.ScopeRead); got != 401 {
		t.Errorf("without a token status is %d, want 401", got)
	}
	scopes := heimdall.Scopes()
	for i, has := range scopes {
		_, value := r.token(string(has), has)
		for k, need := range scopes {
			want := 403
			if i >= k {
				want = 200
			}
			if got := r.status(ask("POST", "Authorization", "Bearer "+value), need); got != want {
				t.Errorf("with scope %s, status where %s is needed is %d, want %d", has, need, got, want)
			}
		}
	}
}

func TestAnOpenServerTakesEverybody(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Open: true})
	if got := r.status(ask("POST", "Peer", "203.0.113.7:999", "Host", "heimdall.example"), heimdall.ScopeAdmin); got != 200 {
		t.Errorf("status is %d, want 200", got)
	}
}

func TestATokenThatIsRevokedExpiredOrMadeUpOpensNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Loopback: true}) // even there: who shows something wrong is told
	revoked, revokedValue := r.token("revoked", heimdall.ScopeAdmin)
	if _, err := r.store.RevokeToken(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	_, expired := r.token("expired", heimdall.ScopeAdmin)
	for name, value := range map[string]string{"revoked": revokedValue, "made up": newValue(t), "no token": "swordfish"} {
		if got := r.status(ask("GET", "Authorization", "Bearer "+value), heimdall.ScopeRead); got != 401 {
			t.Errorf("%s: status is %d, want 401", name, got)
		}
	}
	if got := r.status(ask("GET", "Authorization", "bearer "+expired), heimdall.ScopeRead); got != 200 {
		t.Errorf("before it expires: status is %d, want 200", got)
	}
	r.now = r.now.Add(time.Hour)
	if got := r.status(ask("GET", "Authorization", "Bearer "+expired), heimdall.ScopeRead); got != 401 {
		t.Errorf("expired: status is %d, want 401", got)
	}
}

func TestTheLastUseIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{})
	token, value := r.token("a", heimdall.ScopeRead)
	lastUse := func() time.Time {
		r.status(ask("GET", "Authorization", "Bearer "+value), heimdall.ScopeRead)
		list, err := r.store.Tokens(t.Context(), token.ID-1, 1)
		if err != nil {
			t.Fatal(err)
		}
		return list[0].LastUsedAt
	}
	first := r.now
	for _, step := range []struct {
		after time.Duration
		want  time.Time
	}{{0, first}, {59 * time.Second, first}, {time.Second, first.Add(time.Minute)}} {
		r.now = r.now.Add(step.after)
		if got := lastUse(); !got.Equal(step.want) {
			t.Errorf("after %v the last use is %v, want %v", r.now.Sub(first), got, step.want)
		}
	}
}

func TestASessionChangesThingsOnlyFromTheServersOwnPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{})
	_, value := r.token("browser", heimdall.ScopeAdmin)
	cookie := access.SessionCookie + "=" + value
	for name, c := range map[string]struct {
		method string
		header []string
		want   int
	}{
		"reading":                  {"GET", nil, 200},
		"changing, same origin":    {"POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		"changing, same Origin":    {"DELETE", []string{"Origin", "http://localhost:8001"}, 200},
		"changing, neighbour site": {"POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"changing, other site":     {"POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"changing, other port":     {"POST", []string{"Origin", "http://localhost:9000"}, 403},
		"changing, opaque Origin":  {"POST", []string{"Origin", "null"}, 403},
		"changing, no word of it":  {"POST", nil, 403},
	} {
		if got := r.status(ask(c.method, append(c.header, "Cookie", cookie)...), heimdall.ScopeRead); got != c.want {
			t.Errorf("%s: status is %d, want %d", name, got, c.want)
		}
	}
	if got := r.status(ask("POST", "Sec-Fetch-Site", "cross-site", "Authorization", "Bearer "+value), heimdall.ScopeAdmin); got != 200 {
		t.Errorf("with a bearer token, which no page sends unasked, status is %d, want 200", got)
	}
}

func TestTheOwnTokenOfAProcessIsTheMachinesOwn(t *testing.T) {
	t.Parallel()
	value := newValue(t)
	hash, _ := access.HashOf(value)
	r := newRig(t, access.Config{Own: hash})
	c, err := r.policy.Caller(ask("GET", "Authorization", "Bearer "+value))
	if err != nil || !c.Local || c.Scope != heimdall.ScopeAdmin {
		t.Errorf("the caller is %+v (%v)", c, err)
	}
	none := newRig(t, access.Config{})
	if got := none.status(ask("GET", "Authorization", "Bearer "+value), heimdall.ScopeRead); got != 401 {
		t.Errorf("elsewhere its status is %d, want 401", got)
	}
}

func TestOnlyTrustedProxiesSayForWhomTheyAsk(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{TrustedProxies: prefixes(t, "10.0.0.0/8", "::1")})
	for name, c := range map[string]struct {
		header []string
		want   string
	}{
		"nobody in between":      {[]string{"Peer", "203.0.113.7:1"}, "203.0.113.7"},
		"a stranger that says":   {[]string{"Peer", "203.0.113.7:1", "X-Forwarded-For", "8.8.8.8"}, "203.0.113.7"},
		"a proxy":                {[]string{"Peer", "10.0.0.1:1", "X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		"a proxy of a proxy":     {[]string{"Peer", "10.0.0.1:1", "X-Forwarded-For", "203.0.113.7, 10.9.9.9"}, "203.0.113.7"},
		"two headers":            {[]string{"Peer", "10.0.0.1:1", "X-Forwarded-For", "203.0.113.7", "X-Forwarded-For", "10.9.9.9"}, "203.0.113.7"},
		"a caller that makes up": {[]string{"Peer", "10.0.0.1:1", "X-Forwarded-For", "8.8.8.8, 203.0.113.7"}, "203.0.113.7"},
		"rubbish":                {[]string{"Peer", "10.0.0.1:1", "X-Forwarded-For", "8.8.8.8, unknown"}, "10.0.0.1"},
		"an empty header":        {[]string{"Peer", "[::1]:1", "X-Forwarded-For", ""}, "::1"},
	} {
		if got := r.policy.Address(ask("GET", c.header...)).String(); got != c.want {
			t.Errorf("%s: the address is %s, want %s", name, got, c.want)
		}
	}
	if !r.policy.Secure(ask("GET", "Peer", "10.0.0.1:1", "X-Forwarded-Proto", "https")) || r.policy.Secure(ask("GET", "Peer", "203.0.113.7:1", "X-Forwarded-Proto", "https")) {
		t.Error("X-Forwarded-Proto counts from a trusted proxy and from nobody else")
	}
}

func TestADatabaseThatFailsIsNoRefusal(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{})
	r.store.Close()
	_, err := r.policy.Caller(ask(http.MethodGet, "Authorization", "Bearer "+newValue(t)))
	if refusal, ok := err.(*access.Refusal); err == nil || ok {
		t.Errorf("got %v, want the database's error", refusal)
	}
}

func TestAnOldCookieIsNobodyAndKeepsNobodyFromLoggingIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config access.Config
		want   int
	}{"on loopback": {access.Config{Loopback: true}, 200}, "elsewhere": {access.Config{}, 401}} {
		r := newRig(t, c.config)
		token, value := r.token("old", heimdall.ScopeAdmin)
		if _, err := r.store.RevokeToken(t.Context(), token.ID); err != nil {
			t.Fatal(err)
		}
		for _, cookie := range []string{value, newValue(t), "of something else"} {
			for range 10 {
				if got := r.status(ask("GET", "Cookie", access.SessionCookie+"="+cookie), heimdall.ScopeRead); got != c.want {
					t.Fatalf("%s: status is %d, want %d", name, got, c.want)
				}
			}
		}
		_, good := r.token("new", heimdall.ScopeRead)
		if _, err := r.policy.Check(t.Context(), good, r.policy.Address(ask("POST"))); err != nil {
			t.Errorf("%s: logging in gives %v", name, err)
		}
	}
}
