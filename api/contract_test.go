package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/heimdall-sdr/heimdall/api"
)

// exercised holds the id of every operation that any test has called.
var exercised sync.Map

// TestMain holds the contract that no single test can: every operation of the OpenAPI document is called by
// some test, and its answers are of the shapes announced.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		code = checkExercised()
	}
	os.Exit(code)
}

func checkExercised() (code int) {
	doc, err := theDocument()
	if err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if _, ok := exercised.Load(op.OperationID); !ok {
				fmt.Printf("FAIL: no test calls %s %s\n", method, path)
				code = 1
			}
		}
	}
	return code
}

func answerOf(h http.Handler, target string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, target, nil))
	return rec
}

// A document is the API's own description.
type document struct {
	Paths    map[string]map[string]operation
	compiler *jsonschema.Compiler
}

type operation struct {
	OperationID string `json:"operationId"`
	Responses   map[string]struct {
		Content map[string]struct{ Schema json.RawMessage }
	}
}

// theDocument is read once: it is the same of every API, and nothing changes it.
var theDocument = sync.OnceValues(func() (d document, err error) {
	text := answerOf(api.New(api.Config{}), "/openapi.json").Body.Bytes()
	if err := json.Unmarshal(text, &d); err != nil {
		return d, err
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return d, err
	}
	d.compiler = jsonschema.NewCompiler()
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource("https://heimdall.test/openapi.json", parsed)
})

// find returns the path template and the operation that a request meets.
func (d document) find(method, path string) (string, *operation) {
	best := ""
	for template := range d.Paths {
		if matches(template, path) && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	if op, ok := d.Paths[best][strings.ToLower(method)]; ok {
		return best, &op
	}
	return "", nil
}

func matches(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// check fails unless the document announces the status and the shape of the body.
func (d document) check(t *testing.T, method, path string, a answer) {
	t.Helper()
	template, op := d.find(method, path)
	if op == nil {
		return // not an operation: a page, or an address that does not exist
	}
	exercised.Store(op.OperationID, true)
	if a.status == http.StatusPartialContent || a.status == http.StatusNotModified || a.status == http.StatusRequestedRangeNotSatisfiable {
		return // of a download: the range is the caller's wish
	}
	key := fmt.Sprint(a.status)
	announced, ok := op.Responses[key]
	if !ok {
		t.Errorf("%s %s answered %d, which the document does not announce: %s", method, path, a.status, a.body)
		return
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if _, ok := announced.Content[media]; !ok {
		if len(announced.Content) > 0 || a.body != "" {
			t.Errorf("%s %s answered %d with %q, which the document does not announce", method, path, a.status, media)
		}
		return
	}
	if media != "application/json" && media != "application/problem+json" {
		return
	}
	pointer := strings.NewReplacer("~", "~0", "/", "~1").Replace
	schema, err := d.compiler.Compile("https://heimdall.test/openapi.json#/paths/" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer(template)) +
		"/" + strings.ToLower(method) + "/responses/" + key + "/content/" + pointer(media) + "/schema")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err != nil {
		t.Errorf("%s %s answered what is not JSON: %v", method, path, err)
		return
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%s %s answered %d in another shape than the document's: %v\n%s", method, path, a.status, err, a.body)
	}
}
