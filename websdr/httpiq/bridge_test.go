package httpiq_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
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
