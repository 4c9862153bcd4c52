package wire

import (
	"math"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Recurrence says when a schedule is due: exactly one of every_seconds, cron, rrule and sun is there.
type Recurrence struct {
	EverySeconds  *float64           `json:"every_seconds,omitempty" nullable:"true" doc:"A fixed rate, in seconds, 1 or more: counted from start_at, or else from 1970-01-01T00:00:00Z, which gives round times" example:"600"`
	Cron          string             `json:"cron,omitempty" nullable:"true" doc:"Minute, hour, day of month, month, day of week, in zone; with seconds first when there are six" example:"*/5 * * * *"`
	RRule         string             `json:"rrule,omitempty" nullable:"true" doc:"RFC 5545: an RRULE, a line with DTSTART before it and EXDATE after it if need be" example:"FREQ=DAILY;BYHOUR=6"`
	Sun           *heimdall.SunEvent `json:"sun,omitempty" nullable:"true" enum:"astronomical_dawn,nautical_dawn,civil_dawn,sunrise,solar_noon,sunset,civil_dusk,nautical_dusk,astronomical_dusk" doc:"An event of the sun at latitude and longitude, on every day that has one"`
	OffsetSeconds float64            `json:"offset_seconds,omitempty" doc:"From the event of the sun, in seconds; negative is before it" example:"-1800"`
	Latitude      *float64           `json:"latitude,omitempty" nullable:"true" doc:"Where the sun is looked at, in degrees north"`
	Longitude     *float64           `json:"longitude,omitempty" nullable:"true" doc:"Where the sun is looked at, in degrees east"`
	WebSDRID      *int64             `json:"websdr_id,omitempty" nullable:"true" doc:"Instead of latitude and longitude: the place of this WebSDR, as it is when the schedule is stored"`
}

// A Window is a part of the day in which runs may be due.
type Window struct {
	Days []string `json:"days" required:"false" nullable:"true" doc:"mon, tue, wed, thu, fri, sat, sun: the days on which it opens; null means every day"`
	From string   `json:"from" doc:"Time of day in zone, included" example:"06:00"`
	To   string   `json:"to" doc:"Time of day in zone, not included; at or before from it is that of the day after" example:"18:00"`
}

// A Schedule is what makes acquisitions recur.
type Schedule struct {
	ScheduleID         int64                  `json:"schedule_id" doc:"Identity of the schedule: stable, never reused" example:"1"`
	Name               string                 `json:"name" doc:"Unique name"`
	IsActive           bool                   `json:"is_active" doc:"Whether it runs; false: it is paused"`
	FrequencyMHz       float64                `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"7.074"`
	DurationSeconds    float64                `json:"duration_seconds" doc:"Length of the common window of each run, in seconds" example:"10"`
	SampleRateKHz      *float64               `json:"sample_rate_khz" doc:"Sample rate asked of every receiver, in kHz; null means each receiver's own default"`
	ChannelCenterHz    float64                `json:"channel_center_hz" doc:"Centre of the measured channel relative to frequency_mhz, in Hz"`
	ChannelBandwidthHz *float64               `json:"channel_bandwidth_hz" doc:"Bandwidth of the measured channel, in Hz; null means the default of the sample rate"`
	JoinTimeoutSeconds float64                `json:"join_timeout_seconds" doc:"How long the receivers that are ready wait for the slowest, in seconds"`
	WebSDRs            []int64                `json:"websdrs" nullable:"true" doc:"websdr_id of every WebSDR; null means all that are active and can tune the frequency at the moment of a run"`
	Label              string                 `json:"label" doc:"Label of the acquisitions; empty means the name"`
	Priority           int                    `json:"priority" doc:"Priority of the acquisitions: the higher goes first"`
	Recurrence         Recurrence             `json:"recurrence" doc:"When runs are due"`
	Zone               string                 `json:"zone" doc:"Time zone of cron, RRULE and windows" example:"Europe/Rome"`
	StartAt            *time.Time             `json:"start_at" doc:"No run is due before; null means no limit"`
	EndAt              *time.Time             `json:"end_at" doc:"No run is due at or after; null means no limit"`
	Windows            []Window               `json:"windows" nullable:"false" doc:"Runs are due only within one of these; none means always"`
	JitterSeconds      float64                `json:"jitter_seconds" doc:"Each run starts later by 0 to so many seconds, reckoned from the name and the time it is due"`
	MaxRuns            *int64                 `json:"max_runs" doc:"So many runs in all; null means no limit"`
	Misfire            heimdall.MisfirePolicy `json:"misfire" enum:"skip,latest,all" doc:"What becomes of runs that nobody started in time"`
	GraceSeconds       float64                `json:"grace_seconds" doc:"A run that is later than so many seconds is a misfire"`
	Overlap            heimdall.OverlapPolicy `json:"overlap" enum:"allow,skip" doc:"What becomes of a run that begins before the one before it has ended"`
	RunsCount          int64                  `json:"runs_count" doc:"Runs that made an acquisition, those by hand not counted"`
	NextDueAt          *time.Time             `json:"next_due_at" doc:"When the next run is due, without jitter; null when there is none"`
	NextStartAt        *time.Time             `json:"next_start_at" doc:"The same with jitter"`
	CreatedAt          time.Time              `json:"created_at"`
	UpdatedAt          time.Time              `json:"updated_at" doc:"When a user changed it last; the ETag is made of it"`
}

// A ScheduleInput creates or replaces a schedule. A Schedule as the API showed it is a valid ScheduleInput: the keys
// that the server owns are accepted and ignored.
type ScheduleInput struct {
	Name               string                  `json:"name" doc:"Unique name, 1 to 100 characters" example:"beacon"`
	IsActive           *bool                   `json:"is_active,omitempty" nullable:"true" doc:"Whether it runs; null means true"`
	FrequencyMHz       float64                 `json:"frequency_mhz" doc:"Radio frequency to tune, in MHz" example:"7.074"`
	DurationSeconds    float64                 `json:"duration_seconds" doc:"Length of the common window of each run, in seconds: 0.01 to 3600" example:"10"`
	SampleRateKHz      *float64                `json:"sample_rate_khz,omitempty" nullable:"true" doc:"Sample rate asked of every receiver, in kHz; null means each receiver's own default"`
	ChannelCenterHz    *float64                `json:"channel_center_hz,omitempty" nullable:"true" doc:"Centre of the measured channel relative to frequency_mhz, in Hz; null means 0"`
	ChannelBandwidthHz *float64                `json:"channel_bandwidth_hz,omitempty" nullable:"true" doc:"Bandwidth of the measured channel, in Hz; null means the default of the sample rate"`
	JoinTimeoutSeconds *float64                `json:"join_timeout_seconds,omitempty" nullable:"true" doc:"How long the receivers that are ready wait for the slowest, in seconds; null means 20"`
	WebSDRs            []int64                 `json:"websdrs" required:"false" nullable:"true" doc:"websdr_id of every WebSDR; null means all that are active and can tune the frequency at the moment of a run" example:"[1, 2]"`
	Label              string                  `json:"label,omitempty" doc:"Label of the acquisitions; empty means the name"`
	Priority           int                     `json:"priority,omitempty" doc:"Priority of the acquisitions, -9 to 9: the higher goes first"`
	Recurrence         Recurrence              `json:"recurrence" doc:"When runs are due"`
	Zone               string                  `json:"zone,omitempty" doc:"IANA time zone of cron, RRULE and windows; empty means UTC" example:"Europe/Rome"`
	StartAt            *time.Time              `json:"start_at,omitempty" nullable:"true" doc:"No run is due before; null means no limit"`
	EndAt              *time.Time              `json:"end_at,omitempty" nullable:"true" doc:"No run is due at or after; null means no limit"`
	Windows            []Window                `json:"windows" required:"false" nullable:"true" doc:"Runs are due only within one of these; null means always"`
	JitterSeconds      float64                 `json:"jitter_seconds,omitempty" doc:"Each run starts later by 0 to so many seconds; at most 3600"`
	MaxRuns            *int64                  `json:"max_runs,omitempty" nullable:"true" doc:"So many runs in all; null means no limit"`
	Misfire            *heimdall.MisfirePolicy `json:"misfire,omitempty" nullable:"true" enum:"skip,latest,all" doc:"What becomes of runs that nobody started in time; null means skip"`
	GraceSeconds       *float64                `json:"grace_seconds,omitempty" nullable:"true" doc:"A run that is later than so many seconds is a misfire; null means 60"`
	Overlap            *heimdall.OverlapPolicy `json:"overlap,omitempty" nullable:"true" enum:"allow,skip" doc:"What becomes of a run that begins before the one before it has ended; null means allow"`

	// The keys below belong to the server.
	ScheduleID  int64      `json:"schedule_id,omitempty" readOnly:"true" doc:"Ignored"`
	RunsCount   int64      `json:"runs_count,omitempty" readOnly:"true" doc:"Ignored"`
	NextDueAt   *time.Time `json:"next_due_at,omitempty" nullable:"true" readOnly:"true" doc:"Ignored"`
	NextStartAt *time.Time `json:"next_start_at,omitempty" nullable:"true" readOnly:"true" doc:"Ignored"`
	CreatedAt   *time.Time `json:"created_at,omitempty" readOnly:"true" doc:"Ignored"`
	UpdatedAt   *time.Time `json:"updated_at,omitempty" readOnly:"true" doc:"Ignored; send If-Match to guard against a change in between"`
}

// A ScheduleList is all schedules, in order of schedule_id.
type ScheduleList struct {
	Schedules []Schedule `json:"schedules" nullable:"false" doc:"All of them, in order of schedule_id"`
}

// ScheduleOf converts a schedule.
func ScheduleOf(s heimdall.Schedule) Schedule {
	w := Schedule{
		ScheduleID: s.ID, Name: s.Name, IsActive: s.Active,
		FrequencyMHz: MHz(s.FrequencyHz), DurationSeconds: s.Duration.Seconds(), ChannelCenterHz: finite(s.ChannelCenterHz),
		JoinTimeoutSeconds: s.JoinTimeout.Seconds(), WebSDRs: slices.Clone(s.WebSDRIDs), Label: s.Label, Priority: s.Priority,
		Recurrence: recurrenceOf(s.Recurrence), Zone: s.Zone, StartAt: instant(s.StartAt), EndAt: instant(s.EndAt), Windows: []Window{},
		JitterSeconds: s.Jitter.Seconds(), Misfire: s.Misfire, GraceSeconds: s.Grace.Seconds(), Overlap: s.Overlap,
		RunsCount: s.RunsCount, NextDueAt: instant(s.NextDueAt), NextStartAt: instant(s.NextStartAt),
		CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
	}
	if s.SampleRateHz != 0 {
		w.SampleRateKHz = new(khz(s.SampleRateHz))
	}
	if s.ChannelBandwidthHz != 0 {
		w.ChannelBandwidthHz = finitePointer(&s.ChannelBandwidthHz)
	}
	if s.MaxRuns != 0 {
		w.MaxRuns = new(s.MaxRuns)
	}
	for _, v := range s.Windows {
		w.Windows = append(w.Windows, Window(v))
	}
	return w
}

func recurrenceOf(r heimdall.Recurrence) Recurrence {
	w := Recurrence{Cron: r.Cron, RRule: r.RRule}
	if r.Every != 0 {
		w.EverySeconds = new(r.Every.Seconds())
	}
	if r.Sun != "" {
		w.Sun, w.OffsetSeconds = new(r.Sun), r.Offset.Seconds()
		w.Latitude, w.Longitude = new(finite(r.LatitudeDeg)), new(finite(r.LongitudeDeg))
	}
	if r.WebSDRID != 0 {
		w.WebSDRID = new(r.WebSDRID)
	}
	return w
}

// ETag changes whenever a user changes the schedule.
func (w Schedule) ETag() string { return ETag(w.UpdatedAt) }

// Input is the request that stores w again as it is.
func (w Schedule) Input() ScheduleInput {
	return ScheduleInput{
		Name: w.Name, IsActive: &w.IsActive, FrequencyMHz: w.FrequencyMHz, DurationSeconds: w.DurationSeconds,
		SampleRateKHz: w.SampleRateKHz, ChannelCenterHz: &w.ChannelCenterHz, ChannelBandwidthHz: w.ChannelBandwidthHz,
		JoinTimeoutSeconds: &w.JoinTimeoutSeconds, WebSDRs: w.WebSDRs, Label: w.Label, Priority: w.Priority,
		Recurrence: w.Recurrence, Zone: w.Zone, StartAt: w.StartAt, EndAt: w.EndAt, Windows: w.Windows,
		JitterSeconds: w.JitterSeconds, MaxRuns: w.MaxRuns, Misfire: &w.Misfire, GraceSeconds: &w.GraceSeconds, Overlap: &w.Overlap,
	}
}

// Root converts the request. old is the schedule that it replaces, or nil: what is the server's stays.
func (in ScheduleInput) Root(old *heimdall.Schedule) heimdall.Schedule {
	s := heimdall.Schedule{
		Name: in.Name, Active: in.IsActive == nil || *in.IsActive, FrequencyHz: Hz(in.FrequencyMHz), Duration: Duration(in.DurationSeconds),
		JoinTimeout: heimdall.DefaultJoinTimeout, WebSDRIDs: slices.Clone(in.WebSDRs), Label: in.Label, Priority: in.Priority,
		Recurrence: in.Recurrence.root(), Zone: in.Zone, StartAt: timeOf(in.StartAt).Truncate(time.Microsecond), EndAt: timeOf(in.EndAt).Truncate(time.Microsecond),
		Jitter: Duration(in.JitterSeconds), Misfire: heimdall.MisfireSkip, Grace: heimdall.DefaultGrace, Overlap: heimdall.OverlapAllow,
	}
	if old != nil {
		s.ID, s.RunsCount, s.NextDueAt, s.NextStartAt = old.ID, old.RunsCount, old.NextDueAt, old.NextStartAt
		s.CreatedAt, s.UpdatedAt = old.CreatedAt, old.UpdatedAt
	}
	if in.SampleRateKHz != nil {
		s.SampleRateHz = refusable(hzOfKHz(*in.SampleRateKHz))
	}
	set(&s.ChannelCenterHz, in.ChannelCenterHz)
	set(&s.ChannelBandwidthHz, in.ChannelBandwidthHz)
	set(&s.MaxRuns, in.MaxRuns)
	set(&s.Misfire, in.Misfire)
	set(&s.Overlap, in.Overlap)
	if in.MaxRuns != nil {
		s.MaxRuns = refusable(*in.MaxRuns)
	}
	if in.JoinTimeoutSeconds != nil {
		s.JoinTimeout = Duration(*in.JoinTimeoutSeconds)
	}
	if in.GraceSeconds != nil {
		s.Grace = Duration(*in.GraceSeconds)
	}
	for _, v := range in.Windows {
		s.Windows = append(s.Windows, heimdall.Window(v))
	}
	return s
}

func (w Recurrence) root() heimdall.Recurrence {
	r := heimdall.Recurrence{Cron: w.Cron, RRule: w.RRule}
	if w.EverySeconds != nil {
		r.Every = refusable(Duration(*w.EverySeconds))
	}
	if w.Sun != nil {
		r.Sun, r.Offset = *w.Sun, Duration(w.OffsetSeconds)
		r.LatitudeDeg, r.LongitudeDeg = math.NaN(), math.NaN() // which is refused, unless there is one
		set(&r.LatitudeDeg, w.Latitude)
		set(&r.LongitudeDeg, w.Longitude)
		set(&r.WebSDRID, w.WebSDRID)
	}
	return r
}

// set is *to = *from, if there is one.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// refusable is v, where 0 was given and would mean "not given" a number that every check refuses.
func refusable[T ~int64](v T) T {
	if v == 0 {
		return -1
	}
	return v
}
