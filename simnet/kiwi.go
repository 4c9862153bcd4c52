package simnet

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Version of the KiwiSDR software that is imitated.
const (
	kiwiVersionMajor = 1
	kiwiVersionMinor = 709
)

// kiwi serves the protocol of a KiwiSDR (docs/receivers.md).
type kiwi struct {
	server  *Server
	program kiwiProgram
	started time.Time

	mu    sync.Mutex
	inUse map[string]bool // by the time stamp in a client's path
}

func newKiwi(s *Server, p kiwiProgram) *kiwi {
	return &kiwi{server: s, program: p, started: time.Now(), inUse: make(map[string]bool)}
}

func (k *kiwi) scheme() string { return "http" }

func (k *kiwi) run(ctx context.Context, ln net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{ts}/SND", k.sound)
	mux.HandleFunc("GET /status", k.status)
	mux.HandleFunc("GET /VER", k.version)
	mux.HandleFunc("GET /snr", k.snr)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { webPage(w, k.server.receiver.Name) })
	return serveHTTP(ctx, ln, mux)
}

// sound is a connection for samples.
func (k *kiwi) sound(w http.ResponseWriter, req *http.Request) {
	p := k.server.faults.next()
	if f, ok := p.find(FaultHTTPRedirect); ok {
		http.Redirect(w, req, f.URL, http.StatusFound)
		return
	}
	if p.has(FaultHTML) {
		webPage(w, k.server.receiver.Name)
		return
	}
	ws, err := websocket.Accept(w, req, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	defer ws.CloseNow()
	c := &kiwiConn{kiwi: k, ws: ws, plan: p, patience: k.server.options.Patience.orReal()}
	if p.has(FaultBusy) {
		c.refuse(req.Context(), "too_busy=4")
		return
	}
	ts := req.PathValue("ts")
	switch k.admit(ts) {
	case admitFull:
		c.refuse(req.Context(), fmt.Sprintf("too_busy=%d", k.channels()))
	case admitDuplicate: // as the real one, without a word
	case admitOK:
		defer k.leave(ts)
		c.run(req.Context())
	}
}

type admission int

const (
	admitOK admission = iota
	admitFull
	admitDuplicate
)

func (k *kiwi) channels() int {
	if n := k.server.receiver.Channels; n > 0 {
		return n
	}
	return 4
}

func (k *kiwi) admit(ts string) admission {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.inUse[ts]:
		return admitDuplicate
	case len(k.inUse) >= k.channels():
		return admitFull
	}
	k.inUse[ts] = true
	return admitOK
}

func (k *kiwi) leave(ts string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.inUse, ts)
}

func (k *kiwi) users() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.inUse)
}

// status is what registries and clients ask before they connect; it answers while the receiver is down.
func (k *kiwi) status(w http.ResponseWriter, _ *http.Request) {
	r, p := k.server.receiver, k.server.faults.peek()
	if p.has(FaultHTML) {
		webPage(w, r.Name)
		return
	}
	users, state, offline, tdoa := k.users(), "active", "no", 0
	if p.has(FaultBusy) {
		users = k.channels()
	}
	if p.has(FaultDown) {
		state, offline = "offline", "yes"
	}
	if p.has(FaultNoStamps) {
		tdoa = -1
	}
	low, high := r.rangeHz()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "status=%s\noffline=%s\n", state, offline)
	if r.Password != "" {
		fmt.Fprintf(w, "auth=password\n")
	}
	fmt.Fprintf(w, "name=%s\nsdr_hw=KiwiSDR v%d.%d \u2063 📡 GPS \u2063 ⏳ Limits\nop_email=\nbands=%d-%d\nfreq_offset=%.3f\n",
		r.Name, kiwiVersionMajor, kiwiVersionMinor, low, high, float64(r.ConverterHz)/1000)
	fmt.Fprintf(w, "users=%d\nusers_max=%d\npreempt=0\ngps=(%.6f, %.6f)\ngps_good=9\nfixes=%d\nfixes_min=60\nfixes_hour=3600\n",
		users, k.channels(), r.LatitudeDeg, r.LongitudeDeg, int(time.Since(k.started).Seconds())+3600)
	fmt.Fprintf(w, "tdoa_id=\ntdoa_ch=%d\nasl=%.0f\nloc=%s\nsw_version=KiwiSDR_v%d.%d\nantenna=simulated\nadc_ov=0\n",
		tdoa, r.AltitudeM, r.LocationName, kiwiVersionMajor, kiwiVersionMinor)
	fmt.Fprintf(w, "clk_ext_freq=0\nclk_ext_gps=0,%d\nuptime=%d\n", 100, int(time.Since(k.started).Seconds()))
}

func (k *kiwi) version(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"maj":%d,"min":%d,"ts":%d,"sp":1}`+"\n", kiwiVersionMajor, kiwiVersionMinor, k.started.Unix())
}

// snr is a history of one entry, made up.
func (k *kiwi) snr(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `[{"ts":"%s","seq":1,"utc":1,"ihr":1,"snr":[{"lo":0,"hi":30000,"min":-110,"max":-60,"p50":-100,"p95":-80,"snr":20}]}]`+"\n",
		k.started.UTC().Format(time.RFC1123))
}

// config is the part of a KiwiSDR's configuration that clients read.
func (k *kiwi) config() string {
	r := k.server.receiver
	b, err := json.Marshal(map[string]any{
		"rx_gps":  fmt.Sprintf("(%.6f, %.6f)", r.LatitudeDeg, r.LongitudeDeg),
		"rx_name": r.Name, "rx_asl": r.AltitudeM, "rx_location": r.LocationName,
	})
	if err != nil { // only NaN does, and positions are validated
		return "{}"
	}
	return url.PathEscape(string(b))
}

func webPage(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!DOCTYPE html>\n<title>%q</title>\n<p>This is a web page, not a receiver.</p>\n", name)
}
