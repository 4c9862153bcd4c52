package api

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/schedule"
)

// A ScheduleStore keeps schedules.
type ScheduleStore interface {
	// Schedules returns all, in order of id.
	Schedules(ctx context.Context) ([]heimdall.Schedule, error)
	// Schedule returns one, or heimdall.ErrNotFound.
	Schedule(ctx context.Context, id int64) (heimdall.Schedule, error)
	// CreateSchedule stores s, due next when it says, and returns it with its id and times; heimdall.ErrExists when
	// the name is taken.
	CreateSchedule(ctx context.Context, s heimdall.Schedule) (heimdall.Schedule, error)
	// UpdateSchedule replaces the row, stores the runs that the change skips, and returns the row with its new
	// UpdatedAt; heimdall.ErrConflict when s.UpdatedAt is not the row's, because somebody else changed it.
	UpdateSchedule(ctx context.Context, s heimdall.Schedule, skipped ...heimdall.ScheduleRun) (heimdall.Schedule, error)
	// DeleteSchedule removes the row and those of its runs.
	DeleteSchedule(ctx context.Context, id int64) error
	// FireSchedule does what step says about one schedule now; see schedule.Store.
	FireSchedule(ctx context.Context, id int64, step func(heimdall.Schedule) heimdall.ScheduleStep) ([]heimdall.ScheduleRun, error)
	// ScheduleRuns returns a page, newest first.
	ScheduleRuns(ctx context.Context, f heimdall.ScheduleRunFilter) ([]heimdall.ScheduleRun, error)
}

type scheduleListOutput struct{ Body wire.ScheduleList }

func (s *service) listSchedules(ctx context.Context, _ *struct{}) (*scheduleListOutput, error) {
	list, err := s.Store.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	out := &scheduleListOutput{wire.ScheduleList{Schedules: []wire.Schedule{}}}
	for _, sch := range list {
		out.Body.Schedules = append(out.Body.Schedules, wire.ScheduleOf(sch))
	}
	return out, nil
}

// A SchedulePath names a schedule.
type SchedulePath struct {
	ID int64 `path:"schedule_id" minimum:"1" doc:"Identity of the schedule" example:"1"`
}

type scheduleOutput struct {
	ETag     string `header:"ETag" doc:"Changes whenever a user changes the schedule"`
	Location string `header:"Location" hidden:"true"`
	Body     wire.Schedule
}

func shownSchedule(sch heimdall.Schedule) *scheduleOutput {
	body := wire.ScheduleOf(sch)
	return &scheduleOutput{ETag: body.ETag(), Body: body}
}

func (s *service) getSchedule(ctx context.Context, in *SchedulePath) (*scheduleOutput, error) {
	sch, err := s.Store.Schedule(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return shownSchedule(sch), nil
}

func (s *service) createSchedule(ctx context.Context, in *struct{ Body wire.ScheduleInput }) (*scheduleOutput, error) {
	sch := in.Body.Root(nil)
	p, err := s.checkSchedule(ctx, &sch, nil)
	if err != nil {
		return nil, err
	}
	p.First(&sch, s.Now())
	if sch, err = s.Store.CreateSchedule(ctx, sch); err != nil {
		return nil, err
	}
	out := shownSchedule(sch)
	out.Location = fmt.Sprintf("/api/v1/schedules/%d", sch.ID)
	return out, nil
}

// checkSchedule refuses what cannot work, and fills in the place of the WebSDR where the sun is looked at. WebSDRs
// that were there before may have been disabled since: only a change is checked.
func (s *service) checkSchedule(ctx context.Context, sch, old *heimdall.Schedule) (*schedule.Plan, error) {
	var bad heimdall.InvalidError
	if r := &sch.Recurrence; r.WebSDRID != 0 {
		w, err := s.Store.WebSDR(ctx, r.WebSDRID)
		switch {
		case err == nil:
			r.LatitudeDeg, r.LongitudeDeg = w.LatitudeDeg, w.LongitudeDeg
		case !errors.Is(err, heimdall.ErrNotFound):
			return nil, err
		case old == nil || old.Recurrence.WebSDRID != r.WebSDRID:
			bad.Add("recurrence.websdr_id", "%d is unknown: see /api/v1/websdrs", r.WebSDRID)
		}
	}
	p, err := schedule.Compile(*sch)
	if err := gather(&bad, err); err != nil {
		return nil, err
	}
	if len(sch.WebSDRIDs) > 0 && (old == nil || old.FrequencyHz != sch.FrequencyHz || !slices.Equal(old.WebSDRIDs, sch.WebSDRIDs)) {
		known, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{IDs: sch.WebSDRIDs})
		if err != nil {
			return nil, err
		}
		request := sch.Request()
		if err := gather(&bad, request.CheckWebSDRs(known)); err != nil {
			return nil, err
		}
	}
	return p, bad.Err()
}

// gather adds what is wrong to bad; any other error is returned.
func gather(bad *heimdall.InvalidError, err error) error {
	wrong, ok := errors.AsType[*heimdall.InvalidError](err)
	if ok {
		bad.Fields = append(bad.Fields, wrong.Fields...)
		return nil
	}
	return err
}

