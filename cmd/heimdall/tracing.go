package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/schedule"
	"github.com/heimdall-sdr/heimdall/tracing"
)

// tracesEnvironment says where traces go, as OpenTelemetry has it: without either there are none. The exporter reads them
// and their relatives, such as OTEL_EXPORTER_OTLP_HEADERS, by itself.
var tracesEnvironment = []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}

// trace begins tracing where the environment asks for it.
func (n *node) trace(ctx context.Context, instance string) error {
	wanted := false
	for _, name := range tracesEnvironment {
		wanted = wanted || os.Getenv(name) != ""
	}
	if !wanted {
		return nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return fmt.Errorf("send traces as %s says: %w", tracesEnvironment[1], err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { n.log.Warn("traces are lost", "err", err) }))
	n.tracing = tracing.New(exporter, heimdall.Version, instance)
	return nil
}

// traceAPI, tracer and observed give the parts what they tell of, which is nothing where nobody wants to know.
func (n *node) traceAPI(c *api.Config) {
	if n.tracing != nil {
		c.Trace = n.tracing.Request
	}
}

func (n *node) tracer() acquire.Tracer {
	if n.tracing == nil {
		return nil
	}
	return n.tracing
}

func (n *node) observed(r *schedule.Runner) *schedule.Runner {
	r.Observe = n.metrics.Fired
	if n.tracing != nil {
		r.Observe = func(run heimdall.ScheduleRun, late time.Duration) {
			n.metrics.Fired(run, late)
			n.tracing.Fired(run)
		}
	}
	return r
}

// tracesPatience is how long the end of the program waits for the last traces.
const tracesPatience = 3 * time.Second

func (n *node) endTraces() {
	if n.tracing == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tracesPatience)
	defer cancel()
	if err := n.tracing.Close(ctx); err != nil {
		n.log.Warn("send the last traces", "err", err)
	}
}
