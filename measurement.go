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
	SNRdB              *float64
	SNRSigmaDB         *float64
	SNRUpperDB         *float64
	SNRBandwidthHz     float64
	Detected           bool
	CN0dBHz            *float64
	SignalDBFS         *float64
	ChannelPowerDBFS   *float64
	NoiseDBFSHz        *float64
	NoiseSource        string
	NoiseUsedFraction  *float64
	PowerDBFS          *float64
	PeakDBFS           *float64
	PAPRdB             *float64
	DCdBFS             *float64
	ClipFraction       float64
	FrequencyOffsetHz  *float64
	FrequencyMethod    string
	FrequencySigmaHz   *float64
	ClockSigmaHz       *float64
	LineFraction       *float64
	DriftHzS           *float64
	DriftSigmaHzS      *float64
	OBWHz              *float64
	OBWLowHz           *float64
	OBWHighHz          *float64
	OBWValid           bool
	FlatnessDB         *float64
	SpectralKurtosis   *float64
	Duty               *float64
	OnSNRdB            *float64
	PowerDBM           *float64
	SignalDBM          *float64
	NoiseDBMHz         *float64
	CalibrationDB      *float64
	CalibrationSigmaDB *float64
	CalibrationSource  string
	Flags              []string
	AlgorithmVersion   string
	SegmentLength      int
	SegmentAverages    float64
}
