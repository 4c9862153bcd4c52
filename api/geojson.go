package api

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A Shape is how the caller wants things that have a place.
type Shape struct {
	Accept string `header:"Accept" hidden:"true"`
	Format string `query:"format" enum:"json,geojson" doc:"json, or a GeoJSON FeatureCollection (RFC 7946); absent, the Accept header decides"`
}

// answer is list, or features as a map takes them.
func (in Shape) answer(list, features any) (*huma.StreamResponse, error) {
	contentType, body := "application/json", list
	if in.Format == "geojson" || in.Format == "" && preferred(in.Accept, wire.GeoJSON) != "" {
		contentType, body = wire.GeoJSON, features
	}
	var text bytes.Buffer
	if err := jsonFormat.Marshal(&text, body); err != nil {
		return nil, fmt.Errorf("encode list: %w", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", contentType)
		hc.SetHeader("Vary", "Accept")
		hc.SetStatus(http.StatusOK)
		_, _ = hc.BodyWriter().Write(text.Bytes()) // an error means that the caller has gone
	}}, nil
}

// shapes are the answers of operations that take a Shape.
func shapes() map[string]*huma.Response {
	return streamed(http.StatusOK, "application/json", wire.GeoJSON)
}

// describeShapes says what they look like.
func (s *service) describeShapes() {
	for path, shape := range map[string]struct{ list, features any }{
		"/api/v1/emitters": {wire.EmitterList{}, wire.FeatureCollection[wire.Emitter]{}},
		"/api/v1/websdrs":  {wire.WebSDRList{}, wire.FeatureCollection[wire.ListedWebSDR]{}},
	} {
		content := s.huma.OpenAPI().Paths[path].Get.Responses["200"].Content
		content["application/json"] = &huma.MediaType{Schema: s.schemaOf(shape.list)}
		content[wire.GeoJSON] = &huma.MediaType{Schema: s.schemaOf(shape.features)}
	}
}

// describeEmitters says what the bodies are that huma does not decode.
func (s *service) describeEmitters() {
	doc := s.huma.OpenAPI()
	imports := doc.Paths["/api/v1/emitters/import"].Post.RequestBody.Content
	imports[wire.GeoJSON] = &huma.MediaType{Schema: s.schemaOf(wire.FeatureCollection[wire.EmitterProperties]{})}
	change := doc.Paths["/api/v1/emitters/{emitter_id}"].Patch.RequestBody.Content
	change["application/merge-patch+json"].Schema = patchOf(doc.Components.Schemas.Map()["EmitterInput"])
}
