package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// WebSDRStatus returns how a WebSDR is, with a page of its history in [from, to), newest first. Zero times are no limits;
// see Acquisitions about cursor.
func (c *Client) WebSDRStatus(ctx context.Context, id int64, from, to time.Time, limit int, cursor string) (s wire.WebSDRStatus, err error) {
	q := url.Values{}
	addTime(q, "from", from)
	addTime(q, "to", to)
	addPage(q, limit, cursor)
	err = c.get(ctx, at("api", "v1", "websdrs", id, "status"), q, &s)
	return s, err
}

// ProbeWebSDR has a WebSDR asked now how it is; that it is down is no error. It is a *Problem of status 429 when it was
// asked a moment ago, and of 409 when it must not be asked.
func (c *Client) ProbeWebSDR(ctx context.Context, id int64) (r wire.ProbeResult, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "websdrs", id, "probe")}, nil, &r)
	return r, err
}

// CloseBreaker lets acquisitions contact a WebSDR again that has failed several times in a row, or has shut us out.
func (c *Client) CloseBreaker(ctx context.Context, id int64) (h wire.WebSDRHealth, err error) {
	_, err = c.call(ctx, request{method: http.MethodDelete, path: at("api", "v1", "websdrs", id, "breaker")}, nil, &h)
	return h, err
}
