package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// WebSDRHistory counts what was learnt of a WebSDR in each of so many equal parts of [from, to). Zero times are the last
// 24 hours; 0 parts leave their number to the server.
func (c *Client) WebSDRHistory(ctx context.Context, id int64, from, to time.Time, parts int) (h wire.WebSDRHistory, err error) {
	q := url.Values{}
	addTime(q, "from", from)
	addTime(q, "to", to)
	if parts != 0 {
		q.Set("parts", strconv.Itoa(parts))
	}
	err = c.get(ctx, at("api", "v1", "websdrs", id, "history"), q, &h)
	return h, err
}
