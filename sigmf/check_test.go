package sigmf_test

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/sigmf"
)

func TestOurOwnDocumentsAreProper(t *testing.T) {
	if err := sigmf.Check(encode(t, sample())); err != nil {
		t.Error(err)
	}
	if err := sample().Check(); err != nil {
		t.Error(err)
	}
}

// edit changes one place of a document, given as the path of keys and indices to it.
func edit(t *testing.T, doc []byte, value any, path ...any) []byte {
	t.Helper()
	var top any
	if err := json.Unmarshal(doc, &top); err != nil {
		t.Fatal(err)
	}
	at := top
	for _, step := range path[:len(path)-1] {
		switch s := step.(type) {
		case string:
			at = at.(map[string]any)[s]
		case int:
			at = at.([]any)[s]
		}
	}
	switch last := path[len(path)-1].(type) {
	case string:
		if value == nil {
			delete(at.(map[string]any), last)
		} else {
			at.(map[string]any)[last] = value
		}
	case int:
		at.([]any)[last] = value
	}
	b, err := json.Marshal(top)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAWrongDocumentIsRefusedWithThePathAndTheFix(t *testing.T) {
	type place []any
	for _, c := range []struct {
		promise string
		value   any
		place   place
		path    string
		fix     string
	}{
		{"a missing datatype", nil, place{"global", "core:datatype"}, "/global/core:datatype", "is missing: it must be the layout of one sample"},
		{"a missing version", nil, place{"global", "core:version"}, "/global/core:version", "is missing"},
		{"no captures array", nil, place{"captures"}, "/captures", "is missing: it must be an array of capture objects"},
		{"captures of null", json.RawMessage("null"), place{"captures"}, "/captures", "must be an array"},
		{"an unknown datatype", "ci17_le", place{"global", "core:datatype"}, "/global/core:datatype", "such as ci16_le"},
		{"a datatype without endianness", "ci16", place{"global", "core:datatype"}, "/global/core:datatype", "such as ci16_le"},
		{"a datatype with a tail", "cu8_le", place{"global", "core:datatype"}, "/global/core:datatype", "such as ci16_le"},
		{"a sample rate of zero", 0, place{"global", "core:sample_rate"}, "/global/core:sample_rate", "from 1 to 1e12"},
		{"a sample rate in text", "12000", place{"global", "core:sample_rate"}, "/global/core:sample_rate", "must be samples per second"},
		{"a short hash", "abcd", place{"global", "core:sha512"}, "/global/core:sha512", "128 hexadecimal digits"},
		{"a licence that is no URI", "public domain", place{"global", "core:license"}, "/global/core:license", "must be a URI"},
		{"an extension with a further field", map[string]any{"name": "x", "version": "1.0.0", "optional": true, "url": "y"},
			place{"global", "core:extensions", 0}, "/global/core:extensions/0/url", "must not be there"},
		{"an extension without optional", map[string]any{"name": "heimdall", "version": "1.0.0"},
			place{"global", "core:extensions", 0}, "/global/core:extensions/0/optional", "is missing: it must be true or false"},
		{"an unlisted namespace", 5, place{"captures", 1, "antenna:gain"}, "/captures/1/antenna:gain", `add {"name": "antenna"`},
		{"an unlisted namespace of ours", []any{}, place{"global", "core:extensions"}, "/annotations/0/heimdall:snr_db", `add {"name": "heimdall"`},
		{"a field without a namespace", 5, place{"global", "gain"}, "/global/gain", "has no namespace"},
		{"a misspelt core field", 5, place{"global", "core:sample_rte"}, "/global/core:sample_rte", "check its spelling"},
		{"a core field in the wrong place", 5, place{"global", "core:frequency"}, "/global/core:frequency", "its place"},
		{"a negative sample_start", -1, place{"captures", 0, "core:sample_start"}, "/captures/0/core:sample_start", "0 or more"},
		{"captures out of order", 6000, place{"captures", 0, "core:sample_start"}, "/captures/1/core:sample_start", "sort captures"},
		{"overlapping captures", 6000, place{"captures", 1, "core:global_index"}, "/captures/1/core:global_index", "must be 6024 or more"},
		{"a sample_start below core:offset", 10, place{"global", "core:offset"}, "/captures/0/core:sample_start", "must be 10 (core:offset) or more"},
		{"a time with an offset", "2017-11-27T12:41:56.214600+02:00", place{"captures", 0, "core:datetime"}, "/captures/0/core:datetime", "with Z"},
		{"a time without a zone", "2017-11-27T10:41:56.214600", place{"captures", 0, "core:datetime"}, "/captures/0/core:datetime", "with Z"},
		{"a month 13", "2017-13-27T10:41:56Z", place{"captures", 0, "core:datetime"}, "/captures/0/core:datetime", "with Z"},
		{"two times that disagree", "1511779316214601789", place{"captures", 0, "heimdall:start_unix_ns"}, "/captures/0/heimdall:start_unix_ns", "correct one of them"},
		{"nanoseconds as a number", 1511779316214600789, place{"captures", 0, "heimdall:start_unix_ns"}, "/captures/0/heimdall:start_unix_ns", "in a string"},
		{"swapped latitude and longitude", []any{51.0, 120.0}, place{"captures", 0, "core:geolocation", "coordinates"}, "/captures/0/core:geolocation/coordinates/1", "longitude before latitude"},
		{"a longitude of 200", []any{200, 1}, place{"captures", 0, "core:geolocation", "coordinates"}, "/captures/0/core:geolocation/coordinates/0", "from -180 to 180"},
		{"one coordinate", []any{5}, place{"captures", 0, "core:geolocation", "coordinates"}, "/captures/0/core:geolocation/coordinates", "[longitude, latitude]"},
		{"a geolocation that is no Point", "Polygon", place{"captures", 0, "core:geolocation", "type"}, "/captures/0/core:geolocation/type", `must be "Point"`},
		{"a geolocation with properties", 1, place{"captures", 0, "core:geolocation", "properties"}, "/captures/0/core:geolocation/properties", "must not be there"},
		{"an upper edge alone", nil, place{"annotations", 0, "core:freq_lower_edge"}, "/annotations/0/core:freq_lower_edge", "both edges or none"},
		{"a lower edge alone", nil, place{"annotations", 0, "core:freq_upper_edge"}, "/annotations/0/core:freq_upper_edge", "both edges or none"},
		{"edges in the wrong order", 1, place{"annotations", 0, "core:freq_upper_edge"}, "/annotations/0/core:freq_upper_edge", "must not be below"},
		{"trailing bytes in a conforming recording", 44, place{"global", "core:trailing_bytes"}, "/global/core:trailing_bytes", "core:dataset"},
		{"an extension listed twice", []any{sigmf.Ours, sigmf.Ours}, place{"global", "core:extensions"}, "/global/core:extensions/1", "lists \"heimdall\" again"},
		{"annotations out of order", []any{map[string]any{"core:sample_start": 5}, map[string]any{"core:sample_start": 3}}, place{"annotations"}, "/annotations/1/core:sample_start", "sort annotations"},
		{"header bytes in a conforming recording", 44, place{"captures", 0, "core:header_bytes"}, "/captures/0/core:header_bytes", "core:dataset"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			err := sigmf.Check(edit(t, encode(t, sample()), c.value, c.place...))
			var invalid *sigmf.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("error is %v", err)
			}
			for _, p := range invalid.Problems {
				if p.Path == c.path && strings.Contains(p.Message, c.fix) {
					return
				}
			}
			t.Errorf("no problem at %s names %q: %v", c.path, c.fix, err)
		})
	}
}

