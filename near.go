package heimdall

import (
	"math"
	"slices"
)

// A Near is a circle on the Earth: the WebSDRs whose position, as it is now, is at most RadiusKm away.
type Near struct {
	LatitudeDeg, LongitudeDeg float64 // WGS84
	RadiusKm                  float64
}

// MaxRadiusKm is half of the way around the Earth: everything.
const MaxRadiusKm = 20_038

// Validate reports everything wrong with a circle that somebody asks for, as one *InvalidError.
func (n Near) Validate() error {
	var bad InvalidError
	if !within(n.LatitudeDeg, -90, 90) {
		bad.Add("near_latitude", "must be from -90 to 90 degrees")
	}
	if !within(n.LongitudeDeg, -180, 180) {
		bad.Add("near_longitude", "must be from -180 to 180 degrees")
	}
	if !within(n.RadiusKm, 0, MaxRadiusKm) || n.RadiusKm == 0 {
		bad.Add("near_km", "must be above 0 and at most %d", MaxRadiusKm)
	}
	return bad.Err()
}

// earthRadiusKm is the mean radius R1 of the GRS 80 ellipsoid (Moritz, Geodetic Reference System 1980). On a sphere of
// it distances are right within 0.6 percent, which no circle of kilometres notices.
const earthRadiusKm = 6371.0088

// Holds reports whether w is in the circle.
func (n Near) Holds(w WebSDR) bool {
	return n.distanceKm(w.LatitudeDeg, w.LongitudeDeg) <= n.RadiusKm
}

// distanceKm is along the great circle, by the haversine formula, which is exact for short distances, too.
func (n Near) distanceKm(latitudeDeg, longitudeDeg float64) float64 {
	const rad = math.Pi / 180
	half := func(deg float64) float64 { s := math.Sin(deg * rad / 2); return s * s }
	h := half(latitudeDeg-n.LatitudeDeg) + math.Cos(latitudeDeg*rad)*math.Cos(n.LatitudeDeg*rad)*half(longitudeDeg-n.LongitudeDeg)
	return 2 * earthRadiusKm * math.Asin(math.Sqrt(min(1, h)))
}

// Choose are the ids of those WebSDRs of list that are in the circle and among ids, nil meaning any; never nil.
func (n Near) Choose(list []WebSDR, ids []int64) []int64 {
	chosen := []int64{}
	for _, w := range list {
		if n.Holds(w) && (ids == nil || slices.Contains(ids, w.ID)) {
			chosen = append(chosen, w.ID)
		}
	}
	return chosen
}
