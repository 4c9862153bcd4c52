package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Retention returns by which rules the server deletes, and how it stands.
func (c *Client) Retention(ctx context.Context) (r wire.Retention, err error) {
	err = c.get(ctx, "/api/v1/retention", nil, &r)
	return r, err
}

// PlanRetention returns what a run would delete now. It changes nothing.
func (c *Client) PlanRetention(ctx context.Context) (o wire.RetentionOutcome, err error) {
	err = c.get(ctx, "/api/v1/retention/plan", nil, &o)
	return o, err
}

// RunRetention applies the server's rules once, and waits for the end.
func (c *Client) RunRetention(ctx context.Context) (o wire.RetentionOutcome, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/retention/run"}, nil, &o)
	return o, err
}

// Deletions returns one page of the journal, newest first. See Acquisitions about cursor.
func (c *Client) Deletions(ctx context.Context, limit int, cursor string) (page wire.DeletionPage, err error) {
	q := url.Values{}
	addPage(q, limit, cursor)
	err = c.get(ctx, "/api/v1/deletions", q, &page)
	return page, err
}

// DeleteAcquisition deletes one that has ended, rows and objects. It is a *Problem of status 409 when it has not, or
// when somebody holds it.
func (c *Client) DeleteAcquisition(ctx context.Context, taskID, reason string) (d wire.Deleted, err error) {
	r := request{method: http.MethodDelete, path: at("api", "v1", "acquisitions", taskID), query: url.Values{}}
	addText(r.query, "reason", reason)
	_, err = c.call(ctx, r, nil, &d)
	return d, err
}

// HoldAcquisition keeps an acquisition from being deleted, until ReleaseAcquisition. It is a *Problem of status 409
// when it is held otherwise, or being deleted.
func (c *Client) HoldAcquisition(ctx context.Context, taskID string, h wire.HoldRequest) (a wire.Acquisition, err error) {
	r := request{method: http.MethodPost, path: at("api", "v1", "acquisitions", taskID, "hold")}
	_, err = c.call(ctx, r, h, &a)
	return a, err
}

// ReleaseAcquisition ends a hold, if there is one.
func (c *Client) ReleaseAcquisition(ctx context.Context, taskID string) (a wire.Acquisition, err error) {
	r := request{method: http.MethodDelete, path: at("api", "v1", "acquisitions", taskID, "hold")}
	_, err = c.call(ctx, r, nil, &a)
	return a, err
}
