package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// NoiseStatistics is how the noise density went.
type NoiseStatistics struct {
	Basis
	Bucket string       `json:"bucket" enum:"1h,1d" doc:"Width of a step"`
	Points []NoisePoint `json:"points" nullable:"false" doc:"In order of time, then WebSDR; a step without measurements has none"`
}

// A NoisePoint is one WebSDR in one step, over all frequencies chosen.
type NoisePoint struct {
	Start        time.Time `json:"start" doc:"Where the step begins, also where the range begins later"`
	WebSDRID     int64     `json:"websdr_id" doc:"The WebSDR" example:"1"`
	Measurements int64     `json:"measurements" doc:"Measurements in the step"`
	Noise
}

// Noise describes the noise density of many measurements.
type Noise struct {
	NoiseCount      int64    `json:"noise_count" doc:"Measurements that have a noise density"`
	NoiseMeanDBFSHz *float64 `json:"noise_mean_dbfs_hz" doc:"Mean of their decibels, as AVG(noise_dbfs_hz) in SQL, relative to the receiver's full scale; null without any"`
	NoiseStdDB      *float64 `json:"noise_std_db" doc:"Sample standard deviation (n-1) in dB; null of fewer than two"`
	NoiseMinDBFSHz  *float64 `json:"noise_min_dbfs_hz" doc:"Least, in dBFS/Hz; null without any"`
	NoiseMaxDBFSHz  *float64 `json:"noise_max_dbfs_hz" doc:"Greatest, in dBFS/Hz; null without any"`
}

func noiseOf(s heimdall.Stat) Noise {
	return Noise{s.Count, finitePointer(s.Mean), finitePointer(s.Std), finitePointer(s.Min), finitePointer(s.Max)}
}

// NoiseStatisticsOf converts a trend.
func NoiseStatisticsOf(t heimdall.NoiseTrend) NoiseStatistics {
	w := NoiseStatistics{Basis: basisOf(t.Basis), Bucket: BucketName(t.Bucket), Points: []NoisePoint{}}
	for _, p := range t.Points {
		w.Points = append(w.Points, NoisePoint{p.Start.UTC(), p.WebSDRID, p.Rows, noiseOf(p.Noise)})
	}
	return w
}
