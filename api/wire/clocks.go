package wire

import "github.com/heimdall-sdr/heimdall"

// ClockStatistics say what carriers tell of the clocks of WebSDRs.
type ClockStatistics struct {
	Basis
	Bucket string        `json:"bucket" enum:"1h,1d" doc:"Width of the steps whose means the slope is drawn through"`
	Clocks []WebSDRClock `json:"clocks" nullable:"false" doc:"In order of WebSDR, then frequency; where there was no carrier there is none"`
}

// A WebSDRClock is what carriers at one frequency tell of one WebSDR's clock. Parts per million are of that frequency.
type WebSDRClock struct {
	WebSDRID     int64   `json:"websdr_id" doc:"The WebSDR" example:"1"`
	FrequencyMHz float64 `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	Offset
	OffsetMeanPPM       *float64 `json:"offset_mean_ppm" doc:"offset_mean_hz in parts per million: the error of the transmitter and that of the receiver's clock together"`
	OffsetStdPPM        *float64 `json:"offset_std_ppm" doc:"Scatter of the measurements (n-1); null of fewer than two"`
	OffsetSigmaPPM      *float64 `json:"offset_sigma_ppm" doc:"One sigma of the mean, by that scatter, as if measurements were independent; null of fewer than two"`
	Others              int64    `json:"others" doc:"Other WebSDRs that measured carriers at this frequency"`
	OthersMedianPPM     *float64 `json:"others_median_ppm" doc:"Median of their means; null without any"`
	OwnPPM              *float64 `json:"own_ppm" doc:"What is left after taking away others_median_ppm: mostly the error of this receiver's clock; null without others"`
	OwnSigmaPPM         *float64 `json:"own_sigma_ppm" doc:"One sigma of own_ppm, by the scatter of this receiver and of those in the middle of the others; null where one of these measured once only"`
	SlopeHzPerDay       *float64 `json:"slope_hz_per_day" doc:"Of the straight line through the means of the steps, weighted by their counts; null of fewer than two steps"`
	SlopeSigmaHzPerDay  *float64 `json:"slope_sigma_hz_per_day" doc:"One sigma of it, from what the line leaves over; null of fewer than three steps"`
	SlopePPMPerDay      *float64 `json:"slope_ppm_per_day" doc:"slope_hz_per_day in parts per million"`
	SlopeSigmaPPMPerDay *float64 `json:"slope_sigma_ppm_per_day" doc:"slope_sigma_hz_per_day in parts per million"`
}

// ClockStatisticsOf converts clocks.
func ClockStatisticsOf(c heimdall.Clocks) ClockStatistics {
	w := ClockStatistics{Basis: basisOf(c.Basis), Bucket: BucketName(c.Bucket), Clocks: []WebSDRClock{}}
	for _, c := range c.Clocks {
		w.Clocks = append(w.Clocks, WebSDRClock{
			WebSDRID: c.WebSDRID, FrequencyMHz: MHz(c.FrequencyHz), Offset: offsetOf(c.Offset),
			OffsetMeanPPM: finitePointer(c.OffsetMeanPPM), OffsetStdPPM: finitePointer(c.OffsetStdPPM), OffsetSigmaPPM: finitePointer(c.OffsetSigmaPPM),
			Others: c.Others, OthersMedianPPM: finitePointer(c.OthersMedianPPM), OwnPPM: finitePointer(c.OwnPPM), OwnSigmaPPM: finitePointer(c.OwnSigmaPPM),
			SlopeHzPerDay: finitePointer(c.SlopeHzPerDay), SlopeSigmaHzPerDay: finitePointer(c.SlopeSigmaHzPerDay),
			SlopePPMPerDay: finitePointer(c.SlopePPMPerDay), SlopeSigmaPPMPerDay: finitePointer(c.SlopeSigmaPPMPerDay),
		})
	}
	return w
}
