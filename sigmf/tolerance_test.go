package sigmf_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/sigmf"
)

// foreign has fields of other extensions in every object, numbers that a float64 cannot hold, and odd spacing.
const foreign = `{
	"global": {"core:datatype": "cf32_le", "core:version": "1.0.0", "antenna:gain": 6.50, "x:big": 9007199254740993, "core:future": [1, {"a": null}]},
	"captures": [{"core:sample_start": 0, "capture_details:gain": -0.0, "core:geolocation": {"type": "Point", "coordinates": [1, 2], "accuracy_m": 5}}],
	"annotations": [{"core:sample_start": 3, "signal:detail": {"type": "analog"}, "core:comment": "a <b> & \u00e9"}],
	"x:top": {"b": 1, "a": 2}
}`

func TestFieldsThatNobodyHereKnowsAreWrittenBack(t *testing.T) {
	m, err := sigmf.ParseMetadata([]byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	doc := encode(t, m)
	decode := func(b []byte) (v any) {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber() // compares numbers by their text
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if diff := cmp.Diff(decode([]byte(foreign)), decode(doc)); diff != "" {
		t.Errorf("document (-read +written):\n%s", diff)
	}
	if string(m.Global.Other["x:big"]) != "9007199254740993" || string(m.Captures[0].Geolocation.Other["accuracy_m"]) != "5" {
		t.Errorf("other fields: %s, %s", m.Global.Other, m.Captures[0].Geolocation.Other)
	}
}

func TestAFieldOfAnExtensionIsHadByItsName(t *testing.T) {
	m, err := sigmf.ParseMetadata([]byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	gain := 1.25
	if !m.Global.Other.Get("antenna:gain", &gain) || gain != 6.5 {
		t.Errorf("the gain is %v", gain)
	}
	text := "as it was"
	for _, other := range []sigmf.Fields{nil, m.Global.Other, {"x:text": []byte("null")}, {"x:text": []byte("5")}} {
		if other.Get("x:text", &text) || text != "as it was" {
			t.Errorf("%s: x:text is %q", other, text)
		}
	}
}

func TestTheSameMetadataGivesTheSameBytes(t *testing.T) {
	var first []byte
	for range 50 { // enough for the order of a map to show
		m, err := sigmf.ParseMetadata([]byte(foreign))
		if err != nil {
			t.Fatal(err)
		}
		doc := encode(t, m)
		if first == nil {
			first = doc
		}
		if !bytes.Equal(first, doc) {
			t.Fatalf("two documents:\n%s\n%s", first, doc)
		}
	}
}

func TestEmptyMetadataHasTheArraysThatTheSchemaWants(t *testing.T) {
	m := sigmf.Metadata{Global: sigmf.Global{Datatype: "cu8", Version: sigmf.Version}}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	if m.Captures != nil {
		t.Error("encoding changed the metadata")
	}
}

func TestAFieldOfTheWrongTypeIsNamed(t *testing.T) {
	for doc, want := range map[string]string{
		`{"global": {"core:sample_rate": "fast"}}`:                                  "core:sample_rate must not be a string",
		`{"global": {}, "captures": [{"core:sample_start": "x"}]}`:                  "core:sample_start must not be a string",
		`{"global": {}, "captures": [{"heimdall:start_unix_ns": 5}]}`:               "heimdall:start_unix_ns must not be a number",
		`{"global": {"core:extensions": {}}}`:                                       "core:extensions must not be a object",
		`{"captures": []}`:                                                          "no global object",
		`{"global": {"core:geolocation": {"type": "Point", "coordinates": ["x"]}}}`: "coordinates must not be a string",
	} {
		if _, err := sigmf.ParseMetadata([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want one with %q", doc, err, want)
		}
	}
}

func TestTheStartOfACaptureIsKeptToTheNanosecond(t *testing.T) {
	at := time.Date(2026, 8, 1, 12, 30, 59, 999_999_999, time.FixedZone("", 7200))
	var c sigmf.Capture
	c.SetStart(at)
	if c.Datetime != "2026-08-01T10:30:59.999999Z" { // cut off: rounded, it would lie after the samples
		t.Errorf("datetime is %s", c.Datetime)
	}
	if got, ok := c.Start(); !ok || !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("start is %v, want %v", got, at)
	}
	for _, c := range []struct {
		promise, datetime, ns string
		want                  time.Time
	}{
		{"a datetime alone", "2026-08-01T10:30:59.9999999991Z", "", time.Date(2026, 8, 1, 10, 30, 59, 999_999_999, time.UTC)},
		{"no fraction", "2026-08-01T10:30:59Z", "", time.Date(2026, 8, 1, 10, 30, 59, 0, time.UTC)},
		{"nanoseconds that disagree", "2026-08-01T10:30:59Z", "5", time.Date(2026, 8, 1, 10, 30, 59, 0, time.UTC)},
		{"nanoseconds that are none", "2026-08-01T10:30:59Z", "x", time.Date(2026, 8, 1, 10, 30, 59, 0, time.UTC)},
		{"nanoseconds alone", "", "5", time.Time{}},
		{"a time that is not UTC", "2026-08-01T10:30:59+00:00", "", time.Time{}},
		{"nothing", "", "", time.Time{}},
	} {
		in := sigmf.Capture{Datetime: c.datetime}
		in.StartUnixNs = c.ns
		if got, ok := in.Start(); !got.Equal(c.want) || ok == c.want.IsZero() {
			t.Errorf("%s: start is %v, %v; want %v", c.promise, got, ok, c.want)
		}
	}
}

func TestSampleRatesAreWrittenAsShortAsTheyReadBack(t *testing.T) {
	for rate, want := range map[float64]string{12000: "12000", 12001.14: "12001.14", 12001.145032107: "12001.145032107", 2.4e6: "2400000", 1e12: "1000000000000", 1e5 / 3.0: "33333.333333333336"} {
		m := sigmf.Metadata{Global: sigmf.Global{Datatype: "cu8", Version: sigmf.Version, SampleRateHz: rate}}
		if doc := string(encode(t, &m)); !strings.Contains(doc, `"core:sample_rate": `+want+",") {
			t.Errorf("%v is written as %s", rate, doc)
		}
	}
}

func TestAPointPutsLongitudeFirst(t *testing.T) {
	p := sigmf.NewPoint(53.6, 7.2, nil)
	if !reflect.DeepEqual(p.Coordinates, []float64{7.2, 53.6}) {
		t.Errorf("coordinates are %v", p.Coordinates)
	}
	if lat, lon, ok := p.LatLon(); lat != 53.6 || lon != 7.2 || !ok {
		t.Errorf("latitude %v, longitude %v", lat, lon)
	}
	if _, _, ok := (*sigmf.Point)(nil).LatLon(); ok {
		t.Error("no point has a place")
	}
}

func TestSampleSizesFollowTheDatatype(t *testing.T) {
	for datatype, want := range map[string]int64{"ci16_le": 4, "cu8": 2, "ri8": 1, "cf32_le": 8, "cf64_be": 16, "ru32_le": 4} {
		if got, err := sigmf.SampleBytes(datatype, 0); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", datatype, got, err, want)
		}
		if got, err := sigmf.SampleBytes(datatype, 3); got != 3*want || err != nil {
			t.Errorf("three of %s: %d, %v; want %d", datatype, got, err, 3*want)
		}
	}
	for _, datatype := range []string{"", "c", "cf", "x8", "ci12_le", "ci-8"} {
		if got, err := sigmf.SampleBytes(datatype, 1); err == nil {
			t.Errorf("%q has %d bytes", datatype, got)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(foreign))
	f.Add([]byte(`{"global": {"core:datatype": "ci16_le", "core:version": "1.2.5", "core:extensions": [{"name": "a", "version": "1", "optional": true}]}, "captures": [{"core:sample_start": 0, "core:datetime": "2026-08-01T10:30:59Z"}], "annotations": []}`))
	f.Add([]byte(`{"collection": {"core:version": "1.2.5", "core:streams": [{"name": "a", "hash": "b"}]}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		checked := sigmf.Check(doc)
		sigmf.CheckCollection(doc, nil)
		m, err := sigmf.ParseMetadata(doc)
		if err != nil {
			if checked == nil {
				t.Fatalf("a proper document cannot be read: %v", err)
			}
			return
		}
		first, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := sigmf.ParseMetadata(first)
		if err != nil {
			t.Fatalf("cannot be read again: %v\n%s", err, first)
		}
		second, err := again.Encode()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("changes when written again (%v):\n%s\n%s", err, first, second)
		}
		if checked == nil {
			if err := sigmf.Check(first); err != nil {
				t.Fatalf("was proper and is not any more: %v\n%s", err, first)
			}
		}
	})
}
