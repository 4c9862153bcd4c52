package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// WebSDRs returns every WebSDR, or only the active ones, in order of websdr_id, with its
// health.
func (c *Client) WebSDRs(ctx context.Context, activeOnly bool) ([]wire.ListedWebSDR, error) {
	q := url.Values{}
	if activeOnly {
		q.Set("active", "true")
	}
	var list wire.WebSDRList
	err := c.get(ctx, "/api/v1/websdrs", q, &list)
	return list.WebSDRs, err
}

// WebSDR returns one WebSDR.
func (c *Client) WebSDR(ctx context.Context, id int64) (w wire.WebSDR, err error) {
	err = c.get(ctx, at("api", "v1", "websdrs", id), nil, &w)
	return w, err
}

// CreateWebSDR adds a WebSDR. It is a *Problem of status 409 when the name is taken.
func (c *Client) CreateWebSDR(ctx context.Context, in wire.WebSDRInput) (w wire.WebSDR, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/websdrs"}, in, &w)
	return w, err
}

// ReplaceWebSDR replaces every field, except that a password left out stays. With an ifMatch that is not
// empty (a WebSDR's ETag) it is a *Problem of status 412 when somebody has changed the WebSDR since.
func (c *Client) ReplaceWebSDR(ctx context.Context, id int64, in wire.WebSDRInput, ifMatch string) (w wire.WebSDR, err error) {
	r := request{method: http.MethodPut, path: at("api", "v1", "websdrs", id), header: matching(ifMatch)}
	_, err = c.call(ctx, r, in, &w)
	return w, err
}

// PatchWebSDR changes the fields that patch names, by JSON key (RFC 7396: nil resets one to its default). See
// ReplaceWebSDR about ifMatch.
func (c *Client) PatchWebSDR(ctx context.Context, id int64, patch map[string]any, ifMatch string) (w wire.WebSDR, err error) {
	r := request{method: http.MethodPatch, path: at("api", "v1", "websdrs", id), header: matching(ifMatch), contentType: "application/merge-patch+json"}
	_, err = c.call(ctx, r, patch, &w)
	return w, err
}

// DeleteWebSDR removes a WebSDR that has no captures; one that has is a *Problem of status 409: set its
// is_active to false instead.
func (c *Client) DeleteWebSDR(ctx context.Context, id int64, ifMatch string) error {
	r := request{method: http.MethodDelete, path: at("api", "v1", "websdrs", id), header: matching(ifMatch)}
	_, err := c.call(ctx, r, nil, nil)
	return err
}

// ImportWebSDRs creates or, where the name is known, replaces WebSDRs: all of them or none.
func (c *Client) ImportWebSDRs(ctx context.Context, list []wire.WebSDRInput, dryRun bool) (res wire.ImportResult, err error) {
	_, err = c.call(ctx, importRequest(dryRun), list, &res)
	return res, err
}

// ImportWebSDRsCSV does the same from CSV, as ExportWebSDRs gives it.
func (c *Client) ImportWebSDRsCSV(ctx context.Context, r io.Reader, dryRun bool) (res wire.ImportResult, err error) {
	req := importRequest(dryRun)
	req.body, req.contentType = r, "text/csv"
	_, err = c.call(ctx, req, nil, &res)
	return res, err
}

func importRequest(dryRun bool) request {
	r := request{method: http.MethodPost, path: "/api/v1/websdrs/import", query: url.Values{}}
	if dryRun {
		r.query.Set("dry_run", "true")
	}
	return r
}

// ExportWebSDRs streams every WebSDR as json, csv, ndjson, parquet or arrow, without passwords; the caller closes it.
func (c *Client) ExportWebSDRs(ctx context.Context, format string) (io.ReadCloser, error) {
	q := url.Values{}
	addText(q, "format", format)
	resp, err := c.do(ctx, request{method: http.MethodGet, path: "/api/v1/websdrs/export", query: q})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func matching(etag string) http.Header {
	if etag == "" {
		return nil
	}
	return http.Header{"If-Match": {etag}}
}
