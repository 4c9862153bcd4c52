package sigmf

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Problem is one thing wrong with a document.
type Problem struct {
	Path    string // JSON pointer, such as "/captures/0/core:datetime"
	Message string // what is wrong and what to do: "must be …"
}

// An InvalidError lists everything wrong with a document, in order of Path.
type InvalidError struct {
	Problems []Problem
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Problems))
	for k, p := range e.Problems {
		parts[k] = p.Path + " " + p.Message
	}
	return strings.Join(parts, "; ")
}

func (e *InvalidError) add(path, message string) {
	if path == "" {
		path = "/"
	}
	e.Problems = append(e.Problems, Problem{path, message})
}

func (e *InvalidError) addf(path, format string, args ...any) {
	e.add(path, fmt.Sprintf(format, args...))
}

// err returns e, sorted and without repeats, or nil when nothing is wrong.
func (e *InvalidError) err() error {
	if len(e.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	e.Problems = slices.Compact(e.Problems)
	return e
}

// Check reports everything wrong with a .sigmf-meta document as one *InvalidError. The first pass is the
// schema; the second is what the specification's text asks for and a schema cannot say: times in UTC, captures
// and annotations in order, both edges of a band or none, and every namespace listed. CheckData goes on with
// the samples.
func Check(doc []byte) error {
	var bad InvalidError
	if err := checkSchema(&bad, doc, func(s *schemaSet) *jsonschema.Schema { return s.recording }); err != nil {
		return err
	}
	m, err := ParseMetadata(doc)
	if err != nil {
		if len(bad.Problems) == 0 {
			return err
		}
		return bad.err() // nothing more can be said of a document of the wrong shape
	}
	bad.checkNames(doc, m.Global.Extensions)
	bad.checkGlobal(&m.Global)
	bad.checkCaptures(m)
	bad.checkAnnotations(m)
	return bad.err()
}

// Check is the same for metadata in memory.
func (m *Metadata) Check() error {
	doc, err := m.Encode()
	if err != nil {
		return err
	}
	return Check(doc)
}

// knownNames lists the core fields of each kind of object.
var knownNames = map[string][]string{
	"global":      jsonNames(reflect.TypeFor[Global]()),
	"captures":    jsonNames(reflect.TypeFor[Capture]()),
	"annotations": jsonNames(reflect.TypeFor[Annotation]()),
	"collection":  jsonNames(reflect.TypeFor[Collection]()),
}

// checkNames wants every field to be one of core's or of a namespace that core:extensions lists.
func (e *InvalidError) checkNames(doc []byte, extensions []Extension) {
	listed := map[string]bool{"core": true}
	for k, x := range extensions {
		if listed[x.Name] {
			e.addf(fmt.Sprintf("/global/core:extensions/%d", k), "lists %q again: remove it", x.Name)
		}
		listed[x.Name] = true
	}
	for path, object := range objects(doc) {
		kind, _, _ := strings.Cut(path[1:], "/")
		for name := range object {
			at := path + "/" + escape(name)
			namespace, _, has := strings.Cut(name, ":")
			switch {
			case !has:
				e.add(at, "has no namespace: rename it to namespace:name, and list the namespace in core:extensions")
			case !listed[namespace]:
				e.addf(at, `is of a namespace that is not listed: add {"name": %q, "version": "…", "optional": true} to core:extensions`, namespace)
			case namespace == "core" && !slices.Contains(knownNames[kind], name):
				e.addf(at, "is no core field of this object in SigMF %s: check its spelling and its place", Version)
			}
		}
	}
}

func (e *InvalidError) checkGlobal(g *Global) {
	e.checkPoint("/global/core:geolocation", g.Geolocation)
	if g.MetadataOnly && g.Dataset != "" {
		e.add("/global/core:metadata_only", "must not stand beside core:dataset: remove one of them")
	}
	if g.TrailingBytes != 0 && g.Dataset == "" {
		e.add("/global/core:trailing_bytes", "is only for a data file named by core:dataset: remove it")
	}
}

func (e *InvalidError) checkCaptures(m *Metadata) {
	for k := range m.Captures {
		c := &m.Captures[k]
		path := fmt.Sprintf("/captures/%d", k)
		e.checkPoint(path+"/core:geolocation", c.Geolocation)
		if m.Global.Offset > 0 && c.SampleStart < m.Global.Offset {
			e.addf(path+"/core:sample_start", "must be %d (core:offset) or more, because indices count from the start of the whole recording", m.Global.Offset)
		}
		if c.HeaderBytes != 0 && m.Global.Dataset == "" {
			e.add(path+"/core:header_bytes", "is only for a data file named by core:dataset: remove it")
		}
		e.checkTime(path, c)
		if k == 0 {
			continue
		}
		before := &m.Captures[k-1]
		switch {
		case c.SampleStart < before.SampleStart:
			e.addf(path+"/core:sample_start", "must not be below %d, that of the capture before it: sort captures", before.SampleStart)
		case c.GlobalIndex != nil && before.GlobalIndex != nil && *c.GlobalIndex-*before.GlobalIndex < c.SampleStart-before.SampleStart:
			e.addf(path+"/core:global_index", "must be %d or more, or the captures overlap", *before.GlobalIndex+c.SampleStart-before.SampleStart)
		}
	}
}

// checkTime wants UTC, and both of our times to be the same.
func (e *InvalidError) checkTime(path string, c *Capture) {
	if c.Datetime == "" {
		return
	}
	t, err := ParseTime(c.Datetime)
	if err != nil {
		e.addf(path+"/core:datetime", "%q must be RFC 3339 in UTC with Z, such as 2026-08-01T12:30:00.250000Z", c.Datetime)
		return
	}
	if fine, ok := c.fineStart(); ok && fine.Sub(t).Abs() >= time.Microsecond {
		e.addf(path+"/heimdall:start_unix_ns", "is %v away from core:datetime: correct one of them", fine.Sub(t))
	}
}

func (e *InvalidError) checkAnnotations(m *Metadata) {
	for k := range m.Annotations {
		a := &m.Annotations[k]
		path := fmt.Sprintf("/annotations/%d", k)
		if m.Global.Offset > 0 && a.SampleStart < m.Global.Offset {
			e.addf(path+"/core:sample_start", "must be %d (core:offset) or more, because indices count from the start of the whole recording", m.Global.Offset)
		}
		if k > 0 && a.SampleStart < m.Annotations[k-1].SampleStart {
			e.addf(path+"/core:sample_start", "must not be below %d, that of the annotation before it: sort annotations", m.Annotations[k-1].SampleStart)
		}
		low, high := a.FreqLowerEdgeHz, a.FreqUpperEdgeHz
		switch {
		case low == nil && high != nil:
			e.add(path+"/core:freq_lower_edge", "is missing beside core:freq_upper_edge: give both edges or none")
		case low != nil && high == nil:
			e.add(path+"/core:freq_upper_edge", "is missing beside core:freq_lower_edge: give both edges or none")
		case low != nil && *low > *high:
			e.addf(path+"/core:freq_upper_edge", "must not be below core:freq_lower_edge, %v Hz", *low)
		}
	}
}

func (e *InvalidError) checkPoint(path string, p *Point) {
	lat, lon, ok := p.LatLon()
	if !ok {
		return
	}
	if !(lon >= -180 && lon <= 180) {
		e.addf(path+"/coordinates/0", "is a longitude and must be from -180 to 180, not %v: GeoJSON puts longitude before latitude", lon)
	}
	if !(lat >= -90 && lat <= 90) {
		e.addf(path+"/coordinates/1", "is a latitude and must be from -90 to 90, not %v: GeoJSON puts longitude before latitude", lat)
	}
}
