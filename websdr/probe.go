package websdr

import (
	"context"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Prober asks one kind of WebSDR how it is. Drivers may be Probers beside. It is safe for concurrent use.
type Prober interface {
	// Probe asks once, by the cheapest way that the kind has (heimdall.CheapProbe says whether it takes a listening
	// slot), and tells the owner who we are. An error is a *Failure; a receiver that answers that it is off is of class
	// down, and its Report says the rest. One whose slots are all taken, and that says so in its status, is no failure.
	//
	// The WebSDR's Timeout stands on the whole probe. A Prober neither retries nor logs.
	Probe(ctx context.Context, w *heimdall.WebSDR, identity string) (Report, error)
}

// A Report is what a WebSDR says of itself. A nil pointer or an empty text means that it did not say.
type Report struct {
	Latency time.Duration // from asking until the answer was there, connection included
	Dialect string        // software and its version, such as "KiwiSDR_v1.709"

	Users    *int
	UsersMax *int

	FixesPerMin *int // of its GPS
	Satellites  *int // that its GPS uses
	SNRdB       *float64

	Name         string
	Antenna      string
	LocationName string
	LatitudeDeg  *float64
	LongitudeDeg *float64
	AltitudeM    *float64

	FrequencyMinHz int64 // radio frequencies it tunes, its own converter included; 0, 0 when it did not say
	FrequencyMaxHz int64

	Raw map[string]string // what else may interest people, few words each
}

// maxDetail bounds a text that a receiver says of itself, in characters.
const maxDetail = 200

// maxCount is more than a receiver can count of listeners or satellites.
const maxCount = 1_000_000

// Observation is the report as it is kept: without numbers that cannot be true, and texts cut short.
func (r *Report) Observation() heimdall.Observation {
	o := heimdall.Observation{
		Latency: r.Latency, Version: clipped(r.Dialect), Users: counted(r.Users), UsersMax: counted(r.UsersMax),
		FixesPerMin: counted(r.FixesPerMin), Satellites: counted(r.Satellites), Details: map[string]string{},
	}
	if r.SNRdB != nil && math.Abs(*r.SNRdB) <= 300 { // also leaves out NaN
		o.SNRdB = r.SNRdB
	}
	for key, value := range r.Raw {
		o.Details[key] = clipped(value)
	}
	for key, value := range map[string]string{"name": r.Name, "antenna": r.Antenna, "location_name": r.LocationName} {
		if value != "" {
			o.Details[key] = clipped(value)
		}
	}
	return o
}

func counted(n *int) *int {
	if n == nil || *n < 0 || *n > maxCount {
		return nil
	}
	return n
}

func clipped(s string) string {
	if r := []rune(s); len(r) > maxDetail {
		return string(r[:maxDetail]) + "…"
	}
	return s
}
