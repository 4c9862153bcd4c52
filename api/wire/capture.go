package wire

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Capture is one WebSDR's part of an acquisition, whether or not it worked.
type Capture struct {
	TaskID         string                `json:"task_id" doc:"The acquisition it belongs to"`
	WebSDRID       int64                 `json:"websdr_id" doc:"The WebSDR that records" example:"1"`
	State          heimdall.State        `json:"state" enum:"pending,running,success,failed,cancelled" doc:"Where it stands"`
	Phase          heimdall.Phase        `json:"phase" doc:"What it is doing: waiting, connecting, settling, ready, recording, storing or done" example:"recording"`
	Attempts       int                   `json:"attempts" doc:"How many times the receiver was tried"`
	NextAttemptAt  *time.Time            `json:"next_attempt_at" doc:"When the receiver is tried again; null when no attempt is planned"`
	FailureClass   heimdall.FailureClass `json:"failure_class" doc:"What kind of thing went wrong: busy, quota, banned, auth, down, redirect, unsupported, out_of_range, transport, protocol, late, storage, internal; empty when nothing did" example:"busy"`
	Reason         string                `json:"reason" doc:"Why it failed, or what its success lacks; may be empty"`
	BytesReceived  int64                 `json:"bytes_received" doc:"Bytes of the recording so far"`
	ElapsedSeconds float64               `json:"elapsed_seconds" doc:"Seconds of the window recorded so far"`
	StartedAt      *time.Time            `json:"started_at" doc:"When work on it began; null before"`
	EndedAt        *time.Time            `json:"ended_at" doc:"When it ended; null before"`
	Recording      *Recording            `json:"recording,omitempty" doc:"The stored IQ; absent unless the capture succeeded"`
}

// A Recording is the stored IQ of a capture.
type Recording struct {
	S3Path               string               `json:"s3_path" doc:"Key of the data object in the object store" example:"sessions/01957c2e-5d00-7000-8000-0123456789ab/websdr_1.sigmf-data"`
	Download             string               `json:"download" doc:"Where to get it, relative to the server; add ?format= for another format"`
	Datatype             string               `json:"datatype" doc:"SigMF datatype of the samples as received" example:"ci16_le"`
	SampleRateKHz        float64              `json:"sample_rate_khz" doc:"True sample rate in kHz, as well as it is known" example:"12.001135"`
	NominalSampleRateKHz float64              `json:"nominal_sample_rate_khz" doc:"Sample rate that the receiver claims, in kHz" example:"12"`
	FrequencyMHz         float64              `json:"frequency_mhz" doc:"Radio frequency at 0 Hz of the recording, in MHz" example:"145.5"`
	PassbandLowHz        float64              `json:"passband_low_hz" doc:"Lower edge of the receive filter relative to frequency_mhz, in Hz"`
	PassbandHighHz       float64              `json:"passband_high_hz" doc:"Upper edge of the receive filter, in Hz"`
	SamplesCount         int64                `json:"samples_count" doc:"Complex samples held"`
	ExpectedSamples      int64                `json:"expected_samples" doc:"Complex samples that the whole window has at the true rate"`
	Bytes                int64                `json:"bytes" doc:"Size of the data object"`
	SHA256               string               `json:"sha256" doc:"SHA-256 of the data object, lower-case hex"`
	StartUTC             time.Time            `json:"start_utc" doc:"Time of sample 0, to the nanosecond"`
	StartUnixNs          string               `json:"start_unix_ns" doc:"The same in nanoseconds since 1970, as text because a JSON number cannot hold it exactly" example:"1772366400000000123"`
	StartSkewSeconds     float64              `json:"start_skew_seconds" doc:"start_utc minus the start of the common window, in seconds"`
	TimeQuality          heimdall.TimeQuality `json:"time_quality" enum:"gps,host_disciplined,host_arrival,none" doc:"Where the times of the samples come from"`
	TimeUncertaintyS     float64              `json:"time_uncertainty_s" doc:"One sigma of start_utc in seconds; 0 means unknown"`
	TimeResidualS        float64              `json:"time_residual_s" doc:"RMS of the receiver's time stamps about the fitted line, in seconds; 0 when it gave none"`
	GPSAgeMaxS           *int                 `json:"gps_age_max_s" doc:"Age of the oldest GPS fix behind any time stamp, in seconds; null when there is none"`
	Gaps                 []heimdall.Gap       `json:"gaps" nullable:"false" doc:"Runs of samples that the stream lost; they are not filled"`
	Overloads            int64                `json:"overloads" doc:"Packets in which the receiver's converter overloaded"`
	SMeterDBM            *float64             `json:"s_meter_dbm" doc:"Median of the receiver's own S-meter, in dBm; null when it has none"`
	Dialect              string               `json:"dialect" doc:"Which variant of its protocol the receiver spoke"`
	ZeroIF               *bool                `json:"zero_if" doc:"Whether the receiver's oscillator leaked at 0 Hz; null in recordings of version 0.1.0, which did not keep it"`
	PlannedSamples       *int64               `json:"planned_samples" doc:"expected_samples as reckoned when recording began, which lays out the spectra of a long recording; null in recordings of version 0.1.0"`
}

