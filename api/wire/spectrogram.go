package wire

import "time"

// A Spectrogram is the power of a recording over time and frequency.
type Spectrogram struct {
	TaskID           string      `json:"task_id" doc:"The acquisition it belongs to"`
	WebSDRID         int64       `json:"websdr_id" doc:"The WebSDR that recorded" example:"1"`
	Start            time.Time   `json:"start" doc:"Where the first column begins, by the clock of the recording"`
	ColumnS          float64     `json:"column_s" doc:"How long a column lasts, in seconds"`
	FrequencyMHz     float64     `json:"frequency_mhz" doc:"Radio frequency at 0 Hz of the recording, in MHz" example:"145.5"`
	LowHz            float64     `json:"low_hz" doc:"Middle of the first bin, in Hz relative to frequency_mhz"`
	StepHz           float64     `json:"step_hz" doc:"From one bin to the next, in Hz"`
	NoiseBandwidthHz float64     `json:"noise_bandwidth_hz" doc:"Noise of N dBFS/Hz reads N + 10 lg of this in each bin that is joined from one"`
	MinDBFS          float64     `json:"min_dbfs" doc:"What a picture of the whole recording shows as darkest"`
	MaxDBFS          float64     `json:"max_dbfs" doc:"What it shows as brightest"`
	PowerDBFS        [][]float64 `json:"power_dbfs" nullable:"false" doc:"Of each column, bin by bin from the lowest frequency: the power of a tone in dBFS. null where nothing was received"`
}
