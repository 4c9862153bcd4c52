package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

const dcf77 = `{"name":"DCF77","frequency_mhz":0.0775,"bandwidth_hz":1000,"latitude":50.0155,"longitude":9.0108,"altitude_m":160,"eirp_dbm":74.8,"notes":"a \"time\" signal"}`

func TestAnEmitterIsKeptAsGivenAndChangedByPart(t *testing.T) {
	r := newRig(t)
	a := r.post("/api/v1/emitters", dcf77).want(201)
	const self = "/api/v1/emitters/1"
	if a.header.Get("Location") != self || a.header.Get("ETag") == "" {
		t.Errorf("headers are %v", a.header)
	}
	want := heimdall.Emitter{
		ID: 1, Name: "DCF77", FrequencyHz: 77_500, BandwidthHz: new(1000.0), LatitudeDeg: 50.0155, LongitudeDeg: 9.0108,
		AltitudeM: new(160.0), EIRPdBm: new(74.8), Notes: `a "time" signal`, CreatedAt: noon, UpdatedAt: noon,
	}
	stored := func() heimdall.Emitter {
		t.Helper()
		e, err := r.store.Emitter(t.Context(), 1)
		r.must(err)
		return e
	}
	if diff := cmp.Diff(want, stored()); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	shown := r.get(self).want(200)

	r.now = r.now.Add(time.Second)
	want.UpdatedAt = r.now
	fresh := r.do("PUT", self, shown.body, "If-Match", shown.header.Get("ETag")).want(200)
	if diff := cmp.Diff(want, stored()); diff != "" {
		t.Errorf("putting back what was shown changes it (-before +after):\n%s", diff)
	}
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		r.do(method, self, shown.body, "If-Match", shown.header.Get("ETag")).refused(412, "", "changed since")
	}
	r.do("PATCH", self, `{"eirp_dbm":null,"notes":"off"}`, "If-Match", `"x", `+fresh.header.Get("ETag"), "Content-Type", "application/merge-patch+json").want(200)
	want.EIRPdBm, want.Notes = nil, "off"
	got := stored()
	want.UpdatedAt = got.UpdatedAt // every change has a later one
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the patch changes something else (-want +got):\n%s", diff)
	}
	r.do("PATCH", self, `{"name":null}`).refused(422, "body", "name")
	r.do("PATCH", self, `{"latitude":91}`).refused(422, "body.latitude", "90")
	r.do("PATCH", self, `a=b`, "Content-Type", "application/x-www-form-urlencoded").refused(415, "", "merge-patch")

	r.do("DELETE", self, "", "If-Match", "*").want(204)
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		r.do(method, self, dcf77).refused(404, "", "emitter 1")
	}
}

func TestABadEmitterIsRefusedByField(t *testing.T) {
	r := newRig(t)
	r.post("/api/v1/emitters", dcf77).want(201)
	r.post("/api/v1/emitters", dcf77).refused(409, "", "DCF77")
	for field, value := range map[string]string{
		"name": `" "`, "frequency_mhz": `0`, "bandwidth_hz": `-1`, "latitude": `90.5`, "longitude": `-181`, "altitude_m": `1e9`, "eirp_dbm": `1000`,
	} {
		var body map[string]json.RawMessage
		r.must(json.Unmarshal([]byte(dcf77), &body))
		body[field] = json.RawMessage(value)
		text, err := json.Marshal(body)
		r.must(err)
		r.post("/api/v1/emitters", string(text)).refused(422, "body."+field, "must")
	}
	r.post("/api/v1/emitters", `{"name":"A","frequency_mhz":1,"latitude":0,"longitude":0,"power_dbm":3}`).refused(422, "body.power_dbm", "unexpected")
}

