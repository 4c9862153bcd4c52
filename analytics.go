package heimdall

import (
	"math"
	"time"
)

// The answers to questions about many measurements. All of them count captures that have ended, each at its
// moment: the time of sample 0 of a success, otherwise the time when it ended. A success has exactly one
// measurement, so counting successes is counting rows.
//
// Rollups keep, per hour and per day, WebSDR, frequency and label, how the captures ended and the sums of what was measured,
// for ever. An answer takes every whole hour of its range from them and only the ragged ends from rows; Basis
// says which. Counts, extremes and the time of the last success are exact, means to 1e-9 of the root mean square of their
// terms, standard deviations to 1e-6 of it. The mean of values in decibels is the mean of the decibels (the
// AVG(snr_db) of SQL), never that of the powers. Where there is nothing to make a number of, it is nil and not 0.

// A Bucket is the width of the steps in which an answer is given. Buckets begin at whole hours or days of UTC.
type Bucket string

const (
	Hourly Bucket = "hour"
	Daily  Bucket = "day"
)

// Width is how long a bucket is; 0 when b is none.
func (b Bucket) Width() time.Duration {
	switch b {
	case Hourly:
		return time.Hour
	case Daily:
		return 24 * time.Hour
	}
	return 0
}

// MaxBuckets is the most buckets that one question may span: 13 months of hours, 27 years of days.
const MaxBuckets = 10_000

// An AnalyticsFilter chooses the captures that a question is about: those whose moment is in [From, To).
type AnalyticsFilter struct {
	From, To       time.Time // both needed
	WebSDRIDs      []int64   // nil means any
	FrequencyMinHz int64     // both ends included; 0 means no limit
	FrequencyMaxHz int64
	Label          string // of the acquisition; "" means any
}

// Validate reports everything wrong with a question in steps of b as one *InvalidError.
func (f AnalyticsFilter) Validate(b Bucket) error {
	var bad InvalidError
	if b.Width() == 0 {
		bad.Add("bucket", "must be hour or day, not %q", string(b))
	}
	switch {
	case f.From.IsZero():
		bad.Add("from", "must be given: the beginning of the range, for example 2026-11-01T00:00:00Z")
	case f.To.IsZero():
		bad.Add("to", "must be given: the end of the range, which is not part of it")
	case !f.From.Before(f.To):
		bad.Add("to", "must be after from")
	case b.Width() > 0 && f.To.Sub(f.From)/MaxBuckets >= b.Width():
		bad.Add("to", "must be at most %d buckets after from: ask for days instead of hours, or for less", MaxBuckets)
	}
	if f.FrequencyMinHz < 0 || f.FrequencyMaxHz < 0 {
		bad.Add("frequency", "limits must not be negative")
	}
	return bad.Err()
}

// Basis is what an answer to f is made from. RowsDeleted is left to the database.
func (f AnalyticsFilter) Basis() Basis {
	b := Basis{From: f.From.UTC(), To: f.To.UTC()}
	if from, to := whole(time.Hour, b.From, b.To); from.Before(to) {
		b.RollupFrom, b.RollupTo = from, to
	}
	return b
}

// whole is what [from, to) has of whole steps; none unless the result is in order.
func whole(step time.Duration, from, to time.Time) (first, end time.Time) {
	first, end = from.Truncate(step), to.Truncate(step)
	if first.Before(from) {
		first = first.Add(step)
	}
	return first, end
}

// A Basis says what an answer was made from: rollups for [RollupFrom, RollupTo), which are whole hours, and rows
// for the rest of [From, To).
type Basis struct {
	From, To             time.Time
	RollupFrom, RollupTo time.Time // zero when no whole hour is in the range
	// RowsDeleted says that rows which the question chooses, or would but for the minute, have been deleted from
	// the hours of the ragged ends: the answer may lack them. Whole hours lack nothing.
	RowsDeleted bool
}

// WholeDays is the part of [RollupFrom, RollupTo) that daily rollups can answer; there is none unless from is before
// to.
func (b Basis) WholeDays() (from, to time.Time) { return whole(24*time.Hour, b.RollupFrom, b.RollupTo) }

