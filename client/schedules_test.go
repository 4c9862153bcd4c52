package client_test

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// schedules speaks every operation on schedules, with one WebSDR that is there.
func (r *rig) schedules() {
	r.Helper()
	ctx := r.Context()
	in := wire.ScheduleInput{Name: "beacon", FrequencyMHz: 7.074, DurationSeconds: 1, Recurrence: wire.Recurrence{EverySeconds: new(600.0)}}
	preview, err := r.PreviewSchedule(ctx, in, 3)
	r.must(err)
	if len(preview) != 3 || preview[1].DueAt.Sub(preview[0].DueAt) != 10*time.Minute {
		r.Errorf("the preview is %+v", preview)
	}
	s, err := r.CreateSchedule(ctx, in)
	r.must(err)
	shown, err := r.Schedule(ctx, s.ScheduleID)
	r.must(err)
	in = shown.Input()
	in.Label = "ten minutes"
	s, err = r.ReplaceSchedule(ctx, s.ScheduleID, in, shown.ETag())
	r.must(err)
	_, err = r.PatchSchedule(ctx, s.ScheduleID, map[string]any{"priority": 3}, shown.ETag())
	r.refused(err, 412)
	s, err = r.PatchSchedule(ctx, s.ScheduleID, map[string]any{"priority": 3, "label": nil}, s.ETag())
	r.must(err)
	if s.Priority != 3 || s.Label != "" {
		r.Errorf("after the patch it is %+v", s)
	}
	next, err := r.NextScheduleRuns(ctx, s.ScheduleID, 0)
	r.must(err)
	forecast, err := r.ForecastSchedules(ctx, 2*time.Hour, 5)
	r.must(err)
	if len(next) != 10 || len(forecast.Runs) != 5 || forecast.Count != 12 || !next[0].DueAt.Equal(forecast.Runs[0].DueAt) {
		r.Errorf("next %+v, forecast %+v", next, forecast)
	}
	paused, err := r.PauseSchedule(ctx, s.ScheduleID)
	r.must(err)
	run, err := r.RunSchedule(ctx, s.ScheduleID)
	r.must(err)
	resumed, err := r.ResumeSchedule(ctx, s.ScheduleID)
	r.must(err)
	if paused.IsActive || !resumed.IsActive || run.TaskID == nil {
		r.Errorf("paused %+v, resumed %+v, run %+v", paused, resumed, run)
	}
	runs, err := r.ScheduleRuns(ctx, heimdall.ScheduleRunFilter{ScheduleID: s.ScheduleID, From: run.DueAt, To: run.DueAt.Add(1), Limit: 5}, "")
	r.must(err)
	if len(runs.Runs) != 1 || *runs.Runs[0].TaskID != *run.TaskID {
		r.Errorf("runs: %+v", runs)
	}
	_, err = r.CancelAcquisition(ctx, *run.TaskID)
	r.must(err)
	r.must(r.DeleteSchedule(ctx, s.ScheduleID, ""))
	list, err := r.Schedules(ctx)
	r.must(err)
	if len(list) != 0 {
		r.Errorf("%d schedules are left", len(list))
	}
}
