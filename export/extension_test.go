package export_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

func TestTheDocumentKeepsToTheSchemaOfOurExtension(t *testing.T) {
	schema := extensionSchema(t)
	prose, err := os.ReadFile("../docs/heimdall.sigmf-ext.md")
	if err != nil {
		t.Fatal(err)
	}
	a, c, w, m := rows()
	whole := metadata(t, a, c, w, &m)
	s := store(t, "ci16_le", 1000)
	slice := s.read(t, export.SigMFMeta, export.Slice(2, 500))
	bare := metadata(t, heimdall.Acquisition{}, heimdall.Capture{TaskID: "t", WebSDRID: 1, Recording: &heimdall.Recording{Datatype: "cu8", GPSAgeMaxS: -1}}, heimdall.WebSDR{}, nil)
	used := map[string]bool{}
	for name, doc := range map[string][]byte{"a whole recording": whole, "a slice": slice, "next to nothing": bare} {
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v\n%s", name, err, doc)
		}
		if err := sigmf.Check(doc); err != nil {
			t.Errorf("%s: %v\n%s", name, err, doc)
		}
		collectOurs(instance, used)
	}
	for name := range used {
		if !strings.Contains(string(prose), "| `"+strings.TrimPrefix(name, "heimdall:")+"` |") {
			t.Errorf("docs/heimdall.sigmf-ext.md does not explain %s", name)
		}
	}
	for name := range schemaFields(t) {
		if !used[name] {
			t.Errorf("docs/heimdall.sigmf-ext.json has %s, which no document has", name)
		}
	}

	for _, bad := range [][2]string{
		{`"heimdall:websdr_id": 7`, `"heimdall:websdr_id": "7"`},
		{`"heimdall:task_id"`, `"heimdall:task"`}, // a field of ours that is not specified
		{`"heimdall:time_quality": "gps"`, `"heimdall:time_quality": "good"`},
		{`"heimdall:start_unix_ns": "1772366400123456789"`, `"heimdall:start_unix_ns": 1772366400123456789`},
		{`"heimdall:detected": true`, `"heimdall:detected": 1`},
	} {
		doc := strings.Replace(string(whole), bad[0], bad[1], 1)
		if doc == string(whole) {
			t.Fatalf("%s is not in the document", bad[0])
		}
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(instance) == nil {
			t.Errorf("the schema accepts %s", bad[1])
		}
	}
}

const schemaFile = "../docs/heimdall.sigmf-ext.json"

func extensionSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// schemaFields lists the fields of ours that the schema knows.
func schemaFields(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	collectOurs(schema, fields)
	return fields
}

// collectOurs notes every key below v that begins with our namespace.
func collectOurs(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if strings.HasPrefix(name, "heimdall:") {
				into[name] = true
			}
			collectOurs(value, into)
		}
	case []any:
		for _, value := range v {
			collectOurs(value, into)
		}
	}
}
