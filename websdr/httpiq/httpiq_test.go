package httpiq_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

const (
	rateHz  = 48_000
	tunedHz = 145_500_000
)

var tuning = websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: rateHz, Identity: "Heimdall test (ops@example.org)"}

// ramp is bytes that all differ from their neighbours, so that a lost or doubled one shows.
func ramp(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// live sends samples as time passes, in pieces that split them, until the client goes or so many were sent.
func live(w http.ResponseWriter, req *http.Request, stop int) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	data := ramp(1 << 16)
	began, sent := time.Now(), 0
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		due := 4*int(time.Since(began).Seconds()*rateHz) + 3
		if stop > 0 {
			due = min(due, 4*stop)
		}
		for sent < due {
			from := sent % len(data)
			n := min(due-sent, len(data)-from)
			if _, err := w.Write(data[from : from+n]); err != nil {
				return
			}
			sent += n
		}
		if rc.Flush() != nil || stop > 0 && sent == 4*stop {
			return
		}
		select {
		case <-tick.C:
		case <-req.Context().Done():
			return
		}
	}
}

// bridge serves /iq for the time of a test.
func bridge(t *testing.T, h http.HandlerFunc) heimdall.WebSDR {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /iq", h)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return heimdall.WebSDR{Name: "bridge", Kind: "http_iq", URL: server.URL, Timeout: 5 * time.Second}
}

func served(h http.HandlerFunc) websdrtest.Setup {
	return func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		return new(httpiq.Driver), bridge(t, h), tuning
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "sorry", code) }
}

func stalls(w http.ResponseWriter, req *http.Request) {
	live(w, req, 2000)
	<-req.Context().Done()
}

func cuts(w http.ResponseWriter, req *http.Request) {
	live(w, req, 2000)
	panic(http.ErrAbortHandler) // the standard way to cut a connection
}

func finite(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(b)
	}
}

func TestThePromiseOfADriverByALiveBridge(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{
		Open:    served(func(w http.ResponseWriter, req *http.Request) { live(w, req, 0) }),
		Endless: true,
		Stalls:  served(stalls),
		Silent:  served(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }),
		Faults: map[heimdall.FailureClass]websdrtest.Setup{
			heimdall.FailBusy:        served(status(http.StatusServiceUnavailable)),
			heimdall.FailQuota:       served(status(http.StatusTooManyRequests)),
			heimdall.FailAuth:        served(echoCredentials),
			heimdall.FailRedirect:    served(redirectTo("http://127.0.0.2:1/iq")),
			heimdall.FailUnsupported: served(status(http.StatusBadRequest)),
			heimdall.FailOutOfRange: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
				d, w, tuning := served(status(http.StatusOK))(t)
				w.FrequencyMinHz, w.FrequencyMaxHz = 1_000_000, 30_000_000
				return d, w, tuning
			},
			heimdall.FailTransport: served(cuts),
			heimdall.FailProtocol:  served(status(http.StatusNotFound)),
		},
	})
}

func TestThePromiseOfADriverByARecordedAnswer(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{Open: served(finite(ramp(4 * 20_000)))})
}

// echoCredentials is as indiscreet as a bridge can be.
func echoCredentials(w http.ResponseWriter, req *http.Request) {
	http.Error(w, "who is "+req.Header.Get("Authorization")+"?", http.StatusUnauthorized)
}

func redirectTo(target string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, target, http.StatusFound) }
}

func open(t *testing.T, w heimdall.WebSDR) (websdr.Stream, error) {
	t.Helper()
	stream, err := new(httpiq.Driver).Open(t.Context(), &w, tuning)
	if err == nil {
		t.Cleanup(func() { stream.Close() })
	}
	return stream, err
}

func mustOpen(t *testing.T, w heimdall.WebSDR) websdr.Stream {
	t.Helper()
	stream, err := open(t, w)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return stream
}

func TestTheRequestIsThis(t *testing.T) {
	var got *http.Request
	w := bridge(t, func(w http.ResponseWriter, req *http.Request) {
		got = req
		finite(ramp(400))(w, req)
	})
	w.Password, w.FrequencyOffsetHz = "hunter2", 116_000_000
	mustOpen(t, w)
	for what, pair := range map[string][2]string{
		"request":       {"/iq?tune=29500000&rate=48000", got.RequestURI},
		"User-Agent":    {"Heimdall test (ops@example.org)", got.UserAgent()},
		"Authorization": {"Bearer hunter2", got.Header.Get("Authorization")},
		"encoding":      {"", got.Header.Get("Accept-Encoding")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[1], pair[0])
		}
	}
	w.Password, w.URL = "", w.URL+"/?antenna=2"
	mustOpen(t, w)
	if got.RequestURI != "/iq?antenna=2&tune=29500000&rate=48000" || got.Header.Get("Authorization") != "" {
		t.Errorf("request %q with Authorization %q", got.RequestURI, got.Header.Get("Authorization"))
	}
}

