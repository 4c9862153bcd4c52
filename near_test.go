package heimdall_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

func TestACircleHoldsWhatIsAsNearAsItsRadius(t *testing.T) {
	quarter := math.Pi / 2 * 6371.0088 // of a great circle
	for _, c := range []struct {
		what       string
		lat1, lon1 float64
		lat2, lon2 float64
		km         float64
	}{
		{"the pole from the equator", 0, 0, 90, 123, quarter},
		{"a quarter along the equator", 0, 10, 0, 100, quarter},
		{"across the antimeridian", 0, 179.5, 0, -179.5, quarter / 90},
		{"the antipode", 45, 7, -45, -173, 2 * quarter},
		{"a metre to the north", 45, 7, 45 + 1/(quarter*1000/90), 7, 0.001},
	} {
		w := heimdall.WebSDR{LatitudeDeg: c.lat2, LongitudeDeg: c.lon2}
		near := heimdall.Near{LatitudeDeg: c.lat1, LongitudeDeg: c.lon1}
		near.RadiusKm = c.km * (1 + 1e-6)
		if !near.Holds(w) {
			t.Errorf("%s is farther than %g km", c.what, near.RadiusKm)
		}
		near.RadiusKm = c.km * (1 - 1e-6)
		if near.Holds(w) {
			t.Errorf("%s is nearer than %g km", c.what, near.RadiusKm)
		}
	}
}

func TestACircleChoosesAmongTheIDsAsked(t *testing.T) {
	list := []heimdall.WebSDR{{ID: 1, LatitudeDeg: 45, LongitudeDeg: 7}, {ID: 2, LatitudeDeg: 45.1, LongitudeDeg: 7}, {ID: 3, LatitudeDeg: 50, LongitudeDeg: 7}}
	near := heimdall.Near{LatitudeDeg: 45, LongitudeDeg: 7, RadiusKm: 20}
	for _, c := range []struct{ ids, want []int64 }{
		{nil, []int64{1, 2}}, {[]int64{3, 2}, []int64{2}}, {[]int64{}, []int64{}}, {[]int64{3}, []int64{}},
	} {
		if diff := cmp.Diff(c.want, near.Choose(list, c.ids)); diff != "" {
			t.Errorf("of %v (-want +got):\n%s", c.ids, diff)
		}
	}
}

func TestACircleThatIsNoneIsRefused(t *testing.T) {
	for field, near := range map[string]heimdall.Near{
		"near_latitude":  {LatitudeDeg: 90.1, RadiusKm: 1},
		"near_longitude": {LongitudeDeg: math.NaN(), RadiusKm: 1},
		"near_km":        {RadiusKm: 0},
	} {
		wrong, ok := errors.AsType[*heimdall.InvalidError](near.Validate())
		if !ok || len(wrong.Fields) != 1 || wrong.Fields[0].Field != field {
			t.Errorf("%+v: %v, want a complaint about %s", near, near.Validate(), field)
		}
	}
}
