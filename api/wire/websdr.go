package wire

import (
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// DefaultRetryCount is that of a WebSDR whose request names none.
const DefaultRetryCount = 3

// A WebSDR is a receiver, as the API shows it: without its password.
type WebSDR struct {
	WebSDRID           int64     `json:"websdr_id" doc:"Identity of the WebSDR: stable, never reused" example:"1"`
	Name               string    `json:"name" doc:"Unique name" example:"Montanaro"`
	Kind               string    `json:"kind" doc:"Which driver speaks to it: kiwisdr, rtl_tcp, http_iq, openwebrx, ka9q, replay or sim" example:"kiwisdr"`
	URL                string    `json:"url" doc:"Where the driver finds it" example:"http://kiwi.example:8073"`
	LocationName       string    `json:"location_name" doc:"Where it stands, in words"`
	Latitude           float64   `json:"latitude" doc:"Of its antenna, in degrees north" example:"45.234"`
	Longitude          float64   `json:"longitude" doc:"Of its antenna, in degrees east" example:"7.857"`
	AltitudeM          *float64  `json:"altitude_m" doc:"Of its antenna above the WGS 84 ellipsoid, in metres; null when unknown" example:"300"`
	IsActive           bool      `json:"is_active" doc:"Whether it is offered for acquisitions"`
	TimeoutSeconds     float64   `json:"timeout_seconds" doc:"Time-out on connecting, on the first sample and on a stall, in seconds" example:"30"`
	RetryCount         int       `json:"retry_count" doc:"Further attempts after a transport failure" example:"3"`
	FrequencyMinHz     int64     `json:"frequency_min_hz" doc:"Lowest radio frequency it can tune, in Hz; 0 with frequency_max_hz 0 means the usual range of its kind"`
	FrequencyMaxHz     int64     `json:"frequency_max_hz" doc:"Highest radio frequency it can tune, in Hz"`
	FrequencyOffsetHz  int64     `json:"frequency_offset_hz" doc:"What its converter adds: radio frequency = receiver frequency + offset, in Hz"`
	SampleRateHz       int64     `json:"sample_rate_hz" doc:"Sample rate to ask for when an acquisition names none, in Hz; 0 means the default of its kind"`
	PassbandLowHz      float64   `json:"passband_low_hz" doc:"Lower edge of the receive filter relative to the tuned frequency, in Hz; 0 with passband_high_hz 0 means the widest"`
	PassbandHighHz     float64   `json:"passband_high_hz" doc:"Upper edge of the receive filter, in Hz"`
	GainDB             *float64  `json:"gain_db" doc:"Manual gain, in dB; null means the default of its kind"`
	HasPassword        bool      `json:"has_password" doc:"Whether a password is kept for it; the password itself is never shown"`
	ClockSigmaPPM      float64   `json:"clock_sigma_ppm" doc:"One sigma of its frequency reference, in ppm; 0 means unknown"`
	CalibrationDB      *float64  `json:"calibration_db" doc:"dBm minus dBFS at gain_db, in dB; null means that power is relative only"`
	CalibrationSigmaDB *float64  `json:"calibration_sigma_db" doc:"One sigma of calibration_db, in dB"`
	Notes              string    `json:"notes" doc:"Anything worth remembering"`
	DailyBudgetSeconds float64   `json:"daily_budget_seconds" doc:"Most that its host may be connected to on one UTC day, in seconds; 0 means any" example:"3600"`
	CreatedAt          time.Time `json:"created_at" doc:"When it was made known here"`
	UpdatedAt          time.Time `json:"updated_at" doc:"When it was last changed; the ETag is made of it"`

	UsedTodaySeconds float64    `json:"used_today_seconds" doc:"How long its host has been connected to since 00:00 UTC, in seconds"`
	BlockedUntil     *time.Time `json:"blocked_until" doc:"It turned us away, and is not contacted before; null when nothing stands against it"`
	BlockedClass     string     `json:"blocked_class" doc:"As what: quota, banned, auth or busy; empty when nothing stands against it" example:"quota"`
	BlockedReason    string     `json:"blocked_reason" doc:"What it said; empty when nothing stands against it"`
}

// A WebSDRInput creates or replaces a WebSDR. A WebSDR as the API showed it is a valid WebSDRInput: the keys
// that the server owns are accepted and ignored.
type WebSDRInput struct {
	Name               string   `json:"name" doc:"Unique name, 1 to 100 characters" example:"Montanaro"`
	Kind               string   `json:"kind" doc:"Which driver speaks to it: kiwisdr, rtl_tcp, http_iq, openwebrx, ka9q, replay or sim" example:"kiwisdr"`
	URL                string   `json:"url" doc:"Where the driver finds it; without credentials" example:"http://kiwi.example:8073"`
	LocationName       string   `json:"location_name,omitempty" doc:"Where it stands, in words"`
	Latitude           float64  `json:"latitude" doc:"Of its antenna, in degrees north, -90 to 90" example:"45.234"`
	Longitude          float64  `json:"longitude" doc:"Of its antenna, in degrees east, -180 to 180" example:"7.857"`
	AltitudeM          *float64 `json:"altitude_m,omitempty" nullable:"true" doc:"Of its antenna above the WGS 84 ellipsoid, in metres; null when unknown" example:"300"`
	IsActive           *bool    `json:"is_active,omitempty" nullable:"true" doc:"Whether it is offered for acquisitions; null means true"`
	TimeoutSeconds     *float64 `json:"timeout_seconds,omitempty" nullable:"true" doc:"Time-out on connecting, on the first sample and on a stall, in seconds, 1 to 300; null means 30" example:"30"`
	RetryCount         *int     `json:"retry_count,omitempty" nullable:"true" doc:"Further attempts after a transport failure, 0 to 10; null means 3" example:"3"`
	FrequencyMinHz     int64    `json:"frequency_min_hz,omitempty" doc:"Lowest radio frequency it can tune, in Hz; 0 with frequency_max_hz 0 means the usual range of its kind"`
	FrequencyMaxHz     int64    `json:"frequency_max_hz,omitempty" doc:"Highest radio frequency it can tune, in Hz"`
	FrequencyOffsetHz  int64    `json:"frequency_offset_hz,omitempty" doc:"What its converter adds: radio frequency = receiver frequency + offset, in Hz"`
	SampleRateHz       int64    `json:"sample_rate_hz,omitempty" doc:"Sample rate to ask for when an acquisition names none, in Hz; 0 means the default of its kind"`
	PassbandLowHz      float64  `json:"passband_low_hz,omitempty" doc:"Lower edge of the receive filter relative to the tuned frequency, in Hz; 0 with passband_high_hz 0 means the widest"`
	PassbandHighHz     float64  `json:"passband_high_hz,omitempty" doc:"Upper edge of the receive filter, in Hz"`
	GainDB             *float64 `json:"gain_db,omitempty" nullable:"true" doc:"Manual gain, in dB; null means the default of its kind"`
	Password           *string  `json:"password,omitempty" nullable:"true" writeOnly:"true" doc:"Password of the receiver; null or absent keeps the one that is kept, empty removes it"`
	ClockSigmaPPM      float64  `json:"clock_sigma_ppm,omitempty" doc:"One sigma of its frequency reference, in ppm; 0 means unknown"`
	CalibrationDB      *float64 `json:"calibration_db,omitempty" nullable:"true" doc:"dBm minus dBFS at gain_db, in dB; null means that power is relative only"`
	CalibrationSigmaDB *float64 `json:"calibration_sigma_db,omitempty" nullable:"true" doc:"One sigma of calibration_db, in dB"`
	Notes              string   `json:"notes,omitempty" doc:"Anything worth remembering"`
	DailyBudgetSeconds float64  `json:"daily_budget_seconds,omitempty" doc:"Most that its host may be connected to on one UTC day, in seconds, up to 86400; 0 means any" example:"3600"`

	// The keys below belong to the server.
	WebSDRID    int64      `json:"websdr_id,omitempty" readOnly:"true" doc:"Ignored"`
	HasPassword bool       `json:"has_password,omitempty" readOnly:"true" doc:"Ignored"`
	CreatedAt   *time.Time `json:"created_at,omitempty" readOnly:"true" doc:"Ignored"`
	UpdatedAt   *time.Time `json:"updated_at,omitempty" readOnly:"true" doc:"Ignored; send If-Match to guard against a change in between"`

	UsedTodaySeconds float64    `json:"used_today_seconds,omitempty" readOnly:"true" doc:"Ignored"`
	BlockedUntil     *time.Time `json:"blocked_until,omitempty" nullable:"true" readOnly:"true" doc:"Ignored"`
	BlockedClass     string     `json:"blocked_class,omitempty" readOnly:"true" doc:"Ignored"`
	BlockedReason    string     `json:"blocked_reason,omitempty" readOnly:"true" doc:"Ignored"`
}

// A WebSDRList is every WebSDR asked for, in order of websdr_id.
type WebSDRList struct {
	WebSDRs []ListedWebSDR `json:"websdrs" nullable:"false"`
}

// An ImportResult says what an import did, or would do.
type ImportResult struct {
	Created int  `json:"created" doc:"WebSDRs whose name was new"`
	Updated int  `json:"updated" doc:"WebSDRs whose name was known and whose fields were replaced"`
	DryRun  bool `json:"dry_run" doc:"Whether nothing was stored"`
}

// WebSDROf converts a WebSDR and leaves its password behind.
func WebSDROf(w heimdall.WebSDR) WebSDR {
	return WebSDR{
		WebSDRID: w.ID, Name: w.Name, Kind: w.Kind, URL: w.URL,
		LocationName: w.LocationName, Latitude: w.LatitudeDeg, Longitude: w.LongitudeDeg, AltitudeM: w.AltitudeM,
		IsActive: w.Active, TimeoutSeconds: w.Timeout.Seconds(), RetryCount: w.RetryCount,
		FrequencyMinHz: w.FrequencyMinHz, FrequencyMaxHz: w.FrequencyMaxHz, FrequencyOffsetHz: w.FrequencyOffsetHz,
		SampleRateHz: w.SampleRateHz, PassbandLowHz: w.PassbandLowHz, PassbandHighHz: w.PassbandHighHz,
		GainDB: w.GainDB, HasPassword: w.Password != "", ClockSigmaPPM: w.ClockSigmaPPM,
		CalibrationDB: w.CalibrationDB, CalibrationSigmaDB: w.CalibrationSigma, Notes: w.Notes, DailyBudgetSeconds: w.DailyBudget.Seconds(),
		CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
}

// Input is the request that stores w again as it is, password included by leaving it out.
func (w WebSDR) Input() WebSDRInput {
	return WebSDRInput{
		Name: w.Name, Kind: w.Kind, URL: w.URL,
		LocationName: w.LocationName, Latitude: w.Latitude, Longitude: w.Longitude, AltitudeM: w.AltitudeM,
		IsActive: &w.IsActive, TimeoutSeconds: &w.TimeoutSeconds, RetryCount: &w.RetryCount,
		FrequencyMinHz: w.FrequencyMinHz, FrequencyMaxHz: w.FrequencyMaxHz, FrequencyOffsetHz: w.FrequencyOffsetHz,
		SampleRateHz: w.SampleRateHz, PassbandLowHz: w.PassbandLowHz, PassbandHighHz: w.PassbandHighHz,
		GainDB: w.GainDB, ClockSigmaPPM: w.ClockSigmaPPM,
		CalibrationDB: w.CalibrationDB, CalibrationSigmaDB: w.CalibrationSigmaDB, Notes: w.Notes, DailyBudgetSeconds: w.DailyBudgetSeconds,
	}
}

// Root converts the request. old is the WebSDR that it replaces, or nil: its identity, its times and, when
// the request names none, its password stay.
func (in WebSDRInput) Root(old *heimdall.WebSDR) heimdall.WebSDR {
	w := heimdall.WebSDR{
		Name: in.Name, Kind: in.Kind, URL: in.URL,
		LocationName: in.LocationName, LatitudeDeg: in.Latitude, LongitudeDeg: in.Longitude, AltitudeM: in.AltitudeM,
		Active: true, Timeout: heimdall.DefaultTimeout, RetryCount: DefaultRetryCount,
		FrequencyMinHz: in.FrequencyMinHz, FrequencyMaxHz: in.FrequencyMaxHz, FrequencyOffsetHz: in.FrequencyOffsetHz,
		SampleRateHz: in.SampleRateHz, PassbandLowHz: in.PassbandLowHz, PassbandHighHz: in.PassbandHighHz,
		GainDB: in.GainDB, ClockSigmaPPM: in.ClockSigmaPPM,
		CalibrationDB: in.CalibrationDB, CalibrationSigma: in.CalibrationSigmaDB, Notes: in.Notes, DailyBudget: Duration(in.DailyBudgetSeconds),
	}
	if in.IsActive != nil {
		w.Active = *in.IsActive
	}
	if in.TimeoutSeconds != nil {
		w.Timeout = Duration(*in.TimeoutSeconds)
	}
	if in.RetryCount != nil {
		w.RetryCount = *in.RetryCount
	}
	if old != nil {
		w.ID, w.CreatedAt, w.UpdatedAt, w.Password = old.ID, old.CreatedAt, old.UpdatedAt, old.Password
	}
	if in.Password != nil {
		w.Password = *in.Password
	}
	return w
}

// ETag is the entity tag of this version of w, for If-Match.
func (w WebSDR) ETag() string { return ETag(w.UpdatedAt) }

// ETag is the entity tag of what was last changed at t.
func ETag(t time.Time) string { return `"` + strconv.FormatInt(t.UnixMicro(), 36) + `"` }
