package api

import (
	"context"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// The addresses of the first Heimdall, which was written in Python. Each asks what the operations of today ask.

// pythonName is what the service is called there.
const pythonName = "rf-acquisition"

func (s *service) pythonHealth(context.Context, *struct{}) (*healthOutput, error) {
	return &healthOutput{wire.Health{Status: "healthy", Service: pythonName, Version: s.Version}}, nil
}

type pythonReadyOutput struct{ Body wire.PythonReady }

func (s *service) pythonReady(ctx context.Context, _ *struct{}) (*pythonReadyOutput, error) {
	if _, err := s.readyz(ctx, nil); err != nil {
		return nil, err
	}
	return &pythonReadyOutput{wire.PythonReady{Ready: true, Service: pythonName}}, nil
}

type pythonAcquireInput struct{ Body wire.PythonRequest }

type pythonAcquireOutput struct{ Body wire.PythonTask }

func (s *service) pythonAcquire(ctx context.Context, in *pythonAcquireInput) (*pythonAcquireOutput, error) {
	request, err := in.Body.Request(s.Now())
	if err != nil {
		return nil, err
	}
	made, err := s.createAcquisition(ctx, &createAcquisitionInput{Body: request})
	if err != nil {
		return nil, err
	}
	a, _, err := s.Store.Acquisition(ctx, made.Body.TaskID)
	if err != nil {
		return nil, err
	}
	return &pythonAcquireOutput{wire.PythonTaskOf(a)}, nil
}

type pythonStatusOutput struct{ Body wire.PythonStatus }

func (s *service) pythonStatus(ctx context.Context, in *TaskPath) (*pythonStatusOutput, error) {
	a, captures, err := s.Store.Acquisition(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Measurements(ctx, heimdall.MeasurementFilter{TaskID: a.TaskID, Limit: heimdall.MaxPage})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(x, y heimdall.Measurement) int { return int(x.WebSDRID - y.WebSDRID) })
	return &pythonStatusOutput{wire.PythonStatusOf(a, captures, list)}, nil
}

type pythonWebSDRsOutput struct{ Body []wire.PythonWebSDR }

func (s *service) pythonWebSDRs(ctx context.Context, _ *struct{}) (*pythonWebSDRsOutput, error) {
	list, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{})
	if err != nil {
		return nil, err
	}
	out := &pythonWebSDRsOutput{[]wire.PythonWebSDR{}}
	for _, w := range list {
		out.Body = append(out.Body, wire.PythonWebSDROf(w))
	}
	return out, nil
}

type pythonHealthsOutput struct{ Body map[int64]wire.PythonHealth }

func (s *service) pythonWebSDRsHealth(ctx context.Context, _ *struct{}) (*pythonHealthsOutput, error) {
	list, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	report, err := s.Store.PerformanceReport(ctx, heimdall.AnalyticsFilter{From: now.Add(-24 * time.Hour), To: now})
	if err != nil {
		return nil, err
	}
	status := map[int64]string{}
	for _, p := range report.WebSDRs {
		switch {
		case p.Successes > 0:
			status[p.WebSDRID] = "online"
		case p.Failed > 0:
			status[p.WebSDRID] = "offline"
		}
	}
	out := &pythonHealthsOutput{map[int64]wire.PythonHealth{}}
	for _, w := range list {
		h := wire.PythonHealth{ID: w.ID, Name: w.Name, Status: "unknown"}
		if known, ok := status[w.ID]; ok {
			h.Status = known
		}
		out.Body[w.ID] = h
	}
	return out, nil
}

type pythonConfigOutput struct{ Body wire.PythonConfig }

func (s *service) pythonConfig(ctx context.Context, _ *struct{}) (*pythonConfigOutput, error) {
	list, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{ActiveOnly: true})
	if err != nil {
		return nil, err
	}
	return &pythonConfigOutput{wire.PythonConfig{
		Service: pythonName, Version: s.Version, Capabilities: []string{"simultaneous-acquisition", "iq-processing", "signal-metrics"},
		WebSDRsCount: len(list), MaxDurationSeconds: heimdall.MaxDuration.Seconds(),
	}}, nil
}

type pythonRecentInput struct {
	TaskID    string  `query:"task_id" maxLength:"64" doc:"Only this acquisition, however old"`
	WebSDRID  int64   `query:"websdr_id" minimum:"1" doc:"Only this WebSDR"`
	HoursBack float64 `query:"hours_back" minimum:"0" maximum:"87660" default:"24" doc:"Only those of the last so many hours, unless task_id is given"`
	Limit     int     `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many"`
}

type pythonMeasurementsOutput struct{ Body wire.PythonMeasurements }

func (s *service) pythonRecent(ctx context.Context, in *pythonRecentInput) (*pythonMeasurementsOutput, error) {
	f := heimdall.MeasurementFilter{TaskID: in.TaskID, Limit: in.Limit}
	if in.TaskID == "" {
		f.From = s.Now().Add(-time.Duration(in.HoursBack * float64(time.Hour)))
	}
	if in.WebSDRID != 0 {
		f.WebSDRIDs = []int64{in.WebSDRID}
	}
	return s.pythonMeasurements(ctx, f)
}

func (s *service) pythonSession(ctx context.Context, in *TaskPath) (*pythonMeasurementsOutput, error) {
	if _, _, err := s.Store.Acquisition(ctx, in.TaskID); err != nil {
		return nil, err
	}
	return s.pythonMeasurements(ctx, heimdall.MeasurementFilter{TaskID: in.TaskID, Limit: heimdall.MaxPage})
}

func (s *service) pythonMeasurements(ctx context.Context, f heimdall.MeasurementFilter) (*pythonMeasurementsOutput, error) {
	list, err := s.Store.Measurements(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	out := &pythonMeasurementsOutput{wire.PythonMeasurements{Measurements: []wire.Measurement{}, Count: len(list)}}
	for _, m := range list {
		out.Body.Measurements = append(out.Body.Measurements, wire.MeasurementOf(m))
	}
	return out, nil
}
