package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// A described is the document with all that a request is made of.
type described struct {
	Paths      map[string]map[string]describedOperation
	Components struct {
		Schemas map[string]describedSchema
	}
}

type describedOperation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Parameters  []describedParameter
	Security    []map[string][]string
	RequestBody *struct {
		Content map[string]struct{ Schema describedSchema }
	}
	Responses map[string]struct {
		Description string
		Content     map[string]struct{ Schema json.RawMessage }
	}
}

type describedParameter struct {
	Name, In, Description string
	Required              bool
	Example               any
	Schema                describedSchema
}

type describedSchema struct {
	Ref    string `json:"$ref"`
	Type   any
	Format string

	Description string
	Enum        []any
	Examples    []any
	Default     any
	Minimum     *float64
	Maximum     *float64
	Items       *describedSchema
	Properties  map[string]describedSchema
	Required    []string
	ReadOnly    bool `json:"readOnly"`
}

func theDescription(t *testing.T) (d described) {
	t.Helper()
	if err := json.Unmarshal(answerOf(api.New(api.Config{}), "/openapi.json").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// example is a value that the document shows, or the least that it allows.
func (d described) example(s describedSchema) any {
	if s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "date-time":
		return "2026-03-01T12:00:00Z"
	}
	kind, _ := s.Type.(string)
	if list, ok := s.Type.([]any); ok { // or null
		kind, _ = list[0].(string)
	}
	switch kind {
	case "integer", "number":
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case "boolean":
		return true
	case "array":
		return []any{d.example(*s.Items)}
	case "object":
		body := map[string]any{}
		for _, name := range s.Required {
			if !s.Properties[name].ReadOnly {
				body[name] = d.example(s.Properties[name])
			}
		}
		return body
	}
	return "text"
}

// A try is one request made from the document.
type try struct {
	what, method, target, body, contentType string
}

// tries are requests of one operation: with what is needed alone, and with each of the other parameters in turn. known
// are values of this test's rows, by name.
func (d described) tries(path, method string, op describedOperation, known map[string]string) (list []try) {
	query, others := url.Values{}, []describedParameter(nil)
	for _, p := range op.Parameters {
		value := d.example(p.Schema)
		if p.Example != nil {
			value = p.Example
		}
		text, ok := known[p.Name]
		if !ok {
			text = asQuery(value)
		}
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
		case p.In == "query" && p.Required:
			query.Set(p.Name, text)
		case p.In == "query":
			p.Example = text
			others = append(others, p)
		}
	}
	add := func(what string, query url.Values) {
		t := try{what: op.OperationID + " " + what, method: strings.ToUpper(method), target: path, contentType: "application/json"}
		if len(query) > 0 {
			t.target += "?" + query.Encode()
		}
		if op.RequestBody != nil {
			for _, media := range slices.Sorted(maps.Keys(op.RequestBody.Content)) {
				t.contentType = media
				body, _ := json.Marshal(d.example(op.RequestBody.Content[media].Schema))
				if t.body = string(body); strings.HasPrefix(media, "application/") {
					break
				}
			}
		}
		list = append(list, t)
	}
	add("alone", query)
	for _, p := range others {
		with := maps.Clone(query)
		with.Set(p.Name, p.Example.(string))
		add("with "+p.Name, with)
	}
	return list
}

func asQuery(v any) string {
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	return fmt.Sprint(v)
}

// Everything that the document describes is asked for, as it describes it, on both databases. rig.do compares status and
// body of each answer with the document.
func TestEveryOperationKeepsToTheDocument(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { everyOperation(newRig(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		cluster := pgtest.Private(t, false)
		s, err := postgres.Open(t.Context(), cluster.URL("postgres"), postgres.Options{MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		r := &rig{T: t, log: &bytes.Buffer{}, now: noon, store: s}
		r.serve()
		everyOperation(r)
	})
}

func everyOperation(r *rig) {
	target, _ := r.toned()
	r.websdr("Two")
	r.measured(1, 2)
	known := map[string]string{"task_id": strings.Split(target, "/")[4], "websdr_id": "1"}
	d := theDescription(r.T)
	order := []string{"get", "post", "put", "patch", "delete"} // what is asked for is deleted last
	called, good := 0, 0
	for _, method := range order {
		for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
			op, ok := d.Paths[path][method]
			if !ok {
				continue
			}
			for _, one := range d.tries(path, method, op, known) {
				if strings.HasSuffix(one.what, "with format") || strings.HasSuffix(one.what, "with cursor") {
					continue // every format, and every cursor, has tests of its own
				}
				called++
				a := r.do(one.method, one.target, one.body, "Content-Type", one.contentType)
				if a.status < 300 {
					good++
				}
				if a.status >= 500 && a.status != http.StatusNotImplemented {
					r.Errorf("%s: %s %s answers %d: %s", one.what, one.method, one.target, a.status, a.body)
				}
				if method == "get" && a.status == http.StatusUnprocessableEntity && !needsOthers.MatchString(one.what) {
					r.Errorf("%s: the document's own example is refused: %s %s: %s", one.what, one.method, one.target, a.body)
				}
			}
		}
	}
	if good < called*3/4 || called < 100 {
		r.Errorf("of %d requests only %d had an answer that is no refusal", called, good)
	}
}

// needsOthers are parameters that mean nothing alone, or nothing in the recording at hand.
var needsOthers = regexp.MustCompile(`with (near_.*|from_time|to_time|samples|from_sample|frequency_max_mhz|to|from|min_dbfs|max_dbfs)$`)

func TestTheDocumentKeepsToTheRules(t *testing.T) {
	d := theDescription(t)
	ids := map[string]string{}
	words := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	for path, methods := range d.Paths {
		if strings.HasSuffix(path, "/") && path != "/" {
			t.Errorf("%s ends with a slash", path)
		}
		for method, op := range methods {
			at := strings.ToUpper(method) + " " + path
			if other, taken := ids[op.OperationID]; taken || !words.MatchString(op.OperationID) {
				t.Errorf("%s has the id %q, which %q has, too, or which is no words with hyphens", at, op.OperationID, other)
			}
			ids[op.OperationID] = at
			if op.Summary == "" || strings.HasSuffix(op.Summary, ".") || len(op.Tags) != 1 {
				t.Errorf("%s has the summary %q and the tags %q", at, op.Summary, op.Tags)
			}
			inPath := 0
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: nothing says what %s means", at, p.Name)
				}
				if p.In == "path" {
					inPath++
				}
			}
			if inPath != strings.Count(path, "{") {
				t.Errorf("%s describes %d parameters of its path", at, inPath)
			}
			lintResponses(t, at, op)
		}
	}
}

func lintResponses(t *testing.T, at string, op describedOperation) {
	t.Helper()
	good := 0
	for status, response := range op.Responses {
		if response.Description == "" {
			t.Errorf("%s: nothing says what %s means", at, status)
		}
		if status[0] == '2' {
			good++
		}
		for media, content := range response.Content {
			if len(content.Schema) == 0 || string(content.Schema) == "{}" {
				t.Errorf("%s: nothing says what %s of %s looks like", at, media, status)
			}
			if status[0] >= '4' && media != "application/problem+json" {
				t.Errorf("%s: %s is no problem but %s", at, status, media)
			}
		}
	}
	if good == 0 {
		t.Errorf("%s: nothing says what it answers when all is well", at)
	}
}
