package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// A layout is what any format says of a table.
type layout struct {
	columns []string
	rows    int
}

// layouts reads a table in each format; of ndjson, whose objects name their keys, the columns are those of the first row.
var layouts = map[string]func(body string) (layout, error){
	"csv": func(body string) (s layout, err error) {
		lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || len(lines) == 0 {
			return s, err
		}
		return layout{lines[0], len(lines) - 1}, nil
	},
	"ndjson": func(body string) (s layout, err error) {
		d := json.NewDecoder(strings.NewReader(body))
		for d.More() {
			var row json.RawMessage
			if err := d.Decode(&row); err != nil {
				return s, err
			}
			if s.rows++; s.rows == 1 {
				s.columns = keysOf(row)
			}
		}
		return s, nil
	},
	"parquet": func(body string) (s layout, err error) {
		f, err := parquet.OpenFile(strings.NewReader(body), int64(len(body)))
		if err != nil {
			return s, err
		}
		for _, field := range f.Schema().Fields() {
			s.columns = append(s.columns, field.Name())
		}
		s.rows = int(f.NumRows())
		return s, nil
	},
	"arrow": func(body string) (s layout, err error) {
		r, err := ipc.NewReader(strings.NewReader(body))
		if err != nil {
			return s, err
		}
		defer r.Release()
		for _, field := range r.Schema().Fields() {
			s.columns = append(s.columns, field.Name)
		}
		for r.Next() {
			s.rows += int(r.RecordBatch().NumRows())
		}
		return s, r.Err()
	},
}

// keysOf are the keys of an object, in order.
func keysOf(object []byte) (keys []string) {
	d := json.NewDecoder(bytes.NewReader(object))
	_, _ = d.Token()
	for d.More() {
		key, _ := d.Token()
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		keys = append(keys, key.(string))
	}
	return keys
}

// rig.do compares the media types with those that the document announces.
func TestEveryTableIsTheSameInEveryFormatThatTheDocumentNames(t *testing.T) {
	r := newRig(t)
	r.twoFared()
	tables := 0
	for at, methods := range theDescription(t).Paths {
		op := methods["get"]
		has := map[string][]any{}
		for _, p := range op.Parameters {
			has[p.Name] = p.Schema.Enum
		}
		if !slices.Contains(has["format"], any("arrow")) {
			continue
		}
		tables++
		target := at + "?format="
		if _, dated := has["from"]; dated {
			target = at + marchFirst + "&format="
		}
		want, err := layouts["csv"](r.get(target + "csv").want(200).body)
		r.must(err)
		for _, value := range has["format"] {
			format := value.(string)
			a := r.get(target + format).want(200)
			if tag := a.header.Get("ETag"); tag != "" {
				r.get(target+format, "If-None-Match", tag).want(304)
			}
			if format == "json" {
				continue
			}
			got, err := layouts[format](a.body)
			if err != nil {
				t.Errorf("%s: %v", target+format, err)
			}
			if format == "ndjson" && got.rows == 0 {
				got.columns = want.columns
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(layout{})); diff != "" {
				t.Errorf("%s (-CSV +%s):\n%s", at, format, diff)
			}
			if kept := a.header.Get("Content-Disposition"); !strings.HasSuffix(kept, "."+format+`"`) {
				t.Errorf("%s is to be kept as %s", target+format, kept)
			}
			media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
			if accepted := r.get(strings.TrimRight(strings.TrimSuffix(target, "format="), "?&"), "Accept", media).want(200); accepted.body != a.body {
				t.Errorf("Accept: %s of %s answers other bytes than format=%s", media, path.Base(at), format)
			}
		}
	}
	if tables != 11 {
		t.Errorf("the document has %d tables, want measurements, nine statistics and the WebSDRs", tables)
	}
}
