package simnet

import "math"

// SpeedOfLight in metres per second.
const SpeedOfLight = 299_792_458.0

// A Position is a place on or above the WGS84 ellipsoid.
type Position struct {
	LatitudeDeg  float64 `json:"latitude"`
	LongitudeDeg float64 `json:"longitude"`
	AltitudeM    float64 `json:"altitude_m,omitempty"`
}

// ecef returns Earth-centred Earth-fixed coordinates in metres (WGS84, NIMA TR8350.2).
func (p Position) ecef() (x, y, z float64) {
	const (
		a  = 6378137.0
		f  = 1 / 298.257223563
		e2 = f * (2 - f)
	)
	sinLat, cosLat := math.Sincos(p.LatitudeDeg * math.Pi / 180)
	sinLon, cosLon := math.Sincos(p.LongitudeDeg * math.Pi / 180)
	n := a / math.Sqrt(1-e2*sinLat*sinLat)
	return (n + p.AltitudeM) * cosLat * cosLon, (n + p.AltitudeM) * cosLat * sinLon, (n*(1-e2) + p.AltitudeM) * sinLat
}

// DistanceM returns the straight-line distance to q. Radio waves bend round the Earth a little longer than
// that: 0.1 % at 1000 km, which the model leaves out.
func (p Position) DistanceM(q Position) float64 {
	px, py, pz := p.ecef()
	qx, qy, qz := q.ecef()
	return math.Sqrt((px-qx)*(px-qx) + (py-qy)*(py-qy) + (pz-qz)*(pz-qz))
}

// FreeSpaceLossDB is the loss between isotropic antennas (Friis; Recommendation ITU-R P.525). Nearer than
// 10 m it is that of 10 m.
func FreeSpaceLossDB(distanceM, frequencyHz float64) float64 {
	return 20 * math.Log10(4*math.Pi*math.Max(distanceM, 10)*frequencyHz/SpeedOfLight)
}
