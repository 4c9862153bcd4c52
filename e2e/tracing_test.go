package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A spanCollector is what OpenTelemetry calls a collector: it keeps what it is sent.
type spanCollector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*otlp.Span
}

func newSpanCollector(t *testing.T) *spanCollector {
	c := &spanCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" && err == nil {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
				body, err = io.ReadAll(z)
			}
		}
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s of %s: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, of := range sent.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

func TestATraceLeadsFromTheRequestToTheRow(t *testing.T) {
	c := newSpanCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	c.mu.Lock()
	c.spans = nil // of adding receivers
	c.mu.Unlock()
	if r := command(t, data, "acquire", "7.1", "--duration=200ms"); r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	c.mu.Lock()
	spans := slices.Clone(c.spans)
	c.mu.Unlock()

	var list []wire.Acquisition
	mustJSON(t, &list, data, "acquisitions", "list")
	trace := strings.ReplaceAll(list[0].TaskID, "-", "")
	count := map[string]int{}
	byID := map[string]*otlp.Span{}
	var request *otlp.Span
	for _, s := range spans {
		if s.Name == "POST /api/v1/acquisitions" {
			request = s
		}
		if hex.EncodeToString(s.TraceId) == trace {
			count[s.Name]++
			byID[hex.EncodeToString(s.SpanId)] = s
		}
	}
	for name, want := range map[string]int{"create acquisition": 1, "claim": 1, "run acquisition": 1, "capture": 7, "open": 7, "join": 7, "record": 7, "measure": 7, "store": 7} {
		if count[name] != want {
			t.Errorf("the trace has %d spans %q, want %d", count[name], name, want)
		}
	}
	for _, s := range byID {
		way := []string{s.Name}
		for up := s; len(up.ParentSpanId) > 0; {
			parent, ok := byID[hex.EncodeToString(up.ParentSpanId)]
			if !ok {
				t.Fatalf("%v: its parent is not in the trace", way)
			}
			if parent.Name != "create acquisition" && (up.StartTimeUnixNano < parent.StartTimeUnixNano || up.EndTimeUnixNano > parent.EndTimeUnixNano) {
				t.Errorf("%s is not within its %s", up.Name, parent.Name)
			}
			up, way = parent, append(way, parent.Name)
		}
		if s.Name == "store" && strings.Join(way, " < ") != "store < capture < run acquisition < create acquisition" {
			t.Errorf("a store is part of %v", way)
		}
		if s.Name == "create acquisition" && (request == nil || len(s.Links) != 1 || !bytes.Equal(s.Links[0].TraceId, request.TraceId) || !bytes.Equal(s.Links[0].SpanId, request.SpanId)) {
			t.Errorf("it does not link to its request: %v", s.Links)
		}
	}
	if request == nil || len(request.Links) != 1 || hex.EncodeToString(request.Links[0].TraceId) != trace {
		t.Errorf("the request does not link to its acquisition: %v", request)
	}
}
