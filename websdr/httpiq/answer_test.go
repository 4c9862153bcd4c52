package httpiq_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
)

func TestARedirectIsFollowedOnlyAtTheSameHost(t *testing.T) {
	var authorization string
	mux := http.NewServeMux()
	mux.Handle("GET /iq", redirectTo("/new/iq?tune=1"))
	mux.HandleFunc("GET /new/iq", func(w http.ResponseWriter, req *http.Request) {
		authorization = req.Header.Get("Authorization")
		finite(ramp(400))(w, req)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	w := heimdall.WebSDR{Name: "bridge", Kind: "http_iq", URL: server.URL, Timeout: 5 * time.Second, Password: "hunter2"}
	mustOpen(t, w)
	if authorization != "Bearer hunter2" {
		t.Errorf("the password was %q after a redirect at the same host", authorization)
	}

	strangers := 0
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		strangers++
		finite(ramp(400))(w, req)
	}))
	defer stranger.Close()
	_, err := open(t, bridge(t, redirectTo(stranger.URL+"/iq")))
	f := websdr.AsFailure(err)
	if f == nil || f.Class != heimdall.FailRedirect || !strings.Contains(f.Detail, stranger.URL) || strangers != 0 {
		t.Errorf("%d requests reached the stranger; %v, want a redirect failure that names it", strangers, err)
	}
	if _, err := open(t, bridge(t, redirectTo("/iq"))); websdr.AsFailure(err).Class != heimdall.FailRedirect {
		t.Errorf("a redirect in a circle: %v", err)
	}
}

func TestEveryAnswerHasItsClass(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	typed := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, body)
		}
	}
	after := func(code int, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			http.Error(w, "come back\tlater\n", code)
		}
	}
	for _, c := range []struct {
		name  string
		h     http.HandlerFunc // nil means nobody listens
		class heimdall.FailureClass
		says  string
		after time.Duration
	}{
		{"nobody listens", nil, heimdall.FailTransport, "does a bridge listen there?", 0},
		{"a web page", typed("text/html; charset=utf-8", "<title>Hi</title>"), heimdall.FailProtocol, "web page", 0},
		{"a web page of no type", typed("application/octet-stream", "\n<!DOCTYPE html><title>Hi</title>"), heimdall.FailProtocol, "web page", 0},
		{"JSON", typed("application/json", `{"error":"x"}`), heimdall.FailProtocol, "application/json", 0},
		{"sound", typed("audio/x-wav", "RIFF"), heimdall.FailProtocol, "audio/x-wav", 0},
		{"nothing", finite(nil), heimdall.FailProtocol, "empty stream", 0},
		{"half a sample", finite([]byte{1, 2}), heimdall.FailProtocol, "2 of the 4 bytes", 0},
		{"no content", status(http.StatusNoContent), heimdall.FailProtocol, "204", 0},
		{"not found", status(http.StatusNotFound), heimdall.FailProtocol, "no /iq", 0},
		{"bad request", status(http.StatusBadRequest), heimdall.FailUnsupported, "sorry", 0},
		{"forbidden", status(http.StatusForbidden), heimdall.FailAuth, "password", 0},
		{"bad gateway", status(http.StatusBadGateway), heimdall.FailTransport, "502", 0},
		{"busy", after(503, "7"), heimdall.FailBusy, "come back later", 7 * time.Second},
		{"quota", after(429, "3600"), heimdall.FailQuota, "less often", time.Hour},
		{"quota for years", after(429, "99999999"), heimdall.FailQuota, "less often", 24 * time.Hour},
		{"compressed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("\x1f\x8b.."))
		}, heimdall.FailProtocol, "gzip", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := heimdall.WebSDR{Name: "bridge", Kind: "http_iq", URL: "http://" + closed.Addr().String(), Timeout: 5 * time.Second}
			if c.h != nil {
				w = bridge(t, c.h)
			}
			_, err := open(t, w)
			f := websdr.AsFailure(err)
			if f == nil || f.Class != c.class || !strings.Contains(f.Detail, c.says) || f.After != c.after {
				t.Errorf("%v after %v, want %s saying %q after %v", err, f.After, c.class, c.says, c.after)
			}
		})
	}
}

func FuzzRetryAfterIsReasonable(f *testing.F) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f.Add("120")
	f.Add("-1")
	f.Add("Sat, 21 Nov 2026 12:05:00 GMT")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT")
	f.Add("99999999999999999999")
	f.Fuzz(func(t *testing.T, s string) {
		if d := httpiq.RetryAfter(s, now); d < 0 || d > 24*time.Hour {
			t.Errorf("%q asks for %v", s, d)
		}
	})
}

func FuzzASnippetIsOneShortPrintableLine(f *testing.F) {
	f.Add([]byte("busy, come back\r\nlater"))
	f.Add([]byte("\x1b[31mred\x00\xff\xfe\u202e"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := httpiq.Snippet(bytes.NewReader(b))
		if len(s) > 200 || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q", s)
		}
	})
}

func TestRetryAfterMayBeADate(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	if d := httpiq.RetryAfter("Sat, 21 Nov 2026 12:05:00 GMT", now); d != 5*time.Minute {
		t.Errorf("5 minutes ahead is %v", d)
	}
}
