package tracing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/tracing"
	"github.com/heimdall-sdr/heimdall/tracing/tracingtest"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A rig is what traces are made of: the real parts in a temporary folder, with simulated receivers.
type rig struct {
	t     *testing.T
	dir   string
	store *sqlite.Store
	blobs blob.Store
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(dir, "heimdall.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	blobs, err := disk.Open(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, dir: dir, store: s, blobs: blobs}
}

// tracingTo is what one process makes its spans with, and sends to an address.
func tracingTo(t *testing.T, address, instance string) *tracing.Tracing {
	t.Helper()
	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(address+"/v1/traces"))
	if err != nil {
		t.Fatal(err)
	}
	return tracing.New(exporter, "1.2.3", instance)
}

// flush ends a Tracing, whose last spans are then there.
func flush(t *testing.T, tr *tracing.Tracing) {
	t.Helper()
	if err := tr.Close(t.Context()); err != nil {
		t.Fatalf("send the last spans: %v", err)
	}
}

// serve answers requests until the test ends, and tells tr of them.
func (r *rig) serve(tr *tracing.Tracing) (address string) {
	server := httptest.NewServer(api.New(api.Config{Store: r.store, Blobs: r.blobs, Trace: tr.Request}))
	r.t.Cleanup(server.Close)
	return server.URL
}

// work acquires, as a process of that name, until stop is called.
func (r *rig) work(tr acquire.Tracer, name string, driver websdr.Driver) (stop func()) {
	r.t.Helper()
	a, err := acquire.New(acquire.Config{
		Store: r.store, Blobs: r.blobs, Drivers: map[string]websdr.Driver{"sim": driver},
		SpoolDir: filepath.Join(r.dir, "spool of "+name), Log: slog.New(slog.DiscardHandler), Tracer: tr,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	w := &acquire.Worker{Acquirer: a, Name: name, Concurrency: 2, Lease: 15 * time.Second, Ahead: 10 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("worker %s: %v", name, err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

// add registers simulated receivers by the queries of their addresses.
func (r *rig) add(queries ...string) (ids []int64) {
	r.t.Helper()
	for i, q := range queries {
		w, err := r.store.CreateWebSDR(r.t.Context(), heimdall.WebSDR{
			Name: fmt.Sprintf("sim %d", i), Kind: "sim", URL: "sim:///?" + q, Active: true, SampleRateHz: 12_000, Timeout: 10 * time.Second, RetryCount: 1,
		})
		if err != nil {
			r.t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	return ids
}

// request posts an acquisition and returns its task_id. header is of pairs.
func (r *rig) request(address string, duration time.Duration, ids []int64, header ...string) (taskID string) {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"frequency_mhz": 7.1, "duration_seconds": duration.Seconds(), "websdrs": ids})
	if err != nil {
		r.t.Fatal(err)
	}
	status, answer := r.send(http.MethodPost, address+"/api/v1/acquisitions", body, header...)
	var made struct {
		TaskID string `json:"task_id"`
	}
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusAccepted {
		r.t.Fatalf("POST acquisitions: %d %s (%v)", status, answer, err)
	}
	return made.TaskID
}

func (r *rig) send(method, url string, body []byte, header ...string) (status int, answer []byte) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, b.Bytes()
}

// await polls until the acquisition is as is says.
func (r *rig) await(taskID string, is func(heimdall.Acquisition, []heimdall.Capture) bool) (heimdall.Acquisition, []heimdall.Capture) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		a, captures, err := r.store.Acquisition(r.t.Context(), taskID)
		if err != nil {
			r.t.Fatal(err)
		}
		if is(a, captures) {
			return a, captures
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("after a minute it is %s: %+v", a.State, captures)
		}
		time.Sleep(20 * time.Millisecond) // asking costs more than the work that it waits for
	}
}

func ended(a heimdall.Acquisition, _ []heimdall.Capture) bool { return a.State.Ended() }

// traceOf is the identity of an acquisition's trace.
func traceOf(taskID string) string { return strings.ReplaceAll(taskID, "-", "") }

// named returns the spans of that name, of one trace, "" meaning any.
func named(spans []tracingtest.Span, trace, name string) (found []tracingtest.Span) {
	for _, s := range spans {
		if s.Name == name && (trace == "" || s.TraceID == trace) {
			found = append(found, s)
		}
	}
	return found
}

// theOne is the span of that name, of which there is to be one.
func theOne(t *testing.T, spans []tracingtest.Span, trace, name string) tracingtest.Span {
	t.Helper()
	found := named(spans, trace, name)
	if len(found) != 1 {
		t.Fatalf("%d spans %q of trace %q, want 1; there are %v", len(found), name, trace, names(spans))
	}
	return found[0]
}

func names(spans []tracingtest.Span) (list []string) {
	for _, s := range spans {
		list = append(list, s.Name)
	}
	return list
}
