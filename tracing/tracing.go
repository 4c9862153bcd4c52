// Package tracing follows acquisitions through the program as OpenTelemetry traces: from the request that asked for one,
// over its claim by a worker, to what each receiver's capture spent its time with, and the row.
//
// It stands at the seams: package api tells of requests, package acquire of the steps of a run, package schedule of what it
// fired; none of them knows OpenTelemetry. Names and attributes of requests are those of its stable HTTP conventions, ours
// begin with heimdall. It leaves out metrics, which package telemetry counts, logs, and where spans go, which whoever
// makes a Tracing decides. Without one nothing is made and nothing costs.
//
// The surprising part: nothing is handed on from the server to the workers. The identity of an acquisition is a UUID, and so
// are 16 bytes that make a trace's: any process that works on it knows the trace, and its first span, by the row alone, also
// after a crash and a take-over. The request that asked for it has a trace of its own, maybe begun by its caller; each
// of the two links to the other.
package tracing

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/heimdall-sdr/heimdall"
)

// A Tracing makes spans. It is safe for concurrent use.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	now      func() time.Time
}

// New makes spans of a process and gives them to exporter in batches; what it cannot take in time is dropped. The caller
// closes it.
func New(exporter sdk.SpanExporter, version, instance string) *Tracing {
	about := resource.NewSchemaless(
		attribute.String("service.name", "heimdall"), attribute.String("service.version", version), attribute.String("service.instance.id", instance))
	if merged, err := resource.Merge(about, resource.Environment()); err == nil { // OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
		about = merged
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithIDGenerator(chosenIDs{}), sdk.WithResource(about))
	return &Tracing{provider: provider, tracer: provider.Tracer("github.com/heimdall-sdr/heimdall"), now: time.Now}
}

// Close hands over what is left, as long as ctx lasts.
func (t *Tracing) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// first is the first span of an acquisition's trace: who asks twice gets the same.
func first(taskID string) trace.SpanContext {
	id, err := uuid.Parse(taskID)
	if err != nil { // it was made by another system
		sum := sha256.Sum256([]byte(taskID))
		id = uuid.UUID(sum[:16])
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(id), SpanID: trace.SpanID(id[8:]), TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

// chosenIDs takes the identity of a trace from the context where it is chosen, and makes one at random otherwise.
type chosenIDs struct{}

type chosenKey struct{}

func (g chosenIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if c, ok := ctx.Value(chosenKey{}).(trace.SpanContext); ok {
		return c.TraceID(), c.SpanID()
	}
	var id trace.TraceID
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return id, g.NewSpanID(ctx, id)
}

func (chosenIDs) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		for i := range id {
			id[i] = byte(rand.Uint32())
		}
	}
	return id
}

func ofAcquisition(taskID string) attribute.KeyValue {
	return attribute.String("heimdall.acquisition", taskID)
}

// created is the first span of an acquisition.
func (t *Tracing) created(ctx context.Context, taskID string, began time.Time, links ...trace.Link) {
	ctx = context.WithValue(ctx, chosenKey{}, first(taskID))
	_, span := t.tracer.Start(ctx, "create acquisition", trace.WithNewRoot(), trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithLinks(links...), trace.WithAttributes(ofAcquisition(taskID)))
	span.End()
}

const acquisitions = "/api/v1/acquisitions/"

// Request begins the span of a request; see api.Config.
func (t *Tracing) Request(r *http.Request) (context.Context, func(route string, status int, made string)) {
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	began := t.now()
	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path), attribute.String("url.scheme", scheme(r))))
	return ctx, func(route string, status int, made string) {
		if route != "" {
			span.SetName(r.Method + " " + route)
			span.SetAttributes(attribute.String("http.route", route))
		}
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		if taskID, ok := strings.CutPrefix(made, acquisitions); ok && status == http.StatusAccepted {
			span.SetAttributes(ofAcquisition(taskID))
			span.AddLink(trace.Link{SpanContext: first(taskID)})
			t.created(ctx, taskID, began, trace.Link{SpanContext: span.SpanContext()})
		}
		span.End()
	}
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// Fired tells of a run of a schedule, whose acquisition nobody has sent a request for; see schedule.Runner.
func (t *Tracing) Fired(run heimdall.ScheduleRun) {
	if run.TaskID != "" {
		t.created(context.Background(), run.TaskID, run.FiredAt)
	}
}

// Run implements acquire.Tracer. How long the acquisition waited is a span of its own.
func (t *Tracing) Run(ctx context.Context, a heimdall.Acquisition, worker string) (context.Context, func(error)) {
	ctx = trace.ContextWithRemoteSpanContext(ctx, first(a.TaskID))
	about := trace.WithAttributes(ofAcquisition(a.TaskID), attribute.String("heimdall.worker", worker), attribute.Int("heimdall.claims", a.Claims))
	_, claim := t.tracer.Start(ctx, "claim", trace.WithTimestamp(a.CreatedAt), trace.WithSpanKind(trace.SpanKindConsumer), about)
	claim.End()
	ctx, span := t.tracer.Start(ctx, "run acquisition", about)
	return ctx, end(span)
}

// Step implements acquire.Tracer.
func (t *Tracing) Step(ctx, under context.Context, name, taskID string, websdrID int64) (context.Context, func(error)) {
	ctx = trace.ContextWithSpan(ctx, trace.SpanFromContext(under))
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(ofAcquisition(taskID), attribute.Int64("heimdall.websdr", websdrID)))
	return ctx, end(span)
}

func end(span trace.Span) func(error) {
	return func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}
