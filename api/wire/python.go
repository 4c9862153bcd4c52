package wire

import (
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// The shapes of the first Heimdall, which was written in Python: its programs and scripts go on working. New ones use
// the others, which can say more. Where its answers were wrong they are put right: times have their zone, an acquisition
// all of whose captures failed has failed, and there are errors as soon as there are any.

// A PythonRequest asks for an acquisition.
type PythonRequest struct {
	FrequencyMHz    float64 `json:"frequency_mhz" doc:"Radio frequency to tune, in MHz" example:"145.5"`
	DurationSeconds float64 `json:"duration_seconds" doc:"Length of the common window, in seconds" example:"10"`
	StartTime       string  `json:"start_time,omitempty" maxLength:"64" doc:"Start of the common window; without a zone it is UTC. What is not in the future means as soon as all receivers are ready" example:"2026-03-01T12:00:00"`
	WebSDRs         []int64 `json:"websdrs" required:"false" nullable:"true" doc:"websdr_id of every WebSDR to record from; null or none means all active ones that can tune the frequency"`
}

// Request is what is asked for, in the shape of today.
func (r PythonRequest) Request(now time.Time) (AcquisitionRequest, error) {
	out := AcquisitionRequest{FrequencyMHz: r.FrequencyMHz, DurationSeconds: r.DurationSeconds, WebSDRs: r.WebSDRs}
	if len(r.WebSDRs) == 0 {
		out.WebSDRs = nil
	}
	if r.StartTime == "" {
		return out, nil
	}
	start, err := time.Parse(time.RFC3339Nano, r.StartTime)
	if err != nil { // isoformat() of Python, of a time that knows no zone
		start, err = time.Parse("2006-01-02T15:04:05", r.StartTime)
	}
	if err != nil {
		var bad heimdall.InvalidError
		bad.Add("start_time", "must be a time such as 2026-03-01T12:00:00Z, not %q", r.StartTime)
		return out, bad.Err()
	}
	if start.After(now) {
		out.StartTime = &start
	}
	return out, nil
}

// A PythonTask answers a PythonRequest.
type PythonTask struct {
	TaskID       string  `json:"task_id" doc:"Identity of the acquisition"`
	Status       string  `json:"status" enum:"PENDING,PROGRESS,SUCCESS,FAILURE,REVOKED" doc:"Where it stands"`
	Message      string  `json:"message" doc:"The same, in words"`
	FrequencyMHz float64 `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	WebSDRsCount int     `json:"websdrs_count" doc:"How many WebSDRs take part"`
}

// A PythonStatus says where an acquisition stands.
type PythonStatus struct {
	TaskID                string        `json:"task_id" doc:"Identity of the acquisition"`
	Status                string        `json:"status" enum:"PENDING,PROGRESS,SUCCESS,FAILURE,REVOKED" doc:"Where it stands; SUCCESS when at least one WebSDR recorded"`
	Progress              float64       `json:"progress" minimum:"0" maximum:"100" doc:"Percent of the work done"`
	Message               string        `json:"message" doc:"The same, in words"`
	MeasurementsCollected int           `json:"measurements_collected" doc:"WebSDRs that have recorded"`
	Errors                []string      `json:"errors" doc:"What went wrong, by WebSDR; null when nothing has"`
	Result                *PythonResult `json:"result" doc:"What came of it; null until it has ended"`
}

// A PythonResult is what came of an acquisition.
type PythonResult struct {
	TaskID            string              `json:"task_id" doc:"Identity of the acquisition"`
	Status            string              `json:"status" enum:"SUCCESS,PARTIAL_FAILURE" doc:"PARTIAL_FAILURE means that nothing was measured"`
	Measurements      []PythonMeasurement `json:"measurements" nullable:"false" doc:"In order of websdr_id"`
	MeasurementsCount int                 `json:"measurements_count" doc:"How many there are"`
	Errors            []string            `json:"errors" nullable:"false" doc:"What went wrong, by WebSDR"`
	StartTime         *time.Time          `json:"start_time" doc:"Start of the common window; null when there was none"`
	EndTime           *time.Time          `json:"end_time" doc:"When it ended"`
	FrequencyMHz      float64             `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	DurationSeconds   float64             `json:"duration_seconds" doc:"Length of the common window, in seconds"`
}

// A PythonMeasurement is the numbers of one WebSDR. The samples are not in it: iq_data_path says where they are.
type PythonMeasurement struct {
	WebSDRID      int64         `json:"websdr_id" doc:"The WebSDR that recorded"`
	FrequencyMHz  float64       `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	SampleRateKHz float64       `json:"sample_rate_khz" doc:"True sample rate, in kHz"`
	SamplesCount  int64         `json:"samples_count" doc:"Complex samples measured"`
	TimestampUTC  time.Time     `json:"timestamp_utc" doc:"Time of sample 0"`
	Metrics       PythonMetrics `json:"metrics" doc:"Its numbers"`
	IQDataPath    string        `json:"iq_data_path" doc:"Key of the recording in the object store"`
}

// PythonMetrics are the numbers that the first Heimdall knew. What needs a calibration is null without one.
type PythonMetrics struct {
	SNRdB             *float64 `json:"snr_db" doc:"Signal-to-noise ratio in dB"`
	PSDdBm            *float64 `json:"psd_dbm" doc:"Noise density in dBm/Hz"`
	FrequencyOffsetHz *float64 `json:"frequency_offset_hz" doc:"Offset of the signal in Hz"`
	SignalPowerDBm    *float64 `json:"signal_power_dbm" doc:"Power of the signal in dBm"`
	NoisePowerDBm     *float64 `json:"noise_power_dbm" doc:"Noise in dBm/Hz, which is what is measured of it"`
}

// PythonMeasurementOf converts a measurement.
func PythonMeasurementOf(m heimdall.Measurement) PythonMeasurement {
	w := MeasurementOf(m)
	return PythonMeasurement{
		WebSDRID: w.WebSDRID, FrequencyMHz: w.FrequencyMHz, SampleRateKHz: w.SampleRateKHz, SamplesCount: w.SamplesCount,
		TimestampUTC: w.TimestampUTC, IQDataPath: w.S3Path,
		Metrics: PythonMetrics{w.SNRdB, w.NoiseDBMHz, w.FrequencyOffsetHz, w.SignalDBM, w.NoiseDBMHz},
	}
}

// pythonStates are what states were called.
var pythonStates = map[heimdall.State]string{
	heimdall.Pending: "PENDING", heimdall.Running: "PROGRESS", heimdall.Success: "SUCCESS", heimdall.Partial: "SUCCESS",
	heimdall.Failed: "FAILURE", heimdall.Cancelled: "REVOKED",
}

// PythonTaskOf answers the request that made a.
func PythonTaskOf(a heimdall.Acquisition) PythonTask {
	n := len(a.WebSDRIDs)
	return PythonTask{a.TaskID, pythonStates[a.State], fmt.Sprintf("Acquisition task queued for %d WebSDR receivers", n), MHz(a.FrequencyHz), n}
}

// PythonStatusOf says where an acquisition stands; measurements are those there are, in order of websdr_id.
func PythonStatusOf(a heimdall.Acquisition, captures []heimdall.Capture, measurements []heimdall.Measurement) PythonStatus {
	now := AcquisitionOf(a, captures, false)
	s := PythonStatus{TaskID: a.TaskID, Status: pythonStates[a.State], Progress: 100 * now.Progress, MeasurementsCollected: len(measurements)}
	for _, c := range captures {
		if c.State == heimdall.Failed || c.State == heimdall.Cancelled {
			s.Errors = append(s.Errors, fmt.Sprintf("WebSDR %d: %s", c.WebSDRID, pythonReason(c)))
		}
	}
	s.Message = fmt.Sprintf("%s: %d of %d WebSDRs have ended", a.State, now.CapturesEnded, now.CapturesTotal)
	if !a.State.Ended() {
		return s
	}
	r := PythonResult{
		TaskID: a.TaskID, Status: "SUCCESS", Measurements: []PythonMeasurement{}, MeasurementsCount: len(measurements), Errors: orEmpty(s.Errors),
		StartTime: instant(a.WindowStart), EndTime: instant(a.EndedAt), FrequencyMHz: MHz(a.FrequencyHz), DurationSeconds: a.Duration.Seconds(),
	}
	for _, m := range measurements {
		r.Measurements = append(r.Measurements, PythonMeasurementOf(m))
	}
	if len(measurements) == 0 {
		r.Status = "PARTIAL_FAILURE"
	}
	s.Result = &r
	return s
}

// pythonReason is why a capture has no measurement.
func pythonReason(c heimdall.Capture) string {
	switch {
	case c.Reason != "":
		return c.Reason
	case c.FailureClass != "":
		return string(c.FailureClass)
	}
	return string(c.State)
}

// A PythonWebSDR is a WebSDR as the first Heimdall knew it.
type PythonWebSDR struct {
	ID             int64   `json:"id" doc:"Its websdr_id"`
	Name           string  `json:"name" doc:"Its unique name"`
	URL            string  `json:"url" doc:"Where it is"`
	LocationName   string  `json:"location_name" doc:"Where it stands, in words"`
	Latitude       float64 `json:"latitude" doc:"Of its antenna, in degrees north"`
	Longitude      float64 `json:"longitude" doc:"Of its antenna, in degrees east"`
	IsActive       bool    `json:"is_active" doc:"Whether it takes part"`
	TimeoutSeconds float64 `json:"timeout_seconds" doc:"How long it may take to answer"`
	RetryCount     int     `json:"retry_count" doc:"How often it is asked again"`
}

// PythonWebSDROf converts a WebSDR.
func PythonWebSDROf(w heimdall.WebSDR) PythonWebSDR {
	return PythonWebSDR{w.ID, w.Name, w.URL, w.LocationName, finite(w.LatitudeDeg), finite(w.LongitudeDeg), w.Active, w.Timeout.Seconds(), w.RetryCount}
}

// A PythonHealth says how a WebSDR is.
type PythonHealth struct {
	ID     int64  `json:"id" doc:"Its websdr_id"`
	Name   string `json:"name" doc:"Its unique name"`
	Status string `json:"status" enum:"online,offline,unknown" doc:"online when it has recorded within the last 24 hours, offline when it was asked to and never did, unknown when nobody asked"`
}

// A PythonConfig says what the service can do.
type PythonConfig struct {
	Service              string   `json:"service" doc:"Name of the program"`
	Version              string   `json:"version" doc:"Its version"`
	Capabilities         []string `json:"capabilities" nullable:"false" doc:"What it can do"`
	WebSDRsCount         int      `json:"websdrs_count" doc:"WebSDRs that are active"`
	MaxDurationSeconds   float64  `json:"max_duration_seconds" doc:"Longest acquisition"`
	DefaultSampleRateKHz *float64 `json:"default_sample_rate_khz" doc:"null: each WebSDR has its own"`
}

// A PythonMeasurements is a list of measurements, newest first.
type PythonMeasurements struct {
	Measurements []Measurement `json:"measurements" nullable:"false" doc:"Newest first"`
	Count        int           `json:"count" doc:"How many there are"`
}

// A PythonReady says whether the service can work.
type PythonReady struct {
	Ready   bool   `json:"ready" doc:"Whether database and object store answer"`
	Service string `json:"service" doc:"Name of the program"`
}