// A CapturePage is one page of a list, newest acquisition first, then by websdr_id.
type CapturePage struct {
	Captures   []Capture `json:"captures" nullable:"false"`
	NextCursor *string   `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// CaptureOf converts a capture.
func CaptureOf(c heimdall.Capture) Capture {
	w := Capture{
		TaskID: c.TaskID, WebSDRID: c.WebSDRID, State: c.State, Phase: c.Phase, Attempts: c.Attempts,
		NextAttemptAt: instant(c.NextAttemptAt), FailureClass: c.FailureClass, Reason: c.Reason,
		BytesReceived: c.BytesReceived, ElapsedSeconds: c.Elapsed.Seconds(),
		StartedAt: instant(c.StartedAt), EndedAt: instant(c.EndedAt),
	}
	if c.Recording != nil {
		w.Recording = new(recordingOf(c))
	}
	return w
}

func recordingOf(c heimdall.Capture) Recording {
	r := c.Recording
	w := Recording{
		S3Path:   r.S3Path,
		Download: "/api/v1/recordings/" + url.PathEscape(c.TaskID) + "/" + strconv.FormatInt(c.WebSDRID, 10),
		Datatype: r.Datatype, SampleRateKHz: rateKHz(r.SampleRateHz), NominalSampleRateKHz: rateKHz(r.NominalRateHz),
		FrequencyMHz: MHz(r.FrequencyHz), PassbandLowHz: finite(r.PassbandLowHz), PassbandHighHz: finite(r.PassbandHighHz),
		SamplesCount: r.SamplesCount, ExpectedSamples: r.ExpectedSamples, Bytes: r.Bytes, SHA256: r.SHA256,
		StartUTC: r.Start.UTC(), StartUnixNs: strconv.FormatInt(r.Start.UnixNano(), 10),
		StartSkewSeconds: r.StartSkew.Seconds(),
		TimeQuality:      r.TimeQuality, TimeUncertaintyS: finite(r.TimeUncertaintyS), TimeResidualS: finite(r.TimeResidualS),
		Gaps: orEmpty(slices.Clone(r.Gaps)), Overloads: r.Overloads, SMeterDBM: finitePointer(r.SMeterDBM), Dialect: r.Dialect,
		ZeroIF: r.ZeroIF,
	}
	if r.PlannedSamples != 0 {
		w.PlannedSamples = &r.PlannedSamples
	}
	if r.GPSAgeMaxS >= 0 {
		w.GPSAgeMaxS = &r.GPSAgeMaxS
	}
	return w
}

// Root converts back.
func (w Capture) Root() heimdall.Capture {
	c := heimdall.Capture{
		TaskID: w.TaskID, WebSDRID: w.WebSDRID, State: w.State, Phase: w.Phase, Attempts: w.Attempts,
		NextAttemptAt: timeOf(w.NextAttemptAt), FailureClass: w.FailureClass, Reason: w.Reason,
		BytesReceived: w.BytesReceived, Elapsed: Duration(w.ElapsedSeconds),
		StartedAt: timeOf(w.StartedAt), EndedAt: timeOf(w.EndedAt),
	}
	if w.Recording != nil {
		c.Recording = new(w.Recording.Root())
	}
	return c
}

// Root converts back; sample rates of more than 15 digits within the last one.
func (w Recording) Root() heimdall.Recording {
	r := heimdall.Recording{
		S3Path: w.S3Path, Datatype: w.Datatype, SampleRateHz: rateHz(w.SampleRateKHz), NominalRateHz: rateHz(w.NominalSampleRateKHz),
		FrequencyHz: Hz(w.FrequencyMHz), PassbandLowHz: w.PassbandLowHz, PassbandHighHz: w.PassbandHighHz,
		SamplesCount: w.SamplesCount, ExpectedSamples: w.ExpectedSamples, Bytes: w.Bytes, SHA256: w.SHA256,
		Start: w.StartUTC.UTC(), StartSkew: Duration(w.StartSkewSeconds),
		TimeQuality: w.TimeQuality, TimeUncertaintyS: w.TimeUncertaintyS, TimeResidualS: w.TimeResidualS,
		GPSAgeMaxS: -1, Overloads: w.Overloads, SMeterDBM: w.SMeterDBM, Dialect: w.Dialect,
		ZeroIF: w.ZeroIF,
	}
	if w.PlannedSamples != nil {
		r.PlannedSamples = *w.PlannedSamples
	}
	if w.GPSAgeMaxS != nil {
		r.GPSAgeMaxS = *w.GPSAgeMaxS
	}
	if len(w.Gaps) > 0 {
		r.Gaps = slices.Clone(w.Gaps)
	}
	return r
}
