package e2e_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// A badNetwork is what lies between two parts, that can be made bad and good again.
type badNetwork struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

// A fault is what a network can do. Each lasts until it is mended, and what is connected meanwhile has it, too.
type fault struct {
	name       string
	kind       string // of the proxy; "" cuts the connections and refuses others
	attributes map[string]any
}

// faults are all that are tried on each wire. Times are those of the proxy, in milliseconds.
var faults = []fault{
	{"latency", "latency", map[string]any{"latency": 150, "jitter": 100}},
	{"slow", "bandwidth", map[string]any{"rate": 20}}, // kB/s
	{"crumbs", "slicer", map[string]any{"average_size": 9, "size_variation": 8, "delay": 20}},
	{"reset", "reset_peer", map[string]any{"timeout": 50}},
	{"silence", "timeout", map[string]any{"timeout": 0}},
	{"cut", "", nil},
	{"corruption", "corrupt", map[string]any{"every": 3000}},
}

// newNetwork is a network to a server at host:port; the other part is told to connect to address.
func newNetwork(t testing.TB, upstream string) *badNetwork {
	t.Helper()
	registerCorruption()
	zerolog.SetGlobalLevel(zerolog.Disabled) // the proxy traces what it does
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, upstream, "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return &badNetwork{t, proxy}
}

func (w *badNetwork) address() string { return w.proxy.Listen }

// bad begins a fault and returns what mends it.
func (w *badNetwork) bad(f fault) (mend func()) {
	w.t.Helper()
	if f.kind == "" {
		w.proxy.Stop()
		return func() {
			if err := w.proxy.Start(); err != nil { // at the same address
				w.t.Fatal(err)
			}
		}
	}
	names := []string{}
	for _, direction := range []string{"upstream", "downstream"} {
		text, err := json.Marshal(map[string]any{"name": f.kind + direction, "type": f.kind, "stream": direction, "toxicity": 1.0, "attributes": f.attributes})
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.proxy.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
			w.t.Fatal(err)
		}
		names = append(names, f.kind+direction)
	}
	return func() {
		for _, name := range names {
			if err := w.proxy.Toxics.RemoveToxic(w.t.Context(), name); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// during has the wire bad for a while at some instant of what is going on.
func (w *badNetwork) during(f fault, rnd *rand.Rand, longest time.Duration) {
	<-time.After(time.Duration(rnd.Int64N(int64(700 * time.Millisecond)))) // an acquisition takes about 0.8 s
	mend := w.bad(f)
	<-time.After(longest/4 + time.Duration(rnd.Int64N(int64(longest*3/4))))
	mend()
}

// corruption flips a bit now and then, as a bad cable would if nobody checked sums.
type corruption struct {
	Every int `json:"every"` // bytes between two of them, on average
}

var registerCorruption = sync.OnceFunc(func() { toxics.Register("corrupt", new(corruption)) })

// Pipe implements toxics.Toxic.
func (c *corruption) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			for i := rand.IntN(2 * c.Every); i < len(chunk.Data); i += 1 + rand.IntN(2*c.Every) {
				chunk.Data[i] ^= 1 << rand.IntN(8)
			}
			stub.Output <- chunk
		}
	}
}

// soakRounds is how often something is done: seldom in a test, as often as make soak says there.
func soakRounds(seldom int) int {
	if n, err := strconv.Atoi(os.Getenv("HEIMDALL_KILL_ROUNDS")); err == nil {
		return n
	}
	return seldom
}

// soakPasses is how often every fault comes.
func soakPasses() int { return max(1, soakRounds(1)/len(faults)) }

// seeded is a source of chance whose seed stands in the log.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
