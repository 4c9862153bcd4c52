package simnet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
)

// httpIQ serves GET /iq?tune=Hz&rate=Hz: little-endian int16 I, Q without end, in real time, or for as many
// seconds as the parameter duration says.
type httpIQ struct {
	server *Server
	source sampleSource
}

const (
	httpChunkSeconds = 0.02
	httpMinRateHz    = 1_000
	httpMaxRateHz    = 2_400_000
)

func (h *httpIQ) scheme() string { return "http" }

func (h *httpIQ) run(ctx context.Context, ln net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("HEAD /iq", h.head)
	mux.HandleFunc("GET /iq", h.iq)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { webPage(w, h.server.receiver.Name) })
	return serveHTTP(ctx, ln, mux)
}

// An iqRequest is what a client asks for.
type iqRequest struct {
	tuneHz, rateHz float64
	duration       time.Duration // 0 means without end
}

// parseIQRequest reads the parameters; an error is for the client.
func parseIQRequest(tune, rate, duration string, r *Receiver) (iqRequest, error) {
	var q iqRequest
	hz, err := strconv.ParseInt(tune, 10, 64)
	low, high := r.rangeHz()
	if err != nil || hz < low || hz > high {
		return q, fmt.Errorf("tune=%.40q must be whole hertz from %d to %d", tune, low, high)
	}
	q.tuneHz = float64(hz)
	hz, err = strconv.ParseInt(rate, 10, 64)
	if err != nil || hz < httpMinRateHz || hz > httpMaxRateHz {
		return q, fmt.Errorf("rate=%.40q must be whole hertz from %d to %d", rate, httpMinRateHz, httpMaxRateHz)
	}
	q.rateHz = float64(hz)
	if duration == "" {
		return q, nil
	}
	s, err := strconv.ParseFloat(duration, 64)
	if err != nil || !(s > 0 && s <= 86400) {
		return q, fmt.Errorf("duration=%.40q must be seconds, above 0 and at most 86400", duration)
	}
	q.duration = time.Duration(s * float64(time.Second))
	return q, nil
}

// head says what GET would, without samples; it counts as no connection.
func (h *httpIQ) head(w http.ResponseWriter, req *http.Request) {
	v := req.URL.Query()
	if h.refused(w, req, h.server.faults.peek()) {
		return
	}
	if _, err := parseIQRequest(v.Get("tune"), v.Get("rate"), v.Get("duration"), h.server.receiver); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
}

func (h *httpIQ) iq(w http.ResponseWriter, req *http.Request) {
	p := h.server.faults.next()
	if h.refused(w, req, p) {
		return
	}
	v := req.URL.Query()
	q, err := parseIQRequest(v.Get("tune"), v.Get("rate"), v.Get("duration"), h.server.receiver)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	clock, now := h.server.timeline()
	t := Tuning{FrequencyHz: q.tuneHz, RateHz: q.rateHz}
	t.PassbandLowHz, t.PassbandHighHz = h.server.receiver.passband()
	run, err := h.source.start(now)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer run.close()
	if err := run.tune(t, 0, now); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if rate := run.rateHz(); rate != q.rateHz {
		http.Error(w, fmt.Sprintf("rate must be %g, that of the recording", rate), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	if f, ok := p.find(FaultSlow); ok && clock.wait(req.Context(), now+time.Duration(f.AfterSeconds*float64(time.Second))) != nil {
		return
	}
	h.stream(w, req, run, q, p, clock)
}

// refused answers requests that a fault or the password keeps from samples.
func (h *httpIQ) refused(w http.ResponseWriter, req *http.Request, p plan) bool {
	_, password, _ := req.BasicAuth()
	switch f, redirect := p.find(FaultHTTPRedirect); {
	case redirect:
		http.Redirect(w, req, f.URL, http.StatusFound)
	case p.has(FaultHTML):
		webPage(w, h.server.receiver.Name)
	case p.has(FaultBusy), p.has(FaultDown):
		w.Header().Set("Retry-After", "60")
		http.Error(w, "the receiver is not available", http.StatusServiceUnavailable)
	case p.has(FaultBadPassword), h.server.receiver.Password != "" && password != h.server.receiver.Password:
		w.Header().Set("WWW-Authenticate", `Basic realm="receiver"`)
		http.Error(w, "wrong password", http.StatusUnauthorized)
	default:
		return false
	}
	return true
}

func (h *httpIQ) stream(w http.ResponseWriter, req *http.Request, run sampleRun, q iqRequest, p plan, clock timeline) {
	rc := http.NewResponseController(w)
	if p.has(FaultEmpty) {
		return
	}
	out := &outlet{to: w, plan: p, clock: clock}
	left := int64(-1)
	if q.duration > 0 {
		left = int64(q.duration.Seconds()*q.rateHz + 0.5)
	}
	for left != 0 {
		n := max(1, int64(q.rateHz*httpChunkSeconds))
		if left > 0 {
			n = min(n, left)
			left -= n
		}
		done := out.send(req.Context(), run, n, iq.CI16LE)
		if rc.Flush() != nil {
			return
		}
		switch {
		case out.stalled:
			<-req.Context().Done()
			return
		case out.cut:
			panic(http.ErrAbortHandler) // the standard way to cut the connection of a handler
		case done:
			return
		}
	}
}
