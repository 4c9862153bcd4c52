package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

// GeoJSON is the media type of RFC 7946.
const GeoJSON = "application/geo+json"

// A FeatureCollection is places on the map (RFC 7946, section 3.3), each with what the API says of it elsewhere.
type FeatureCollection[P any] struct {
	Type     string       `json:"type" enum:"FeatureCollection" doc:"What RFC 7946 calls it"`
	Features []Feature[P] `json:"features" nullable:"false" doc:"One for each row, in the order of the list"`
}

// A Feature is one thing and where it is (section 3.2).
type Feature[P any] struct {
	Type       string `json:"type" enum:"Feature" doc:"What RFC 7946 calls it"`
	ID         int64  `json:"id" required:"false" doc:"The websdr_id or emitter_id; ignored by imports"`
	Geometry   Point  `json:"geometry" doc:"Where it is"`
	Properties P      `json:"properties" doc:"The same as in JSON"`
}

// A Point is a place (section 3.1.2) in WGS 84, the only system that GeoJSON has (section 4).
type Point struct {
	Type        string    `json:"type" enum:"Point" doc:"What RFC 7946 calls it"`
	Coordinates []float64 `json:"coordinates" nullable:"false" minItems:"2" maxItems:"3" doc:"Longitude and latitude, in degrees, and the altitude above the ellipsoid, in metres, when it is known" example:"[9.0108, 50.0155, 160]"`
}

func pointAt(latitude, longitude float64, altitudeM *float64) Point {
	p := Point{Type: "Point", Coordinates: []float64{finite(longitude), finite(latitude)}}
	if altitudeM = finitePointer(altitudeM); altitudeM != nil {
		p.Coordinates = append(p.Coordinates, *altitudeM)
	}
	return p
}

// EmitterFeatures are emitters on the map.
func EmitterFeatures(list []Emitter) FeatureCollection[Emitter] {
	out := FeatureCollection[Emitter]{Type: "FeatureCollection", Features: []Feature[Emitter]{}}
	for _, e := range list {
		out.Features = append(out.Features, Feature[Emitter]{"Feature", e.EmitterID, pointAt(e.Latitude, e.Longitude, e.AltitudeM), e})
	}
	return out
}

// WebSDRFeatures are WebSDRs on the map.
func WebSDRFeatures(list []ListedWebSDR) FeatureCollection[ListedWebSDR] {
	out := FeatureCollection[ListedWebSDR]{Type: "FeatureCollection", Features: []Feature[ListedWebSDR]{}}
	for _, w := range list {
		out.Features = append(out.Features, Feature[ListedWebSDR]{"Feature", w.WebSDRID, pointAt(w.Latitude, w.Longitude, w.AltitudeM), w})
	}
	return out
}

// A geoFile is as much of a file as says what it is. What else its objects hold is foreign to GeoJSON and means nothing
// (section 6.1), but a property that we do not know may be a misspelt one that we do: it is refused.
type geoFile struct {
	Type     string          `json:"type"`
	CRS      json.RawMessage `json:"crs"`
	Features []geoFeature    `json:"features"`
}

type geoFeature struct {
	Type       string                     `json:"type"`
	Geometry   json.RawMessage            `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// EmitterProperties are those that an import reads. The other fields of an Emitter are accepted and ignored.
type EmitterProperties struct {
	Name         string   `json:"name" doc:"Unique name, 1 to 100 characters" example:"DCF77"`
	FrequencyMHz float64  `json:"frequency_mhz" doc:"Of its carrier, or the middle of what it occupies, in MHz; kept to the nearest hertz" example:"0.0775"`
	BandwidthHz  *float64 `json:"bandwidth_hz,omitempty" nullable:"true" doc:"What it occupies, in Hz; null when unknown" example:"1000"`
	EIRPdBm      *float64 `json:"eirp_dbm,omitempty" nullable:"true" doc:"Equivalent isotropically radiated power, in dBm; null when unknown" example:"75"`
	Notes        string   `json:"notes,omitempty" doc:"Anything worth remembering"`
}

// ReadEmitters reads a FeatureCollection of points that have EmitterProperties, such as EmitterFeatures makes. Everything
// that cannot be read is in one *heimdall.InvalidError.
func ReadEmitters(data []byte) ([]EmitterInput, error) {
	var bad heimdall.InvalidError
	var file geoFile
	if err := json.Unmarshal(data, &file); err != nil {
		bad.Add("file", "is no GeoJSON: %v", err)
		return nil, bad.Err()
	}
	if file.Type != "FeatureCollection" {
		bad.Add("type", "must be FeatureCollection, not %q: put the features into one (RFC 7946, section 3.3)", file.Type)
		return nil, bad.Err()
	}
	// Before RFC 7946 a file could name another system of coordinates. Some programs still name that of RFC 7946 itself.
	if len(file.CRS) > 0 && string(file.CRS) != "null" && !strings.Contains(string(file.CRS), "CRS84") {
		bad.Add("crs", "must not be there: GeoJSON knows WGS 84 alone, so export the file in EPSG:4326 (RFC 7946, section 4)")
	}
	list := make([]EmitterInput, len(file.Features))
	for i := range file.Features {
		file.Features[i].read(&list[i], func(field, format string, args ...any) {
			bad.Add(fmt.Sprintf("features[%d].%s", i, field), format, args...)
		})
	}
	return list, bad.Err()
}

func (f *geoFeature) read(in *EmitterInput, wrong func(field, format string, args ...any)) {
	if f.Type != "Feature" {
		wrong("type", "must be Feature, not %q", f.Type)
		return
	}
	f.readPlace(in, wrong)
	fields := map[string]any{ // EmitterProperties
		"name": &in.Name, "frequency_mhz": &in.FrequencyMHz, "bandwidth_hz": &in.BandwidthHz, "eirp_dbm": &in.EIRPdBm, "notes": &in.Notes,
	}
	others := []string{"emitter_id", "latitude", "longitude", "altitude_m", "created_at", "updated_at"} // the geometry and the server say these
	for _, name := range slices.Sorted(maps.Keys(f.Properties)) {
		field, known := fields[name]
		switch {
		case slices.Contains(others, name):
		case !known:
			wrong("properties."+name, "is not known: use %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		case json.Unmarshal(f.Properties[name], field) != nil:
			wrong("properties."+name, "must be %s", kindOf(field))
		}
	}
}

func kindOf(field any) string {
	if _, ok := field.(*string); ok {
		return "text"
	}
	return "a number"
}

func (f *geoFeature) readPlace(in *EmitterInput, wrong func(field, format string, args ...any)) {
	var p struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if err := json.Unmarshal(f.Geometry, &p); err != nil || p.Type != "Point" {
		wrong("geometry", "must be a Point: an emitter is at one place")
		return
	}
	var at []*float64 // a null among them would be read as 0
	if err := json.Unmarshal(p.Coordinates, &at); err != nil || len(at) < 2 || len(at) > 3 || slices.Contains(at, nil) {
		wrong("geometry.coordinates", "must be longitude, latitude and, if it is known, altitude in metres")
		return
	}
	if math.Abs(*at[1]) > 90 && math.Abs(*at[0]) <= 90 {
		wrong("geometry.coordinates", "must be longitude first, then latitude: these look the other way round")
		return
	}
	in.Longitude, in.Latitude = *at[0], *at[1]
	if len(at) == 3 {
		in.AltitudeM = at[2]
	}
}
