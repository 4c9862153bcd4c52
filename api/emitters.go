package api

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// An EmitterStore keeps the transmitters that somebody knows.
type EmitterStore interface {
	// Emitters returns the rows chosen, in order of id.
	Emitters(ctx context.Context, f heimdall.EmitterFilter) ([]heimdall.Emitter, error)
	// Emitter returns one, or heimdall.ErrNotFound.
	Emitter(ctx context.Context, id int64) (heimdall.Emitter, error)
	// CreateEmitter stores e and returns it with its id and times; heimdall.ErrExists when the name is taken.
	CreateEmitter(ctx context.Context, e heimdall.Emitter) (heimdall.Emitter, error)
	// UpdateEmitter replaces the row and returns it with its new UpdatedAt; heimdall.ErrConflict when e.UpdatedAt is not
	// the row's, because somebody else changed it.
	UpdateEmitter(ctx context.Context, e heimdall.Emitter) (heimdall.Emitter, error)
	// DeleteEmitter removes the row.
	DeleteEmitter(ctx context.Context, id int64) error
	// ImportEmitters creates or, by name, replaces all of list or none.
	ImportEmitters(ctx context.Context, list []heimdall.Emitter) (created, updated int, err error)
}

type listEmittersInput struct {
	Shape
	FrequencyMinMHz optional[float64] `query:"frequency_min_mhz" doc:"At or above this frequency, in MHz" example:"144"`
	FrequencyMaxMHz optional[float64] `query:"frequency_max_mhz" doc:"At or below this frequency, in MHz" example:"146"`
	NearLatitude    optional[float64] `query:"near_latitude" doc:"Only those around this latitude (WGS84 degrees); with near_longitude and near_km" example:"45.07"`
	NearLongitude   optional[float64] `query:"near_longitude" doc:"Longitude of that point, in degrees" example:"7.68"`
	NearKm          optional[float64] `query:"near_km" doc:"How far from that point at most, in kilometres" example:"50"`
}

func (s *service) listEmitters(ctx context.Context, in *listEmittersInput) (*huma.StreamResponse, error) {
	var f heimdall.EmitterFilter
	var bad heimdall.InvalidError
	f.FrequencyMinHz, f.FrequencyMaxHz = frequencyLimits(&bad, in.FrequencyMinMHz, in.FrequencyMaxMHz)
	f.Near = Whereabouts{NearLatitude: in.NearLatitude, NearLongitude: in.NearLongitude, NearKm: in.NearKm}.near(&bad)
	if err := inQuery(&bad); err != nil {
		return nil, err
	}
	list, err := s.Store.Emitters(ctx, f)
	if err != nil {
		return nil, err
	}
	body := wire.EmitterList{Emitters: []wire.Emitter{}}
	for _, e := range list {
		body.Emitters = append(body.Emitters, wire.EmitterOf(e))
	}
	return in.answer(body, wire.EmitterFeatures(body.Emitters))
}

// An EmitterPath names an emitter.
type EmitterPath struct {
	ID int64 `path:"emitter_id" minimum:"1" doc:"Identity of the emitter" example:"1"`
}

type emitterOutput struct {
	ETag     string `header:"ETag" doc:"Changes whenever the emitter does"`
	Location string `header:"Location" hidden:"true"`
	Body     wire.Emitter
}

func shownEmitter(e heimdall.Emitter) *emitterOutput {
	body := wire.EmitterOf(e)
	return &emitterOutput{ETag: body.ETag(), Body: body}
}

