package e2e_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/tracing/tracingtest"
)

func TestATraceLeadsFromTheRequestToTheRow(t *testing.T) {
	c := tracingtest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	c.Forget() // what came of adding receivers
	if r := command(t, data, "acquire", "7.1", "--duration=200ms"); r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	var list []wire.Acquisition
	mustJSON(t, &list, data, "acquisitions", "list")
	trace := strings.ReplaceAll(list[0].TaskID, "-", "")
	count := map[string]int{}
	byID := map[string]tracingtest.Span{}
	var request tracingtest.Span
	for _, s := range c.Spans() {
		if s.Name == "POST /api/v1/acquisitions" {
			request = s
		}
		if s.TraceID == trace {
			count[s.Name]++
			byID[s.ID] = s
		}
	}
	for name, want := range map[string]int{"create acquisition": 1, "claim": 1, "run acquisition": 1, "capture": 7, "open": 7, "join": 7, "record": 7, "measure": 7, "store": 7} {
		if count[name] != want {
			t.Errorf("the trace has %d spans %q, want %d", count[name], name, want)
		}
	}
	for _, s := range byID {
		way := []string{s.Name}
		for up := s; up.ParentID != ""; {
			parent, ok := byID[up.ParentID]
			if !ok {
				t.Fatalf("%v: its parent is not in the trace", way)
			}
			if parent.Name != "create acquisition" && (up.Begin.Before(parent.Begin) || up.End.After(parent.End)) {
				t.Errorf("%s is not within its %s", up.Name, parent.Name)
			}
			up, way = parent, append(way, parent.Name)
		}
		if s.Name == "store" && strings.Join(way, " < ") != "store < capture < run acquisition < create acquisition" {
			t.Errorf("a store is part of %v", way)
		}
		if s.Name == "create acquisition" && !slices.Equal(s.Links, []tracingtest.Link{{TraceID: request.TraceID, ID: request.ID}}) {
			t.Errorf("it does not link to its request: %v", s.Links)
		}
	}
	if len(request.Links) != 1 || request.Links[0].TraceID != trace {
		t.Errorf("the request does not link to its acquisition: %v", request)
	}
}