// Ends are the ragged ends of the range, [from, to) each, which must be answered from rows: none, one or two.
func (b Basis) Ends() [][2]time.Time {
	if b.RollupFrom.IsZero() {
		return [][2]time.Time{{b.From, b.To}}
	}
	var ends [][2]time.Time
	if b.From.Before(b.RollupFrom) {
		ends = append(ends, [2]time.Time{b.From, b.RollupFrom})
	}
	if b.RollupTo.Before(b.To) {
		ends = append(ends, [2]time.Time{b.RollupTo, b.To})
	}
	return ends
}

// Sums are what a rollup keeps of one number: enough to join buckets and still know mean, spread and extremes.
type Sums struct {
	Count        int64
	Sum          float64
	SumOfSquares float64
	Min, Max     float64 // 0 when Count is
}

// Add joins what o sums up to s.
func (s *Sums) Add(o Sums) {
	switch {
	case o.Count == 0:
		return
	case s.Count == 0:
		*s = o
		return
	}
	s.Count += o.Count
	s.Sum += o.Sum
	s.SumOfSquares += o.SumOfSquares
	s.Min, s.Max = min(s.Min, o.Min), max(s.Max, o.Max)
}

// A Stat describes one number over many rows.
type Stat struct {
	Count          int64    // rows that have the number
	Mean, Min, Max *float64 // nil when Count is 0
	Std            *float64 // sample standard deviation (n-1); nil when Count is below 2
}

// Stat is what s says.
func (s Sums) Stat() Stat {
	if s.Count == 0 {
		return Stat{}
	}
	n := float64(s.Count)
	out := Stat{Count: s.Count, Mean: new(s.Sum / n), Min: new(s.Min), Max: new(s.Max)}
	switch {
	case s.Count < 2:
	case s.Min == s.Max: // the difference below would leave rounding errors
		out.Std = new(0.0)
	default:
		out.Std = new(math.Sqrt(max(0, s.SumOfSquares-s.Sum*s.Sum/n) / (n - 1)))
	}
	return out
}

// A Trend is how the SNR went, in order of time, then WebSDR. A bucket without rows has no point.
type Trend struct {
	Basis
	Bucket Bucket
	Points []TrendPoint
}

// A TrendPoint is one WebSDR in one bucket, over all frequencies chosen.
type TrendPoint struct {
	Start    time.Time // of the bucket, also where the range begins later
	WebSDRID int64
	Rows     int64 // Rows - SNR.Count have no SNR that could be defended
	Detected int64
	SNR      Stat // dB
}

// A Coverage says how much of the time there are data, in order of day, then WebSDR. A day in which no capture of
// a WebSDR ended has no entry.
type Coverage struct {
	Basis
	Days []CoverageDay
}

// A CoverageDay is one WebSDR on one day of UTC.
type CoverageDay struct {
	Start     time.Time // of the day, also where the range begins later
	WebSDRID  int64
	Captures  int64 // that have ended
	Successes int64
	Cancelled int64
	RecordedS float64 // seconds of recordings whose sample 0 is of this day
	// RecordedS of the seconds of the day that are in the range, 86,400 of a whole one. Where recordings overlap,
	// or one reaches into the next day, it may exceed 1.
	TimeShare    *float64
	SuccessShare *float64 // of the captures that were not cancelled
}

// NewCoverageDay is the day of b that begins at start.
func NewCoverageDay(b Basis, start time.Time, websdrID int64, captures, successes, cancelled int64, recordedS float64) CoverageDay {
	begin, end := start, start.Add(24*time.Hour)
	if b.From.After(begin) {
		begin = b.From
	}
	if b.To.Before(end) {
		end = b.To
	}
	return CoverageDay{
		Start: start, WebSDRID: websdrID, Captures: captures, Successes: successes, Cancelled: cancelled, RecordedS: recordedS,
		TimeShare: new(recordedS / end.Sub(begin).Seconds()), SuccessShare: Share(successes, captures-cancelled),
	}
}

// SessionStatistics say what was asked for and what came of it.
//
// The acquisitions are those created in the range that are still stored, at least one capture of which is of a
// WebSDR chosen; the captures are those with their moment in it, as everywhere else, also of acquisitions that
// were created before or have been deleted.
type SessionStatistics struct {
	Basis               // of Captures; acquisitions are always counted row by row
	Acquisitions        int64
	AcquisitionsByState map[State]int64
	WaitS               Stat // seconds from creation to the first claim
	RunS                Stat // seconds from the first claim to the end
	Captures            Performance
}
