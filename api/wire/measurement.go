package wire

import (
	"reflect"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Measurement is the numbers of one finished capture: one row of the time series.
type Measurement struct {
	TaskID           string               `json:"task_id" doc:"The acquisition it belongs to"`
	WebSDRID         int64                `json:"websdr_id" doc:"The WebSDR that recorded" example:"1"`
	TimestampUTC     time.Time            `json:"timestamp_utc" doc:"Time of sample 0, to the microsecond"`
	FrequencyMHz     float64              `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	SampleRateKHz    float64              `json:"sample_rate_khz" doc:"True sample rate, in kHz" example:"12.001135"`
	SamplesCount     int64                `json:"samples_count" doc:"Complex samples measured"`
	S3Path           string               `json:"s3_path" doc:"Key of the recording in the object store"`
	TimeQuality      heimdall.TimeQuality `json:"time_quality" enum:"gps,host_disciplined,host_arrival,none" doc:"Where timestamp_utc comes from"`
	TimeUncertaintyS float64              `json:"time_uncertainty_s" doc:"One sigma of timestamp_utc in seconds; 0 means unknown"`

	heimdall.Metrics
}

// A MeasurementPage is one page of a list, newest first.
type MeasurementPage struct {
	Measurements []Measurement `json:"measurements" nullable:"false"`
	NextCursor   *string       `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// MeasurementOf converts a measurement.
func MeasurementOf(m heimdall.Measurement) Measurement {
	w := Measurement{
		TaskID: m.TaskID, WebSDRID: m.WebSDRID, TimestampUTC: m.Timestamp.UTC().Truncate(time.Microsecond),
		FrequencyMHz: MHz(m.FrequencyHz), SampleRateKHz: rateKHz(m.SampleRateHz), SamplesCount: m.SamplesCount,
		S3Path: m.S3Path, TimeQuality: m.TimeQuality, TimeUncertaintyS: finite(m.TimeUncertaintyS),
		Metrics: m.Metrics,
	}
	dropNonFinite(&w.Metrics)
	w.Flags = orEmpty(w.Flags)
	return w
}

// dropNonFinite guards the edge: the stores refuse such numbers, but one that got in by another way must not
// make a whole page unreadable.
func dropNonFinite(m *heimdall.Metrics) {
	for _, f := range reflect.ValueOf(m).Elem().Fields() {
		switch v := f.Addr().Interface().(type) {
		case *float64:
			*v = finite(*v)
		case **float64:
			*v = finitePointer(*v)
		}
	}
}

// Root converts back; a sample rate of more than 15 digits within the last one.
func (w Measurement) Root() heimdall.Measurement {
	return heimdall.Measurement{
		TaskID: w.TaskID, WebSDRID: w.WebSDRID, Timestamp: w.TimestampUTC.UTC(),
		FrequencyHz: Hz(w.FrequencyMHz), SampleRateHz: rateHz(w.SampleRateKHz), SamplesCount: w.SamplesCount,
		S3Path: w.S3Path, TimeQuality: w.TimeQuality, TimeUncertaintyS: w.TimeUncertaintyS,
		Metrics: w.Metrics,
	}
}

// A Recomputation says what deriving the metrics of a stored recording again gave.
type Recomputation struct {
	TaskID     string         `json:"task_id" doc:"The acquisition it belongs to"`
	WebSDRID   int64          `json:"websdr_id" doc:"The WebSDR that recorded" example:"1"`
	OldVersion string         `json:"old_algorithm_version" doc:"Version of the definitions behind the metrics that were there" example:"1"`
	NewVersion string         `json:"new_algorithm_version" doc:"Version of the definitions that this server has" example:"2"`
	Replaced   bool           `json:"replaced" doc:"Whether the measurement was changed: not on a dry run, nor where nothing differs"`
	Changes    []MetricChange `json:"changes" nullable:"false" doc:"The metrics that differ, algorithm_version among them"`
}

// A MetricChange is a metric that differs from what it was.
type MetricChange struct {
	Name string `json:"name" doc:"JSON name of the metric" example:"snr_db"`
	Old  any    `json:"old" doc:"What was there; null when nothing was"`
	New  any    `json:"new" doc:"What the definitions of this server give"`
}