func TestAProxyThatWantsBasicAuthenticationGetsIt(t *testing.T) {
	for password, want := range map[string][2]string{
		"hunter2":       {"heimdall", "hunter2"},
		"ops:hunter2:x": {"ops", "hunter2:x"},
	} {
		var user, told string
		w := bridge(t, func(w http.ResponseWriter, req *http.Request) {
			var ok bool
			if user, told, ok = req.BasicAuth(); !ok {
				w.Header().Set("WWW-Authenticate", `Basic realm="receivers"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			finite(ramp(400))(w, req)
		})
		w.Password = password
		mustOpen(t, w)
		if user != want[0] || told != want[1] {
			t.Errorf("%q goes as user %q with password %q", password, user, told)
		}
	}
}

func TestEveryByteIsDelivered(t *testing.T) {
	want := ramp(4 * 30_000)
	stream := mustOpen(t, bridge(t, func(w http.ResponseWriter, req *http.Request) {
		rc := http.NewResponseController(w)
		for rest, n := want, 1; len(rest) > 0; n = n%1499 + 2 { // pieces of every size
			n = min(n, len(rest))
			w.Write(rest[:n])
			rc.Flush()
			rest = rest[n:]
		}
	}))
	var got []byte
	var err error
	for size := 4; err == nil; size = size%1021 + 5 {
		p := make([]byte, size)
		var n int
		n, err = stream.Read(p)
		got = append(got, p[:n]...)
	}
	if !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
		t.Errorf("%d bytes and error %v, want the %d sent and io.EOF", len(got), err, len(want))
	}
}

func TestBytesBeyondTheLastWholeSampleAreNamed(t *testing.T) {
	want := ramp(4*500 + 3)
	stream := mustOpen(t, bridge(t, finite(want)))
	got, err := io.ReadAll(stream)
	f := websdr.AsFailure(err)
	if f == nil || f.Class != heimdall.FailProtocol || !strings.Contains(f.Detail, "3 of the 4 bytes") {
		t.Errorf("the stream ended with %v, want a protocol failure that names 3 bytes", err)
	}
	if !bytes.Equal(got, want[:4*500]) {
		t.Errorf("%d bytes came before the failure, want the 500 whole samples", len(got))
	}
}

func TestAnAnswerOfStatedLengthIsARecording(t *testing.T) {
	stream := mustOpen(t, bridge(t, finite(ramp(4*100))))
	want := websdr.Header{Format: iq.CI16LE, NominalRateHz: rateHz, FrequencyHz: tunedHz, Dialect: "http_iq"}
	if diff := cmp.Diff(want, stream.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	c := stream.Clock()
	if c.Quality != heimdall.TimeNone || time.Since(c.Start) > time.Minute {
		t.Errorf("the clock starts at %v with quality %s", c.Start, c.Quality)
	}
}

func TestALiveAnswerIsTimedByItsArrival(t *testing.T) {
	before := time.Now()
	stream := mustOpen(t, bridge(t, func(w http.ResponseWriter, req *http.Request) { live(w, req, 0) }))
	if _, err := io.ReadFull(stream, make([]byte, 4*rateHz/5)); err != nil {
		t.Fatal(err)
	}
	c := stream.Clock()
	if !stream.Header().Live || c.Quality != heimdall.TimeHostArrival || c.RateHz != rateHz {
		t.Errorf("live %v, quality %s, rate %g", stream.Header().Live, c.Quality, c.RateHz)
	}
	// The bridge begins with 3 bytes, so no sample can be earlier than the request by more than rounding.
	if early := before.Sub(c.Start); early > time.Millisecond || c.Start.After(time.Now()) {
		t.Errorf("sample 0 is at %v, asked for at %v", c.Start, before)
	}
}

func TestSamplesAtAnotherRateMakeTheRateUncertain(t *testing.T) {
	t.Parallel()
	w := bridge(t, func(w http.ResponseWriter, req *http.Request) { live(w, req, 0) })
	asked := tuning
	asked.SampleRateHz = rateHz * 5 / 4 // and the bridge does 48000 all the same
	stream, err := new(httpiq.Driver).Open(t.Context(), &w, asked)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	p := make([]byte, 1<<14)
	for began := time.Now(); time.Since(began) < 2600*time.Millisecond; { // a rate needs time
		if _, err := stream.Read(p); err != nil {
			t.Fatal(err)
		}
	}
	c := stream.Clock()
	if off := c.RateSigmaHz / c.RateHz; math.Abs(off-0.2) > 0.05 {
		t.Errorf("the rate is uncertain by %.3f of itself, want 0.2", off)
	}
}

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

func TestAnAddressWithCredentialsIsRefusedWithoutShowingThem(t *testing.T) {
	for _, address := range []string{"http://me:hunter2@host:80", "ftp://host", "http://", "http://hunter2 host/"} {
		_, err := open(t, heimdall.WebSDR{Name: "bridge", Kind: "http_iq", URL: address})
		if f := websdr.AsFailure(err); f == nil || f.Class != heimdall.FailUnsupported || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want unsupported", address, err)
		}
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
