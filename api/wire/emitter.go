package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// An Emitter is a transmitter that somebody knows, as the API shows it.
type Emitter struct {
	EmitterID    int64     `json:"emitter_id" doc:"Identity of the emitter: stable, never reused" example:"1"`
	Name         string    `json:"name" doc:"Unique name" example:"DCF77"`
	FrequencyMHz float64   `json:"frequency_mhz" doc:"Of its carrier, or the middle of what it occupies, in MHz" example:"0.0775"`
	BandwidthHz  *float64  `json:"bandwidth_hz" doc:"What it occupies, in Hz; null when unknown" example:"1000"`
	Latitude     float64   `json:"latitude" doc:"Of its antenna, in degrees north" example:"50.0155"`
	Longitude    float64   `json:"longitude" doc:"Of its antenna, in degrees east" example:"9.0108"`
	AltitudeM    *float64  `json:"altitude_m" doc:"Of its antenna above the WGS 84 ellipsoid, in metres; null when unknown" example:"160"`
	EIRPdBm      *float64  `json:"eirp_dbm" doc:"Equivalent isotropically radiated power, in dBm; null when unknown" example:"75"`
	Notes        string    `json:"notes" doc:"Anything worth remembering"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at" doc:"When it was last changed; the ETag is made of it"`
}

// An EmitterInput creates or replaces an emitter. An Emitter as the API showed it is a valid EmitterInput: the keys that
// the server owns are accepted and ignored.
type EmitterInput struct {
	Name         string   `json:"name" doc:"Unique name, 1 to 100 characters" example:"DCF77"`
	FrequencyMHz float64  `json:"frequency_mhz" doc:"Of its carrier, or the middle of what it occupies, in MHz; kept to the nearest hertz" example:"0.0775"`
	BandwidthHz  *float64 `json:"bandwidth_hz,omitempty" nullable:"true" doc:"What it occupies, in Hz; null when unknown" example:"1000"`
	Latitude     float64  `json:"latitude" doc:"Of its antenna, in degrees north, -90 to 90" example:"50.0155"`
	Longitude    float64  `json:"longitude" doc:"Of its antenna, in degrees east, -180 to 180" example:"9.0108"`
	AltitudeM    *float64 `json:"altitude_m,omitempty" nullable:"true" doc:"Of its antenna above the WGS 84 ellipsoid, in metres; null when unknown" example:"160"`
	EIRPdBm      *float64 `json:"eirp_dbm,omitempty" nullable:"true" doc:"Equivalent isotropically radiated power, in dBm; null when unknown" example:"75"`
	Notes        string   `json:"notes,omitempty" doc:"Anything worth remembering"`

	// The keys below belong to the server.
	EmitterID int64      `json:"emitter_id,omitempty" readOnly:"true" doc:"Ignored"`
	CreatedAt *time.Time `json:"created_at,omitempty" readOnly:"true" doc:"Ignored"`
	UpdatedAt *time.Time `json:"updated_at,omitempty" readOnly:"true" doc:"Ignored; send If-Match to guard against a change in between"`
}

// An EmitterList is every emitter asked for, in order of emitter_id.
type EmitterList struct {
	Emitters []Emitter `json:"emitters" nullable:"false" doc:"In order of emitter_id"`
}

// An EmitterImport says what an import did, or would do.
type EmitterImport struct {
	Created int  `json:"created" doc:"Emitters whose name was new"`
	Updated int  `json:"updated" doc:"Emitters whose name was known and whose fields were replaced"`
	DryRun  bool `json:"dry_run" doc:"Whether nothing was stored"`
}

// AcquisitionEmitters are the known emitters in the bands that an acquisition recorded, in order of emitter_id.
type AcquisitionEmitters struct {
	Emitters []EmitterInBand `json:"emitters" nullable:"false" doc:"In order of emitter_id"`
}

// An EmitterInBand is a known emitter whose frequency lies in what at least one capture recorded. Whether it was on the
// air, and heard, is another question.
type EmitterInBand struct {
	Emitter  Emitter       `json:"emitter" doc:"As it is known now"`
	OffsetHz float64       `json:"offset_hz" doc:"Its frequency less that of the acquisition, in Hz" example:"700"`
	Captures []EmitterPath `json:"captures" nullable:"false" doc:"One for each capture of the acquisition, in order of websdr_id"`
}

// An EmitterPath is how far an emitter is from a receiver, by where both are now.
type EmitterPath struct {
	WebSDRID            int64   `json:"websdr_id" doc:"The receiver" example:"1"`
	InBand              *bool   `json:"in_band" doc:"Whether its frequency lies in the band that this capture recorded; null when it recorded nothing"`
	DistanceKm          float64 `json:"distance_km" doc:"Along the great circle, in km; right within 0.6 percent" example:"117.2"`
	DelayUS             float64 `json:"delay_us" doc:"How long light takes straight from antenna to antenna, in microseconds; an unknown altitude counts as 0 m" example:"391"`
	DelayAfterNearestUS float64 `json:"delay_after_nearest_us" doc:"The same, less that of the nearest receiver of the acquisition, in microseconds" example:"120"`
}

// EmitterOf converts an emitter.
func EmitterOf(e heimdall.Emitter) Emitter {
	return Emitter{
		EmitterID: e.ID, Name: e.Name, FrequencyMHz: MHz(e.FrequencyHz), BandwidthHz: finitePointer(e.BandwidthHz),
		Latitude: e.LatitudeDeg, Longitude: e.LongitudeDeg, AltitudeM: finitePointer(e.AltitudeM), EIRPdBm: finitePointer(e.EIRPdBm),
		Notes: e.Notes, CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
}

// ETag is the entity tag of this version of e, for If-Match.
func (e Emitter) ETag() string { return ETag(e.UpdatedAt) }

// Input is the request that stores e again as it is.
func (e Emitter) Input() EmitterInput {
	return EmitterInput{
		Name: e.Name, FrequencyMHz: e.FrequencyMHz, BandwidthHz: e.BandwidthHz, Latitude: e.Latitude, Longitude: e.Longitude,
		AltitudeM: e.AltitudeM, EIRPdBm: e.EIRPdBm, Notes: e.Notes,
	}
}

// Root converts the request. old is the emitter that it replaces, or nil: its identity and its times stay.
func (in EmitterInput) Root(old *heimdall.Emitter) heimdall.Emitter {
	e := heimdall.Emitter{
		Name: in.Name, FrequencyHz: Hz(in.FrequencyMHz), BandwidthHz: in.BandwidthHz, LatitudeDeg: in.Latitude, LongitudeDeg: in.Longitude,
		AltitudeM: in.AltitudeM, EIRPdBm: in.EIRPdBm, Notes: in.Notes,
	}
	if old != nil {
		e.ID, e.CreatedAt, e.UpdatedAt = old.ID, old.CreatedAt, old.UpdatedAt
	}
	return e
}

// EmitterPathOf is the path from e to the receiver of a capture; nearestUS is the delay to the nearest of all.
func EmitterPathOf(e *heimdall.Emitter, w *heimdall.WebSDR, recording *heimdall.Recording, nearest time.Duration) EmitterPath {
	delay := e.FreeSpaceDelay(w)
	p := EmitterPath{
		WebSDRID: w.ID, DistanceKm: e.GroundDistanceKm(w), DelayUS: microseconds(delay), DelayAfterNearestUS: microseconds(delay - nearest),
	}
	if recording != nil {
		low, high := recording.BandHz()
		f := float64(e.FrequencyHz)
		p.InBand = new(low <= f && f <= high)
	}
	return p
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
