package dsp

// Version names these definitions. A change of any number they give is a new version.
const Version = "1"

// Metrics are the numbers of one record. A nil pointer is a number that cannot be defended; Flags or
// NoiseSource say why. Units end the names. The JSON names are those of the columns.
type Metrics struct {
	SNRdB              *float64 `json:"snr_db"`              // (P_ch - N0 B)/(N0 B); nil when nothing was detected
	SNRSigmaDB         *float64 `json:"snr_sigma_db"`        // one sigma of SNRdB
	SNRUpperDB         *float64 `json:"snr_upper_db"`        // 99.9 % upper limit of the SNR, also when nothing was detected
	SNRBandwidthHz     float64  `json:"snr_bandwidth_hz"`    // B: the stated bandwidth of the channel that was measured
	Detected           bool     `json:"detected"`            // whether any of the four detection tests fired
	CN0dBHz            *float64 `json:"cn0_dbhz"`            // S/N0: comparable between bandwidths
	SignalDBFS         *float64 `json:"signal_dbfs"`         // S: power in the channel without its noise
	ChannelPowerDBFS   *float64 `json:"channel_power_dbfs"`  // P_ch: power in the channel, noise included
	NoiseDBFSHz        *float64 `json:"noise_dbfs_hz"`       // N0: noise density, dBFS per hertz
	NoiseSource        string   `json:"noise_source"`        // off_channel, in_band, time_min, time_gaps, history or none
	NoiseUsedFraction  *float64 `json:"noise_used_fraction"` // share of the candidate bins that were used as noise
	PowerDBFS          *float64 `json:"power_dbfs"`          // mean power of the whole record
	PeakDBFS           *float64 `json:"peak_dbfs"`           // largest single sample
	PAPRdB             *float64 `json:"papr_db"`             // peak over mean
	DCdBFS             *float64 `json:"dc_dbfs"`             // power of the mean of the record
	ClipFraction       float64  `json:"clip_fraction"`       // share of samples at full scale
	FrequencyOffsetHz  *float64 `json:"frequency_offset_hz"` // of the signal from the channel centre, at the middle of the record
	FrequencyMethod    *string  `json:"frequency_method"`    // carrier or centroid; nil when there is no offset. Never mix methods in aggregates
	FrequencySigmaHz   *float64 `json:"frequency_sigma_hz"`  // one sigma of the estimator alone
	ClockSigmaHz       *float64 `json:"clock_sigma_hz"`      // one sigma of the receiver's frequency reference at this frequency
	LineFraction       *float64 `json:"line_fraction"`       // share of S in the strongest line
	DriftHzS           *float64 `json:"drift_hz_s"`          // rate of change of the carrier
	DriftSigmaHzS      *float64 `json:"drift_sigma_hz_s"`    // one sigma of DriftHzS
	OBWHz              *float64 `json:"obw_hz"`              // 99 % occupied bandwidth, ITU-R SM.443
	OBWLowHz           *float64 `json:"obw_lo_hz"`           // its lower edge, relative to the tuned frequency
	OBWHighHz          *float64 `json:"obw_hi_hz"`           // its upper edge
	OBWValid           bool     `json:"obw_valid"`           // whether the SNR inside it is at least 10 dB
	FlatnessDB         *float64 `json:"flatness_db"`         // Wiener entropy of the channel: 0 dB is white
	SpectralKurtosis   *float64 `json:"spectral_kurtosis"`   // 0 for a steady carrier, 1 for noise, above 1 for bursts
	Duty               *float64 `json:"duty"`                // share of time in which the signal is on
	OnSNRdB            *float64 `json:"on_snr_db"`           // SNR while it is on
	PowerDBM           *float64 `json:"power_dbm"`           // PowerDBFS, calibrated
	SignalDBM          *float64 `json:"signal_dbm"`          // SignalDBFS, calibrated
	NoiseDBMHz         *float64 `json:"noise_dbm_hz"`        // NoiseDBFSHz, calibrated
	CalibrationDB      *float64 `json:"cal_db"`              // dBm minus dBFS; nil when there is no calibration
	CalibrationSigmaDB *float64 `json:"cal_sigma_db"`        // one sigma of CalibrationDB
	CalibrationSource  *string  `json:"cal_source"`          // table or s_meter; nil without a calibration
	Flags              []string `json:"flags"`               // what is wrong or special, sorted; see Flag*
	AlgorithmVersion   string   `json:"algorithm_version"`   // which version of these definitions made the row
	SegmentLength      int      `json:"L"`                   // Welch segment length in samples
	SegmentAverages    float64  `json:"K"`                   // effective number of averages per bin
}
