package client_test

import (
	"io"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// knowEmitters speaks of emitters. taskID has recorded 12 kHz about 145.5 MHz.
func (r *rig) knowEmitters(taskID string) {
	r.Helper()
	ctx := r.Context()
	in := wire.EmitterInput{Name: "beacon", FrequencyMHz: 145.5005, Latitude: 45, Longitude: 7.5}
	made, err := r.CreateEmitter(ctx, in)
	r.must(err)
	_, err = r.CreateEmitter(ctx, in)
	r.refused(err, 409)
	in.Notes = "on the hill"
	changed, err := r.ReplaceEmitter(ctx, made.EmitterID, in, made.ETag())
	r.must(err)
	_, err = r.PatchEmitter(ctx, made.EmitterID, map[string]any{"notes": "off"}, made.ETag())
	r.refused(err, 412)
	changed, err = r.PatchEmitter(ctx, made.EmitterID, map[string]any{"altitude_m": 300}, changed.ETag())
	r.must(err)
	got, err := r.Emitter(ctx, made.EmitterID)
	r.must(err)
	if diff := cmp.Diff(changed, got); diff != "" || got.Notes != "on the hill" {
		r.Errorf("the emitter differs (-changed +got):\n%s", diff)
	}
	filter := heimdall.EmitterFilter{FrequencyMinHz: 145_500_500, FrequencyMaxHz: 145_500_500, Near: &heimdall.Near{LatitudeDeg: 45, LongitudeDeg: 7.5, RadiusKm: 1}}
	list, err := r.Emitters(ctx, filter)
	r.must(err)
	if diff := cmp.Diff([]wire.Emitter{got}, list); diff != "" {
		r.Errorf("the list differs:\n%s", diff)
	}
	filter.FrequencyMinHz++
	filter.FrequencyMaxHz++
	list, err = r.Emitters(ctx, filter)
	r.must(err)
	if len(list) != 0 {
		r.Errorf("on another frequency there are %+v", list)
	}

	inBand, err := r.AcquisitionEmitters(ctx, taskID)
	r.must(err)
	if len(inBand) != 1 || inBand[0].OffsetHz != 500 || len(inBand[0].Captures) != 1 || !*inBand[0].Captures[0].InBand || inBand[0].Captures[0].DelayAfterNearestUS != 0 {
		r.Errorf("in the band are %+v", inBand)
	}

	file, err := r.EmittersGeoJSON(ctx, heimdall.EmitterFilter{})
	r.must(err)
	text, err := io.ReadAll(file)
	r.must(err)
	r.must(file.Close())
	if want := `"coordinates":[7.5,45,300]`; !strings.Contains(string(text), want) {
		r.Errorf("GeoJSON has no %s: %s", want, text)
	}
	r.must(r.DeleteEmitter(ctx, made.EmitterID, got.ETag()))
	for _, dryRun := range []bool{true, false} {
		res, err := r.ImportEmitters(ctx, strings.NewReader(string(text)), dryRun)
		r.must(err)
		if res != (wire.EmitterImport{Created: 1, DryRun: dryRun}) {
			r.Errorf("the import says %+v", res)
		}
	}

	places, err := r.WebSDRsGeoJSON(ctx, true)
	r.must(err)
	text, err = io.ReadAll(places)
	r.must(err)
	r.must(places.Close())
	if !strings.Contains(string(text), `"type":"FeatureCollection"`) || !strings.Contains(string(text), `"name":"One"`) {
		r.Errorf("the WebSDRs are %s", text)
	}
}
