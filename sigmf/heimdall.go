package sigmf

// Namespace is the name of Heimdall's own extension, which heimdall.sigmf-ext.md specifies.
const Namespace = "heimdall"

// Ours is the entry for core:extensions of every document that uses Heimdall's own fields.
var Ours = Extension{Name: Namespace, Version: "1.0.0", Optional: true}

// HeimdallGlobal holds the fields that Heimdall adds to the global object.
type HeimdallGlobal struct {
	AcquisitionID    string   `json:"heimdall:acquisition_id,omitempty"` // task_id
	SetID            string   `json:"heimdall:set_id,omitempty"`         // UUID of recordings that are to be compared
	ReceiverID       string   `json:"heimdall:receiver_id,omitempty"`    // websdr_id
	ReceiverURL      string   `json:"heimdall:receiver_url,omitempty"`   // without credentials
	Protocol         string   `json:"heimdall:protocol,omitempty"`       // kind of WebSDR, and its dialect
	NominalRateHz    float64  `json:"heimdall:nominal_sample_rate,omitempty"`
	Request          *Request `json:"heimdall:request,omitempty"`
	SoftwareRevision string   `json:"heimdall:software_revision,omitempty"`
}

// A Request is what was asked for, as against what was recorded.
type Request struct {
	FrequencyHz float64 `json:"frequency"`
	BandwidthHz float64 `json:"bandwidth,omitempty"`
	DurationS   float64 `json:"duration"`
}

// HeimdallCapture holds the fields that Heimdall adds to a capture: how far its time can be trusted.
type HeimdallCapture struct {
	StartUnixNs             string   `json:"heimdall:start_unix_ns,omitempty"` // an integer in a string: JSON numbers lose ns
	TimeSource              string   `json:"heimdall:time_source,omitempty"`   // gps, host_disciplined, host_arrival or none
	TimeTier                *int     `json:"heimdall:time_tier,omitempty"`
	TimeUncertaintyS        *float64 `json:"heimdall:time_uncertainty_s,omitempty"` // one sigma
	TimeFixAgeS             *float64 `json:"heimdall:time_fix_age_s,omitempty"`     // oldest GPS fix used
	TimeResidualRMSS        *float64 `json:"heimdall:time_residual_rms_s,omitempty"`
	SampleRateUncertaintyHz *float64 `json:"heimdall:sample_rate_uncertainty_hz,omitempty"`
	AlignmentOffsetSamples  *int64   `json:"heimdall:alignment_offset_samples,omitempty"`
	AlignmentOffsetS        *float64 `json:"heimdall:alignment_offset_s,omitempty"`
	DroppedSamples          *int64   `json:"heimdall:dropped_samples,omitempty"` // missing before this capture
}

// HeimdallAnnotation holds the fields that Heimdall adds to an annotation: what was measured in it.
type HeimdallAnnotation struct {
	Algorithm              string   `json:"heimdall:algorithm,omitempty"`
	AlgorithmVersion       string   `json:"heimdall:algorithm_version,omitempty"`
	PowerDBFS              *float64 `json:"heimdall:power_dbfs,omitempty"`
	PowerDBM               *float64 `json:"heimdall:power_dbm,omitempty"` // only with a calibration
	PowerUncertaintyDB     *float64 `json:"heimdall:power_uncertainty_db,omitempty"`
	NoiseDBFS              *float64 `json:"heimdall:noise_dbfs,omitempty"`
	NoiseDensityDBFSHz     *float64 `json:"heimdall:noise_density_dbfs_per_hz,omitempty"`
	SNRdB                  *float64 `json:"heimdall:snr_db,omitempty"`
	SNRBandwidthHz         *float64 `json:"heimdall:snr_bandwidth_hz,omitempty"`
	FrequencyOffsetHz      *float64 `json:"heimdall:frequency_offset_hz,omitempty"`
	FrequencyOffsetSigmaHz *float64 `json:"heimdall:frequency_offset_uncertainty_hz,omitempty"`
	OccupiedBandwidthHz    *float64 `json:"heimdall:occupied_bandwidth_hz,omitempty"`
	CalibrationID          string   `json:"heimdall:calibration_id,omitempty"`
	Quality                *int     `json:"heimdall:quality,omitempty"` // -1000 to 100
}
