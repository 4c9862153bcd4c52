package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type createAcquisitionInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Makes a repeat of this request safe: a text that no other request uses, such as a UUID"`
	Body           wire.AcquisitionRequest
}

type createAcquisitionOutput struct {
	Status   int
	Location string `header:"Location"`
	Body     wire.Acquisition
}

func (s *service) createAcquisition(ctx context.Context, in *createAcquisitionInput) (*createAcquisitionOutput, error) {
	asked := in.Body.Root()
	asked.TaskID = s.NewTaskID()
	asked.IdempotencyKey = in.IdempotencyKey
	asked.State = heimdall.Pending
	asked.CreatedAt = s.Now().UTC()
	wrong := s.checkAcquisition(ctx, &asked, in.Body.WebSDRs == nil)
	if wrong != nil && in.IdempotencyKey == "" {
		return nil, wrong
	}
	if err := s.accepting(ctx); err != nil {
		return nil, err
	}
	// A repeat stays a repeat after its start has passed or a receiver has gone, so the store looks at the key
	// first. It stores nothing invalid either, but what is wrong is said above in full.
	stored, created, err := s.Store.CreateAcquisition(ctx, asked)
	if _, invalid := errors.AsType[*heimdall.InvalidError](err); wrong != nil && invalid {
		return nil, wrong
	}
	if err != nil {
		return nil, err
	}
	w := wire.AcquisitionOf(stored, nil, false)
	if created {
		return &createAcquisitionOutput{Status: http.StatusAccepted, Location: w.Links.Self, Body: w}, nil
	}
	if w, err = s.shown(ctx, stored.TaskID); err != nil {
		return nil, err
	}
	w.Captures = nil // as in the first answer
	return &createAcquisitionOutput{Status: http.StatusOK, Location: w.Links.Self, Body: w}, nil
}

// checkAcquisition refuses what cannot work, and fills in the WebSDRs when all are asked for.
func (s *service) checkAcquisition(ctx context.Context, a *heimdall.Acquisition, all bool) error {
	known, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{IDs: a.WebSDRIDs, ActiveOnly: all})
	if err != nil {
		return err
	}
	if all {
		a.WebSDRIDs = heimdall.Tunable(a.FrequencyHz, known)
	}
	var bad heimdall.InvalidError
	for _, err := range []error{a.Validate(a.CreatedAt), a.CheckWebSDRs(known)} {
		if wrong, ok := errors.AsType[*heimdall.InvalidError](err); ok {
			bad.Fields = append(bad.Fields, wrong.Fields...)
		}
	}
	if all && len(a.WebSDRIDs) == 0 {
		bad.Fields = slices.DeleteFunc(bad.Fields, func(f heimdall.FieldError) bool { return f.Field == "websdrs" })
		bad.Add("websdrs", "is null, but no active WebSDR can tune %g MHz: see /api/v1/websdrs", wire.MHz(a.FrequencyHz))
	}
	return bad.Err()
}

// shown is one acquisition with its captures.
func (s *service) shown(ctx context.Context, taskID string) (wire.Acquisition, error) {
	a, captures, err := s.Store.Acquisition(ctx, taskID)
	if err != nil {
		return wire.Acquisition{}, err
	}
	return wire.AcquisitionOf(a, captures, true), nil
}

// A TaskPath names an acquisition.
type TaskPath struct {
	TaskID string `path:"task_id" maxLength:"64" doc:"Identity of the acquisition" example:"01957c2e-5d00-7000-8000-0123456789ab"`
}

type acquisitionOutput struct{ Body wire.Acquisition }

func (s *service) getAcquisition(ctx context.Context, in *TaskPath) (*acquisitionOutput, error) {
	w, err := s.shown(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	return &acquisitionOutput{w}, nil
}

func (s *service) cancelAcquisition(ctx context.Context, in *TaskPath) (*acquisitionOutput, error) {
	if _, err := s.Store.CancelAcquisition(ctx, in.TaskID); err != nil {
		return nil, err
	}
	return s.getAcquisition(ctx, in)
}

type listAcquisitionsInput struct {
	States    []heimdall.State `query:"state,explode" nullable:"false" enum:"pending,running,success,partial,failed,cancelled" doc:"Only these states; may be given more than once"`
	WebSDRIDs []int64          `query:"websdr_id,explode" nullable:"false" minimum:"1" doc:"Only those with a capture of one of these WebSDRs; may be given more than once"`
	Origin    string           `query:"origin" maxLength:"200" doc:"Only those that share this turn in the queue, such as schedule/7; hand means requests by hand" example:"schedule/7"`
	Label     string           `query:"label" maxLength:"200" doc:"Only those whose label has this text in it; A to Z match whatever their case" example:"iss"`
	Whereabouts
	Period
	Page
}

type acquisitionPageOutput struct{ Body wire.AcquisitionPage }

func (s *service) listAcquisitions(ctx context.Context, in *listAcquisitionsInput) (*acquisitionPageOutput, error) {
	f := heimdall.AcquisitionFilter{
		States: in.States, WebSDRIDs: in.WebSDRIDs, From: in.From, To: in.To, Origin: originOf(in.Origin), Label: in.Label, Text: in.Text,
		ScheduleIDs: in.ScheduleIDs, Limit: in.limit(),
	}
	var bad heimdall.InvalidError
	f.FrequencyMinHz, f.FrequencyMaxHz = frequencyLimits(&bad, in.FrequencyMinMHz, in.FrequencyMaxMHz)
	f.Near = in.near(&bad)
	var err error
	f.After, err = acquisitionAfter(in.Cursor)
	if err := allOf(err, in.Period.check(), inQuery(&bad), checkText("label", in.Label)); err != nil {
		return nil, err
	}
	list, err := s.Store.Acquisitions(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	out := &acquisitionPageOutput{wire.AcquisitionPage{Acquisitions: []wire.Acquisition{}}}
	for _, a := range list {
		var captures []heimdall.Capture
		if !a.State.Ended() { // few, and only their captures know how far they are
			_, captures, err = s.Store.Acquisition(ctx, a.TaskID)
			if err != nil && !errors.Is(err, heimdall.ErrNotFound) { // deleted since
				return nil, err
			}
		}
		out.Body.Acquisitions = append(out.Body.Acquisitions, wire.AcquisitionOf(a, captures, false))
	}
	if len(list) == in.limit() {
		out.Body.NextCursor = cursorOfAcquisition(list[len(list)-1])
	}
	return out, nil
}