func TestEmittersAreFoundByFrequencyAndPlace(t *testing.T) {
	r := newRig(t)
	for _, e := range []heimdall.Emitter{
		{Name: "low", FrequencyHz: 77_500, LatitudeDeg: 50, LongitudeDeg: 9}, {Name: "near", FrequencyHz: 145_500_000, LatitudeDeg: 45, LongitudeDeg: 7.5},
		{Name: "far", FrequencyHz: 145_500_000, LatitudeDeg: -45, LongitudeDeg: 7.5},
	} {
		_, err := r.store.CreateEmitter(t.Context(), e)
		r.must(err)
	}
	for query, want := range map[string]string{
		"": "low near far", "?frequency_min_mhz=0.0775&frequency_max_mhz=1": "low", "?frequency_min_mhz=145.5": "near far",
		"?near_latitude=45&near_longitude=8&near_km=100": "near", "?frequency_max_mhz=1&near_latitude=45&near_longitude=8&near_km=100": "",
	} {
		var list wire.EmitterList
		r.get("/api/v1/emitters" + query).want(200).into(&list)
		var names []string
		for _, e := range list.Emitters {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != want || list.Emitters == nil {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
	r.get("/api/v1/emitters?frequency_min_mhz=2&frequency_max_mhz=1").refused(422, "query.frequency_max_mhz", "below")
	r.get("/api/v1/emitters?near_km=1").refused(422, "query.near_latitude", "must be given")
	r.get("/api/v1/emitters?format=kml").refused(422, "query.format", "geojson")
}

// Both lists are checked against the sections of RFC 7946, member by member, and not by the types that made them.
func TestPlacesAreGivenAsGeoJSON(t *testing.T) {
	r := newRig(t)
	r.websdr("Flat", func(w *heimdall.WebSDR) { w.LatitudeDeg, w.LongitudeDeg = 45.25, 7.5 })
	r.websdr("High", func(w *heimdall.WebSDR) { w.LatitudeDeg, w.LongitudeDeg, w.AltitudeM = -10, 170, new(300.5) })
	r.post("/api/v1/emitters", `{"name":"Flat","frequency_mhz":1,"latitude":45.25,"longitude":7.5}`).want(201)
	r.post("/api/v1/emitters", `{"name":"High","frequency_mhz":2,"latitude":-10,"longitude":170,"altitude_m":300.5}`).want(201)
	for _, noun := range []string{"websdr", "emitter"} {
		target := "/api/v1/" + noun + "s"
		var plain map[string][]map[string]any
		r.must(json.Unmarshal([]byte(r.get(target, "Accept", "application/json, application/geo+json").want(200).body), &plain))
		for _, a := range []answer{r.get(target + "?format=geojson"), r.get(target, "Accept", "application/geo+json")} {
			if got := a.want(200).header.Get("Content-Type"); got != "application/geo+json" {
				t.Errorf("it is sent as %s", got)
			}
			if a.header.Get("Vary") != "Accept" {
				t.Errorf("Vary is %q", a.header.Get("Vary"))
			}
			var got map[string]any
			r.must(json.Unmarshal([]byte(a.body), &got))
			if len(got) != 2 || got["type"] != "FeatureCollection" { // sections 3.3 and 4: no crs
				t.Errorf("%s is %v", noun, got)
			}
			coordinates := [][]any{{7.5, 45.25}, {170.0, -10.0, 300.5}} // section 3.1.1: longitude, latitude, altitude
			features, _ := got["features"].([]any)
			if len(features) != 2 {
				t.Fatalf("%d features: %s", len(features), a.body)
			}
			for i, f := range features {
				want := map[string]any{ // section 3.2
					"type": "Feature", "id": plain[noun+"s"][i][noun+"_id"], "properties": plain[noun+"s"][i],
					"geometry": map[string]any{"type": "Point", "coordinates": coordinates[i]},
				}
				if diff := cmp.Diff(want, f); diff != "" {
					t.Errorf("%s %d (-want +got):\n%s", noun, i, diff)
				}
			}
		}
	}
	empty := newRig(t)
	if got := strings.TrimSpace(empty.get("/api/v1/emitters?format=geojson").want(200).body); got != `{"type":"FeatureCollection","features":[]}` {
		t.Errorf("none are %s", got)
	}
}

func TestAnExportOfEmittersImportsAsTheSame(t *testing.T) {
	from, to := newRig(t), newRig(t)
	from.post("/api/v1/emitters", dcf77).want(201)
	from.post("/api/v1/emitters", `{"name":"plain","frequency_mhz":14.1,"latitude":0,"longitude":-179.5}`).want(201)
	file := from.get("/api/v1/emitters?format=geojson").want(200).body
	for _, step := range []struct {
		target string
		want   wire.EmitterImport
		stored int
	}{
		{"?dry_run=true", wire.EmitterImport{Created: 2, DryRun: true}, 0}, {"", wire.EmitterImport{Created: 2}, 2},
		{"?dry_run=true", wire.EmitterImport{Updated: 2, DryRun: true}, 2}, {"", wire.EmitterImport{Updated: 2}, 2},
	} {
		var got wire.EmitterImport
		to.post("/api/v1/emitters/import"+step.target, file, "Content-Type", "application/geo+json").want(200).into(&got)
		list, err := to.store.Emitters(t.Context(), heimdall.EmitterFilter{})
		to.must(err)
		if got != step.want || len(list) != step.stored {
			t.Errorf("%q says %+v and %d are stored, want %+v and %d", step.target, got, len(list), step.want, step.stored)
		}
	}
	var before, after wire.EmitterList
	from.get("/api/v1/emitters").want(200).into(&before)
	to.get("/api/v1/emitters").want(200).into(&after)
	for i := range after.Emitters {
		after.Emitters[i].UpdatedAt = before.Emitters[i].UpdatedAt
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("imported (-exported +imported):\n%s", diff)
	}
	to.post("/api/v1/emitters/import", `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[0,0]},"properties":{"name":"x"}}]}`).
		refused(422, "body.features[0].frequency_mhz", "above 0")
	to.post("/api/v1/emitters/import", `{"type":"Feature"}`).refused(422, "body.type", "FeatureCollection")
	to.post("/api/v1/emitters/import", file, "Content-Type", "text/csv").refused(415, "", "application/geo+json")
}

func TestAnAcquisitionKnowsTheEmittersInItsBandsAndHowFarTheyAre(t *testing.T) {
	r := newRig(t)
	r.websdr("Near", func(w *heimdall.WebSDR) { w.LatitudeDeg, w.LongitudeDeg = 0, 1 })
	r.websdr("Far", func(w *heimdall.WebSDR) { w.LatitudeDeg, w.LongitudeDeg = 0, 91 })
	r.websdr("Failed", func(w *heimdall.WebSDR) { w.LatitudeDeg, w.LongitudeDeg = 0, 181-360 })
	emitter := func(name string, hz int64) {
		t.Helper()
		_, err := r.store.CreateEmitter(t.Context(), heimdall.Emitter{Name: name, FrequencyHz: hz, LatitudeDeg: 0, LongitudeDeg: 1})
		r.must(err)
	}
	emitter("in the first", 145_505_000)
	emitter("in the second", 145_520_000)
	emitter("between the two", 145_506_001)
	emitter("outside", 145_524_001)
	a := r.acquisition(1, 2, 3)
	target := "/api/v1/acquisitions/" + a.TaskID + "/emitters"
	if got := strings.TrimSpace(r.get(target).want(200).body); got != `{"emitters":[]}` {
		t.Errorf("before anything is recorded it knows %s", got)
	}
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		if c.WebSDRID == 3 {
			c.State, c.Phase, c.FailureClass, c.Reason = heimdall.Failed, heimdall.PhaseDone, heimdall.FailDown, "gone"
			return c, nil
		}
		return band(job, c, map[int64]float64{1: 12_000, 2: 10_000}[c.WebSDRID], map[int64]int64{1: 145_500_000, 2: 145_519_000}[c.WebSDRID])
	})
	var got wire.AcquisitionEmitters
	r.get(target).want(200).into(&got)
	want := []struct {
		name   string
		offset float64
		inBand []string
	}{{"in the first", 5000, []string{"true", "false", "null"}}, {"in the second", 20_000, []string{"false", "true", "null"}}}
	if len(got.Emitters) != len(want) {
		t.Fatalf("it knows %+v", got.Emitters)
	}
	const quarterKm = math.Pi / 2 * 6371.0088
	for i, e := range got.Emitters {
		var inBand []string
		for _, p := range e.Captures {
			text, err := json.Marshal(p.InBand)
			r.must(err)
			inBand = append(inBand, string(text))
		}
		if e.Emitter.Name != want[i].name || e.OffsetHz != want[i].offset || !cmp.Equal(inBand, want[i].inBand) {
			t.Errorf("it knows %s at %g Hz in the bands %v, want %+v", e.Emitter.Name, e.OffsetHz, inBand, want[i])
		}
		for k, p := range e.Captures {
			// Along the equator a chord of the ellipsoid is one of a circle.
			wantUS := 2 * 6378137 * math.Sin(float64(k)*math.Pi/4) / 299.792458
			if p.WebSDRID != int64(k+1) || math.Abs(p.DistanceKm-float64(k)*quarterKm) > 1e-6 || math.Abs(p.DelayUS-wantUS) > 1e-3 || math.Abs(p.DelayAfterNearestUS-wantUS) > 1e-3 {
				t.Errorf("path %d of %s is %+v, want %g km and %g us", k, e.Emitter.Name, p, float64(k)*quarterKm, wantUS)
			}
		}
	}
	r.get("/api/v1/acquisitions/unknown/emitters").refused(404, "", "unknown")
}

// band is the success of a capture that recorded so much about a frequency.
func band(job *acquire.Job, c heimdall.Capture, rateHz float64, frequencyHz int64) (heimdall.Capture, *heimdall.Measurement) {
	c, m := success(job, c)
	c.Recording.SampleRateHz, c.Recording.FrequencyHz = rateHz, frequencyHz
	c.Recording.PassbandLowHz, c.Recording.PassbandHighHz = 0, 0
	return c, m
}

func TestWhoMayOnlyOperateChangesNoEmitter(t *testing.T) {
	r := newRig(t)
	r.post("/api/v1/emitters", dcf77).want(201)
	for method, target := range map[string]string{"POST": "/api/v1/emitters", "PUT": "/api/v1/emitters/1", "PATCH": "/api/v1/emitters/1", "DELETE": "/api/v1/emitters/1"} {
		op := theDescription(t).Paths[strings.ReplaceAll(target, "/1", "/{emitter_id}")][strings.ToLower(method)]
		if got := fmt.Sprint(op.Security); !strings.Contains(got, "[admin]") {
			t.Errorf("%s %s needs %s", method, target, got)
		}
	}
}
