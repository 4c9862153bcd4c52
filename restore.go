package heimdall

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrDeleted: the acquisition was deleted here, by retention or by a user, and does not come back by itself.
var ErrDeleted = errors.New("deleted on purpose")

// LostRecording begins the reason of a capture that succeeded and whose recording has been lost since. What was measured
// of it stands.
const LostRecording = "recording lost: "

// A RestoredAcquisition is an acquisition that has ended and whose rows are to be made again: from its objects, where
// the database was lost, or from what another system wrote down of it. Unlike an ImportedMeasurement it has recordings.
type RestoredAcquisition struct {
	Acquisition  Acquisition
	Captures     []Capture       // one of each WebSDR asked for, each in its final state
	Measurements []Measurement   // one of each success
	Legacy       []LegacyMetrics // what another system once made of the same recordings; usually none
}

// LegacyMetrics are the numbers that another system gave for a recording, kept under its own names and beside the
// measurement that was made of the same samples here: their definitions differ, so nothing is ever computed from them.
type LegacyMetrics struct {
	TaskID            string    `json:"task_id"`
	WebSDRID          int64     `json:"websdr_id"`
	Timestamp         time.Time `json:"timestamp_utc"`
	Source            string    `json:"source"` // the system and the shape of its numbers, such as "python-heimdall metadata"
	SNRdB             *float64  `json:"snr_db"`
	PSDdBM            *float64  `json:"psd_dbm"`
	FrequencyOffsetHz *float64  `json:"frequency_offset_hz"`
	SignalPowerDBM    *float64  `json:"signal_power_dbm"`
	NoisePowerDBM     *float64  `json:"noise_power_dbm"`
	PowerDBM          *float64  `json:"power_dbm"`
	S3Path            string    `json:"s3_path"` // where that system kept the recording
}

// Validate reports everything wrong with r as one *InvalidError. What it lets through breaks none of the promises that
// a database checks of itself.
func (r *RestoredAcquisition) Validate() error {
	var bad InvalidError
	a := &r.Acquisition
	if !isUUID(a.TaskID) || a.TaskID != strings.ToLower(a.TaskID) {
		bad.Add("task_id", "must be a UUID in lower case, not %q", a.TaskID)
	}
	if want := Outcome(r.Captures); a.State != want {
		bad.Add("state", "must be %s, the outcome of the captures, not %q", want, a.State)
	}
	if a.CreatedAt.IsZero() {
		bad.Add("created_at", "must be known")
	}
	if a.EndedAt.IsZero() {
		bad.Add("ended_at", "must be known: what has not ended cannot be restored")
	}
	if a.FrequencyHz <= 0 || a.FrequencyHz > MaxFrequencyHz {
		bad.Add("frequency_hz", "must be above 0 and at most %d, not %d", int64(MaxFrequencyHz), a.FrequencyHz)
	}
	if a.Duration < 0 || a.SampleRateHz < 0 || a.JoinTimeout < 0 {
		bad.Add("duration_seconds", "must not be below 0, nor sample_rate_hz, nor join_timeout_seconds")
	}
	if len(a.Label) > MaxLabel {
		bad.Add("label", "must have at most %d characters", MaxLabel)
	}
	r.validateIDs(&bad)
	for i := range r.Captures {
		r.validateCapture(&bad, i)
	}
	r.validateMeasurements(&bad)
	r.validateLegacy(&bad)
	return bad.Err()
}

func (r *RestoredAcquisition) validateIDs(bad *InvalidError) {
	asked := map[int64]bool{}
	for _, id := range r.Acquisition.WebSDRIDs {
		if asked[id] || id < 1 || id > math.MaxInt32 {
			bad.Add("websdrs", "must name each WebSDR once, by an id from 1 to %d: %d", math.MaxInt32, id)
		}
		asked[id] = true
	}
	captured := map[int64]bool{}
	for i, c := range r.Captures {
		if !asked[c.WebSDRID] || captured[c.WebSDRID] {
			bad.Add(fmt.Sprintf("captures[%d].websdr_id", i), "must be one of those asked for, and come once: %d", c.WebSDRID)
		}
		captured[c.WebSDRID] = true
	}
	if len(asked) == 0 || len(captured) != len(asked) {
		bad.Add("captures", "must be one of each of the %d WebSDRs asked for, and are %d", len(asked), len(captured))
	}
}

func (r *RestoredAcquisition) validateCapture(bad *InvalidError, i int) {
	c := &r.Captures[i]
	wrong := func(field, format string, args ...any) {
		bad.Add(fmt.Sprintf("captures[%d].%s", i, field), format, args...)
	}
	if c.TaskID != r.Acquisition.TaskID {
		wrong("task_id", "must be the acquisition's, not %q", c.TaskID)
	}
	if c.EndedAt.IsZero() {
		wrong("ended_at", "must be known")
	}
	if c.Attempts < 0 || c.BytesReceived < 0 || c.Elapsed < 0 {
		wrong("attempts", "must not be below 0, nor bytes_received, nor elapsed_seconds")
	}
	switch rec := c.Recording; {
	case !c.State.Ended() || c.State == Partial:
		wrong("state", "must be success, failed or cancelled, not %q", c.State)
	case (c.State == Success) != (rec != nil):
		wrong("recording", "must come with a success, and only with one: it is %s", c.State)
	case rec != nil:
		if rec.S3Path == "" {
			wrong("s3_path", "must be known")
		}
		if rec.SamplesCount <= 0 || rec.Bytes <= 0 {
			wrong("samples_count", "must be above 0, and so must bytes, not %d and %d", rec.SamplesCount, rec.Bytes)
		}
		if len(rec.SHA256) != 64 {
			wrong("sha256", "must have 64 hexadecimal digits, not %q", rec.SHA256)
		}
		if rec.Start.IsZero() {
			wrong("start", "must be known")
		}
	}
}

