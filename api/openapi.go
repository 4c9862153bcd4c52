package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// describe finishes the OpenAPI document where Go's types say too little, and serves it: for programs as
// /openapi.json and /openapi.yaml, for people as /docs, which asks nothing of any other server.
func (s *service) describe(mux *http.ServeMux) {
	doc := s.huma.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	doc.Paths["/api/v1/measurements"].Get.Responses["200"].Content["application/json"] = &huma.MediaType{Schema: s.schemaOf(wire.MeasurementPage{})}
	schemas["Measurement"].Properties["flags"].Nullable = false

	s.describeAnswers()
	s.describeShapes()

	status := schemas["PythonStatus"].Properties // of an object that may be null huma knows nothing
	status["result"] = &huma.Schema{Description: "What came of it; null until it has ended", OneOf: []*huma.Schema{status["result"], {Type: "null"}}}

	create := doc.Paths["/api/v1/acquisitions"].Post.Responses
	create["200"] = &huma.Response{Description: "A repeat: the acquisition that the first request made", Content: create["202"].Content}

	export := doc.Paths["/api/v1/websdrs/export"].Get.Responses["200"].Content
	export["application/json"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeArray, Items: s.schemaOf(wire.WebSDR{})}}
	input := s.schemaOf(wire.WebSDRInput{})
	imports := doc.Paths["/api/v1/websdrs/import"].Post.RequestBody.Content
	imports["application/json"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeArray, Items: input}}
	imports["text/csv"].Schema = &huma.Schema{Type: huma.TypeString}
	patch := doc.Paths["/api/v1/websdrs/{websdr_id}"].Patch.RequestBody.Content
	patch["application/merge-patch+json"].Schema = patchOf(schemas["WebSDRInput"])

	change := doc.Paths["/api/v1/schedules/{schedule_id}"].Patch.RequestBody.Content
	change["application/merge-patch+json"].Schema = patchOf(schemas["ScheduleInput"])
	change["application/merge-patch+json"].Schema.Properties["recurrence"] = patchOf(schemas["Recurrence"])

	s.describeEmitters()

	explained := sync.OnceValue(func() *huma.OpenAPI {
		explainMetrics(schemas["Measurement"])
		return doc
	})
	s.serve(mux, "GET /openapi.json", "application/openapi+json", func() ([]byte, error) { return json.MarshalIndent(explained(), "", "  ") })
	s.serve(mux, "GET /openapi.yaml", "application/openapi+yaml", func() ([]byte, error) { return explained().YAML() })
	s.serve(mux, "GET /docs", "text/html; charset=utf-8", func() ([]byte, error) { return docsPage(explained()) })
}

// explainMetrics describes the columns that dsp computes in the words of dsp.
func explainMetrics(measurement *huma.Schema) {
	for _, m := range Definitions().Metrics {
		text := m.Meaning
		switch m.Unit {
		case "":
		case "1":
			text += " A ratio."
		default:
			text += " In " + m.Unit + "."
		}
		var values []string
		for _, v := range m.Values {
			values = append(values, v.Name+" ("+v.Meaning+")")
		}
		if values != nil {
			text += " It can be: " + strings.Join(values, "; ") + "."
		}
		measurement.Properties[m.Name].Description = text
	}
}

// patchOf is the schema of a merge patch: nothing is needed, and null resets.
func patchOf(s *huma.Schema) *huma.Schema {
	p := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	for name, field := range s.Properties {
		if field.ReadOnly {
			continue
		}
		f := *field
		f.Nullable = f.Nullable || !slices.Contains(s.Required, name)
		p.Properties[name] = &f
	}
	return p
}

// serve answers with what is built once, when it is first asked for: a program that runs one command serves the
// API, too, and nobody reads its documentation.
func (s *service) serve(mux *http.ServeMux, pattern, contentType string, build func() ([]byte, error)) {
	built := sync.OnceValues(build)
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := built()
		if err != nil {
			s.write(w, s.problem(r.Context(), fmt.Errorf("describe the API: %w", err)))
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		_, _ = w.Write(body) // an error means that the caller has gone
	})
}

//go:embed docs.html
var docsHTML string

// A docsOperation is one operation as the page shows it.
type docsOperation struct {
	Method, Path string
	Scope        string // that its caller needs; "" means none
	*huma.Operation
	Body []docsField
}

// A docsField is one field of a JSON body.
type docsField struct {
	Name, Type, Description string
	Required                bool
}

// docsPage lists every operation and every field.
func docsPage(doc *huma.OpenAPI) ([]byte, error) {
	page, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return nil, err
	}
	var operations []docsOperation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				operations = append(operations, docsOperation{op.Method, path, string(scopeOf(op.OperationID, op.Method, path)), op, bodyFields(doc, op)})
			}
		}
	}
	schemas := doc.Components.Schemas.Map()
	fields := map[string][]docsField{}
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		fields[name] = fieldsOf(schemas[name])
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Title": doc.Info.Title, "Version": doc.Info.Version, "Description": doc.Info.Description,
		"Operations": operations, "Schemas": fields,
	})
	return out.Bytes(), err
}

func bodyFields(doc *huma.OpenAPI, op *huma.Operation) []docsField {
	if op.RequestBody == nil {
		return nil
	}
	for _, media := range op.RequestBody.Content {
		schema := media.Schema
		if schema.Ref != "" {
			schema = doc.Components.Schemas.SchemaFromRef(schema.Ref)
		}
		if schema.Type == huma.TypeObject {
			return fieldsOf(schema)
		}
	}
	return nil
}

func fieldsOf(s *huma.Schema) []docsField {
	var list []docsField
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		list = append(list, docsField{name, typeName(p), p.Description, slices.Contains(s.Required, name)})
	}
	return list
}

func typeName(s *huma.Schema) string {
	name := s.Type
	switch {
	case s.Ref != "":
		name = s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Type == huma.TypeArray && s.Items != nil:
		name = "list of " + typeName(s.Items)
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}
