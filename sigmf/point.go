package sigmf

// A Point is a place: a GeoJSON Point (RFC 7946), in the order longitude, latitude, altitude.
type Point struct {
	Type        string    `json:"type"`
	Coordinates []float64 `json:"coordinates"`
	Other       Fields    `json:"-"` // such as its accuracy
}

// NewPoint makes a Point of WGS84 degrees and metres above the ellipsoid; altitude nil when unknown.
func NewPoint(latitudeDeg, longitudeDeg float64, altitudeM *float64) *Point {
	p := &Point{Type: "Point", Coordinates: []float64{longitudeDeg, latitudeDeg}}
	if altitudeM != nil {
		p.Coordinates = append(p.Coordinates, *altitudeM)
	}
	return p
}

// LatLon returns the place in degrees; false when the coordinates are incomplete.
func (p *Point) LatLon() (latitudeDeg, longitudeDeg float64, ok bool) {
	if p == nil || len(p.Coordinates) < 2 {
		return 0, 0, false
	}
	return p.Coordinates[1], p.Coordinates[0], true
}
