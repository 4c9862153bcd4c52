package heimdall

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// An Emitter is a transmitter that somebody knows: a beacon, a broadcasting station, a time signal. Nothing is recorded
// from it, and nothing that is measured depends on it. It is there to be compared with: what lies in the band of a
// recording, and how far that is from who recorded.
type Emitter struct {
	ID           int64  // emitter_id: given by the database, stable, never reused
	Name         string // unique, case-sensitive
	FrequencyHz  int64  // of its carrier, or the middle of what it occupies
	BandwidthHz  *float64
	LatitudeDeg  float64 // of its antenna, WGS84
	LongitudeDeg float64
	AltitudeM    *float64 // of its antenna above the WGS84 ellipsoid; nil when unknown
	EIRPdBm      *float64 // what it radiates where it radiates most (ITU Radio Regulations 1.161); nil when unknown
	Notes        string

	CreatedAt time.Time
	UpdatedAt time.Time
}

// Limits on an emitter.
const (
	maxEmitterName = 100
	maxEmitterNote = 10_000
	maxEmitterAltM = 50_000_000 // beyond geostationary satellites: they stand still, too
)

// Validate reports everything wrong with e as one *InvalidError.
func (e *Emitter) Validate() error {
	var bad InvalidError
	if n := len(strings.TrimSpace(e.Name)); n == 0 || len(e.Name) > maxEmitterName {
		bad.Add("name", "must have 1 to %d characters", maxEmitterName)
	}
	if e.FrequencyHz <= 0 || e.FrequencyHz > MaxFrequencyHz {
		bad.Add("frequency_mhz", "must be above 0 and at most %d MHz, for example 14.1", MaxFrequencyHz/1_000_000)
	}
	if b := e.BandwidthHz; b != nil && (!within(*b, 0, 1e9) || *b == 0) {
		bad.Add("bandwidth_hz", "must be above 0 and at most 1e9, or absent when it is not known")
	}
	if !within(e.LatitudeDeg, -90, 90) {
		bad.Add("latitude", "must be degrees from -90 to 90")
	}
	if !within(e.LongitudeDeg, -180, 180) {
		bad.Add("longitude", "must be degrees from -180 to 180")
	}
	if e.AltitudeM != nil && !within(*e.AltitudeM, -500, maxEmitterAltM) {
		bad.Add("altitude_m", "must be metres from -500 to %d, or absent", maxEmitterAltM)
	}
	if e.EIRPdBm != nil && !within(*e.EIRPdBm, -100, 150) {
		bad.Add("eirp_dbm", "must be from -100 to 150 dBm, or absent when it is not known")
	}
	if len(e.Notes) > maxEmitterNote {
		bad.Add("notes", "must have at most %d characters", maxEmitterNote)
	}
	return bad.Err()
}

// CheckEmitters reports everything wrong with a list that is to be stored whole or not at all, as one *InvalidError: a
// long list is mended in one go. Lists come from GeoJSON, whose word for its rows is features.
func CheckEmitters(list []Emitter) error {
	var bad InvalidError
	first := make(map[string]int, len(list))
	for i, e := range list {
		if wrong, ok := e.Validate().(*InvalidError); ok {
			for _, f := range wrong.Fields {
				bad.Add(fmt.Sprintf("features[%d].%s", i, f.Field), "%s", f.Message)
			}
		}
		if j, twice := first[e.Name]; twice {
			bad.Add(fmt.Sprintf("features[%d].name", i), "is %q, as that of features[%d]: names are unique", e.Name, j)
			continue
		}
		first[e.Name] = i
	}
	return bad.Err()
}

// An EmitterFilter chooses emitters. The zero value chooses all, in order of id.
type EmitterFilter struct {
	FrequencyMinHz int64 // both ends included; 0 means no limit
	FrequencyMaxHz int64
	Near           *Near // in it; nil means anywhere
}

// ChooseEmitters are those of list that are in the circle; never nil. A circle that is nil has all in it.
func (n *Near) ChooseEmitters(list []Emitter) []Emitter {
	chosen := []Emitter{}
	for _, e := range list {
		if n == nil || n.distanceKm(e.LatitudeDeg, e.LongitudeDeg) <= n.RadiusKm {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

// GroundDistanceKm is from e to w along the great circle: see Near about how exact that is.
func (e *Emitter) GroundDistanceKm(w *WebSDR) float64 {
	return Near{LatitudeDeg: e.LatitudeDeg, LongitudeDeg: e.LongitudeDeg}.distanceKm(w.LatitudeDeg, w.LongitudeDeg)
}

const speedOfLight = 299_792_458.0 // metres a second, by definition (SI)

// FreeSpaceDelay is how long light takes from e straight to w. An altitude that is not known counts as 0 m. No wave
// arrives earlier; one that follows the ground or comes by the ionosphere arrives later.
func (e *Emitter) FreeSpaceDelay(w *WebSDR) time.Duration {
	ex, ey, ez := geocentricM(e.LatitudeDeg, e.LongitudeDeg, e.AltitudeM)
	wx, wy, wz := geocentricM(w.LatitudeDeg, w.LongitudeDeg, w.AltitudeM)
	distanceM := math.Sqrt((ex-wx)*(ex-wx) + (ey-wy)*(ey-wy) + (ez-wz)*(ez-wz))
	return time.Duration(math.Round(distanceM / speedOfLight * 1e9))
}

// geocentricM are Earth-centred, Earth-fixed coordinates (WGS84, NIMA TR8350.2).
func geocentricM(latitudeDeg, longitudeDeg float64, altitudeM *float64) (x, y, z float64) {
	const (
		equatorM     = 6378137.0
		flattening   = 1 / 298.257223563
		eccentricity = flattening * (2 - flattening) // squared
	)
	h := 0.0
	if altitudeM != nil {
		h = *altitudeM
	}
	sinLat, cosLat := math.Sincos(latitudeDeg * math.Pi / 180)
	sinLon, cosLon := math.Sincos(longitudeDeg * math.Pi / 180)
	n := equatorM / math.Sqrt(1-eccentricity*sinLat*sinLat)
	return (n + h) * cosLat * cosLon, (n + h) * cosLat * sinLon, (n*(1-eccentricity) + h) * sinLat
}

// BandHz are the radio frequencies between which r has something: its sample rate about its frequency, and of that
// what its receive filter lets pass, where that is known.
func (r *Recording) BandHz() (lowHz, highHz float64) {
	low, high := -r.SampleRateHz/2, r.SampleRateHz/2
	if r.PassbandLowHz < r.PassbandHighHz {
		low, high = max(low, r.PassbandLowHz), min(high, r.PassbandHighHz)
	}
	return float64(r.FrequencyHz) + low, float64(r.FrequencyHz) + high
}