type replaceScheduleInput struct {
	SchedulePath
	IfMatchHeader
	Body wire.ScheduleInput
}

func (s *service) replaceSchedule(ctx context.Context, in *replaceScheduleInput) (*scheduleOutput, error) {
	old, err := s.matchingSchedule(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.updateSchedule(ctx, in.Body.Root(&old), old)
}

type patchScheduleInput struct {
	SchedulePath
	IfMatchHeader
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/merge-patch+json"`
}

func (s *service) patchSchedule(ctx context.Context, in *patchScheduleInput) (*scheduleOutput, error) {
	patch, err := s.readPatch(in.ContentType, in.RawBody)
	if err != nil {
		return nil, err
	}
	old, err := s.matchingSchedule(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	shown := wire.ScheduleOf(old).Input()
	if inner, ok := patch["recurrence"].(map[string]any); ok { // the one object inside the document
		text, err := mergePatch(shown.Recurrence, inner)
		if err != nil {
			return nil, err
		}
		var merged map[string]any
		if err := unmarshal(text, &merged); err != nil {
			return nil, err
		}
		patch["recurrence"] = merged
	}
	merged, err := mergePatch(shown, patch)
	if err != nil {
		return nil, err
	}
	var changed wire.ScheduleInput
	if err := s.decodeInto(merged, s.schemaOf(changed), &changed); err != nil {
		return nil, err
	}
	return s.updateSchedule(ctx, changed.Root(&old), old)
}

// updateSchedule stores sch in place of old.
func (s *service) updateSchedule(ctx context.Context, sch, old heimdall.Schedule) (*scheduleOutput, error) {
	p, err := s.checkSchedule(ctx, &sch, &old)
	if err != nil {
		return nil, err
	}
	var skipped []heimdall.ScheduleRun
	switch {
	case sch.Active && !old.Active:
		skipped = p.Resume(&sch, s.Now())
	case !sameTiming(sch, old):
		p.First(&sch, s.Now())
	}
	if sch, err = s.Store.UpdateSchedule(ctx, sch, skipped...); err != nil {
		return nil, err
	}
	return shownSchedule(sch), nil
}

// sameTiming reports whether b is due when a is.
func sameTiming(a, b heimdall.Schedule) bool {
	return a.Recurrence == b.Recurrence && a.Zone == b.Zone && a.StartAt.Equal(b.StartAt) && a.EndAt.Equal(b.EndAt) &&
		a.Jitter == b.Jitter && (a.Jitter == 0 || a.Name == b.Name) && a.MaxRuns == b.MaxRuns && reflect.DeepEqual(a.Windows, b.Windows)
}

type deleteScheduleInput struct {
	SchedulePath
	IfMatchHeader
}

func (s *service) deleteSchedule(ctx context.Context, in *deleteScheduleInput) (*struct{}, error) {
	if _, err := s.matchingSchedule(ctx, in.ID, in.IfMatch); err != nil {
		return nil, err
	}
	return nil, s.Store.DeleteSchedule(ctx, in.ID)
}

// matchingSchedule returns a schedule if it is still the version that the caller knows.
func (s *service) matchingSchedule(ctx context.Context, id int64, ifMatch string) (heimdall.Schedule, error) {
	sch, err := s.Store.Schedule(ctx, id)
	if err == nil && !namesVersion(ifMatch, sch.UpdatedAt) {
		err = fmt.Errorf("change schedule %d: %w", id, errPrecondition)
	}
	return sch, err
}

func (s *service) pauseSchedule(ctx context.Context, in *SchedulePath) (*scheduleOutput, error) {
	return s.setActive(ctx, in.ID, false)
}

func (s *service) resumeSchedule(ctx context.Context, in *SchedulePath) (*scheduleOutput, error) {
	return s.setActive(ctx, in.ID, true)
}

// setActive changes nothing where it is so already.
func (s *service) setActive(ctx context.Context, id int64, active bool) (*scheduleOutput, error) {
	old, err := s.Store.Schedule(ctx, id)
	if err != nil {
		return nil, err
	}
	if old.Active == active {
		return shownSchedule(old), nil
	}
	changed := old
	changed.Active = active
	return s.updateSchedule(ctx, changed, old)
}

type scheduleRunOutput struct{ Body wire.ScheduleRun }

func (s *service) runSchedule(ctx context.Context, in *SchedulePath) (*scheduleRunOutput, error) {
	var wrong error
	runs, err := s.Store.FireSchedule(ctx, in.ID, func(sch heimdall.Schedule) heimdall.ScheduleStep {
		var p *schedule.Plan
		if p, wrong = schedule.Compile(sch); wrong != nil { // by another version of the program
			return heimdall.ScheduleStep{NextDueAt: sch.NextDueAt, NextStartAt: sch.NextStartAt}
		}
		return p.ByHand(sch, s.Now().UTC().Truncate(time.Microsecond))
	})
	if err := errors.Join(err, wrong); err != nil {
		return nil, err
	}
	return &scheduleRunOutput{wire.ScheduleRunOf(runs[0])}, nil
}
