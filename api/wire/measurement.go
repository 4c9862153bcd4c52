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

// MetricDoc explains the columns that dsp computes, by JSON name. The doc of package dsp defines them.
var MetricDoc = map[string]string{
	"snr_db":              "Signal-to-noise ratio in the channel, in dB; null when nothing was detected",
	"snr_sigma_db":        "One sigma of snr_db, in dB",
	"snr_upper_db":        "99.9 % upper limit of the SNR, in dB; given also when nothing was detected",
	"snr_bandwidth_hz":    "Bandwidth of the channel that was measured, in Hz",
	"detected":            "Whether a signal was detected",
	"cn0_dbhz":            "Signal over noise density, in dB Hz: comparable between bandwidths",
	"signal_dbfs":         "Power in the channel without its noise, in dBFS",
	"channel_power_dbfs":  "Power in the channel, noise included, in dBFS",
	"noise_dbfs_hz":       "Noise density, in dBFS per hertz",
	"noise_source":        "Where the noise was measured: off_channel, in_band, time_min, time_gaps, history or none",
	"noise_used_fraction": "Share of the candidate bins that were used as noise, 0 to 1",
	"power_dbfs":          "Mean power of the whole record, in dBFS",
	"peak_dbfs":           "Largest single sample, in dBFS",
	"papr_db":             "Peak over mean power, in dB",
	"dc_dbfs":             "Power of the mean of the record, in dBFS",
	"clip_fraction":       "Share of samples at full scale, 0 to 1",
	"frequency_offset_hz": "Frequency of the signal from the channel centre, at the middle of the record, in Hz",
	"frequency_method":    "How frequency_offset_hz was found: carrier or centroid; never mix the two in one average",
	"frequency_sigma_hz":  "One sigma of the frequency estimate alone, in Hz",
	"clock_sigma_hz":      "One sigma of the receiver's frequency reference at this frequency, in Hz",
	"line_fraction":       "Share of the signal's power in its strongest line, 0 to 1",
	"drift_hz_s":          "Rate of change of the carrier, in Hz per second",
	"drift_sigma_hz_s":    "One sigma of drift_hz_s, in Hz per second",
	"obw_hz":              "99 % occupied bandwidth, in Hz (ITU-R SM.443)",
	"obw_lo_hz":           "Lower edge of the occupied bandwidth relative to frequency_mhz, in Hz",
	"obw_hi_hz":           "Upper edge of the occupied bandwidth, in Hz",
	"obw_valid":           "Whether the SNR inside the occupied bandwidth is at least 10 dB",
	"flatness_db":         "Spectral flatness of the channel, in dB: 0 is white",
	"spectral_kurtosis":   "0 for a steady carrier, 1 for noise, above 1 for bursts",
	"duty":                "Share of time in which the signal is on, 0 to 1",
	"on_snr_db":           "SNR while the signal is on, in dB",
	"power_dbm":           "power_dbfs in dBm; null without a calibration",
	"signal_dbm":          "signal_dbfs in dBm; null without a calibration",
	"noise_dbm_hz":        "noise_dbfs_hz in dBm per hertz; null without a calibration",
	"cal_db":              "dBm minus dBFS, in dB; null without a calibration",
	"cal_sigma_db":        "One sigma of cal_db, in dB",
	"cal_source":          "Where the calibration comes from: table or s_meter; empty without one",
	"flags":               "What is wrong or special about the recording, sorted",
	"algorithm_version":   "Version of the definitions behind these numbers",
	"L":                   "Length of a Welch segment, in samples",
	"K":                   "Effective number of averages per bin",
}
