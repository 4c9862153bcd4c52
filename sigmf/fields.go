package sigmf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Fields are the fields of an object that this package does not know, as they were read: extensions of
// others, and core fields of later versions. They are written back in order of name.
type Fields map[string]json.RawMessage

// Get decodes the field of that name, such as "antenna:gain". It is false, and into is left alone, when the
// field is absent, null or of another type.
func (f Fields) Get(name string, into any) bool {
	value, ok := f[name]
	return ok && string(value) != "null" && json.Unmarshal(value, into) == nil
}

// marshalWith encodes known, a struct, and appends the other fields.
func marshalWith(known any, other Fields) ([]byte, error) {
	b, err := marshalPlain(known)
	if err != nil || len(other) == 0 {
		return b, err
	}
	b = b[:len(b)-1] // the closing brace
	names := make([]string, 0, len(other))
	for name := range other {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		key, err := marshalPlain(name)
		if err != nil {
			return nil, err
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, key...)
		b = append(b, ':')
		b = append(b, other[name]...)
	}
	return append(b, '}'), nil
}

// marshalPlain is json.Marshal without its escapes for HTML.
func marshalPlain(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// unmarshalWith decodes b into known, a pointer to a struct, and returns the fields it has no room for.
func unmarshalWith(b []byte, known any) (Fields, error) {
	if err := json.Unmarshal(b, known); err != nil {
		return nil, err
	}
	var all Fields
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	for _, name := range jsonNames(reflect.TypeOf(known).Elem()) {
		delete(all, name)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// jsonNames lists the JSON names of a struct's fields.
func jsonNames(t reflect.Type) []string {
	var names []string
	for k := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(k).Tag.Get("json"), ",")
		if name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// The types below have the fields of their originals but not their methods, which would call themselves.
type (
	plainMetadata   Metadata
	plainGlobal     Global
	plainCapture    Capture
	plainAnnotation Annotation
	plainCollection Collection
	plainPoint      Point
)

func (m Metadata) MarshalJSON() ([]byte, error) {
	if m.Captures == nil {
		m.Captures = []Capture{} // the schema wants an array
	}
	if m.Annotations == nil {
		m.Annotations = []Annotation{}
	}
	return marshalWith(plainMetadata(m), m.Other)
}
func (g Global) MarshalJSON() ([]byte, error)     { return marshalWith(plainGlobal(g), g.Other) }
func (c Capture) MarshalJSON() ([]byte, error)    { return marshalWith(plainCapture(c), c.Other) }
func (a Annotation) MarshalJSON() ([]byte, error) { return marshalWith(plainAnnotation(a), a.Other) }
func (c Collection) MarshalJSON() ([]byte, error) { return marshalWith(plainCollection(c), c.Other) }
func (p Point) MarshalJSON() ([]byte, error)      { return marshalWith(plainPoint(p), p.Other) }

func (m *Metadata) UnmarshalJSON(b []byte) (err error) {
	m.Other, err = unmarshalWith(b, (*plainMetadata)(m))
	return err
}
func (g *Global) UnmarshalJSON(b []byte) (err error) {
	g.Other, err = unmarshalWith(b, (*plainGlobal)(g))
	return err
}
func (c *Capture) UnmarshalJSON(b []byte) (err error) {
	c.Other, err = unmarshalWith(b, (*plainCapture)(c))
	return err
}
func (a *Annotation) UnmarshalJSON(b []byte) (err error) {
	a.Other, err = unmarshalWith(b, (*plainAnnotation)(a))
	return err
}
func (c *Collection) UnmarshalJSON(b []byte) (err error) {
	c.Other, err = unmarshalWith(b, (*plainCollection)(c))
	return err
}
func (p *Point) UnmarshalJSON(b []byte) (err error) {
	p.Other, err = unmarshalWith(b, (*plainPoint)(p))
	return err
}

// indent lays a document out for people and for version control: always the same bytes.
func indent(v any) ([]byte, error) {
	b, err := marshalPlain(v)
	if err != nil {
		return nil, fmt.Errorf("encode sigmf: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, fmt.Errorf("encode sigmf: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
