package api

import (
	"context"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/schedule"
)

// A RunCount is how many runs the caller wants to be told of.
type RunCount struct {
	Count int `query:"count" minimum:"1" maximum:"1000" doc:"How many runs; 10 when absent"`
}

func (c RunCount) count() int {
	if c.Count == 0 {
		return 10
	}
	return c.Count
}

type upcomingOutput struct{ Body wire.Upcoming }

type nextScheduleRunsInput struct {
	SchedulePath
	RunCount
}

func (s *service) nextScheduleRuns(ctx context.Context, in *nextScheduleRunsInput) (*upcomingOutput, error) {
	sch, err := s.Store.Schedule(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	after := s.Now()
	if sch.Active && !sch.NextDueAt.IsZero() {
		after = sch.NextDueAt.Add(-1) // what is stored is what happens
	}
	return upcoming(sch, after, in.count())
}

type previewScheduleInput struct {
	RunCount
	Body wire.ScheduleInput
}

func (s *service) previewSchedule(ctx context.Context, in *previewScheduleInput) (*upcomingOutput, error) {
	sch := in.Body.Root(nil)
	if _, err := s.checkSchedule(ctx, &sch, nil); err != nil {
		return nil, err
	}
	return upcoming(sch, s.Now(), in.count())
}

func upcoming(sch heimdall.Schedule, after time.Time, n int) (*upcomingOutput, error) {
	p, err := schedule.Compile(sch)
	if err != nil {
		return nil, err
	}
	out := &upcomingOutput{wire.Upcoming{Runs: []wire.UpcomingRun{}}}
	for _, u := range p.Upcoming(after, n) {
		out.Body.Runs = append(out.Body.Runs, upcomingRun(u, sch))
	}
	return out, nil
}

func upcomingRun(u schedule.Upcoming, sch heimdall.Schedule) wire.UpcomingRun {
	zone, err := time.LoadLocation(sch.Zone)
	if err != nil {
		zone = time.UTC // cannot be: it was compiled
	}
	w := wire.UpcomingRun{ScheduleID: sch.ID, Name: sch.Name, DueAt: u.DueAt, StartAt: u.StartAt, JitterS: u.StartAt.Sub(u.DueAt).Seconds(),
		LocalTime: u.DueAt.In(zone).Format(time.RFC3339), LeftOut: u.LeftOut}
	if u.Window != "" {
		w.Window = &u.Window
	}
	return w
}

type forecastInput struct {
	Hours int `query:"hours" minimum:"1" maximum:"168" doc:"How far ahead; 24 when absent"`
	Limit int `query:"limit" minimum:"1" maximum:"1000" doc:"Most runs to list; 100 when absent"`
}

type forecastOutput struct{ Body wire.Forecast }

func (s *service) forecastSchedules(ctx context.Context, in *forecastInput) (*forecastOutput, error) {
	list, err := s.Store.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	known, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{})
	if err != nil {
		return nil, err
	}
	hours, limit := in.Hours, Page{Limit: in.Limit}.limit()
	if hours == 0 {
		hours = 24
	}
	from := s.Now().UTC()
	f := schedule.Foresee(list, known, from, from.Add(time.Duration(hours)*time.Hour), limit)
	byID := make(map[int64]heimdall.Schedule, len(list))
	for _, sch := range list {
		byID[sch.ID] = sch
	}
	body := wire.Forecast{From: f.From, To: f.To, Count: f.Count, Runs: []wire.UpcomingRun{}, Hosts: []wire.HostLoad{}}
	for _, u := range f.Runs {
		body.Runs = append(body.Runs, upcomingRun(u, byID[u.ScheduleID]))
	}
	for _, h := range f.Hosts {
		body.Hosts = append(body.Hosts, wire.HostLoad{Host: h.Host, WebSDRs: h.WebSDRIDs, Runs: h.Runs, SecondsPerDay: h.SecondsPerDay, TimeShare: h.SecondsPerDay / 86_400})
	}
	return &forecastOutput{body}, nil
}

type listScheduleRunsInput struct {
	SchedulePath
	Skipped string `query:"skipped" enum:"true" doc:"true: only those that made no acquisition"`
	Period
	Page
}

type scheduleRunPageOutput struct{ Body wire.ScheduleRunPage }

func (s *service) listScheduleRuns(ctx context.Context, in *listScheduleRunsInput) (*scheduleRunPageOutput, error) {
	dueAt, err := scheduleRunAfter(in.Cursor)
	if err := allOf(err, in.Period.check()); err != nil {
		return nil, err
	}
	if _, err := s.Store.Schedule(ctx, in.ID); err != nil {
		return nil, err
	}
	list, err := s.Store.ScheduleRuns(ctx, heimdall.ScheduleRunFilter{ScheduleID: in.ID, From: in.From, To: in.To,
		SkippedOnly: in.Skipped == "true", AfterDueAt: dueAt, AfterScheduleID: in.ID, Limit: in.limit()})
	if err != nil {
		return nil, ofList(err)
	}
	out := &scheduleRunPageOutput{wire.ScheduleRunPage{Runs: []wire.ScheduleRun{}}}
	for _, run := range list {
		out.Body.Runs = append(out.Body.Runs, wire.ScheduleRunOf(run))
	}
	if len(list) == in.limit() {
		out.Body.NextCursor = encodeCursor(scheduleRunCursor, strconv.FormatInt(list[len(list)-1].DueAt.UnixMicro(), 10))
	}
	return out, nil
}

func scheduleRunAfter(cursor string) (dueAt time.Time, err error) {
	parts, err := decodeCursor(cursor, scheduleRunCursor, 1)
	if err != nil || parts == nil {
		return dueAt, err
	}
	micros, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return dueAt, badCursor()
	}
	return time.UnixMicro(micros).UTC(), nil
}
