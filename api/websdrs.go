package api

import (
	"context"
	"fmt"
	"mime"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type listWebSDRsInput struct {
	Active string `query:"active" enum:"true" doc:"true: only the active ones"`
	Shape
}

func (s *service) listWebSDRs(ctx context.Context, in *listWebSDRsInput) (*huma.StreamResponse, error) {
	list, err := s.Store.WebSDRs(ctx, heimdall.WebSDRFilter{ActiveOnly: in.Active == "true"})
	if err != nil {
		return nil, err
	}
	health, err := s.healths(ctx, nil)
	if err != nil {
		return nil, err
	}
	body := wire.WebSDRList{WebSDRs: []wire.ListedWebSDR{}}
	for _, w := range list {
		if h, ok := health[w.ID]; ok { // otherwise it has just been deleted
			body.WebSDRs = append(body.WebSDRs, wire.ListedWebSDR{WebSDR: wire.WebSDROf(w), Health: h})
		}
	}
	shown := make([]*wire.WebSDR, len(body.WebSDRs))
	for i := range shown {
		shown[i] = &body.WebSDRs[i].WebSDR
	}
	if err := s.stand(ctx, nil, shown...); err != nil {
		return nil, err
	}
	return in.answer(body, wire.WebSDRFeatures(body.WebSDRs))
}

// A WebSDRPath names a WebSDR.
type WebSDRPath struct {
	ID int64 `path:"websdr_id" minimum:"1" doc:"Identity of the WebSDR" example:"1"`
}

// An IfMatchHeader guards a change against one in between.
type IfMatchHeader struct {
	IfMatch string `header:"If-Match" doc:"Change it only if its ETag is still this"`
}

type websdrOutput struct {
	ETag     string `header:"ETag" doc:"Changes whenever the WebSDR does"`
	Location string `header:"Location" hidden:"true"`
	Body     wire.WebSDR
}

func shownWebSDR(w heimdall.WebSDR) *websdrOutput {
	body := wire.WebSDROf(w)
	return &websdrOutput{ETag: body.ETag(), Body: body}
}

func (s *service) getWebSDR(ctx context.Context, in *WebSDRPath) (*websdrOutput, error) {
	w, err := s.Store.WebSDR(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.standingWebSDR(ctx, w)
}

// standingWebSDR is shownWebSDR with how we stand with it.
func (s *service) standingWebSDR(ctx context.Context, w heimdall.WebSDR) (*websdrOutput, error) {
	out := shownWebSDR(w)
	return out, s.stand(ctx, []int64{w.ID}, &out.Body)
}

func (s *service) createWebSDR(ctx context.Context, in *struct{ Body wire.WebSDRInput }) (*websdrOutput, error) {
	w := in.Body.Root(nil)
	if err := w.Validate(); err != nil {
		return nil, err
	}
	if err := s.allowed(ctx, w, nil); err != nil {
		return nil, err
	}
	w, err := s.Store.CreateWebSDR(ctx, w)
	if err != nil {
		return nil, err
	}
	out := shownWebSDR(w)
	out.Location = fmt.Sprintf("/api/v1/websdrs/%d", w.ID)
	return out, nil
}

type replaceWebSDRInput struct {
	WebSDRPath
	IfMatchHeader
	Body wire.WebSDRInput
}

func (s *service) replaceWebSDR(ctx context.Context, in *replaceWebSDRInput) (*websdrOutput, error) {
	old, err := s.matching(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.updateWebSDR(ctx, in.Body.Root(&old), &old)
}

type patchWebSDRInput struct {
	WebSDRPath
	IfMatchHeader
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/merge-patch+json"`
}

func (s *service) patchWebSDR(ctx context.Context, in *patchWebSDRInput) (*websdrOutput, error) {
	patch, err := s.readPatch(in.ContentType, in.RawBody)
	if err != nil {
		return nil, err
	}
	old, err := s.matching(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	merged, err := mergePatch(wire.WebSDROf(old).Input(), patch)
	if err != nil {
		return nil, err
	}
	var changed wire.WebSDRInput
	if err := s.decodeInto(merged, s.schemaOf(changed), &changed); err != nil {
		return nil, err
	}
	return s.updateWebSDR(ctx, changed.Root(&old), &old)
}

func (s *service) schemaOf(v any) *huma.Schema {
	return s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}

func (s *service) updateWebSDR(ctx context.Context, w heimdall.WebSDR, old *heimdall.WebSDR) (*websdrOutput, error) {
	if err := w.Validate(); err != nil {
		return nil, err
	}
	if err := s.allowed(ctx, w, old); err != nil {
		return nil, err
	}
	w, err := s.Store.UpdateWebSDR(ctx, w)
	if err != nil {
		return nil, err
	}
	return s.standingWebSDR(ctx, w)
}

type deleteWebSDRInput struct {
	WebSDRPath
	IfMatchHeader
}

func (s *service) deleteWebSDR(ctx context.Context, in *deleteWebSDRInput) (*struct{}, error) {
	if _, err := s.matching(ctx, in.ID, in.IfMatch); err != nil {
		return nil, err
	}
	return nil, s.Store.DeleteWebSDR(ctx, in.ID)
}

// matching returns a WebSDR if it is still the version that the caller knows.
func (s *service) matching(ctx context.Context, id int64, ifMatch string) (heimdall.WebSDR, error) {
	w, err := s.Store.WebSDR(ctx, id)
	if err == nil && !namesVersion(ifMatch, w.UpdatedAt) {
		err = fmt.Errorf("change WebSDR %d: %w", id, errPrecondition)
	}
	return w, err
}

// mediaType is a Content-Type without its parameters; an absent one is JSON.
func mediaType(contentType string) string {
	if contentType == "" {
		return "application/json"
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType
	}
	return media
}
