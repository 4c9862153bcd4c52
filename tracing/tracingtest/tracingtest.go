// Package tracingtest is what OpenTelemetry calls a collector, for tests: it takes spans over OTLP/HTTP, as the real ones
// do, and keeps them to be looked at. It leaves out everything that a collector does with them afterwards.
//
// The surprising part: spans come when whoever sends them likes to, so that a test first has it send the rest, or awaits them.
package tracingtest

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A Collector stands at URL until the test ends.
type Collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []Span // in the order in which they came; guarded by mu
}

// A Span is one step of a trace, as it came over the wire. Identities are in hexadecimal.
type Span struct {
	Name       string
	Kind       string // such as SPAN_KIND_SERVER
	TraceID    string
	ID         string
	ParentID   string // "" at the root
	Begin, End time.Time
	Failed     bool
	Failure    string         // what it said when it failed
	Attributes map[string]any // strings and int64
	Links      []Link
	Process    map[string]any // the attributes of who made it
}

// A Link leads to a span of another trace.
type Link struct{ TraceID, ID string }

// New starts a collector.
func New(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := read(r)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s of %s: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.keep(sent)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

// Spans returns what has come so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Forget forgets what has come so far.
func (c *Collector) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = nil
}

func read(r *http.Request) (*collector.ExportTraceServiceRequest, error) {
	body, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(z)
		}
	}
	if err != nil {
		return nil, err
	}
	sent := &collector.ExportTraceServiceRequest{}
	return sent, proto.Unmarshal(body, sent)
}

func (c *Collector) keep(sent *collector.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range sent.ResourceSpans {
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, spanOf(s, of.GetResource().GetAttributes()))
			}
		}
	}
}

func spanOf(s *otlp.Span, process []*common.KeyValue) Span {
	span := Span{
		Name: s.Name, Kind: s.Kind.String(),
		TraceID: hex.EncodeToString(s.TraceId), ID: hex.EncodeToString(s.SpanId), ParentID: hex.EncodeToString(s.ParentSpanId),
		Begin: time.Unix(0, int64(s.StartTimeUnixNano)).UTC(), End: time.Unix(0, int64(s.EndTimeUnixNano)).UTC(),
		Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR, Failure: s.GetStatus().GetMessage(),
		Attributes: attributes(s.Attributes), Process: attributes(process),
	}
	for _, l := range s.Links {
		span.Links = append(span.Links, Link{TraceID: hex.EncodeToString(l.TraceId), ID: hex.EncodeToString(l.SpanId)})
	}
	return span
}

func attributes(list []*common.KeyValue) map[string]any {
	out := map[string]any{}
	for _, a := range list {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			out[a.Key] = v.StringValue
		case *common.AnyValue_IntValue:
			out[a.Key] = v.IntValue
		default:
			out[a.Key] = a.GetValue().String()
		}
	}
	return out
}
