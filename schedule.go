package heimdall

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Limits on a schedule.
const (
	MinEvery        = time.Second
	MaxJitter       = time.Hour
	MaxRecurrence   = 2000 // characters of a cron or RRULE text
	MaxWindows      = 50
	DefaultGrace    = time.Minute
	MaxGrace        = 24 * time.Hour
	maxScheduleName = 100
)

// ScheduleOrigin is the origin of the acquisitions that a schedule asks for.
func ScheduleOrigin(id int64) string { return "schedule/" + strconv.FormatInt(id, 10) }

// A MisfirePolicy says what becomes of runs that nobody started in time, because no process ran.
type MisfirePolicy string

const (
	MisfireSkip   MisfirePolicy = "skip"   // none of them runs
	MisfireLatest MisfirePolicy = "latest" // the last of them runs, late
	MisfireAll    MisfirePolicy = "all"    // each of them runs, late: the last so many, see package schedule
)

// An OverlapPolicy says what becomes of a run that begins before the one before it has ended.
type OverlapPolicy string

const (
	OverlapAllow OverlapPolicy = "allow"
	OverlapSkip  OverlapPolicy = "skip"
)

// A Schedule makes an acquisition recur. Its first part is the request that each run makes.
type Schedule struct {
	ID     int64  // schedule_id: given by the database, stable, never reused
	Name   string // unique, case-sensitive; jitter is reckoned from it
	Active bool   // false: it is paused

	FrequencyHz        int64
	Duration           time.Duration
	SampleRateHz       int64
	ChannelCenterHz    float64
	ChannelBandwidthHz float64
	JoinTimeout        time.Duration
	WebSDRIDs          []int64 // nil means all that are active and can tune the frequency at the moment of a run
	Label              string  // of the acquisitions; "" means the Name
	Priority           int

	Recurrence Recurrence
	Zone       string        // IANA name of the time zone of cron, RRULE and windows; "" means UTC
	StartAt    time.Time     // no run before; zero means no limit
	EndAt      time.Time     // no run at or after; zero means no limit
	Windows    []Window      // runs are due only within one of these; nil means always
	Jitter     time.Duration // each run starts later by 0 to Jitter, the same for everybody who reckons it
	MaxRuns    int64         // so many runs in all; 0 means no limit

	Misfire MisfirePolicy
	Grace   time.Duration // a run that is later than this is a misfire
	Overlap OverlapPolicy

	// What follows is the database's.
	RunsCount   int64     // runs that made an acquisition, those by hand not counted
	NextDueAt   time.Time // of the next run, without jitter; zero when there is none. Kept while it is paused
	NextStartAt time.Time // the same with jitter
	CreatedAt   time.Time
	UpdatedAt   time.Time // when a user changed it last; runs do not change it
}

// Validate reports everything wrong with s as one *InvalidError. Whether the text of a cron or RRULE recurrence
// can be understood is package schedule's question.
func (s *Schedule) Validate() error {
	var bad InvalidError
	if n := len(strings.TrimSpace(s.Name)); n == 0 || len(s.Name) > maxScheduleName {
		bad.Add("name", "must have 1 to %d characters", maxScheduleName)
	}
	request := s.Request()
	var invalid *InvalidError
	if err := request.Validate(time.Time{}); errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			if f.Field != "websdrs" || len(s.WebSDRIDs) > 0 { // none means all
				bad.Fields = append(bad.Fields, f)
			}
		}
	}
	s.Recurrence.validate(&bad)
	if s.Zone != "" {
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
			bad.Add("zone", "%q is not known: use a name such as Europe/Rome, or UTC", s.Zone)
		}
	}
	if !s.StartAt.IsZero() && !s.EndAt.IsZero() && !s.StartAt.Before(s.EndAt) {
		bad.Add("end_at", "must lie after start_at")
	}
	s.validateLimits(&bad)
	return bad.Err()
}

func (s *Schedule) validateLimits(bad *InvalidError) {
	if len(s.Windows) > MaxWindows {
		bad.Add("windows", "must be at most %d", MaxWindows)
	}
	for _, w := range s.Windows {
		w.validate(bad)
	}
	if s.Jitter < 0 || s.Jitter > MaxJitter || s.Jitter%time.Millisecond != 0 {
		bad.Add("jitter_seconds", "must be from 0 to %v, in whole milliseconds", MaxJitter.Seconds())
	}
	if s.Recurrence.Every > 0 && s.Jitter > s.Recurrence.Every {
		bad.Add("jitter_seconds", "must not be more than every_seconds")
	}
	if s.MaxRuns < 0 {
		bad.Add("max_runs", "must be above 0, or absent for no limit")
	}
	if s.Misfire != MisfireSkip && s.Misfire != MisfireLatest && s.Misfire != MisfireAll {
		bad.Add("misfire", "must be skip, latest or all, not %q", s.Misfire)
	}
	if s.Grace < time.Second || s.Grace > MaxGrace {
		bad.Add("grace_seconds", "must be from 1 to %v", MaxGrace.Seconds())
	}
	if s.Overlap != OverlapAllow && s.Overlap != OverlapSkip {
		bad.Add("overlap", "must be allow or skip, not %q", s.Overlap)
	}
}

// Request is the acquisition that a run asks for, without its times and its origin.
func (s *Schedule) Request() Acquisition {
	label := s.Label
	if label == "" {
		label = s.Name
	}
	return Acquisition{
		Label: label, FrequencyHz: s.FrequencyHz, Duration: s.Duration, SampleRateHz: s.SampleRateHz,
		ChannelCenterHz: s.ChannelCenterHz, ChannelBandwidthHz: s.ChannelBandwidthHz,
		JoinTimeout: s.JoinTimeout, WebSDRIDs: s.WebSDRIDs, Priority: s.Priority,
	}
}

// Tunable are the ids of those of known that an acquisition at that frequency may ask, in order of known: of several at one
// host the first.
func Tunable(frequencyHz int64, known []WebSDR) []int64 {
	var ids []int64
	taken := map[string]bool{}
	for i := range known {
		one, host := Acquisition{FrequencyHz: frequencyHz, WebSDRIDs: []int64{known[i].ID}}, known[i].Host()
		if !taken[host] && one.CheckWebSDRs(known[i:i+1]) == nil {
			ids = append(ids, known[i].ID)
			taken[host] = host != ""
		}
	}
	return ids
}
