package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestAnEmitterSurvivesTheTripThroughJSONAndGeoJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := filled[heimdall.Emitter](t)
		text, err := json.Marshal(wire.EmitterOf(e))
		if err != nil {
			t.Fatal(err)
		}
		var in wire.EmitterInput
		if err := json.Unmarshal(text, &in); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, in.Root(&e)); diff != "" {
			t.Fatalf("through JSON (-before +after):\n%s", diff)
		}
		e.LongitudeDeg, e.LatitudeDeg = 180-e.LongitudeDeg/1e9, 90-e.LatitudeDeg/1e9 // what no latitude can be is taken for a longitude
		if text, err = json.Marshal(wire.EmitterFeatures([]wire.Emitter{wire.EmitterOf(e)})); err != nil {
			t.Fatal(err)
		}
		list, err := wire.ReadEmitters(text)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d emitters, %v, of %s", len(list), err, text)
		}
		if diff := cmp.Diff(e, list[0].Root(&e)); diff != "" {
			t.Fatalf("through GeoJSON (-before +after):\n%s", diff)
		}
	})
}

func TestWhatIsNoListOfEmittersIsRefusedByPlace(t *testing.T) {
	feature := func(geometry, properties string) string {
		return `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":` + geometry + `,"properties":` + properties + `}]}`
	}
	const point, good = `{"type":"Point","coordinates":[9,50]}`, `{"name":"A","frequency_mhz":1}`
	for _, c := range []struct{ what, file, field, message string }{
		{"text", `name,frequency`, "file", "no GeoJSON"},
		{"nothing", ``, "file", "no GeoJSON"},
		{"a list", `[]`, "file", "no GeoJSON"},
		{"a single feature", `{"type":"Feature"}`, "type", "FeatureCollection"},
		{"another system of coordinates", `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"features":[]}`, "crs", "WGS 84"},
		{"a collection in a collection", `{"type":"FeatureCollection","features":[{"type":"FeatureCollection"}]}`, "features[0].type", "must be Feature"},
		{"no place", feature(`null`, good), "features[0].geometry", "Point"},
		{"a line", feature(`{"type":"LineString","coordinates":[[1,2],[3,4]]}`, good), "features[0].geometry", "Point"},
		{"one coordinate", feature(`{"type":"Point","coordinates":[9]}`, good), "features[0].geometry.coordinates", "longitude, latitude"},
		{"four coordinates", feature(`{"type":"Point","coordinates":[9,50,1,2]}`, good), "features[0].geometry.coordinates", "longitude, latitude"},
		{"a coordinate that is none", feature(`{"type":"Point","coordinates":[null,50]}`, good), "features[0].geometry.coordinates", "longitude, latitude"},
		{"latitude first", feature(`{"type":"Point","coordinates":[45,120]}`, good), "features[0].geometry.coordinates", "other way round"},
		{"a misspelt property", feature(point, `{"name":"A","frequency_mhz":1,"bandwith_hz":5}`), "features[0].properties.bandwith_hz", "use bandwidth_hz, eirp_dbm"},
		{"a number as text", feature(point, `{"name":"A","frequency_mhz":"1"}`), "features[0].properties.frequency_mhz", "a number"},
		{"text as a number", feature(point, `{"name":7,"frequency_mhz":1}`), "features[0].properties.name", "text"},
		{"a number that nothing holds", feature(point, `{"name":"A","frequency_mhz":1e999}`), "features[0].properties.frequency_mhz", "a number"},
	} {
		t.Run(c.what, func(t *testing.T) {
			list, err := wire.ReadEmitters([]byte(c.file))
			wrong, ok := errors.AsType[*heimdall.InvalidError](err)
			if !ok || len(wrong.Fields) != 1 || wrong.Fields[0].Field != c.field || !strings.Contains(wrong.Fields[0].Message, c.message) {
				t.Errorf("%+v, %v, want %s to say %q", list, err, c.field, c.message)
			}
		})
	}
}

func TestWhatIsForeignToGeoJSONMeansNothing(t *testing.T) {
	const file = `{"type":"FeatureCollection","name":"beacons","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},
		"features":[{"type":"Feature","id":"x7","title":"?","bbox":[1,2,3,4],"geometry":{"type":"Point","coordinates":[9.01,50.02,160]},
		"properties":{"emitter_id":7,"name":"DCF77","frequency_mhz":0.0775,"bandwidth_hz":null,"latitude":1,"updated_at":"2026-03-01T12:00:00Z"}}]}`
	list, err := wire.ReadEmitters([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.EmitterInput{{Name: "DCF77", FrequencyMHz: 0.0775, Latitude: 50.02, Longitude: 9.01, AltitudeM: new(160.0)}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func FuzzReadEmitters(f *testing.F) {
	e := wire.EmitterOf(heimdall.Emitter{ID: 1, Name: "A", FrequencyHz: 1, AltitudeM: new(2.0), CreatedAt: time.Unix(0, 0)})
	text, err := json.Marshal(wire.EmitterFeatures([]wire.Emitter{e, e}))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(text), `{"type":"FeatureCollection","features":[null]}`, `{"type":"FeatureCollection","features":[{"geometry":{"coordinates":[1,2]},"properties":{"a":1}}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := wire.ReadEmitters(data)
		if _, ok := errors.AsType[*heimdall.InvalidError](err); err != nil && !ok {
			t.Fatalf("it is refused as %T: %v", err, err)
		}
		if err != nil {
			return
		}
		shown := make([]wire.Emitter, len(list))
		for i, in := range list {
			shown[i] = wire.EmitterOf(in.Root(nil))
			list[i] = shown[i].Input() // frequencies are kept to the hertz
		}
		text, err := json.Marshal(wire.EmitterFeatures(shown))
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.ReadEmitters(text)
		if err != nil {
			t.Fatalf("what was read is refused as it was written: %v: %s", err, text)
		}
		if diff := cmp.Diff(list, again); diff != "" {
			t.Fatalf("written and read again (-before +after):\n%s", diff)
		}
	})
}
