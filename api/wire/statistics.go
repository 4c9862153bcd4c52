package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// The answers to questions about many measurements. A statistic is flat, so that a row of JSON and a line of CSV have
// the same names, and each of its numbers ends in its unit: snr_mean_db is one of snr_count values. A number of nothing
// is null and never 0.

// A Basis says what an answer was made from.
type Basis struct {
	From        time.Time  `json:"from" doc:"Where the range begins"`
	To          time.Time  `json:"to" doc:"Where it ends; not part of it"`
	RollupFrom  *time.Time `json:"rollup_from" doc:"From here to rollup_to, which are whole hours, the answer comes from rollups; null when the range has no whole hour"`
	RollupTo    *time.Time `json:"rollup_to" doc:"Rows answer for what lies before rollup_from and from here on"`
	RowsDeleted bool       `json:"rows_deleted" doc:"Rows of the ragged ends have been deleted, so that the answer may lack them; whole hours lack nothing"`
}

func basisOf(b heimdall.Basis) Basis {
	return Basis{From: b.From.UTC(), To: b.To.UTC(), RollupFrom: instant(b.RollupFrom), RollupTo: instant(b.RollupTo), RowsDeleted: b.RowsDeleted}
}

// SNRStatistics is how the SNR went.
type SNRStatistics struct {
	Basis
	Bucket string     `json:"bucket" enum:"1h,1d" doc:"Width of a step"`
	Points []SNRPoint `json:"points" nullable:"false" doc:"In order of time, then WebSDR; a step without measurements has none"`
}

// An SNRPoint is one WebSDR in one step, over all frequencies chosen.
type SNRPoint struct {
	Start        time.Time `json:"start" doc:"Where the step begins, also where the range begins later"`
	WebSDRID     int64     `json:"websdr_id" doc:"The WebSDR" example:"1"`
	Measurements int64     `json:"measurements" doc:"Measurements in the step"`
	Detected     int64     `json:"detected" doc:"How many of them detected a signal"`
	SNR
}

// SNR describes the SNR of many measurements.
type SNR struct {
	SNRCount  int64    `json:"snr_count" doc:"Measurements that have an SNR"`
	SNRMeanDB *float64 `json:"snr_mean_db" doc:"Mean of their decibels, as AVG(snr_db) in SQL; null without any"`
	SNRStdDB  *float64 `json:"snr_std_db" doc:"Sample standard deviation (n-1) in dB; null of fewer than two"`
	SNRMinDB  *float64 `json:"snr_min_db" doc:"Least, in dB; null without any"`
	SNRMaxDB  *float64 `json:"snr_max_db" doc:"Greatest, in dB; null without any"`
}

func snrOf(s heimdall.Stat) SNR {
	return SNR{s.Count, finitePointer(s.Mean), finitePointer(s.Std), finitePointer(s.Min), finitePointer(s.Max)}
}

// SNRStatisticsOf converts a trend.
func SNRStatisticsOf(t heimdall.Trend) SNRStatistics {
	w := SNRStatistics{Basis: basisOf(t.Basis), Bucket: BucketName(t.Bucket), Points: []SNRPoint{}}
	for _, p := range t.Points {
		w.Points = append(w.Points, SNRPoint{p.Start.UTC(), p.WebSDRID, p.Rows, p.Detected, snrOf(p.SNR)})
	}
	return w
}

// Buckets are the widths of steps by their names; see BucketName.
var Buckets = map[string]heimdall.Bucket{"1h": heimdall.Hourly, "1d": heimdall.Daily}

// BucketName is what a bucket is called outside.
func BucketName(b heimdall.Bucket) string {
	for name, bucket := range Buckets {
		if bucket == b {
			return name
		}
	}
	return string(b)
}

// DriftStatistics is how the frequencies of carriers went.
type DriftStatistics struct {
	Basis
	Bucket string        `json:"bucket" enum:"1h,1d" doc:"Width of a step"`
	Series []DriftSeries `json:"series" nullable:"false" doc:"In order of WebSDR, then frequency; where there was no carrier there is none"`
}