// validateMeasurements sees to it that each success has one, made of its own recording.
func (r *RestoredAcquisition) validateMeasurements(bad *InvalidError) {
	recordings := map[int64]*Recording{}
	for _, c := range r.Captures {
		if c.Recording != nil {
			recordings[c.WebSDRID] = c.Recording
		}
	}
	measured := map[int64]bool{}
	for i, m := range r.Measurements {
		wrong := func(field, format string, args ...any) {
			bad.Add(fmt.Sprintf("measurements[%d].%s", i, field), format, args...)
		}
		rec := recordings[m.WebSDRID]
		if m.TaskID != r.Acquisition.TaskID || rec == nil || measured[m.WebSDRID] {
			wrong("websdr_id", "must be that of a capture of the acquisition that succeeded, and come once: %s/%d", m.TaskID, m.WebSDRID)
			continue
		}
		measured[m.WebSDRID] = true
		if m.S3Path != rec.S3Path {
			wrong("s3_path", "must be the recording's, %q, not %q", rec.S3Path, m.S3Path)
		}
		if m.SamplesCount != rec.SamplesCount {
			wrong("samples_count", "must be the recording's, %d, not %d", rec.SamplesCount, m.SamplesCount)
		}
		if !m.Timestamp.Truncate(time.Microsecond).Equal(rec.Start.Truncate(time.Microsecond)) {
			wrong("timestamp_utc", "must be the start of the recording, %v, not %v", rec.Start, m.Timestamp)
		}
	}
	for i, c := range r.Captures {
		if c.Recording != nil && !measured[c.WebSDRID] {
			bad.Add(fmt.Sprintf("captures[%d].measurement", i), "must come with a success")
		}
	}
}

func (r *RestoredAcquisition) validateLegacy(bad *InvalidError) {
	type key struct {
		websdrID int64
		at       int64
		source   string
	}
	ids := map[int64]bool{}
	for _, id := range r.Acquisition.WebSDRIDs {
		ids[id] = true
	}
	seen := map[key]bool{}
	for i, l := range r.Legacy {
		wrong := func(field, format string, args ...any) {
			bad.Add(fmt.Sprintf("legacy[%d].%s", i, field), format, args...)
		}
		if l.TaskID != r.Acquisition.TaskID || !ids[l.WebSDRID] {
			wrong("websdr_id", "must be that of a capture of the acquisition: %s/%d", l.TaskID, l.WebSDRID)
		}
		if l.Timestamp.IsZero() {
			wrong("timestamp_utc", "must be known")
		}
		if k := (key{l.WebSDRID, l.Timestamp.UnixMicro(), l.Source}); l.Source == "" || len(l.Source) > MaxSourceTaskID || seen[k] {
			wrong("source", "must have 1 to %d characters, and say each time of a WebSDR once", MaxSourceTaskID)
		} else {
			seen[k] = true
		}
		if !utf8.ValidString(l.S3Path) || strings.ContainsRune(l.S3Path, 0) {
			wrong("s3_path", "must be UTF-8")
		}
	}
}

// Differs says in what the rows of an acquisition that is there already are not what r would make of it; "" when in
// nothing that matters: metrics may have been computed again since.
func (r *RestoredAcquisition) Differs(a Acquisition, captures []Capture) string {
	if a.State != r.Acquisition.State {
		return fmt.Sprintf("it is %s, and not %s", a.State, r.Acquisition.State)
	}
	there := make(map[int64]*Capture, len(captures))
	for i := range captures {
		there[captures[i].WebSDRID] = &captures[i]
	}
	for _, want := range r.Captures {
		c := there[want.WebSDRID]
		switch {
		case c == nil:
			return fmt.Sprintf("it has no capture of WebSDR %d", want.WebSDRID)
		case c.State != want.State:
			return fmt.Sprintf("its capture of WebSDR %d is %s, and not %s", want.WebSDRID, c.State, want.State)
		case c.Recording == nil || want.Recording == nil:
		case c.Recording.SHA256 != want.Recording.SHA256 || c.Recording.S3Path != want.Recording.S3Path:
			return fmt.Sprintf("its recording by WebSDR %d is %s with SHA-256 %s, and not %s with %s", want.WebSDRID,
				c.Recording.S3Path, c.Recording.SHA256, want.Recording.S3Path, want.Recording.SHA256)
		}
	}
	return ""
}
