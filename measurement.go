package heimdall

import "time"

// A Measurement is the numbers of one finished capture: one row of the time series, with the natural key
// (TaskID, WebSDRID, Timestamp).
type Measurement struct {
	TaskID       string
	WebSDRID     int64
	Timestamp    time.Time // of sample 0
	FrequencyHz  int64
	SampleRateHz float64 // the true rate
	SamplesCount int64
	S3Path       string

	TimeQuality      TimeQuality
	TimeUncertaintyS float64

	Metrics
}

// Metrics are what package dsp computes, field for field; package dsp documents each. A nil pointer means
// that the number cannot be defended, and Flags or NoiseSource say why.
type Metrics struct {
	SNRdB              *float64 `json:"snr_db"`
	SNRSigmaDB         *float64 `json:"snr_sigma_db"`
	SNRUpperDB         *float64 `json:"snr_upper_db"`
	SNRBandwidthHz     float64  `json:"snr_bandwidth_hz"`
	Detected           bool     `json:"detected"`
	CN0dBHz            *float64 `json:"cn0_dbhz"`
	SignalDBFS         *float64 `json:"signal_dbfs"`
	ChannelPowerDBFS   *float64 `json:"channel_power_dbfs"`
	NoiseDBFSHz        *float64 `json:"noise_dbfs_hz"`
	NoiseSource        string   `json:"noise_source"`
	NoiseUsedFraction  *float64 `json:"noise_used_fraction"`
	PowerDBFS          *float64 `json:"power_dbfs"`
	PeakDBFS           *float64 `json:"peak_dbfs"`
	PAPRdB             *float64 `json:"papr_db"`
	DCdBFS             *float64 `json:"dc_dbfs"`
	ClipFraction       float64  `json:"clip_fraction"`
	FrequencyOffsetHz  *float64 `json:"frequency_offset_hz"`
	FrequencyMethod    *string  `json:"frequency_method"`
	FrequencySigmaHz   *float64 `json:"frequency_sigma_hz"`
	ClockSigmaHz       *float64 `json:"clock_sigma_hz"`
	LineFraction       *float64 `json:"line_fraction"`
	DriftHzS           *float64 `json:"drift_hz_s"`
	DriftSigmaHzS      *float64 `json:"drift_sigma_hz_s"`
	OBWHz              *float64 `json:"obw_hz"`
	OBWLowHz           *float64 `json:"obw_lo_hz"`
	OBWHighHz          *float64 `json:"obw_hi_hz"`
	OBWValid           bool     `json:"obw_valid"`
	FlatnessDB         *float64 `json:"flatness_db"`
	SpectralKurtosis   *float64 `json:"spectral_kurtosis"`
	Duty               *float64 `json:"duty"`
	OnSNRdB            *float64 `json:"on_snr_db"`
	PowerDBM           *float64 `json:"power_dbm"`
	SignalDBM          *float64 `json:"signal_dbm"`
	NoiseDBMHz         *float64 `json:"noise_dbm_hz"`
	CalibrationDB      *float64 `json:"cal_db"`
	CalibrationSigmaDB *float64 `json:"cal_sigma_db"`
	CalibrationSource  *string  `json:"cal_source"`
	Flags              []string `json:"flags"`
	AlgorithmVersion   string   `json:"algorithm_version"`
	SegmentLength      int      `json:"L"`
	SegmentAverages    float64  `json:"K"`
}

// RenamedMetrics maps the JSON names that metrics had in version 0.1.0, before each ended in its unit, to those
// they have now. What was written down under the old ones must still be read.
var RenamedMetrics = map[string]string{
	"drift_sigma": "drift_sigma_hz_s",
	"obw_lo":      "obw_lo_hz",
	"obw_hi":      "obw_hi_hz",
}
