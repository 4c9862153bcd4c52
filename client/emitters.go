package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Emitters returns the known emitters chosen, in order of emitter_id.
func (c *Client) Emitters(ctx context.Context, f heimdall.EmitterFilter) ([]wire.Emitter, error) {
	var list wire.EmitterList
	err := c.get(ctx, "/api/v1/emitters", emitterQuery(f), &list)
	return list.Emitters, err
}

// EmittersGeoJSON streams the same as a GeoJSON FeatureCollection, which ImportEmitters takes; the caller closes it.
func (c *Client) EmittersGeoJSON(ctx context.Context, f heimdall.EmitterFilter) (io.ReadCloser, error) {
	q := emitterQuery(f)
	q.Set("format", "geojson")
	return c.stream(ctx, "/api/v1/emitters", q)
}

// WebSDRsGeoJSON streams every WebSDR, or only the active ones, as a GeoJSON FeatureCollection; the caller closes it.
func (c *Client) WebSDRsGeoJSON(ctx context.Context, activeOnly bool) (io.ReadCloser, error) {
	q := url.Values{"format": {"geojson"}}
	if activeOnly {
		q.Set("active", "true")
	}
	return c.stream(ctx, "/api/v1/websdrs", q)
}

func (c *Client) stream(ctx context.Context, path string, q url.Values) (io.ReadCloser, error) {
	resp, err := c.do(ctx, request{method: http.MethodGet, path: path, query: q})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func emitterQuery(f heimdall.EmitterFilter) url.Values {
	q := url.Values{}
	addPlace(q, f.Near, f.FrequencyMinHz, f.FrequencyMaxHz, "")
	return q
}

// Emitter returns one emitter.
func (c *Client) Emitter(ctx context.Context, id int64) (e wire.Emitter, err error) {
	err = c.get(ctx, at("api", "v1", "emitters", id), nil, &e)
	return e, err
}

// CreateEmitter adds an emitter. It is a *Problem of status 409 when the name is taken.
func (c *Client) CreateEmitter(ctx context.Context, in wire.EmitterInput) (e wire.Emitter, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/emitters"}, in, &e)
	return e, err
}

// ReplaceEmitter replaces every field. With an ifMatch that is not empty (an emitter's ETag) it is a *Problem of status
// 412 when somebody has changed the emitter since.
func (c *Client) ReplaceEmitter(ctx context.Context, id int64, in wire.EmitterInput, ifMatch string) (e wire.Emitter, err error) {
	r := request{method: http.MethodPut, path: at("api", "v1", "emitters", id), header: matching(ifMatch)}
	_, err = c.call(ctx, r, in, &e)
	return e, err
}

// PatchEmitter changes the fields that patch names, by JSON key (RFC 7396: nil resets one to its default). See
// ReplaceEmitter about ifMatch.
func (c *Client) PatchEmitter(ctx context.Context, id int64, patch map[string]any, ifMatch string) (e wire.Emitter, err error) {
	r := request{method: http.MethodPatch, path: at("api", "v1", "emitters", id), header: matching(ifMatch), contentType: "application/merge-patch+json"}
	_, err = c.call(ctx, r, patch, &e)
	return e, err
}

// DeleteEmitter removes an emitter.
func (c *Client) DeleteEmitter(ctx context.Context, id int64, ifMatch string) error {
	r := request{method: http.MethodDelete, path: at("api", "v1", "emitters", id), header: matching(ifMatch)}
	_, err := c.call(ctx, r, nil, nil)
	return err
}

// ImportEmitters creates or, where the name is known, replaces the emitters of a GeoJSON FeatureCollection: all of them
// or none.
func (c *Client) ImportEmitters(ctx context.Context, file io.Reader, dryRun bool) (res wire.EmitterImport, err error) {
	r := request{method: http.MethodPost, path: "/api/v1/emitters/import", query: url.Values{}, body: file, contentType: wire.GeoJSON}
	if dryRun {
		r.query.Set("dry_run", "true")
	}
	_, err = c.call(ctx, r, nil, &res)
	return res, err
}

// AcquisitionEmitters returns the known emitters in the bands that an acquisition recorded, and how far its receivers
// are from each.
func (c *Client) AcquisitionEmitters(ctx context.Context, taskID string) ([]wire.EmitterInBand, error) {
	var list wire.AcquisitionEmitters
	err := c.get(ctx, at("api", "v1", "acquisitions", taskID, "emitters"), nil, &list)
	return list.Emitters, err
}
