package api

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type listCapturesInput struct {
	TaskID       string                `query:"task_id" maxLength:"64" doc:"Only this acquisition"`
	WebSDRID     int64                 `query:"websdr_id" minimum:"1" doc:"Only this WebSDR"`
	States       []heimdall.State      `query:"state,explode" nullable:"false" enum:"pending,running,success,failed,cancelled" doc:"Only these states; may be given more than once"`
	FailureClass heimdall.FailureClass `query:"failure_class" enum:"busy,quota,banned,auth,down,redirect,unsupported,out_of_range,transport,protocol,late,storage,internal" doc:"Only this class of failure"`
	Whereabouts
	Period
	Page
}

type capturePageOutput struct{ Body wire.CapturePage }

func (s *service) listCaptures(ctx context.Context, in *listCapturesInput) (*capturePageOutput, error) {
	f := heimdall.CaptureFilter{
		TaskID: in.TaskID, WebSDRID: in.WebSDRID, States: in.States, FailureClass: in.FailureClass,
		From: in.From, To: in.To, Text: in.Text, ScheduleIDs: in.ScheduleIDs, Limit: in.limit(),
	}
	var bad heimdall.InvalidError
	f.FrequencyMinHz, f.FrequencyMaxHz = frequencyLimits(&bad, in.FrequencyMinMHz, in.FrequencyMaxMHz)
	f.Near = in.near(&bad)
	var err error
	f.AfterTaskID, f.AfterWebSDRID, err = captureAfter(in.Cursor)
	if err := allOf(err, in.Period.check(), inQuery(&bad)); err != nil {
		return nil, err
	}
	list, err := s.Store.Captures(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	out := &capturePageOutput{wire.CapturePage{Captures: []wire.Capture{}}}
	for _, c := range list {
		out.Body.Captures = append(out.Body.Captures, wire.CaptureOf(c))
	}
	if len(list) == f.Limit {
		out.Body.NextCursor = cursorOfCapture(list[len(list)-1])
	}
	return out, nil
}

// A CapturePath names a capture.
type CapturePath struct {
	TaskPath
	WebSDRID int64 `path:"websdr_id" minimum:"1" doc:"Identity of the WebSDR" example:"1"`
}

type captureOutput struct{ Body wire.Capture }

func (s *service) getCapture(ctx context.Context, in *CapturePath) (*captureOutput, error) {
	c, err := s.Store.Capture(ctx, in.TaskID, in.WebSDRID)
	if err != nil {
		return nil, err
	}
	return &captureOutput{wire.CaptureOf(c)}, nil
}
