package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat is huma's, except that a number no float64 can hold is refused by the name of its field.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}

func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field == "" {
		if field := unfitNumber(data); field != "" {
			return fmt.Errorf("%s is a number too large to work with", field)
		}
	}
	return err
}

// unfitNumber returns the path of the first number that overflows a float64.
func unfitNumber(data []byte) string {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return ""
	}
	return findUnfit("", v)
}

func findUnfit(path string, v any) string {
	switch v := v.(type) {
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return path
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			at := key
			if path != "" {
				at = path + "." + key
			}
			if found := findUnfit(at, v[key]); found != "" {
				return found
			}
		}
	case []any:
		for i, item := range v {
			if found := findUnfit(path+"["+strconv.Itoa(i)+"]", item); found != "" {
				return found
			}
		}
	}
	return ""
}

// decodeInto checks a body against a schema of the document, as huma does for the bodies that it decodes
// itself, and decodes it. The error names every wrong field.
func (s *service) decodeInto(body []byte, schema *huma.Schema, v any) error {
	var parsed any
	if err := unmarshal(body, &parsed); err != nil {
		return huma.Error400BadRequest("", &huma.ErrorDetail{Location: "body", Message: err.Error()})
	}
	path := huma.NewPathBuffer(nil, 0)
	path.Push("body")
	var found huma.ValidateResult
	huma.Validate(s.huma.OpenAPI().Components.Schemas, schema, path, huma.ModeWriteToServer, parsed, &found)
	if len(found.Errors) > 0 {
		return huma.Error422UnprocessableEntity("", found.Errors...)
	}
	if err := unmarshal(body, v); err != nil && !errors.Is(err, io.EOF) {
		return huma.Error422UnprocessableEntity("", &huma.ErrorDetail{Location: "body", Message: err.Error()})
	}
	return nil
}
