package client

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// CreateAcquisition asks for an acquisition. A key that is not empty makes repeats safe: the same request
// with the same key is the same acquisition, and created says whether this call made it.
func (c *Client) CreateAcquisition(ctx context.Context, r wire.AcquisitionRequest, key string) (a wire.Acquisition, created bool, err error) {
	req := request{method: http.MethodPost, path: "/api/v1/acquisitions", header: http.Header{}}
	if key != "" {
		req.header.Set("Idempotency-Key", key)
	}
	resp, err := c.call(ctx, req, r, &a)
	if err != nil {
		return wire.Acquisition{}, false, err
	}
	return a, resp.StatusCode == http.StatusAccepted, nil
}

// Acquisitions returns one page, newest first. cursor is "" for the first page, then NextCursor; f.After is
// the store's business and must be empty. A Limit of 0 leaves the length of the page to the server.
func (c *Client) Acquisitions(ctx context.Context, f heimdall.AcquisitionFilter, cursor string) (page wire.AcquisitionPage, err error) {
	if f.After != "" {
		return page, errAfter
	}
	q := url.Values{}
	addAll(q, "state", f.States)
	addAll(q, "websdr_id", f.WebSDRIDs)
	addPlace(q, f.Near, f.FrequencyMinHz, f.FrequencyMaxHz, f.Text)
	addAll(q, "schedule_id", f.ScheduleIDs)
	if f.Label != "" {
		q.Set("label", f.Label)
	}
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	if f.Origin != nil {
		q.Set("origin", cmp.Or(*f.Origin, "hand"))
	}
	addPage(q, f.Limit, cursor)
	err = c.get(ctx, "/api/v1/acquisitions", q, &page)
	return page, err
}

// Acquisition returns one acquisition with its captures.
func (c *Client) Acquisition(ctx context.Context, taskID string) (a wire.Acquisition, err error) {
	err = c.get(ctx, at("api", "v1", "acquisitions", taskID), nil, &a)
	return a, err
}

// CancelAcquisition asks for it to end; what is recorded already stays. It is a *Problem of status 409 when
// it has ended.
func (c *Client) CancelAcquisition(ctx context.Context, taskID string) (a wire.Acquisition, err error) {
	r := request{method: http.MethodPost, path: at("api", "v1", "acquisitions", taskID, "cancel")}
	_, err = c.call(ctx, r, nil, &a)
	return a, err
}
