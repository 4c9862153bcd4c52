package sigmf

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is the JSON schema of the fields that this package knows, for other programs to use.
//
//go:embed sigmf.schema.json
var Schema []byte

const schemaURL = "https://github.com/heimdall-sdr/heimdall/sigmf/sigmf.schema.json"

// A schemaSet is Schema, compiled.
type schemaSet struct {
	recording, collection *jsonschema.Schema
	document              any // Schema decoded, for its descriptions
}

var compiledSchema = sync.OnceValues(func() (*schemaSet, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return nil, fmt.Errorf("read sigmf schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("read sigmf schema: %w", err)
	}
	s := &schemaSet{document: doc}
	if s.recording, err = c.Compile(schemaURL + "#/$defs/recording"); err != nil {
		return nil, fmt.Errorf("compile sigmf schema: %w", err)
	}
	if s.collection, err = c.Compile(schemaURL + "#/$defs/collectionFile"); err != nil {
		return nil, fmt.Errorf("compile sigmf schema: %w", err)
	}
	return s, nil
})

// checkSchema notes everything that the schema has against doc.
func checkSchema(bad *InvalidError, doc []byte, which func(*schemaSet) *jsonschema.Schema) error {
	set, err := compiledSchema()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return fmt.Errorf("parse sigmf document: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := which(set).Validate(value); errors.As(err, &invalid) {
		set.collect(bad, invalid)
	} else if err != nil {
		return fmt.Errorf("check sigmf document: %w", err)
	}
	return nil
}

// collect turns the leaves of a tree of errors into problems.
func (s *schemaSet) collect(bad *InvalidError, e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		s.collect(bad, cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	path := pointer(e.InstanceLocation)
	fragment, _ := strings.CutPrefix(e.SchemaURL, schemaURL+"#")
	advice := s.description(fragment)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			bad.add(path+"/"+escape(name), "is missing: it "+s.description(fragment+"/properties/"+escape(name)))
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			bad.add(path+"/"+escape(name), "must not be there: "+path+" "+advice)
		}
	case *kind.FalseSchema:
		bad.add(path, "must not be there: GeoJSON keeps the name for itself (RFC 7946 §7.1)")
	default:
		if advice == "" {
			advice = "is wrong: " + e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		}
		bad.add(path, advice)
	}
}

// description finds what the schema at a fragment says of itself, following references.
func (s *schemaSet) description(fragment string) string {
	var at any = s.document
	for _, name := range strings.Split(strings.TrimPrefix(fragment, "/"), "/") {
		m, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = m[strings.NewReplacer("~1", "/", "~0", "~", "%24", "$", "%3A", ":").Replace(name)]
	}
	m, _ := at.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		return s.description(strings.TrimPrefix(ref, "#"))
	}
	text, _ := m["description"].(string)
	return text
}

// pointer writes a JSON Pointer (RFC 6901).
func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString("/" + escape(t))
	}
	return b.String()
}

func escape(token string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(token) }

// objects decodes the objects of a document that hold namespaced fields, by their JSON pointers.
func objects(doc []byte) map[string]map[string]json.RawMessage {
	var top struct {
		Global      map[string]json.RawMessage   `json:"global"`
		Captures    []map[string]json.RawMessage `json:"captures"`
		Annotations []map[string]json.RawMessage `json:"annotations"`
		Collection  map[string]json.RawMessage   `json:"collection"`
	}
	if json.Unmarshal(doc, &top) != nil {
		return nil // the schema has said so already
	}
	all := map[string]map[string]json.RawMessage{"/global": top.Global, "/collection": top.Collection}
	for k, c := range top.Captures {
		all[fmt.Sprintf("/captures/%d", k)] = c
	}
	for k, a := range top.Annotations {
		all[fmt.Sprintf("/annotations/%d", k)] = a
	}
	return all
}
