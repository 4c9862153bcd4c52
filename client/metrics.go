package client

import (
	"context"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Definitions returns what the numbers of a measurement mean, as the server computes them.
func (c *Client) Definitions(ctx context.Context) (d wire.Definitions, err error) {
	err = c.get(ctx, "/api/v1/metrics", nil, &d)
	return d, err
}
