package wire

import "time"

// A PSD is the power density of a recording over frequency.
type PSD struct {
	TaskID           string    `json:"task_id" doc:"The acquisition it belongs to"`
	WebSDRID         int64     `json:"websdr_id" doc:"The WebSDR that recorded" example:"1"`
	Start            time.Time `json:"start" doc:"Where the time that it is the mean of begins, by the clock of the recording"`
	DurationS        float64   `json:"duration_s" doc:"How long that time is, in seconds"`
	FrequencyMHz     float64   `json:"frequency_mhz" doc:"Radio frequency at 0 Hz of the recording, in MHz" example:"145.5"`
	LowHz            float64   `json:"low_hz" doc:"Middle of the first bin, in Hz relative to frequency_mhz"`
	StepHz           float64   `json:"step_hz" doc:"From one bin to the next, in Hz"`
	NoiseBandwidthHz float64   `json:"noise_bandwidth_hz" doc:"How wide a bin is for noise, in Hz: a lone tone of P dBFS reads P - 10 lg of this in the bin at whose middle it is"`
	Segments         float64   `json:"segments" doc:"How many spectra it is the mean of, each half over the one before"`
	Exact            bool      `json:"exact" doc:"It is of exactly that time. Of a long one, it is of the columns of the stored spectrogram, cut by weight where it begins and ends"`
	DensityDBFSHz    []float64 `json:"density_dbfs_hz" nullable:"false" doc:"Bin by bin from the lowest frequency, in dBFS/Hz: full-scale power in 1 Hz reads 0. Empty where nothing was received"`
}
