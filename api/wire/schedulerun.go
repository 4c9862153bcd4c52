package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A ScheduleRun is what became of one time at which a schedule was due, or of several in a row that were skipped.
type ScheduleRun struct {
	ScheduleID int64     `json:"schedule_id" doc:"The schedule"`
	DueAt      time.Time `json:"due_at" doc:"When it was due, without jitter; of the first when it stands for several"`
	StartAt    time.Time `json:"start_at" doc:"When its window was to begin, with jitter"`
	FiredAt    time.Time `json:"fired_at" doc:"When it was decided; normally some seconds before start_at, so that receivers are connected by then"`
	TaskID     *string   `json:"task_id" doc:"The acquisition that it made; null when it was skipped"`
	Skipped    *string   `json:"skipped" doc:"Why it made none: paused, misfire (nobody started it in time), overlap (the run before had not ended), websdrs (one could not take part, or none could) or invalid; null when it made one"`
	Detail     string    `json:"detail" doc:"More about it, in words"`
	Count      int64     `json:"count" doc:"How many runs in a row it stands for: more than 1 only when they were skipped"`
	LastDueAt  time.Time `json:"last_due_at" doc:"When the last of them was due"`
	ByHand     bool      `json:"by_hand" doc:"Whether a user asked for it, and not the clock"`
}

// A ScheduleRunPage is one page of runs, newest first.
type ScheduleRunPage struct {
	Runs       []ScheduleRun `json:"runs" nullable:"false"`
	NextCursor *string       `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// ScheduleRunOf converts a run.
func ScheduleRunOf(r heimdall.ScheduleRun) ScheduleRun {
	w := ScheduleRun{ScheduleID: r.ScheduleID, DueAt: r.DueAt.UTC(), StartAt: r.StartAt.UTC(), FiredAt: r.FiredAt.UTC(),
		Detail: r.Detail, Count: r.Count, LastDueAt: r.LastDueAt.UTC(), ByHand: r.ByHand}
	if r.TaskID != "" {
		w.TaskID = &r.TaskID
	}
	if r.Skipped != "" {
		w.Skipped = new(string(r.Skipped))
	}
	return w
}

// An UpcomingRun is a run to come.
type UpcomingRun struct {
	ScheduleID int64     `json:"schedule_id" doc:"The schedule; 0 in a preview"`
	Name       string    `json:"name" doc:"Its name"`
	DueAt      time.Time `json:"due_at" doc:"When it is due, without jitter"`
	StartAt    time.Time `json:"start_at" doc:"When its window begins, with jitter"`
	JitterS    float64   `json:"jitter_seconds" doc:"From due_at to start_at"`
	LocalTime  string    `json:"local_time" doc:"due_at as the clock shows it in the schedule's zone" example:"2026-03-29T06:30:00+02:00"`
	Window     *string   `json:"window" doc:"The window that admits it; null when the schedule has none" example:"mon,tue 06:00-18:00"`
	LeftOut    int       `json:"left_out" doc:"Times between the run before and this one that no window admits; 1000 means at least so many"`
}

// Upcoming is the runs that a schedule is going to make.
type Upcoming struct {
	Runs []UpcomingRun `json:"runs" nullable:"false" doc:"In order; fewer than asked for when the schedule ends before"`
}

// A Forecast is what all active schedules will do in a time.
type Forecast struct {
	From  time.Time     `json:"from" doc:"From this moment on"`
	To    time.Time     `json:"to" doc:"Until before this one"`
	Count int64         `json:"count" doc:"How many runs there will be; of a schedule with very many at least 20000 are counted"`
	Runs  []UpcomingRun `json:"runs" nullable:"false" doc:"The first of them"`
	Hosts []HostLoad    `json:"hosts" nullable:"false" doc:"How loaded the receivers will be, the busiest first"`
}

// A HostLoad is how much a receivers' host will be asked to deliver.
type HostLoad struct {
	Host          string  `json:"host" doc:"Name of the host, whose WebSDRs are recorded one after the other"`
	WebSDRs       []int64 `json:"websdrs" nullable:"false" doc:"websdr_id of those concerned"`
	Runs          int64   `json:"runs" doc:"Recordings asked of it"`
	SecondsPerDay float64 `json:"seconds_per_day" doc:"Seconds of recording a day; a day has 86400"`
	TimeShare     float64 `json:"time_share" doc:"Of the day, 0 to 1; more cannot be done"`
}
