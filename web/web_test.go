package web_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/web"
)

// handler is the dashboard before an API that says so.
func handler(t *testing.T) http.Handler {
	t.Helper()
	h, err := web.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "the API")
	}))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends a request; header holds names and values in turn.
func ask(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// html is what browsers ask for.
const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		in = z
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBrowsersGetThePageAndOtherProgramsTheAPI(t *testing.T) {
	h := handler(t)
	for _, path := range []string{"/", "/map", "/acquisitions", "/acquisitions/new", "/acquisitions/01957c2e-5d00-7000-8000-0123456789ab", "/websdrs/7/edit", "/system"} {
		r := ask(t, h, "GET", path, "Accept", html)
		if r.StatusCode != http.StatusOK || !strings.Contains(body(t, r), `<div id="app">`) {
			t.Errorf("a browser gets %d at %s", r.StatusCode, path)
		}
		for _, accept := range []string{"", "*/*", "application/json"} {
			if r := ask(t, h, "GET", path, "Accept", accept); r.StatusCode != http.StatusTeapot {
				t.Errorf("who accepts %q gets %d at %s, want what the API says", accept, r.StatusCode, path)
			}
		}
		if r := ask(t, h, "POST", path, "Accept", html); r.StatusCode != http.StatusTeapot {
			t.Errorf("POST %s gets %d", path, r.StatusCode)
		}
	}
	for _, path := range []string{"/docs", "/openapi.json", "/api/v1/websdrs", "/healthz", "/no-such-page", "/acquisitions/a/b", "/assets/", "/assets/none.js", "/index.html"} {
		if r := ask(t, h, "GET", path, "Accept", html); r.StatusCode != http.StatusTeapot {
			t.Errorf("a browser gets %d at %s, want what the API says", r.StatusCode, path)
		}
	}
}

var assetName = regexp.MustCompile(`/assets/[\w.-]+`)

func TestWhatThePageNamesIsServedForEverAndThePageItselfIsAskedForAgain(t *testing.T) {
	h := handler(t)
	page := ask(t, h, "GET", "/", "Accept", html, "Accept-Encoding", "gzip, br")
	if page.Header.Get("Cache-Control") != "no-cache" || page.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the page's header is %v", page.Header)
	}
	names := assetName.FindAllString(body(t, page), -1)
	if len(names) < 5 {
		t.Fatalf("the page names %q", names)
	}
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}
	for _, name := range names {
		plain := ask(t, h, "GET", name)
		if !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") || plain.Header.Get("Content-Type") != types[filepath.Ext(name)] {
			t.Errorf("%s: header is %v", name, plain.Header)
		}
		packed := ask(t, h, "GET", name, "Accept-Encoding", "gzip")
		if text := body(t, plain); text == "" || text != body(t, packed) {
			t.Errorf("%s differs when it is compressed", name)
		}
		if r := ask(t, h, "GET", name, "Accept-Encoding", "gzip;q=0"); r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed for who refuses it", name)
		}
		if r := ask(t, h, "HEAD", name, "Accept-Encoding", "gzip"); r.StatusCode != http.StatusOK || r.Header.Get("Content-Length") == "" || body(t, &http.Response{Body: r.Body}) != "" {
			t.Errorf("HEAD %s: %d, %v", name, r.StatusCode, r.Header)
		}
		if r := ask(t, h, "GET", name, "If-None-Match", `"other", `+plain.Header.Get("ETag")); r.StatusCode != http.StatusNotModified || body(t, r) != "" {
			t.Errorf("%s, which the browser has, is %d", name, r.StatusCode)
		}
	}
}

func TestAPageMayLoadNothingFromElsewhere(t *testing.T) {
	h := handler(t)
	page := ask(t, h, "GET", "/", "Accept", html)
	header := page.Header
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if !strings.HasPrefix(header.Get(name), want) {
			t.Errorf("%s is %q", name, header.Get(name))
		}
	}
	if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy lets in more: %s", policy)
	}
	if text := body(t, page); strings.Contains(text, "<script>") || strings.Contains(text, "style=") {
		t.Errorf("the page holds a script or a style of its own:\n%s", text)
	}
}

// TestEveryRouteHasAPage: the server must not answer an address for which there is nothing to show.
func TestEveryRouteHasAPage(t *testing.T) {
	text, err := os.ReadFile("src/routes.json")
	if err != nil {
		t.Fatal(err)
	}
	var routes map[string]string
	if err := json.Unmarshal(text, &routes); err != nil {
		t.Fatal(err)
	}
	main, err := os.ReadFile("src/main.tsx")
	if err != nil {
		t.Fatal(err)
	}
	for name := range routes {
		if !strings.Contains(string(main), "\n  "+name+": () => import(") {
			t.Errorf("main.tsx has no page for %s", name)
		}
	}
}

// TestTheLicencesOfWhatIsServedAreKept: every package in third_party says under which terms it may be given on.
func TestTheLicencesOfWhatIsServedAreKept(t *testing.T) {
	packages, err := filepath.Glob("third_party/*/package.json")
	if err != nil {
		t.Fatal(err)
	}
	scoped, err := filepath.Glob("third_party/@*/*/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if packages = append(packages, scoped...); len(packages) < 7 {
		t.Fatalf("found %q", packages)
	}
	for _, p := range packages {
		if licence, err := os.ReadFile(filepath.Join(filepath.Dir(p), "LICENSE")); err != nil || len(licence) == 0 {
			t.Errorf("%s: %v", p, err)
		}
	}
}