func (s *service) getEmitter(ctx context.Context, in *EmitterPath) (*emitterOutput, error) {
	e, err := s.Store.Emitter(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return shownEmitter(e), nil
}

func (s *service) createEmitter(ctx context.Context, in *struct{ Body wire.EmitterInput }) (*emitterOutput, error) {
	e := in.Body.Root(nil)
	if err := e.Validate(); err != nil {
		return nil, err
	}
	e, err := s.Store.CreateEmitter(ctx, e)
	if err != nil {
		return nil, err
	}
	out := shownEmitter(e)
	out.Location = fmt.Sprintf("/api/v1/emitters/%d", e.ID)
	return out, nil
}

type replaceEmitterInput struct {
	EmitterPath
	IfMatchHeader
	Body wire.EmitterInput
}

func (s *service) replaceEmitter(ctx context.Context, in *replaceEmitterInput) (*emitterOutput, error) {
	old, err := s.matchingEmitter(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.updateEmitter(ctx, in.Body.Root(&old))
}

type patchEmitterInput struct {
	EmitterPath
	IfMatchHeader
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/merge-patch+json"`
}

func (s *service) patchEmitter(ctx context.Context, in *patchEmitterInput) (*emitterOutput, error) {
	patch, err := s.readPatch(in.ContentType, in.RawBody)
	if err != nil {
		return nil, err
	}
	old, err := s.matchingEmitter(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	merged, err := mergePatch(wire.EmitterOf(old).Input(), patch)
	if err != nil {
		return nil, err
	}
	var changed wire.EmitterInput
	if err := s.decodeInto(merged, s.schemaOf(changed), &changed); err != nil {
		return nil, err
	}
	return s.updateEmitter(ctx, changed.Root(&old))
}

func (s *service) updateEmitter(ctx context.Context, e heimdall.Emitter) (*emitterOutput, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	e, err := s.Store.UpdateEmitter(ctx, e)
	if err != nil {
		return nil, err
	}
	return shownEmitter(e), nil
}

type deleteEmitterInput struct {
	EmitterPath
	IfMatchHeader
}

func (s *service) deleteEmitter(ctx context.Context, in *deleteEmitterInput) (*struct{}, error) {
	if _, err := s.matchingEmitter(ctx, in.ID, in.IfMatch); err != nil {
		return nil, err
	}
	return nil, s.Store.DeleteEmitter(ctx, in.ID)
}

// matchingEmitter returns an emitter if it is still the version that the caller knows.
func (s *service) matchingEmitter(ctx context.Context, id int64, ifMatch string) (heimdall.Emitter, error) {
	e, err := s.Store.Emitter(ctx, id)
	if err == nil && !namesVersion(ifMatch, e.UpdatedAt) {
		err = fmt.Errorf("change emitter %d: %w", id, errPrecondition)
	}
	return e, err
}

type importEmittersInput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	DryRun      bool   `query:"dry_run" doc:"Check everything and store nothing"`
	RawBody     []byte `contentType:"application/geo+json"`
}

type importEmittersOutput struct{ Body wire.EmitterImport }

func (s *service) importEmitters(ctx context.Context, in *importEmittersInput) (*importEmittersOutput, error) {
	if media := mediaType(in.ContentType); media != wire.GeoJSON && media != "application/json" {
		return nil, fmt.Errorf("read emitters of type %q: %w: send %s", media, errMediaType, wire.GeoJSON)
	}
	rows, err := wire.ReadEmitters(in.RawBody)
	if err != nil {
		return nil, err
	}
	list := make([]heimdall.Emitter, len(rows))
	for i, row := range rows {
		list[i] = row.Root(nil)
	}
	if err := heimdall.CheckEmitters(list); err != nil {
		return nil, err
	}
	out := &importEmittersOutput{wire.EmitterImport{DryRun: in.DryRun}}
	if !in.DryRun {
		if out.Body.Created, out.Body.Updated, err = s.Store.ImportEmitters(ctx, list); err != nil {
			return nil, err
		}
		return out, nil
	}
	known, err := s.Store.Emitters(ctx, heimdall.EmitterFilter{})
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, e := range known {
		names[e.Name] = true
	}
	for _, e := range list {
		if names[e.Name] {
			out.Body.Updated++
		}
	}
	out.Body.Created = len(list) - out.Body.Updated
	return out, nil
}
