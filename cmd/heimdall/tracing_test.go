package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/schedule"
	"github.com/heimdall-sdr/heimdall/telemetry"
	"github.com/heimdall-sdr/heimdall/tracing/tracingtest"
)

// tracedNode is a node as far as traces go. Its environment says nothing of them but what is in env, name by name.
func tracedNode(t *testing.T, env ...string) *node {
	t.Helper()
	for _, name := range tracesEnvironment {
		t.Setenv(name, "")
	}
	for i := 0; i < len(env); i += 2 {
		t.Setenv(env[i], env[i+1])
	}
	n := &node{log: slog.New(slog.DiscardHandler), metrics: telemetry.New("test")}
	if err := n.trace(t.Context(), "machine/1"); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWithoutAnEndpointNothingIsTraced(t *testing.T) {
	n := tracedNode(t)
	var c api.Config
	n.traceAPI(&c)
	if n.tracing != nil || n.tracer() != nil || c.Trace != nil {
		t.Errorf("tracing is %v, the parts are given %v and %t", n.tracing, n.tracer(), c.Trace != nil)
	}
	n.observed(&schedule.Runner{}).Observe(heimdall.ScheduleRun{TaskID: "1"}, time.Second) // is only counted
	n.endTraces()
}

func TestEitherNameOfAnEndpointHasTheEndOfTheProgramSendItsSpans(t *testing.T) {
	for name, path := range map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "/v1/traces"} {
		t.Run(name, func(t *testing.T) {
			collector := tracingtest.New(t)
			n := tracedNode(t, name, collector.URL+path)
			var c api.Config
			n.traceAPI(&c)
			if n.tracer() == nil || c.Trace == nil {
				t.Fatal("the parts are given nothing to tell")
			}
			_, end := c.Trace(httptest.NewRequest(http.MethodGet, "/api/v1/websdrs", nil))
			end("/api/v1/websdrs", http.StatusOK, "")
			n.observed(&schedule.Runner{}).Observe(heimdall.ScheduleRun{TaskID: "0198c0de-0000-7000-8000-000000000001", FiredAt: time.Now()}, 0)
			n.endTraces()
			var names []string
			for _, s := range collector.Spans() {
				names = append(names, s.Name)
			}
			if len(names) != 2 || names[0] != "GET /api/v1/websdrs" || names[1] != "create acquisition" {
				t.Errorf("spans are %v, want the request and what the schedule made", names)
			}
		})
	}
}

func TestAnEndpointThatIsDownDelaysTheEndByItsPatienceAtMost(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	n := tracedNode(t, "OTEL_EXPORTER_OTLP_ENDPOINT", gone.URL)
	var said bytes.Buffer
	n.log = slog.New(slog.NewTextHandler(&said, nil))
	_, end := n.tracing.Request(httptest.NewRequest(http.MethodGet, "/", nil))
	end("/", http.StatusOK, "")
	began := time.Now()
	n.endTraces()
	if took := time.Since(began); took > tracesPatience+10*time.Second { // the machine may have other things to do
		t.Errorf("the program took %v to end for the sake of its traces, want %v at most", took, tracesPatience)
	}
	if !strings.Contains(said.String(), "traces are lost") {
		t.Errorf("that they are lost is not said: %q", said.String())
	}
}
