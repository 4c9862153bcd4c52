package client

import (
	"context"
	"encoding/json"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Health reports that the server lives, and its version.
func (c *Client) Health(ctx context.Context) (h wire.Health, err error) {
	err = c.get(ctx, "/healthz", nil, &h)
	return h, err
}

// Ready reports whether the server has what it needs; a *Problem of status 503 names what is down.
func (c *Client) Ready(ctx context.Context) (r wire.Ready, err error) {
	err = c.get(ctx, "/readyz", nil, &r)
	return r, err
}

// Index returns where the API begins.
func (c *Client) Index(ctx context.Context) (i wire.Index, err error) {
	err = c.get(ctx, "/api/v1", nil, &i)
	return i, err
}

// System returns what the server is made of and how it is set.
func (c *Client) System(ctx context.Context) (s wire.System, err error) {
	err = c.get(ctx, "/api/v1/system", nil, &s)
	return s, err
}

// OpenAPI returns the server's own description of its API.
func (c *Client) OpenAPI(ctx context.Context) (doc json.RawMessage, err error) {
	err = c.get(ctx, "/openapi.json", nil, &doc)
	return doc, err
}
