package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// OccupancyStatistics say how often something was heard on each frequency.
type OccupancyStatistics struct {
	Basis
	Bucket   string             `json:"bucket" enum:"1h,1d" doc:"Width of a step"`
	Channels []OccupancyChannel `json:"channels" nullable:"false" doc:"In order of frequency; one that nobody measured is absent"`
}

// An OccupancyChannel is one frequency.
type OccupancyChannel struct {
	FrequencyMHz float64 `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	Occupied
	Points []OccupancyPoint `json:"points" nullable:"false" doc:"In order of time; a step without measurements has none"`
}

// An OccupancyPoint is one step.
type OccupancyPoint struct {
	Start time.Time `json:"start" doc:"Where the step begins, also where the range begins later"`
	Occupied
}

// Occupied is how many measurements detected a signal.
type Occupied struct {
	Measurements  int64    `json:"measurements" doc:"Measurements on this frequency"`
	Detected      int64    `json:"detected" doc:"How many of them detected a signal in their channel"`
	OccupiedShare *float64 `json:"occupied_share" doc:"Detected of measurements, 0 to 1; null without any"`
	OccupiedLow   *float64 `json:"occupied_share_low" doc:"Least share that is likely, with 95 percent confidence; null without any"`
	OccupiedHigh  *float64 `json:"occupied_share_high" doc:"Greatest share that is likely; null without any"`
}

func occupiedOf(o heimdall.Occupied) Occupied {
	return Occupied{o.Measurements, o.Detected, o.Share, o.Low, o.High}
}

// OccupancyStatisticsOf converts an occupancy.
func OccupancyStatisticsOf(o heimdall.Occupancy) OccupancyStatistics {
	w := OccupancyStatistics{Basis: basisOf(o.Basis), Bucket: BucketName(o.Bucket), Channels: []OccupancyChannel{}}
	for _, c := range o.Channels {
		channel := OccupancyChannel{FrequencyMHz: MHz(c.FrequencyHz), Occupied: occupiedOf(c.Occupied), Points: []OccupancyPoint{}}
		for _, p := range c.Points {
			channel.Points = append(channel.Points, OccupancyPoint{p.Start.UTC(), occupiedOf(p.Occupied)})
		}
		w.Channels = append(w.Channels, channel)
	}
	return w
}

// An OccupancyRow is a step of a frequency as a row of a table.
type OccupancyRow struct {
	FrequencyMHz float64 `json:"frequency_mhz" doc:"Radio frequency, in MHz"`
	OccupancyPoint
}

// Rows are all steps of all frequencies.
func (o OccupancyStatistics) Rows() (rows []OccupancyRow) {
	for _, c := range o.Channels {
		for _, p := range c.Points {
			rows = append(rows, OccupancyRow{c.FrequencyMHz, p})
		}
	}
	return rows
}