func TestEverythingWrongIsReportedAtOnceAndInOrder(t *testing.T) {
	doc := edit(t, encode(t, sample()), "x", "global", "core:sha512")
	doc = edit(t, doc, -1, "captures", 0, "core:sample_start")
	doc = edit(t, doc, "yesterday", "captures", 0, "core:datetime")
	err := sigmf.Check(doc)
	var invalid *sigmf.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error is %v", err)
	}
	var paths []string
	for _, p := range invalid.Problems {
		paths = append(paths, p.Path)
	}
	if got, want := fmt.Sprint(paths), "[/captures/0/core:datetime /captures/0/core:sample_start /global/core:sha512]"; got != want {
		t.Errorf("problems at %s, want %s: %v", got, want, err)
	}
}

func TestATextThatIsNoJSONIsRefused(t *testing.T) {
	for _, doc := range []string{"", "{", "[]", `"x"`, "null", `{"global": 5}`, "{}{}"} {
		if err := sigmf.Check([]byte(doc)); err == nil {
			t.Errorf("%q was accepted", doc)
		}
	}
}

func TestDataIsComparedWithItsMetadata(t *testing.T) {
	data := strings.Repeat("abcd", 6000)
	sum := sha512.Sum512([]byte(data))
	good := sample()
	good.Global.SHA512 = hex.EncodeToString(sum[:])
	if err := sigmf.CheckData(good, strings.NewReader(data)); err != nil {
		t.Errorf("good data: %v", err)
	}
	for _, c := range []struct {
		promise, data, path string
	}{
		{"a changed byte", data[:100] + "X" + data[101:], "/global/core:sha512"},
		{"half a sample at the end", data[:len(data)-2], "/global/core:datatype"},
		{"a capture beyond the end", data[:4*5000], "/captures/1/core:sample_start"},
		{"an annotation beyond the end", data[:4*4999], "/annotations/0/core:sample_count"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			err := sigmf.CheckData(good, strings.NewReader(c.data))
			if err == nil || !strings.Contains(err.Error(), c.path) {
				t.Errorf("error is %v, want one at %s", err, c.path)
			}
		})
	}
}

func TestTheHashesOfACollectionAreChecked(t *testing.T) {
	doc := encode(t, sample())
	c := sigmf.Collection{Version: sigmf.Version, Streams: []sigmf.Stream{{Name: "a", Hash: sigmf.MetaHash(doc)}}}
	file, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read := func(doc []byte) func(string) ([]byte, error) {
		return func(name string) ([]byte, error) {
			if name != "a" {
				return nil, os.ErrNotExist
			}
			return doc, nil
		}
	}
	if err := sigmf.CheckCollection(file, read(doc)); err != nil {
		t.Errorf("good collection: %v", err)
	}
	if err := sigmf.CheckCollection(file, read(append(doc, ' '))); err == nil || !strings.Contains(err.Error(), "/collection/core:streams/0/hash is not the SHA-512 of a.sigmf-meta") {
		t.Errorf("changed metadata: error is %v", err)
	}
	missing := edit(t, file, "b", "collection", "core:streams", 0, "name")
	if err := sigmf.CheckCollection(missing, read(doc)); err == nil || !strings.Contains(err.Error(), "/collection/core:streams/0/name") {
		t.Errorf("missing recording: error is %v", err)
	}
	tuple := edit(t, file, []any{"a", "hash"}, "collection", "core:streams", 0)
	if err := sigmf.CheckCollection(tuple, nil); err == nil || !strings.Contains(err.Error(), "/collection/core:streams/0 must be an object") {
		t.Errorf("a tuple of SigMF 1.0: error is %v", err)
	}
	if err := sigmf.CheckCollection(doc, nil); err == nil || !strings.Contains(err.Error(), "/collection is missing") {
		t.Errorf("a recording in place of a collection: error is %v", err)
	}
}
