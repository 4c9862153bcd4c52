package api

import (
	"slices"

	"github.com/heimdall-sdr/heimdall"
)

// A Whereabouts is the place, the frequency, the name and the schedule that the caller looks for.
type Whereabouts struct {
	FrequencyMinMHz optional[float64] `query:"frequency_min_mhz" doc:"At or above this frequency, in MHz" example:"144"`
	FrequencyMaxMHz optional[float64] `query:"frequency_max_mhz" doc:"At or below this frequency, in MHz" example:"146"`
	NearLatitude    optional[float64] `query:"near_latitude" doc:"Only WebSDRs around this latitude (WGS84 degrees), where they are now; with near_longitude and near_km" example:"45.07"`
	NearLongitude   optional[float64] `query:"near_longitude" doc:"Longitude of that point, in degrees" example:"7.68"`
	NearKm          optional[float64] `query:"near_km" doc:"How far from that point at most, in kilometres" example:"50"`
	Text            string            `query:"text" maxLength:"200" doc:"Only where this is found in the label of the acquisition, or in the name or the location of a WebSDR; A to Z in either case"`
	ScheduleIDs     []int64           `query:"schedule_id,explode" nullable:"false" minimum:"1" doc:"Only what these schedules asked for, also those that have been removed; may be given more than once" example:"[7]"`
}

// near is the circle asked for; nil when there is none.
func (w Whereabouts) near(bad *heimdall.InvalidError) *heimdall.Near {
	parts := map[string]optional[float64]{"near_latitude": w.NearLatitude, "near_longitude": w.NearLongitude, "near_km": w.NearKm}
	var absent []string
	for _, name := range sortedKeys(parts) {
		if !parts[name].IsSet {
			absent = append(absent, name)
		}
	}
	if len(absent) == len(parts) {
		return nil
	}
	for _, name := range absent {
		bad.Add(name, "must be given: a circle has a latitude, a longitude and a radius")
	}
	n := heimdall.Near{LatitudeDeg: w.NearLatitude.Value, LongitudeDeg: w.NearLongitude.Value, RadiusKm: w.NearKm.Value}
	if wrong, ok := n.Validate().(*heimdall.InvalidError); ok {
		for _, f := range wrong.Fields {
			if !slices.Contains(absent, f.Field) {
				bad.Add(f.Field, "%s", f.Message)
			}
		}
	}
	return &n
}

// A Quality is how the measurements that the caller looks for came about.
type Quality struct {
	SNRMinDB         optional[float64] `query:"snr_min_db" doc:"Only rows whose SNR is at least this, in dB" example:"10"`
	SNRMaxDB         optional[float64] `query:"snr_max_db" doc:"Only rows whose SNR is at most this, in dB" example:"30"`
	Detected         string            `query:"detected" enum:"true,false" doc:"true: only rows in which a signal was detected; false: only those in which none was"`
	FrequencyMethods []string          `query:"frequency_method,explode" nullable:"false" enum:"carrier,centroid" doc:"Only rows whose frequency_offset_hz was found by this method; may be given more than once"`
	Flags            []string          `query:"flag,explode" nullable:"false" maxLength:"64" doc:"Only rows that have this flag; given more than once, all of them" example:"[\"gaps\"]"`
	FlagsNot         []string          `query:"flag_not,explode" nullable:"false" maxLength:"64" doc:"Only rows without this flag; may be given more than once" example:"[\"clipped\"]"`
}

// apply puts what is asked for into f.
func (q *Quality) apply(f *heimdall.MeasurementFilter, bad *heimdall.InvalidError) {
	if q.SNRMinDB.IsSet {
		notFinite(bad, "snr_min_db", q.SNRMinDB.Value)
		f.SNRMinDB = &q.SNRMinDB.Value
	}
	if q.SNRMaxDB.IsSet {
		notFinite(bad, "snr_max_db", q.SNRMaxDB.Value)
		f.SNRMaxDB = &q.SNRMaxDB.Value
	}
	if q.SNRMinDB.IsSet && q.SNRMaxDB.IsSet && q.SNRMinDB.Value > q.SNRMaxDB.Value {
		bad.Add("snr_max_db", "must not be below snr_min_db")
	}
	f.DetectedOnly, f.UndetectedOnly = q.Detected == "true", q.Detected == "false"
	f.FrequencyMethods, f.Flags, f.FlagsNot = q.FrequencyMethods, q.Flags, q.FlagsNot
}