// A DriftSeries is one WebSDR at one frequency.
type DriftSeries struct {
	WebSDRID     int64   `json:"websdr_id" doc:"The WebSDR" example:"1"`
	FrequencyMHz float64 `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	Offset
	SlopeHzPerDay      *float64     `json:"slope_hz_per_day" doc:"Of the straight line through the means of the steps, weighted by their counts; null of fewer than two steps"`
	SlopeSigmaHzPerDay *float64     `json:"slope_sigma_hz_per_day" doc:"One sigma of it, from what the line leaves over; null of fewer than three steps"`
	Points             []DriftPoint `json:"points" nullable:"false" doc:"In order of time"`
}

// A DriftPoint is one step of a series.
type DriftPoint struct {
	Start time.Time `json:"start" doc:"Where the step begins, also where the range begins later"`
	Offset
}

// Offset describes the frequency offsets of many carriers.
type Offset struct {
	OffsetCount  int64    `json:"offset_count" doc:"Measurements that found a carrier"`
	OffsetMeanHz *float64 `json:"offset_mean_hz" doc:"Mean of their frequency_offset_hz; null without any"`
	OffsetStdHz  *float64 `json:"offset_std_hz" doc:"Sample standard deviation (n-1) in Hz; null of fewer than two"`
	OffsetMinHz  *float64 `json:"offset_min_hz" doc:"Least, in Hz; null without any"`
	OffsetMaxHz  *float64 `json:"offset_max_hz" doc:"Greatest, in Hz; null without any"`
}

func offsetOf(s heimdall.Stat) Offset {
	return Offset{s.Count, finitePointer(s.Mean), finitePointer(s.Std), finitePointer(s.Min), finitePointer(s.Max)}
}

// DriftStatisticsOf converts a drift.
func DriftStatisticsOf(d heimdall.Drift) DriftStatistics {
	w := DriftStatistics{Basis: basisOf(d.Basis), Bucket: BucketName(d.Bucket), Series: []DriftSeries{}}
	for _, s := range d.Series {
		series := DriftSeries{
			WebSDRID: s.WebSDRID, FrequencyMHz: MHz(s.FrequencyHz), Offset: offsetOf(s.Offset),
			SlopeHzPerDay: finitePointer(s.SlopeHzPerDay), SlopeSigmaHzPerDay: finitePointer(s.SlopeSigmaHzPerDay), Points: []DriftPoint{},
		}
		for _, p := range s.Points {
			series.Points = append(series.Points, DriftPoint{p.Start.UTC(), offsetOf(p.Offset)})
		}
		w.Series = append(w.Series, series)
	}
	return w
}

// A DriftRow is a point of a series as a row of a table.
type DriftRow struct {
	WebSDRID     int64   `json:"websdr_id" doc:"The WebSDR"`
	FrequencyMHz float64 `json:"frequency_mhz" doc:"Radio frequency, in MHz"`
	DriftPoint
}

// Rows are all points of all series.
func (d DriftStatistics) Rows() (rows []DriftRow) {
	for _, s := range d.Series {
		for _, p := range s.Points {
			rows = append(rows, DriftRow{s.WebSDRID, s.FrequencyMHz, p})
		}
	}
	return rows
}

// A Performance says how captures fared.
type Performance struct {
	Captures      int64            `json:"captures" doc:"Captures that have ended in the range: a success at the time of its sample 0, any other when it ended"`
	Attempts      int64            `json:"attempts" doc:"Connections tried, the repeated ones included"`
	Successes     int64            `json:"successes" doc:"Captures that were recorded, which is also the number of measurements"`
	Failed        int64            `json:"failed" doc:"Captures that failed"`
	Cancelled     int64            `json:"cancelled" doc:"Captures that were cancelled"`
	Failures      map[string]int64 `json:"failures" doc:"Of failed, by class; the empty key where none is known"`
	SuccessShare  *float64         `json:"success_share" doc:"Successes of those not cancelled, 0 to 1; null without any"`
	Detected      int64            `json:"detected" doc:"Measurements that detected a signal"`
	DetectedShare *float64         `json:"detected_share" doc:"Of the successes, 0 to 1; null without any"`
	SNR
	Offset
	Centroids     int64      `json:"centroids" doc:"Offsets found by the centroid, which are not among the others"`
	RecordedS     float64    `json:"recorded_s" doc:"Seconds of IQ"`
	Bytes         int64      `json:"bytes" doc:"Data of the recordings, in bytes"`
	LastSuccessAt *time.Time `json:"last_success_at" doc:"Sample 0 of the newest recording; null without any"`
}

func performanceOf(p heimdall.Performance) Performance {
	w := Performance{
		Captures: p.Captures, Attempts: p.Attempts, Successes: p.Successes, Failed: p.Failed, Cancelled: p.Cancelled,
		Failures: map[string]int64{}, SuccessShare: p.SuccessShare, Detected: p.Detected, DetectedShare: p.DetectedShare,
		SNR: snrOf(p.SNR), Offset: offsetOf(p.Offset), Centroids: p.Centroids, RecordedS: finite(p.RecordedS), Bytes: p.Bytes,
		LastSuccessAt: instant(p.LastSuccess),
	}
	for class, n := range p.Failures {
		w.Failures[string(class)] = n
	}
	return w
}

// WebSDRStatistics say how captures fared.
type WebSDRStatistics struct {
	Basis
	WebSDRs []WebSDRPerformance `json:"websdrs" nullable:"false" doc:"By WebSDR, in order of its id"`
	Labels  []LabelPerformance  `json:"labels" nullable:"false" doc:"The same captures by the label of their acquisition; those without one under the empty label"`
}

// A WebSDRPerformance is that of one WebSDR.
type WebSDRPerformance struct {
	WebSDRID int64 `json:"websdr_id" doc:"The WebSDR" example:"1"`
	Performance
}

// A LabelPerformance is that of the acquisitions of one label.
type LabelPerformance struct {
	Label string `json:"label" doc:"Of the acquisitions"`
	Performance
}

// WebSDRStatisticsOf converts a report.
func WebSDRStatisticsOf(r heimdall.PerformanceReport) WebSDRStatistics {
	w := WebSDRStatistics{Basis: basisOf(r.Basis), WebSDRs: []WebSDRPerformance{}, Labels: []LabelPerformance{}}
	for _, p := range r.WebSDRs {
		w.WebSDRs = append(w.WebSDRs, WebSDRPerformance{p.WebSDRID, performanceOf(p.Performance)})
	}
	for _, p := range r.Labels {
		w.Labels = append(w.Labels, LabelPerformance{p.Label, performanceOf(p.Performance)})
	}
	return w
}

// CoverageStatistics say how much of the time there are data.
type CoverageStatistics struct {
	Basis
	Days []CoverageDay `json:"days" nullable:"false" doc:"In order of day, then WebSDR; a day in which no capture of a WebSDR ended has none"`
}

// A CoverageDay is one WebSDR on one day of UTC.
type CoverageDay struct {
	Start        time.Time `json:"start" doc:"Where the day begins, also where the range begins later"`
	WebSDRID     int64     `json:"websdr_id" doc:"The WebSDR" example:"1"`
	Captures     int64     `json:"captures" doc:"Captures that have ended"`
	Successes    int64     `json:"successes" doc:"Captures that were recorded"`
	Cancelled    int64     `json:"cancelled" doc:"Captures that were cancelled"`
	RecordedS    float64   `json:"recorded_s" doc:"Seconds of recordings whose sample 0 is of this day"`
	TimeShare    *float64  `json:"time_share" doc:"recorded_s of the seconds of the day that are in the range; above 1 where recordings overlap or reach into the next day"`
	SuccessShare *float64  `json:"success_share" doc:"Successes of the captures that were not cancelled, 0 to 1; null without any"`
}

// CoverageStatisticsOf converts a coverage.
func CoverageStatisticsOf(c heimdall.Coverage) CoverageStatistics {
	w := CoverageStatistics{Basis: basisOf(c.Basis), Days: []CoverageDay{}}
	for _, d := range c.Days {
		w.Days = append(w.Days, CoverageDay{
			d.Start.UTC(), d.WebSDRID, d.Captures, d.Successes, d.Cancelled, finite(d.RecordedS), finitePointer(d.TimeShare), d.SuccessShare,
		})
	}
	return w
}

// SessionStatistics say what was asked for and what came of it.
type SessionStatistics struct {
	Basis
	Sessions
	Performance
}

// Sessions counts acquisitions.
type Sessions struct {
	Acquisitions        int64            `json:"acquisitions" doc:"Acquisitions created in the range that are still stored and have a capture of a WebSDR chosen"`
	AcquisitionsByState map[string]int64 `json:"acquisitions_by_state" doc:"How many of them are in which state; a state that none is in is absent"`
	WaitCount           int64            `json:"wait_count" doc:"Acquisitions that a worker has claimed"`
	WaitMeanS           *float64         `json:"wait_mean_s" doc:"Mean time from creation to the first claim, in seconds; null without any"`
	WaitStdS            *float64         `json:"wait_std_s" doc:"Sample standard deviation (n-1) in seconds; null of fewer than two"`
	WaitMinS            *float64         `json:"wait_min_s" doc:"Least, in seconds; null without any"`
	WaitMaxS            *float64         `json:"wait_max_s" doc:"Greatest, in seconds; null without any"`
	RunCount            int64            `json:"run_count" doc:"Acquisitions that ended after a worker had claimed them"`
	RunMeanS            *float64         `json:"run_mean_s" doc:"Mean time from the first claim to the end, in seconds; null without any"`
	RunStdS             *float64         `json:"run_std_s" doc:"Sample standard deviation (n-1) in seconds; null of fewer than two"`
	RunMinS             *float64         `json:"run_min_s" doc:"Least, in seconds; null without any"`
	RunMaxS             *float64         `json:"run_max_s" doc:"Greatest, in seconds; null without any"`
}

// SessionStatisticsOf converts session statistics.
func SessionStatisticsOf(s heimdall.SessionStatistics) SessionStatistics {
	w := SessionStatistics{Basis: basisOf(s.Basis), Performance: performanceOf(s.Captures), Sessions: Sessions{
		Acquisitions: s.Acquisitions, AcquisitionsByState: map[string]int64{},
		WaitCount: s.WaitS.Count, WaitMeanS: finitePointer(s.WaitS.Mean), WaitStdS: finitePointer(s.WaitS.Std),
		WaitMinS: finitePointer(s.WaitS.Min), WaitMaxS: finitePointer(s.WaitS.Max),
		RunCount: s.RunS.Count, RunMeanS: finitePointer(s.RunS.Mean), RunStdS: finitePointer(s.RunS.Std),
		RunMinS: finitePointer(s.RunS.Min), RunMaxS: finitePointer(s.RunS.Max),
	}}
	for state, n := range s.AcquisitionsByState {
		if n > 0 {
			w.AcquisitionsByState[string(state)] = n
		}
	}
	return w
}

// LatestStatistics are the newest measurements.
type LatestStatistics struct {
	Measurements []Measurement `json:"measurements" nullable:"false" doc:"The newest of each WebSDR, in order of websdr_id; one that has none is left out"`
}
