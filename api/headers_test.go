package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api"
)

func TestOtherSitesReadAnswersOnlyWhenTheyAreNamed(t *testing.T) {
	const friend = "https://grafana.example"
	r := newRig(t, func(c *api.Config) { c.Origins = []string{friend} })
	for origin, want := range map[string]string{friend: friend, "https://evil.example": "", "https://grafana.example.evil.example": "", "null": ""} {
		a := r.get("/api/v1/websdrs", "Origin", origin)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("to a page of %s Access-Control-Allow-Origin is %q, want %q", origin, got, want)
		}
	}
	a := r.do("OPTIONS", "/api/v1/websdrs", "", "Origin", friend, "Access-Control-Request-Method", "POST").want(204)
	if !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("a friend's preflight gets %v", a.header)
	}
	const body = `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`
	r.post("/api/v1/websdrs", body, "Origin", friend, "Sec-Fetch-Site", "cross-site").want(201)
	closed := newRig(t)
	if a := closed.get("/api/v1/websdrs", "Origin", friend); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("by default another site may read answers")
	}
}

func TestEveryAnswerSaysThatItIsNotToBeFramedGuessedOrSharedAndWhichOnesAreCounted(t *testing.T) {
	seen := map[string]int{}
	r := newRig(t, func(c *api.Config) {
		c.Observe = func(method, route string, status int, took time.Duration) {
			seen[fmt.Sprint(method, " ", route, " ", status)]++
			if took < 0 {
				t.Errorf("%s took %v", route, took)
			}
		}
		c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "heimdall_up 1\n") })
	})
	for _, target := range []string{"/api/v1/websdrs/7", "/api/v1/websdrs/8", "/docs", "/metrics", "/nothing"} {
		h := r.get(target).header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": ""} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", target, name, h.Get(name), want)
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe-eval") {
			t.Errorf("%s: Content-Security-Policy is %q", target, csp)
		}
	}
	want := map[string]int{"GET /api/v1/websdrs/{websdr_id} 404": 2, "GET /docs 200": 1, "GET /metrics 200": 1, "GET  404": 1}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what was observed (-want +got):\n%s", diff)
	}
	g := guarded(t, func(c *api.Config) { c.Metrics = r.handler })
	g.get("/metrics").want(401)
}
