package export

import (
	"fmt"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// The rows of a collection, each under the names of its columns. What is absent is NULL, or zero. Times are RFC 3339 in
// UTC, durations seconds; only the start of a recording has nanoseconds, in a string, since JSON numbers lose them.

type wireAcquisition struct {
	IdempotencyKey     string         `json:"idempotency_key,omitempty"`
	Label              string         `json:"label,omitempty"`
	FrequencyHz        int64          `json:"frequency_hz"`
	DurationS          float64        `json:"duration_seconds"`
	SampleRateHz       int64          `json:"sample_rate_hz,omitempty"`
	ChannelCenterHz    float64        `json:"channel_center_hz,omitempty"`
	ChannelBandwidthHz float64        `json:"channel_bandwidth_hz,omitempty"`
	StartAt            *time.Time     `json:"start_at,omitempty"`
	JoinTimeoutS       float64        `json:"join_timeout_seconds,omitempty"`
	WebSDRIDs          []int64        `json:"websdrs"`
	Priority           int            `json:"priority,omitempty"`
	Deadline           *time.Time     `json:"deadline,omitempty"`
	Origin             string         `json:"origin,omitempty"`
	State              heimdall.State `json:"state"`
	CancelRequested    bool           `json:"cancel_requested,omitempty"`
	Reason             string         `json:"reason,omitempty"`
	CreatedAt          *time.Time     `json:"created_at,omitempty"`
	StartedAt          *time.Time     `json:"started_at,omitempty"`
	EndedAt            *time.Time     `json:"ended_at,omitempty"`
	WindowStart        *time.Time     `json:"window_start,omitempty"`
	Claims             int            `json:"claims,omitempty"`
}

func wireAcquisitionOf(a *heimdall.Acquisition) *wireAcquisition {
	return &wireAcquisition{
		IdempotencyKey: a.IdempotencyKey, Label: a.Label, FrequencyHz: a.FrequencyHz, DurationS: a.Duration.Seconds(),
		SampleRateHz: a.SampleRateHz, ChannelCenterHz: a.ChannelCenterHz, ChannelBandwidthHz: a.ChannelBandwidthHz,
		StartAt: moment(a.StartAt), JoinTimeoutS: a.JoinTimeout.Seconds(), WebSDRIDs: a.WebSDRIDs,
		Priority: a.Priority, Deadline: moment(a.Deadline), Origin: a.Origin, State: a.State,
		CancelRequested: a.CancelRequested, Reason: a.Reason, CreatedAt: moment(a.CreatedAt), StartedAt: moment(a.StartedAt),
		EndedAt: moment(a.EndedAt), WindowStart: moment(a.WindowStart), Claims: a.Claims,
	}
}

func (w *wireAcquisition) row(taskID string) heimdall.Acquisition {
	return heimdall.Acquisition{
		TaskID: taskID, IdempotencyKey: w.IdempotencyKey, Label: w.Label, FrequencyHz: w.FrequencyHz, Duration: seconds(w.DurationS),
		SampleRateHz: w.SampleRateHz, ChannelCenterHz: w.ChannelCenterHz, ChannelBandwidthHz: w.ChannelBandwidthHz,
		StartAt: timeOf(w.StartAt), JoinTimeout: seconds(w.JoinTimeoutS), WebSDRIDs: w.WebSDRIDs,
		Priority: w.Priority, Deadline: timeOf(w.Deadline), Origin: w.Origin, State: w.State,
		CancelRequested: w.CancelRequested, Reason: w.Reason, CreatedAt: timeOf(w.CreatedAt), StartedAt: timeOf(w.StartedAt),
		EndedAt: timeOf(w.EndedAt), WindowStart: timeOf(w.WindowStart), Claims: w.Claims,
	}
}

type wireCapture struct {
	WebSDRID      int64                 `json:"websdr_id"`
	State         heimdall.State        `json:"state"`
	Attempts      int                   `json:"attempts,omitempty"`
	FailureClass  heimdall.FailureClass `json:"failure_class,omitempty"`
	Reason        string                `json:"reason,omitempty"`
	BytesReceived int64                 `json:"bytes_received,omitempty"`
	ElapsedS      float64               `json:"elapsed_seconds,omitempty"`
	StartedAt     *time.Time            `json:"started_at,omitempty"`
	EndedAt       *time.Time            `json:"ended_at,omitempty"`
	Recording     *wireRecording        `json:"recording,omitempty"`
}

type wireRecording struct {
	S3Path           string               `json:"s3_path"`
	Datatype         string               `json:"datatype"`
	SampleRateHz     float64              `json:"sample_rate_hz"`
	NominalRateHz    float64              `json:"nominal_rate_hz,omitempty"`
	FrequencyHz      int64                `json:"frequency_hz"`
	PassbandLowHz    float64              `json:"passband_low_hz,omitempty"`
	PassbandHighHz   float64              `json:"passband_high_hz,omitempty"`
	SamplesCount     int64                `json:"samples_count"`
	ExpectedSamples  int64                `json:"expected_samples,omitempty"`
	Bytes            int64                `json:"bytes"`
	SHA256           string               `json:"sha256"`
	StartUnixNs      string               `json:"start_unix_ns"`
	StartSkewS       float64              `json:"start_skew_s,omitempty"`
	TimeQuality      heimdall.TimeQuality `json:"time_quality,omitempty"`
	TimeUncertaintyS float64              `json:"time_uncertainty_s,omitempty"`
	TimeResidualS    float64              `json:"time_residual_s,omitempty"`
	GPSAgeMaxS       int                  `json:"gps_age_max_s"`
	Gaps             []heimdall.Gap       `json:"gaps,omitempty"`
	Overloads        int64                `json:"overloads,omitempty"`
	SMeterDBM        *float64             `json:"s_meter_dbm,omitempty"`
	Dialect          string               `json:"dialect,omitempty"`
	ZeroIF           *bool                `json:"zero_if,omitempty"`
	PlannedSamples   int64                `json:"planned_samples,omitempty"`
}

func wireCaptureOf(c *heimdall.Capture) wireCapture {
	w := wireCapture{
		WebSDRID: c.WebSDRID, State: c.State, Attempts: c.Attempts, FailureClass: c.FailureClass, Reason: c.Reason,
		BytesReceived: c.BytesReceived, ElapsedS: c.Elapsed.Seconds(), StartedAt: moment(c.StartedAt), EndedAt: moment(c.EndedAt),
	}
	if r := c.Recording; r != nil {
		w.Recording = &wireRecording{
			S3Path: r.S3Path, Datatype: r.Datatype, SampleRateHz: r.SampleRateHz, NominalRateHz: r.NominalRateHz,
			FrequencyHz: r.FrequencyHz, PassbandLowHz: r.PassbandLowHz, PassbandHighHz: r.PassbandHighHz,
			SamplesCount: r.SamplesCount, ExpectedSamples: r.ExpectedSamples, Bytes: r.Bytes, SHA256: r.SHA256,
			StartUnixNs: strconv.FormatInt(r.Start.UnixNano(), 10), StartSkewS: r.StartSkew.Seconds(), TimeQuality: r.TimeQuality,
			TimeUncertaintyS: r.TimeUncertaintyS, TimeResidualS: r.TimeResidualS, GPSAgeMaxS: r.GPSAgeMaxS, Gaps: r.Gaps,
			Overloads: r.Overloads, SMeterDBM: r.SMeterDBM, Dialect: r.Dialect, ZeroIF: r.ZeroIF, PlannedSamples: r.PlannedSamples,
		}
	}
	return w
}

func (w *wireCapture) row(taskID string) (heimdall.Capture, error) {
	c := heimdall.Capture{
		TaskID: taskID, WebSDRID: w.WebSDRID, State: w.State, Phase: heimdall.PhaseDone, Attempts: w.Attempts, FailureClass: w.FailureClass,
		Reason: w.Reason, BytesReceived: w.BytesReceived, Elapsed: seconds(w.ElapsedS), StartedAt: timeOf(w.StartedAt), EndedAt: timeOf(w.EndedAt),
	}
	if r := w.Recording; r != nil {
		ns, err := strconv.ParseInt(r.StartUnixNs, 10, 64)
		if err != nil {
			return c, fmt.Errorf("start_unix_ns of WebSDR %d must be nanoseconds since 1970, not %q", w.WebSDRID, r.StartUnixNs)
		}
		c.Recording = &heimdall.Recording{
			S3Path: r.S3Path, Datatype: r.Datatype, SampleRateHz: r.SampleRateHz, NominalRateHz: r.NominalRateHz,
			FrequencyHz: r.FrequencyHz, PassbandLowHz: r.PassbandLowHz, PassbandHighHz: r.PassbandHighHz,
			SamplesCount: r.SamplesCount, ExpectedSamples: r.ExpectedSamples, Bytes: r.Bytes, SHA256: r.SHA256,
			Start: time.Unix(0, ns).UTC(), StartSkew: seconds(r.StartSkewS), TimeQuality: r.TimeQuality,
			TimeUncertaintyS: r.TimeUncertaintyS, TimeResidualS: r.TimeResidualS, GPSAgeMaxS: r.GPSAgeMaxS, Gaps: r.Gaps,
			Overloads: r.Overloads, SMeterDBM: r.SMeterDBM, Dialect: r.Dialect, ZeroIF: r.ZeroIF, PlannedSamples: r.PlannedSamples,
		}
	}
	return c, nil
}

type wireMeasurement struct {
	WebSDRID         int64                `json:"websdr_id"`
	Timestamp        time.Time            `json:"timestamp_utc"`
	FrequencyHz      int64                `json:"frequency_hz"`
	SampleRateHz     float64              `json:"sample_rate_hz"`
	SamplesCount     int64                `json:"samples_count"`
	S3Path           string               `json:"s3_path"`
	TimeQuality      heimdall.TimeQuality `json:"time_quality,omitempty"`
	TimeUncertaintyS float64              `json:"time_uncertainty_s,omitempty"`
	heimdall.Metrics
}

func wireMeasurementOf(m *heimdall.Measurement) wireMeasurement {
	return wireMeasurement{
		WebSDRID: m.WebSDRID, Timestamp: m.Timestamp.UTC(), FrequencyHz: m.FrequencyHz, SampleRateHz: m.SampleRateHz,
		SamplesCount: m.SamplesCount, S3Path: m.S3Path, TimeQuality: m.TimeQuality, TimeUncertaintyS: m.TimeUncertaintyS, Metrics: m.Metrics,
	}
}

func (w *wireMeasurement) row(taskID string) heimdall.Measurement {
	return heimdall.Measurement{
		TaskID: taskID, WebSDRID: w.WebSDRID, Timestamp: w.Timestamp.UTC(), FrequencyHz: w.FrequencyHz, SampleRateHz: w.SampleRateHz,
		SamplesCount: w.SamplesCount, S3Path: w.S3Path, TimeQuality: w.TimeQuality, TimeUncertaintyS: w.TimeUncertaintyS, Metrics: w.Metrics,
	}
}

type wireWebSDR struct {
	ID                int64      `json:"websdr_id"`
	Name              string     `json:"name"`
	Kind              string     `json:"kind"`
	URL               string     `json:"url"`
	QueryLeftOut      bool       `json:"url_query_left_out,omitempty"`
	LocationName      string     `json:"location_name,omitempty"`
	LatitudeDeg       float64    `json:"latitude"`
	LongitudeDeg      float64    `json:"longitude"`
	AltitudeM         *float64   `json:"altitude_m,omitempty"`
	Active            bool       `json:"is_active"`
	TimeoutS          float64    `json:"timeout_seconds"`
	RetryCount        int        `json:"retry_count,omitempty"`
	FrequencyMinHz    int64      `json:"frequency_min_hz,omitempty"`
	FrequencyMaxHz    int64      `json:"frequency_max_hz,omitempty"`
	FrequencyOffsetHz int64      `json:"frequency_offset_hz,omitempty"`
	SampleRateHz      int64      `json:"sample_rate_hz,omitempty"`
	PassbandLowHz     float64    `json:"passband_low_hz,omitempty"`
	PassbandHighHz    float64    `json:"passband_high_hz,omitempty"`
	GainDB            *float64   `json:"gain_db,omitempty"`
	PasswordLeftOut   bool       `json:"password_left_out,omitempty"`
	ClockSigmaPPM     float64    `json:"clock_sigma_ppm,omitempty"`
	CalibrationDB     *float64   `json:"calibration_db,omitempty"`
	CalibrationSigma  *float64   `json:"calibration_sigma_db,omitempty"`
	Notes             string     `json:"notes,omitempty"`
	DailyBudgetS      float64    `json:"daily_budget_seconds,omitempty"`
	CreatedAt         *time.Time `json:"created_at,omitempty"`
	UpdatedAt         *time.Time `json:"updated_at,omitempty"`
}

func wireWebSDROf(s *SnapshotOfWebSDR) wireWebSDR {
	return wireWebSDR{
		ID: s.ID, Name: s.Name, Kind: s.Kind, URL: s.URL, QueryLeftOut: s.QueryLeftOut, LocationName: s.LocationName,
		LatitudeDeg: s.LatitudeDeg, LongitudeDeg: s.LongitudeDeg, AltitudeM: s.AltitudeM, Active: s.Active, TimeoutS: s.Timeout.Seconds(),
		RetryCount: s.RetryCount, FrequencyMinHz: s.FrequencyMinHz, FrequencyMaxHz: s.FrequencyMaxHz, FrequencyOffsetHz: s.FrequencyOffsetHz,
		SampleRateHz: s.SampleRateHz, PassbandLowHz: s.PassbandLowHz, PassbandHighHz: s.PassbandHighHz, GainDB: s.GainDB,
		PasswordLeftOut: s.PasswordLeftOut, ClockSigmaPPM: s.ClockSigmaPPM, CalibrationDB: s.CalibrationDB,
		CalibrationSigma: s.CalibrationSigma, Notes: s.Notes, DailyBudgetS: s.DailyBudget.Seconds(), CreatedAt: moment(s.CreatedAt), UpdatedAt: moment(s.UpdatedAt),
	}
}

func (w *wireWebSDR) row() SnapshotOfWebSDR {
	return SnapshotOfWebSDR{PasswordLeftOut: w.PasswordLeftOut, QueryLeftOut: w.QueryLeftOut, WebSDR: heimdall.WebSDR{
		ID: w.ID, Name: w.Name, Kind: w.Kind, URL: w.URL, LocationName: w.LocationName,
		LatitudeDeg: w.LatitudeDeg, LongitudeDeg: w.LongitudeDeg, AltitudeM: w.AltitudeM, Active: w.Active, Timeout: seconds(w.TimeoutS),
		RetryCount: w.RetryCount, FrequencyMinHz: w.FrequencyMinHz, FrequencyMaxHz: w.FrequencyMaxHz, FrequencyOffsetHz: w.FrequencyOffsetHz,
		SampleRateHz: w.SampleRateHz, PassbandLowHz: w.PassbandLowHz, PassbandHighHz: w.PassbandHighHz, GainDB: w.GainDB,
		ClockSigmaPPM: w.ClockSigmaPPM, CalibrationDB: w.CalibrationDB, CalibrationSigma: w.CalibrationSigma,
		Notes: w.Notes, DailyBudget: seconds(w.DailyBudgetS), CreatedAt: timeOf(w.CreatedAt), UpdatedAt: timeOf(w.UpdatedAt),
	}}
}

// moment is nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
