package client

import (
	"context"
	"net/http"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Contact says whether receivers may be contacted at all.
func (c *Client) Contact(ctx context.Context) (out wire.Contact, err error) {
	err = c.get(ctx, "/api/v1/contact", nil, &out)
	return out, err
}

// SetContact forbids or allows all contact with receivers, for everybody who works on the server's database.
func (c *Client) SetContact(ctx context.Context, in wire.ContactInput) (out wire.Contact, err error) {
	_, err = c.call(ctx, request{method: http.MethodPut, path: "/api/v1/contact"}, in, &out)
	return out, err
}

// Workers returns every worker, in order of name.
func (c *Client) Workers(ctx context.Context) ([]wire.Worker, error) {
	var list wire.WorkerList
	err := c.get(ctx, "/api/v1/workers", nil, &list)
	return list.Workers, err
}

// ForgiveWebSDR has a WebSDR contacted again that turned us away.
func (c *Client) ForgiveWebSDR(ctx context.Context, id int64) (w wire.WebSDR, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "websdrs", id, "forgive")}, nil, &w)
	return w, err
}
